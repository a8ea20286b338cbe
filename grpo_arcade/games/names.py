"""What a game is called among people, who know it by no path in a registry."""

from __future__ import annotations


def shown_name(game: str) -> str:
    """A game's name as people read it: "Space Invaders", "Connect Four"."""
    family, slash, title = game.rpartition("/")
    if slash and family and ":" not in family:  # an address is told whole
        return title.replace("_", " ").title()
    return "Connect Four" if game == "connect-four" else game
