"""Words for what is shown: a game's name, what it is about, how it ended."""

from __future__ import annotations

from grpo_arcade.games import Game, Outcome

PERSON = "a person"
"""Who plays, in a recording of somebody before the window."""


def goal(game: Game) -> str:
    """What the game is about, in a few words."""
    options = game.options
    if "mode" in options and "difficulty" in options:
        return f"Mode {options['mode']}, difficulty {options['difficulty']}"
    if "target" in options and "size" in options:
        return f"Reach {options['target']:,} on {options['size']}×{options['size']}"
    return ", ".join(f"{key} {value}" for key, value in options.items())


def player_words(player: str, *, own: bool) -> str:
    """Who played, for people; ``own``: in a recording of this window's, in which "a person" is who sits before it."""
    return "You" if own and player == PERSON else player or "a player"


def outcome_words(outcome: Outcome) -> str:
    """An outcome as people read it."""
    return outcome.value.replace("_", " ")


def size_words(count: int) -> str:
    """So many bytes as people read them: "1.4 MB", "38 KB"."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} KB"
