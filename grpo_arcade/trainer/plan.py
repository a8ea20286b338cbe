"""What a run with a configuration would do: refused in one line where it cannot work, told by ``--dry-run``.

Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grpo_arcade.foreign_text import clean
from grpo_arcade.games import Game, make, score_text
from grpo_arcade.trainer import processes, rewards
from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.curriculum import Curriculum
from grpo_arcade.trainer.models.machine import check_settings, may_have_card
from grpo_arcade.trainer.pools import check_pool
from grpo_arcade.trainer.question import question
from grpo_arcade.trainer.self_play.court import court_options


def check(config: TrainConfig) -> None:
    """Refuse what cannot work, before anything slow starts.

    Raises:
        ConfigError: in one line, what is wrong and what would work.
    """
    config = config.resolved()
    config.check()
    _check_batches(config)
    if config.reward_weights and len(config.reward_weights) != len(config.rewards):
        raise ConfigError(
            f"{len(config.reward_weights)} reward_weights for {len(config.rewards)} rewards "
            f"({', '.join(config.rewards)}); give one a reward, or none for the defaults"
        )
    if config.risk_seeking and config.scale_rewards == "none":
        raise ConfigError(
            "risk_seeking weighs standardised rewards; set scale_rewards to group or batch, or risk_seeking 0"
        )
    if config.feedback and config.self_play:
        raise ConfigError("feedback tells of one player's games; leave it out of --self-play")
    if config.champion_in_group and (config.self_play or config.feedback):
        other = "self_play, where everybody meets the champion" if config.self_play else "feedback, which shows it"
        raise ConfigError(
            f"champion_in_group does not go with {other}; add --no-champion-in-group, or leave the other out"
        )
    try:
        for stage in Curriculum.of(config).stages:
            if config.self_play:
                _check_league(config, make(config.game, **stage.options))
            elif config.training_options:
                make(config.game, **{**stage.options, **config.training_options})
            if not config.self_play and not config.game.startswith("openenv:"):
                _check_alone(make(config.game, **stage.options))
        rewards.load(config.rewards, config.reward_weights)
    except ConfigError:
        raise
    except ValueError as error:
        raise ConfigError(str(error)) from error


def check_here(config: TrainConfig) -> None:
    """Refuse what this machine lacks, before anything slow starts; a plan may be for another machine.

    Raises:
        ValueError: there is no card, or no such cluster.
        ImportError: a package is not installed.
    """
    check_pool(config)
    check_settings(config, may_have_card())


def _check_alone(game: Game) -> None:
    if len(game.seats) > 1:
        raise ConfigError(
            f"{game.name} for {len(game.seats)} players needs opponents: leave players out and add --self-play, "
            "where there is a game for one as well"
        )


def _check_league(config: TrainConfig, game: Game) -> None:
    if config.curriculum:
        raise ConfigError("self_play has no curriculum: its opponents grow with the model; leave one of them out")
    court_options(game, config.training_options)
    if not config.league_baselines:
        raise ConfigError(f"league_baselines is empty; the first group needs somebody: {', '.join(game.baselines)}")
    for name in config.league_baselines:
        if name not in game.baselines:
            raise ConfigError(f"{game.name} has no baseline {name!r}; it has {', '.join(game.baselines)}")
    if len(set(config.league_baselines)) != len(config.league_baselines):
        raise ConfigError(f"league_baselines names one twice: {', '.join(config.league_baselines)}")


def describe(config: TrainConfig) -> dict[str, Any]:
    """Everything a run with this configuration would do, resolved, JSON-able; nothing is written (``--dry-run``).

    Raises:
        ConfigError: the configuration makes no sense.
    """
    check(config)
    config = config.resolved()
    stages, warnings = [], []
    for stage in Curriculum.of(config).stages:
        game = make(config.game, **stage.options)
        stored = game.baseline_scores() or {}
        means = {name: sum(kept["scores"]) / len(kept["scores"]) for name, kept in stored.items()}
        outcomes = stored.get("random", {}).get("outcomes", ())
        if (won := sum(outcome == "won" for outcome in outcomes)) > len(outcomes) / 2:
            recommended = "; recommended: --size 4, where it wins none" if config.game == "2048" else ""
            warnings.append(
                f"random play already wins {won} of {len(outcomes)} held-out games of {config.game} with "
                + ", ".join(f"{name} {value}" for name, value in game.options.items())
                + f": there is next to nothing to learn{recommended}"
            )
        stages.append(
            {
                "options": dict(game.options),
                "promote_at": stage.promote_at,
                "baselines": means,
                "prompt": question(game, config.prompt),
            }
        )
    evaluations = 1 + -(-config.max_steps // config.eval_steps) if config.eval_steps else 2
    return {
        "config": config.to_dict(),
        "differs_from_default": config.differences(),
        "stages": stages,
        "warnings": warnings,
        "rewards": {reward.name: reward.weight for reward in rewards.load(config.rewards, config.reward_weights)},
        "threads": config.resolved_threads(),
        "groups_per_step": config.completions_per_step // config.num_generations,
        "training_completions": config.max_steps * config.completions_per_step // config.num_iterations,
        "evaluations": evaluations,
        "evaluation_completions": evaluations * config.eval_strategies,
    }


def in_words(told: Mapping[str, Any]) -> str:
    """What :func:`describe` gives, for a person; the prompt last, word for word."""
    lines = [f"{told['training_completions']:,} completions in {told['config']['max_steps']} steps"]
    lines += [f"{told['evaluations']} evaluations of {told['config']['eval_strategies']} strategies each"]
    for stage in told["stages"]:
        beside = ", ".join(f"{name} {score_text(mean)}" for name, mean in stage["baselines"].items())
        lines.append(f"{told['config']['game']} {stage['options']}: baselines {beside or 'played when it starts'}")
    lines.append("rewards: " + ", ".join(f"{name} × {weight:g}" for name, weight in told["rewards"].items()))
    changed = ", ".join(f"{name}={value}" for name, value in told["differs_from_default"].items())
    lines.append(f"differs from the default: {changed or 'nothing'}")
    lines.append(f"threads: {told['threads']}")
    for number, stage in enumerate(told["stages"], 1):
        which = f" of stage {number}" if len(told["stages"]) > 1 else ""
        lines.append(f"\nThe prompt{which}:\n\n{clean(stage['prompt'])}")
    return "\n".join(lines)


def _check_batches(config: TrainConfig) -> None:
    size, group = config.generation_batch_size, config.num_generations
    at_once, several = config.per_device_train_batch_size * processes.count(), processes.count() > 1
    if size % group:
        raise ConfigError(
            f"per_device_train_batch_size × gradient_accumulation_steps{' × processes' * several} is {size}, which "
            f"is no multiple of num_generations {group}; set gradient_accumulation_steps to {-(-group // at_once)}"
            if group % at_once == 0
            else f"num_generations {group} is no multiple of per_device_train_batch_size{' × processes' * several} "
            f"{at_once}, so no group fills its batches; set per_device_train_batch_size so that it is one"
        )
    # No checkpoint holds a generation that is half learnt from, so a run could not be resumed exactly within one.
    batches = (config.steps_per_generation or config.gradient_accumulation_steps) * config.num_iterations
    fed = batches / config.gradient_accumulation_steps
    for name in ("save_steps", "max_steps"):
        if fed != config.steps_per_round or getattr(config, name) % config.steps_per_round:
            raise ConfigError(
                f"one generation feeds {fed:g} steps, of which {name} {getattr(config, name)} must be a whole "
                "multiple, so that a resumed run is exact"
            )
