"""Who plays, by the word a person types: a baseline, a strategy file, a run's champion, or a model that writes one.

A model runs in a process of its own (``python -m grpo_arcade.trainer.write``), so nothing here imports torch.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grpo_arcade.games import Episode, Game, Outcome

FORMS = (
    "a baseline, a strategy file (.py, or - for standard input), RUN:champion, or a model (pocket, a folder, a name)"
)


@dataclass(frozen=True)
class Played:
    """What one player did."""

    player: str
    """The name it is shown under."""
    episodes: tuple[Episode, ...]
    """One per seed, in order."""
    source: str | None = None
    """The strategy's source, where the player is a program that was found."""
    error: str = ""
    """Why it was refused or ended early; empty when all went well."""


def play(
    player: str,
    game: Game,
    seeds: Sequence[int],
    *,
    model_seed: int = 0,
    temperature: float = 1.0,
    on_token: Callable[[str], None] | None = None,
) -> Played:
    """Let ``player`` (one of :data:`FORMS`) play ``game`` on every seed.

    ``on_token`` is called with every piece of text a model writes, as it is written.

    Raises:
        ValueError: no such player, in one line that says what would work.
    """
    if player in game.baselines:
        from grpo_arcade.games.baseline_scores import play_baseline

        episodes = play_baseline(game.name, game.options, player, seeds)
        return Played(player, episodes, error=_trouble(episodes))
    if player == "-":
        return _play_source(sys.stdin.read(), "standard input", game, seeds)
    from grpo_arcade.trainer.evaluate import source_of

    source = source_of(player)
    if source is not None:
        return _play_source(source, Path(player).stem.replace(":", " "), game, seeds)
    return _play_model(player, game, seeds, model_seed, temperature, on_token)


def _trouble(episodes: Sequence[Episode]) -> str:
    """Why a server broke off the first of the games it broke off; empty if it did not."""
    for episode in episodes:
        if episode.outcome is Outcome.DISCONNECTED:
            game = episode.new_game()
            for action in episode.actions:
                game.step(action)
            return game.trouble
    return ""


def _play_source(source: str, name: str, game: Game, seeds: Sequence[int]) -> Played:
    from grpo_arcade.games.players import play_match

    result = play_match(source, game.name, game.options, seeds, player=name)
    return Played(name, result.episodes, source, result.error)


def _play_model(
    model: str,
    game: Game,
    seeds: Sequence[int],
    model_seed: int,
    temperature: float,
    on_token: Callable[[str], None] | None,
) -> Played:
    from grpo_arcade.games.players import extract_source
    from grpo_arcade.trainer.scoring import Match, refused
    from grpo_arcade.trainer.write import write

    if model != "pocket" and not Path(model).exists() and "/" not in model:
        near = difflib.get_close_matches(model, [*game.baselines, "pocket"], n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"a player is {FORMS}"
        raise ValueError(f"no player is called {model!r}; {hint}")
    completion = write(model, game.name, game.options, seed=model_seed, temperature=temperature, on_token=on_token)
    found = extract_source(completion)
    name = Path(model).name if Path(model).exists() else model
    if found.source is None or found.refusal is not None:
        # It plays, and fails, like any other: each seed gets its episode with the named outcome.
        play = refused(completion, found, Match(game.name, game.options, tuple(seeds)), name)
        return Played(name, play.episodes, play.source, play.error)
    return _play_source(found.source, name, game, seeds)
