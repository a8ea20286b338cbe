"""What a film will show, playing: the boards side by side from its first move to its last, again and again."""

from __future__ import annotations

from collections.abc import Sequence
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
        episodes: one to six of one game.
        moves: how far each is shown.
    """

    def __init__(self, app: App, episodes: Sequence[Episode], moves: Sequence[int]) -> None:
        self._app = app
        self._episodes, self._most = episodes, moves
        self._boards = [Playback(replay_of(beginning(*each), app.studio)) for each in zip(episodes, moves, strict=True)]
        self._picture: tuple[str, Picture] | None = None
        self._held = 0.0
        self._range = 0, max(moves)
        self.rect = pygame.Rect(0, 0, 0, 0)

    def show(self, start: int, end: int) -> None:
        """Play from one move to another."""
        self._range = start, end
        self._begin()

    def _begin(self) -> None:
        self._held = 0.0
        start = self._range[0]
        for board in self._boards:
            board.go_to(start)

    def update(self, dt: float, speed: float) -> bool:
        """Let time pass; True if it looks different."""
        end = self._range[1]
        rate = speed * self._boards[0].game.frame_rate
        changed = [board.advance(dt, rate, end) for board in self._boards]
        if not any(changed) and not any(board.moving or board.view is None for board in self._boards):
            self._held += dt
            if self._held >= _HELD_S:
                self._begin()
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
