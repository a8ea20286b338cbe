"""What is kept of games played by hand: the best score, and the unfinished game, of each game and its options."""

from __future__ import annotations

from pathlib import Path

from grpo_arcade.arcade.window.shell.memory import Memory
from grpo_arcade.games import Game
from grpo_arcade.recordings import SUFFIX


def best_score(memory: Memory, game: Game) -> float | None:
    """The best score with these options; None while there is none."""
    return memory.get("best", {}).get(_key(game))


def set_best_score(memory: Memory, game: Game, score: float) -> None:
    """Remember another best score with these options."""
    memory.set("best", {**memory.get("best", {}), _key(game): score})


def kept_game(folder: Path, game: Game) -> Path:
    """The file below the data ``folder`` in which an unfinished game with these options waits."""
    name = "".join(c if c.isalnum() or c in ".=" else "-" for c in _key(game))
    return folder / "in-progress" / f"{name}{SUFFIX}"


def _key(game: Game) -> str:
    return " ".join([game.name, *(f"{key}={value}" for key, value in sorted(game.options.items()))])
