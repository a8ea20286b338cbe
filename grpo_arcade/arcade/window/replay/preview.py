"""What a film will show, playing: boards side by side or in turn, from its first move to its last, again and again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.boards import board_size, palette_of
from grpo_arcade.arcade.window.draw.grid import largest_boards
from grpo_arcade.arcade.window.replay.playback import Playback, replay_of
from grpo_arcade.games import Episode, Picture
from grpo_arcade.games.replay import beginning

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

_HELD_S = 1.0
"""So long the last position stays."""


class Preview:
    """Boards that play a part of their games.

    Args:
        app: the window.
        episodes: of one game.
        moves: how far each is shown.
        in_turn: whether they are shown one after another; moves are then counted through all.
    """

    def __init__(self, app: App, episodes: Sequence[Episode], moves: Sequence[int], in_turn: bool) -> None:
        self._app = app
        boards = [Playback(replay_of(beginning(*each), app.studio)) for each in zip(episodes, moves, strict=True)]
        self._scenes = [[board] for board in boards] if in_turn else [boards]
        """Boards that play at once, and how many moves went before them."""
        self._before = list(accumulate(moves, initial=0))[:-1] if in_turn else [0]
        self._lengths = list(moves) if in_turn else [max(moves)]
        self._picture: tuple[str, Picture] | None = None
        self._held = 0.0
        self._range = 0, sum(self._lengths)
        self._scene = 0
        self.rect = pygame.Rect(0, 0, 0, 0)

    def show(self, start: int, end: int) -> None:
        """Play from one move to another."""
        self._range = start, end
        self._begin()

    @property
    def _boards(self) -> list[Playback]:
        return self._scenes[self._scene]

    def _begin(self) -> None:
        start = self._range[0]
        ends = [before + length for before, length in zip(self._before, self._lengths, strict=True)]
        self._go_to(next((scene for scene, end in enumerate(ends) if start < end), len(ends) - 1))

    def _go_to(self, scene: int) -> None:
        self._held, self._scene = 0.0, scene
        for board in self._boards:
            board.go_to(max(0, self._range[0] - self._before[scene]))

    def update(self, dt: float, speed: float) -> bool:
        """Let time pass; True if it looks different."""
        end = self._range[1] - self._before[self._scene]
        rate = speed * self._boards[0].game.frame_rate
        changed = [board.advance(dt, rate, end) for board in self._boards]
        if not any(changed) and not any(board.moving or board.view is None for board in self._boards):
            self._held += dt
            if self._held >= _HELD_S:
                more = self._scene + 1 < len(self._scenes) and self._before[self._scene + 1] < self._range[1]
                self._go_to(self._scene + 1) if more else self._begin()
                return True
        return any(changed)

    def draw(self, surface: pygame.Surface) -> None:
        """Paint the boards, each under the name of its player."""
        look, app = self._app.theme, self._app
        surface.fill(look.page, self.rect)
        game, gap, head = self._boards[0].game, look.px(theme.GAP), look.px(24)
        palette = palette_of(game, app.palette)
        if self._picture is None or self._picture[0] != palette:
            self._picture = palette, game.picture(palette)
        picture = self._picture[1]
        columns, *room = largest_boards(self.rect, len(self._boards), gap, lambda tall: head, picture.aspect)
        wide, tall = board_size(game, picture, (room[0], room[1]))
        rows = -(-len(self._boards) // columns)
        top = self.rect.top + max(0, (self.rect.height - rows * (tall + head)) // 2)
        for number, board in enumerate(self._boards):
            row, column = divmod(number, columns)
            left = self.rect.left + column * (self.rect.width // columns) + (self.rect.width // columns - wide) // 2
            place = pygame.Rect(left, top + row * (tall + head) + head, wide, tall)
            at, height = (place.left, place.top - head // 2), look.px(theme.CAPTION)
            paint.text(surface, board.episode.player or "a player", at, height, look.soft, room=wide)
            board.draw(surface, place, picture)
