"""The moving pictures on Home's tiles and in the list of Atari games: small, cheap, and only to be glanced at.

A game played move by move is played here, a move now and then. A game that goes by the clock is taped once beside the
window, a quarter of a minute of it, and the tape is shown again and again.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Protocol

import pygame

from grpo_arcade.arcade.window.background.studio import Sample, Studio
from grpo_arcade.arcade.window.draw import theme
from grpo_arcade.arcade.window.draw.boards import draw_pixels, palette_of
from grpo_arcade.games import Game, make
from grpo_arcade.games.names import shown_name
from grpo_arcade.games.tape import Tape

MOVE_EVERY_S = 1.5
_PREVIEW_MOVES = 90
_SKIPPED = 45
"""Moves before the taped ones: many consoles begin with a screen on which nothing happens."""
_TAPED = 240
_SEED = 7


class Preview(Protocol):
    """What a tile shows of a game."""

    game: Game
    words: str
    """What stands below it."""
    rect: pygame.Rect
    stale: bool
    """Whether it must be drawn."""
    steady: bool
    """Whether it moves all the time by itself; others only while they are asked to."""

    def update(self, dt: float) -> bool:
        """Let time pass; True if it must be drawn."""

    def next_update(self) -> float:
        """Seconds until it has to be updated."""

    def draw(self, surface: pygame.Surface, palette: str) -> None:
        """Paint its rectangle."""


class Board:
    """A board on which a baseline makes a move now and then.

    Args:
        name: of the game.
        options: the game's.
        number: among others, so that not all move at once.
    """

    steady = True

    def __init__(self, name: str, options: Mapping[str, Any], number: int) -> None:
        self.game = make(name, **options)
        size = self.game.options.get("size")
        self.words = f"{name} · {size}×{size}" if size else shown_name(name)
        names = list(self.game.baselines)
        # Not the strongest: that one may need longer than a frame.
        self._baseline = self.game.baselines[names[min(1, len(names) - 1)]]
        self._rng = random.Random(number)
        self._next_in = 0.4 + number * MOVE_EVERY_S / 3
        self._pictures: dict[str, Any] = {}
        self.rect = pygame.Rect(0, 0, 0, 0)
        self.stale = True
        self.progress = 1.0
        self._begin()

    def _begin(self) -> None:
        self.game.reset(self._rng.randrange(1000, 10**6))
        for _ in range(_PREVIEW_MOVES):
            if self.game.outcome is None:
                self.game.step(self._baseline(self.game, self._rng))
        self.view = self.game.view()

    def update(self, dt: float) -> bool:
        """True if it must be drawn."""
        moved = self.progress < 1.0
        if moved:
            self.progress = min(1.0, self.progress + dt / (2 * theme.MOVE_S))
        self._next_in -= dt
        if self._next_in <= 0:
            self._next_in = MOVE_EVERY_S
            if self.game.outcome is not None:
                self._begin()
                moved = True
            else:
                self.game.step(self._baseline(self.game, self._rng))
                self.view = self.game.view()
                self.progress = 0.0
        self.stale = self.stale or moved
        return moved

    def next_update(self) -> float:
        """Half the rate of a game: it is small, and only to be seen from the corner of the eye."""
        return 2 * theme.FRAME_S if self.progress < 1.0 else max(0.0, self._next_in)

    def draw(self, surface: pygame.Surface, palette: str) -> None:
        """Paint its rectangle."""
        palette = palette_of(self.game, palette)
        if palette not in self._pictures:
            self._pictures[palette] = self.game.picture(palette)
        self._pictures[palette].draw(surface.subsurface(self.rect), self.view, self.progress)
        self.stale = False


class Screen:
    """A console's screen, from a tape.

    Args:
        name: of the game.
        studio: where it is taped, with the first look at it.
    """

    steady = False

    def __init__(self, name: str, studio: Studio) -> None:
        defaults = make(name)
        self.game = make(name, **defaults.person_options)
        self.words = shown_name(name)
        self.rect = pygame.Rect(0, 0, 0, 0)
        self.stale = True
        self._rate = defaults.frame_rate
        self._picture = self.game.picture()
        self._sample = Sample(name, {}, list(defaults.baselines)[-1], _SEED, _SKIPPED, _TAPED)
        self._studio = studio
        self._tape: Tape | None = None
        self._at = 0.0
        self._drawn = -1

    @property
    def view(self) -> Any:
        """What is shown; None until it is taped."""
        return self._tape.at(min(int(self._at), len(self._tape) - 1))[1] if self._tape else None

    def tape(self) -> None:
        """Have it taped, if it is not yet."""
        if self._tape is None:
            self._tape = self._studio.sample(self._sample)

    def arrive(self) -> bool:
        """True if the first of it has come since it was drawn."""
        if self._drawn < 0 and self._tape:
            self.stale = True
            return True
        return False

    def update(self, dt: float) -> bool:
        """Let time pass; True if it must be drawn."""
        if not self._tape:
            return False
        self._at += dt * self._rate
        if self._at >= len(self._tape):
            self._at = 0.0 if self._tape.verdict else float(len(self._tape) - 1)
        if int(self._at) != self._drawn:
            self.stale = True
        return self.stale

    def next_update(self) -> float:
        """With its next picture."""
        return (1.0 - self._at % 1.0) / self._rate

    def draw(self, surface: pygame.Surface, palette: str) -> None:
        """Paint its rectangle, which is filled: what of the screen does not fit above and below is left out."""
        view = self.view
        self.stale = False
        if view is None:
            surface.fill(theme.theme_for(palette, surface.get_size()).sunken, self.rect)
            return
        self._drawn = int(self._at)
        draw_pixels(surface, self.rect, self._picture, view, crop=True)
