"""The strip above a board: who plays what, the score, how it ended, and last the seed. Nothing ever runs out of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from grpo_arcade.games import fonts
from grpo_arcade.games.game import Outcome
from grpo_arcade.games.names import shown_name

PAPER = 0xFAF7F1
INK = 0x5A5048
FAINT = 0x9A8F84

_OUTCOME_COLOURS = {Outcome.WON: 0x3D8B4F, Outcome.UNFINISHED: FAINT, Outcome.CAPPED: 0x8A6D1F, Outcome.DRAWN: 0x8A6D1F}
_OTHER_COLOUR = 0xB5472E
_LEVELS = 5


class TitleStrip:
    """Strips for boards of one width.

    Args:
        width: of a board, in pixels.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self._text = max(6, min(round(width * 0.04), 64))
        """Height of capitals."""
        self._pad = max(2, round(width * 0.03))
        self._line = round(self._text * 1.9)
        self.height = 2 * self._line + self._pad

    def pixels(
        self,
        player: str,
        game: str,
        seed: int,
        score: float | Sequence[float],
        outcome: Outcome | None,
        ending: str = "",
    ) -> np.ndarray:
        """The strip as 0xRRGGBB in uint32 (rows, columns).

        Args:
            player: who plays.
            game: what is played, as the registry names it.
            seed: of the episode.
            score: of the one who plays, or of each seat.
            outcome: None while the episode runs.
            ending: what is written for it, where that is not its own name.
        """
        pixels = np.full((self.height, self.width), PAPER, np.uint32)
        first = self._pad // 2 + self._line // 2
        number = " : ".join(map(_number, score)) if isinstance(score, Sequence) else _number(score)
        ending = ending or str(outcome).replace("_", " ") if outcome else ""
        left = self._right(pixels, number, first, INK, "bold")
        self._left(pixels, player or "a player", first, left, INK, "bold")
        colour = _OUTCOME_COLOURS.get(outcome, _OTHER_COLOUR) if outcome else FAINT
        left = self._right(pixels, ending, first + self._line, colour, "bold")
        self._left(pixels, f"{shown_name(game)} · seed {seed}", first + self._line, left, FAINT, "medium")
        return pixels

    def _right(self, pixels: np.ndarray, text: str, middle: int, colour: int, weight: fonts.Weight) -> int:
        """Write up to the right border; returns how far text on the left may come."""
        room = self.width - 2 * self._pad
        text = fonts.elided(text, room, self._text, weight)
        glyphs = fonts.coverage(text, self._text, weight)
        x = self.width - self._pad - glyphs.shape[1]
        _put(pixels, glyphs, x, middle, colour)
        return x - 2 * self._pad if text else x

    def _left(self, pixels: np.ndarray, text: str, middle: int, end: int, colour: int, weight: fonts.Weight) -> None:
        text = fonts.elided(text, end - self._pad, self._text, weight)
        _put(pixels, fonts.coverage(text, self._text, weight), self._pad, middle, colour)


def _number(score: float) -> str:
    return f"{score:,.0f}" if float(score).is_integer() else f"{score:,.2f}"


def _put(pixels: np.ndarray, glyphs: np.ndarray, x: int, middle: int, colour: int) -> None:
    y = middle - glyphs.shape[0] // 2
    inked = pixels[y : y + glyphs.shape[0], x : x + glyphs.shape[1]]
    inked[...] = _inks(colour)[fonts.levels(glyphs, _LEVELS)]


@lru_cache(maxsize=32)
def _inks(colour: int) -> np.ndarray:
    return fonts.mixed(PAPER, colour, _LEVELS)
