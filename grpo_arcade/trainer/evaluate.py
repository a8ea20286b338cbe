"""Held-out scores, always beside the baselines' on the same seeds.

A baseline plays each seed once. A strategy plays each seed once. A model is asked for many strategies, each of which
plays each seed; a completion that fails counts as the game's ``failure_score`` and stays in the mean. torch is imported
only to ask a model.
"""

from __future__ import annotations

import functools
import hashlib
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from grpo_arcade.games import Episode, Game, Outcome
from grpo_arcade.games.seeds import EVALUATION_SEEDS
from grpo_arcade.recordings.runs.find import run_of
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.counting import counted_score
from grpo_arcade.trainer.evaluation import Evaluation
from grpo_arcade.trainer.processes import ALONE
from grpo_arcade.trainer.question import GAME, question
from grpo_arcade.trainer.scoring import Assignment, Rollout, Scorer

if TYPE_CHECKING:
    from grpo_arcade.games.players import Pool
    from grpo_arcade.trainer.generation import Generate
    from grpo_arcade.trainer.processes import Processes


def evaluate_baseline(name: str, game: Game, seeds: Sequence[int]) -> Evaluation:
    """Evaluate one of the game's baselines.

    Raises:
        ValueError: no seeds.
    """
    _check(seeds)
    rollout = Rollout("", None, _played(game.name, json.dumps(game.options), name, tuple(seeds)))
    return Evaluation(name, game.name, game.options, tuple(seeds), (rollout,), baselines_on(game, seeds))


def evaluate_source(
    source: str, game: Game, seeds: Sequence[int], *, pool: Pool, player: str = "strategy"
) -> Evaluation:
    """Evaluate one strategy.

    Raises:
        ValueError: no seeds.
    """
    _check(seeds)
    result = pool.submit(source, game.name, game.options, list(seeds), player=player).result()
    rollout = Rollout(source, source, result.episodes, result.error, result.refusal, result.cpu_s, wall=result.wall)
    return Evaluation(player, game.name, game.options, tuple(seeds), (rollout,), baselines_on(game, seeds))


def on_other_seeds(evaluation: Evaluation, seeds: Sequence[int], pool: Pool) -> Evaluation:
    """The strategies of an evaluation on other seeds, without baselines; what was never played counts as it did.

    Raises:
        ValueError: no seeds.
    """
    _check(seeds)
    game, options = evaluation.game, evaluation.options
    waiting = {
        rollout.source: pool.submit(rollout.source, game, options, list(seeds), player=evaluation.player)
        for rollout in evaluation.rollouts
        if rollout.source is not None and rollout.refusal is None
    }
    rollouts = []
    for rollout in evaluation.rollouts:
        if rollout.refusal is None and rollout.source is not None:
            result = waiting[rollout.source].result()
            rollout = replace(rollout, episodes=result.episodes, error=result.error, refusal=result.refusal)
        elif rollout.refusal is None:
            episodes = _played(game, json.dumps(dict(options)), evaluation.player, tuple(seeds))
            rollout = replace(rollout, episodes=episodes)
        rollouts.append(rollout)
    return replace(evaluation, seeds=tuple(seeds), rollouts=tuple(rollouts), baselines={})


