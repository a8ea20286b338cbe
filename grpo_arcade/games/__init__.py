"""What is played, and how a player plays it.

This room must not know: torch, textual, recordings, trainer, arcade. Pygame only inside functions that draw.
"""

from grpo_arcade.games.episode import Episode, score_text
from grpo_arcade.games.game import Baseline, Game, Outcome, Picture, PixelPicture
from grpo_arcade.games.registry import UnknownGameError, game_names, make

__all__ = [
    "Baseline",
    "Episode",
    "Game",
    "Outcome",
    "Picture",
    "PixelPicture",
    "UnknownGameError",
    "game_names",
    "make",
    "score_text",
]
