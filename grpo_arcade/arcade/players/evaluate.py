"""Any player on held-out seeds, beside the baselines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from grpo_arcade.arcade.players.play import ask, game_for_player
from grpo_arcade.arcade.players.player import Baseline, Model, Player, Program, Writer
from grpo_arcade.games import Game, make
from grpo_arcade.games.players.lending import game_for
from grpo_arcade.games.seeds import LARGEST_SEED, secret_seeds
from grpo_arcade.trainer.evaluate import (
    evaluate_baseline,
    evaluate_source,
    evaluate_written,
    on_other_seeds,
)
from grpo_arcade.trainer.evaluation import Evaluation


def evaluate(
    player: Player,
    game: Game,
    seeds: Sequence[int],
    *,
    strategies: int = 64,
    seed: int = 0,
    temperature: float = 1.0,
    max_completion_length: int | None = None,
    prompt: str = "",
    toolbox: bool | None = None,
    progress: Callable[[int, int], None] | None = None,
    allow_unwalled: bool = False,
) -> Evaluation:
    """Evaluate a player.

    Args:
        player: who plays.
        game: what is played.
        seeds: each strategy plays all of them.
        strategies: how many a model is asked for.
        seed: of the model's sampling.
        temperature: of the model's sampling.
        max_completion_length: tokens after which a model's completion is cut off; the trainer's default when absent.
        prompt: what a model is asked, as ``grpo_arcade.trainer.question.question`` takes it; empty for what a run asked
            that trained it, or else the game's words.
        toolbox: whether the game's toolbox is lent; None for strategies that call it and models that take it.
        progress: called with strategies done and strategies in all.
        allow_unwalled: a person's word that a program they named may run without a wall where none can run it.

    Raises:
        ValueError: the player cannot be had, or bad seeds, in one line.
    """
    if isinstance(player, Baseline):
        return evaluate_baseline(player.name, game, seeds)
    from grpo_arcade.games.players import MatchPool

    game = game_for_player(player, make(game.name, **game.options), toolbox)
    with MatchPool(allow_unwalled=allow_unwalled and isinstance(player, Program)) as pool:
        if isinstance(player, Program):
            source = player.source()
            game = game_for(source, game) if toolbox is None else game
            return evaluate_source(source, game, seeds, pool=pool, player=player.label)
        if isinstance(player, Model):
            from grpo_arcade.trainer.evaluate import evaluate_named_model

            return evaluate_named_model(
                player.name,
                game,
                seeds,
                pool=pool,
                player=player.label,
                strategies=strategies,
                seed=seed,
                temperature=temperature,
                max_completion_length=max_completion_length,
                prompt=prompt,
                progress=progress,
            )
        if isinstance(player, Writer):

            def write(number: int) -> str:
                # Another seed each time, or a server would write the same one again and again.
                asking = ask(
                    player,
                    game,
                    seed=(seed + number) % (LARGEST_SEED + 1),
                    temperature=temperature,
                    max_completion_length=max_completion_length,
                    prompt=prompt,
                )
                return asking.completion

            return evaluate_written(
                write, game, seeds, pool=pool, player=player.label, strategies=strategies, progress=progress
            )
    raise ValueError(f"you play in the window: arcade play {game.name} {player.word}")


def on_secret_seeds(evaluation: Evaluation, *, allow_unwalled: bool = False) -> Evaluation:
    """The same strategies on as many seeds, drawn just now, that no program can have been written to know."""
    from grpo_arcade.games.players import MatchPool

    with MatchPool(allow_unwalled=allow_unwalled) as pool:
        return on_other_seeds(evaluation, secret_seeds(len(evaluation.seeds)), pool)