def evaluate_model(
    model: Any,
    tokenizer: Any,
    game: Game,
    seeds: Sequence[int],
    *,
    pool: Pool,
    player: str,
    strategies: int,
    seed: int,
    max_completion_length: int,
    temperature: float = 1.0,
    template: Mapping[str, Any] | None = None,
    prompt: str = GAME,
    progress: Callable[[int, int], None] | None = None,
    generate: Generate | None = None,
    processes: Processes = ALONE,
) -> Evaluation:
    """Ask ``model`` for strategies and evaluate them; playing overlaps with generating.

    ``template`` holds further arguments of the chat template, ``prompt`` what is asked
    (:func:`~grpo_arcade.trainer.question.question`); ``generate`` writes, the model in this process when
    absent. All ``processes`` call this, each writes and plays a part, and the first gets the whole evaluation, the
    others that of their part. The same model and ``seed`` give the same completions, however many share the work.
    """
    from grpo_arcade.trainer.generation import Sampler
    from grpo_arcade.trainer.models.chat import completion_text, ending_tokens, is_cut_off, prompt_ids

    ends = ending_tokens(model, tokenizer)
    baselines = baselines_on(game, seeds)
    means = {name: kept["mean"] for name, kept in baselines.items()}
    assignment = Assignment(game.name, game.options, tuple(seeds), means, game.human_score)
    mine = processes.share(strategies)
    done = 0

    def count(place: int, rollout: Rollout) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done * processes.count, strategies)

    scorer = Scorer(pool, [assignment] * len(mine), player=player, on_rollout=count, processes=processes)
    asked = prompt_ids(tokenizer, question(game, prompt), template)

    def finished(place: int, ids: list[int]) -> None:
        scorer.submit(place, completion_text(tokenizer, ids, ends, asked), ids, is_cut_off(ids, ends))

    (generate or Sampler(model, tokenizer))(
        [asked] * len(mine),
        first=mine.start,
        seed=seed,
        max_new_tokens=max_completion_length,
        temperature=temperature,
        on_finished=finished,
    )
    part = scorer.collect()
    rollouts = tuple(rollout for played in processes.gather(part) or [part] for rollout in played)
    return Evaluation(player, game.name, game.options, tuple(seeds), rollouts, baselines)


def baselines_on(game: Game, seeds: Sequence[int]) -> dict[str, dict[str, Any]]:
    """The baselines' results on these seeds: stored ones where there are any, else played, once a process."""
    stored = game.baseline_scores() or {}
    found = {}
    for name in game.baselines:
        kept = stored.get(name, {"scores": (), "outcomes": ()})
        results = dict(enumerate(zip(map(float, kept["scores"]), kept["outcomes"], strict=True)))
        missing = tuple(dict.fromkeys(seed for seed in seeds if seed not in results))
        for episode in _played(game.name, json.dumps(game.options), name, missing):
            results[episode.seed] = counted_score(episode), episode.outcome
        scores = [results[seed][0] for seed in seeds]
        won = statistics.fmean(results[seed][1] == Outcome.WON for seed in seeds)
        found[name] = {"mean": statistics.fmean(scores), "won": won, "scores": scores}
    return found


def published_means(game: Game, otherwise: int) -> dict[str, float]:
    """The baselines' means over all seeds for which they are stored; where none are, over so many held-out ones."""
    stored = game.baseline_scores()
    # Of a long game fewer than all are stored.
    count = min((len(kept["scores"]) for kept in stored.values()), default=0) if stored else 0
    return {name: kept["mean"] for name, kept in baselines_on(game, EVALUATION_SEEDS[: count or otherwise]).items()}


@functools.lru_cache(maxsize=64)
def _played(game: str, options: str, name: str, seeds: tuple[int, ...]) -> tuple[Episode, ...]:
    """A baseline's games; ``options`` are JSON. It plays the same ones every time, so each is played once."""
    from grpo_arcade.games.baseline_scores import play_baseline

    return tuple(play_baseline(game, json.loads(options), name, seeds))


def derived_seed(seed: int, purpose: str, step: int = 0) -> int:
    """A seed below 2**63 for one purpose at one step, so that a resumed run needs no stored generator state."""
    return int.from_bytes(hashlib.sha256(f"{seed} {purpose} {step}".encode()).digest()[:8]) >> 1


def evaluate_written(
    write: Callable[[int], str],
    game: Game,
    seeds: Sequence[int],
    *,
    pool: Pool,
    player: str,
    strategies: int,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Evaluate whoever answers ``write(number)`` with a completion, asked once a strategy, one after the other.

    Raises:
        ValueError: no seeds or no strategies, or what ``write`` raises.
    """
    _check(seeds, strategies)
    baselines = baselines_on(game, seeds)
    means = {name: kept["mean"] for name, kept in baselines.items()}
    assignment = Assignment(game.name, game.options, tuple(seeds), means, game.human_score)
    scorer = Scorer(pool, [assignment] * strategies, player=player)
    for number in range(strategies):
        scorer.submit(number, write(number))
        if progress is not None:
            progress(number + 1, strategies)
    return Evaluation(player, game.name, game.options, tuple(seeds), tuple(scorer.collect()), baselines)


def evaluate_named_model(
    name: str,
    game: Game,
    seeds: Sequence[int],
    *,
    pool: Pool,
    player: str,
    strategies: int = 64,
    seed: int = 0,
    temperature: float = 1.0,
    max_completion_length: int | None = None,
    prompt: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Load a model and evaluate it; one that a run has trained is asked as it was there.

    Args:
        name: as :func:`grpo_arcade.trainer.models.load` takes it.
        game: what is played.
        seeds: each strategy plays all of them.
        pool: plays.
        player: the name it is shown under.
        strategies: how many it is asked for.
        seed: of the sampling.
        temperature: of the sampling.
        max_completion_length: tokens after which a completion is cut off; when absent the run's, or 128, or 512 for a
            model that is not small.
        prompt: what it is asked, as :func:`~grpo_arcade.trainer.question.question` takes it; empty for what its run
            asked, or else the game's words.
        progress: called with strategies done and strategies in all.

    Raises:
        ValueError: the model cannot be had, no seeds, or no strategies, in one line.
    """
    from grpo_arcade.trainer.models.loading import check, require_packages

    check(name)
    require_packages()
    _check(seeds, strategies)
    import torch

    from grpo_arcade.trainer.config import TrainConfig, spare_threads
    from grpo_arcade.trainer.models.loading import is_small

    torch.set_num_threads(spare_threads())
    folder = run_of(name)
    small = folder is not None or is_small(name)
    settings = TrainConfig() if small else TrainConfig(max_completion_length=_OF_A_REAL_MODEL)
    if folder is not None:
        with RunReader(folder) as run:
            settings = TrainConfig.of(run)
            if not run.checkpoints():
                raise ValueError(f"{name}: this run has no checkpoint yet")
            if folder == Path(name):
                name = str(run.checkpoints()[-1])
    asked: dict[str, Any] = {
        "temperature": temperature,
        "max_completion_length": max_completion_length or settings.max_completion_length,
        "template": settings.template,
        "prompt": prompt or (settings.prompt if settings.game == game.name else GAME),
    }
    model, tokenizer, generate = _writer_of(name, game, strategies, seed, asked)
    return evaluate_model(
        model,
        tokenizer,
        game,
        seeds,
        pool=pool,
        player=player,
        strategies=strategies,
        seed=derived_seed(seed, "evaluation"),
        progress=progress,
        generate=generate,
        **asked,
    )


def _writer_of(
    name: str, game: Game, strategies: int, seed: int, asked: Mapping[str, Any]
) -> tuple[Any, Any, Generate | None]:
    """A model, its tokenizer and who writes with it: vLLM where it writes in training too, if there is much to write.

    vLLM has the weights then, and the model is there for its generation config alone.
    """
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.generation import choose_writer
    from grpo_arcade.trainer.models import load

    if strategies < _WORTH_AN_ENGINE or not choose_writer(TrainConfig(model=name)).vllm:
        return *load(name), None
    from grpo_arcade.trainer.models.chat import prompt_ids
    from grpo_arcade.trainer.models.loading import open_generation_config, open_tokenizer
    from grpo_arcade.trainer.vllm_here import Engine

    tokenizer = open_tokenizer(name)
    prompt = prompt_ids(tokenizer, question(game, asked["prompt"]), asked["template"])
    longest = len(prompt) + asked["max_completion_length"]
    engine = Engine.of(name, longest=longest, sequences=min(256, strategies), seed=seed)
    return SimpleNamespace(generation_config=open_generation_config(name)), tokenizer, engine


_OF_A_REAL_MODEL = 512
"""Tokens of a completion of a model that no run has trained and that is not small: it explains before it writes."""
_WORTH_AN_ENGINE = 16
"""Completions from which on a minute of vLLM's beginning is made up for."""


def _check(seeds: Sequence[int], strategies: int = 1) -> None:
    if not seeds:
        raise ValueError("an evaluation needs at least one seed")
    if strategies < 1:
        raise ValueError(f"strategies must be at least 1, not {strategies}")
