"""Episodes to frames: one or several played again side by side, under a strip that says who plays and how it goes.

Knows which picture is shown when and for how long, not how frames become a file. Needs no display.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from grpo_arcade.games.episode import Episode
from grpo_arcade.games.game import Game
from grpo_arcade.recordings.file import RecordingError
from grpo_arcade.recordings.strip import PAPER, TitleStrip
from grpo_arcade.recordings.verify import new_game, verify

if TYPE_CHECKING:
    import pygame

MOST_BOARDS = 6

_SHORTEST = 2
"""Hundredths of a second: browsers show a GIF frame that asks for less than two for ten."""
_MOMENTS: dict[int, tuple[float, ...]] = {1: (1.0,), 2: (0.5, 1.0), 3: (0.16, 0.72, 1.0)}
"""Where in a move the frames lie when there are few. Two show what the move did and what came of it (in 2048: slid and
merged, then the new tile), which takes 40 % fewer bytes than catching it in mid-slide; from three on things move."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a film."""

    pixels: np.ndarray
    """0xRRGGBB as uint32 (rows, columns)."""
    hundredths: int
    """How long it is shown, in hundredths of a second (what a GIF counts in)."""
    move: int
    """Moves played up to this frame, of the longest episode."""

    def rgb(self) -> np.ndarray:
        """A copy as uint8 (rows, columns, 3)."""
        shifts = np.array([16, 8, 0], np.uint32)
        return (self.pixels[:, :, None] >> shifts & 255).astype(np.uint8)


class Film:
    """The plan of a film, and any number of showings of it: each iteration gives the same :class:`Frame` values.

    Every episode is verified first: a recording that lies is not shown. Several play in step, one move at a time; a
    board whose episode has ended is dimmed.

    Args:
        episodes: one to six episodes of one game.
        frames_per_move: pictures of one move, at least 1, the last of them at rest. Reduced where they would follow
            each other faster than a GIF can show, after which moves are left out too.
        speed: 1 shows the game at its own frame rate, 2 twice as fast.
        size: width of one board in pixels, 32 to 4096; by default the picture's natural size.
        palette: one of the game's palettes, by default its first.
        hold_s: seconds the last frame stays.
        title: whether there is a strip above each board.
        every: show only each n-th move (and the last one), at rest.

    Raises:
        RecordingError: an episode that cannot be verified, or a film that cannot be made, in one line.
    """

    def __init__(
        self,
        episodes: Episode | Sequence[Episode],
        *,
        frames_per_move: int = 2,
        speed: float = 1.0,
        size: int | None = None,
        palette: str | None = None,
        hold_s: float = 2.0,
        title: bool = True,
        every: int = 1,
    ) -> None:
        self.episodes = (episodes,) if isinstance(episodes, Episode) else tuple(episodes)
        if not 1 <= len(self.episodes) <= MOST_BOARDS:
            raise RecordingError(f"a film shows 1 to {MOST_BOARDS} episodes, not {len(self.episodes)}")
        names = {episode.game for episode in self.episodes}
        if len(names) > 1:
            raise RecordingError(f"a film shows episodes of one game, not of {' and '.join(sorted(names))}")
        if frames_per_move < 1 or every < 1:
            raise RecordingError("frames_per_move and every must be at least 1")
        if not 0 < speed < math.inf:
            raise RecordingError(f"speed must be a number above 0, not {speed!r}")
        if not 0 <= hold_s <= 600:
            raise RecordingError(f"hold_s must be 0 to 600 seconds, not {hold_s!r}")
        games = [verify(episode) for episode in self.episodes]
        first = games[0]
        self.palette = first.palettes[0] if palette is None else palette
        if self.palette not in first.palettes:
            raise RecordingError(f"palette must be one of {', '.join(first.palettes)}, not {self.palette!r}")
        self.moves = max(len(episode.actions) for episode in self.episodes)
        self.hold = max(_SHORTEST, round(hold_s * 100))
        self._plan_time(100.0 / (first.frame_rate * speed), frames_per_move, every)
        pictures = [game.picture(self.palette) for game in games]
        natural = pictures[0].natural_size[0]
        self.size = natural if size is None else size
        if not 32 <= self.size <= 4096:
            raise RecordingError(f"size must be 32 to 4096 pixels, not {self.size}")
        self._plan_room([picture.aspect for picture in pictures], title)

    def _plan_time(self, per_move: float, frames_per_move: int, every: int) -> None:
        """Choose delays of whole hundredths, none shorter than a browser shows."""
        # Moves first come with fewer pictures, then not all of them come.
        self.every = max(every, math.ceil(_SHORTEST / per_move - 1e-9))
        affordable = max(1, int(per_move / _SHORTEST + 1e-9))
        self.frames_per_move = 1 if self.every > 1 else min(frames_per_move, affordable)
        # Moves left out for speed are no loss of time; those left out to save bytes shorten the film.
        self._per_shown = per_move * self.every / every
        few = _MOMENTS.get(self.frames_per_move)
        self.moments = few or tuple((i + 1) / self.frames_per_move for i in range(self.frames_per_move))

    def _plan_room(self, aspects: list[float], title: bool) -> None:
        boards = len(self.episodes)
        columns = boards if boards <= 3 else 2 if boards == 4 else 3
        rows = math.ceil(boards / columns)
        self._strip = TitleStrip(self.size) if title else None
        strip = self._strip.height if self._strip else 0
        tall = max(round(self.size / aspect) for aspect in aspects)
        self._areas = []
        for board, aspect in enumerate(aspects):
            row, column = divmod(board, columns)
            height = round(self.size / aspect)
            self._areas.append((column * self.size, row * (strip + tall) + strip, self.size, height))
        # Video codecs need even sides; a GIF does not mind.
        self.width = columns * self.size + columns * self.size % 2
        self.height = rows * (strip + tall) + rows * (strip + tall) % 2

    @property
    def shown(self) -> int:
        """Moves that are shown; the others are played but left out."""
        return math.ceil(self.moves / self.every)

    def __iter__(self) -> Iterator[Frame]:
        import pygame

        screen = pygame.Surface((self.width, self.height), 0, 32, (0xFF0000, 0xFF00, 0xFF, 0))
        screen.fill(PAPER)
        boards = [
            _Board(episode, screen, area, self._strip, self.palette, self.moves)
            for episode, area in zip(self.episodes, self._areas, strict=True)
        ]
        clock = _Clock()
        for board in boards:
            board.draw(1.0)
        # The start is worth a moment of its own.
        yield Frame(_pixels(screen), clock.tick(max(self._per_shown, 50.0)) if self.moves else self.hold, 0)
        for move in range(self.every, self.moves + self.every, self.every):
            move = min(move, self.moves)
            for board in boards:
                board.play_to(move)
            for moment in self.moments:
                for board in boards:
                    board.draw(moment)
                last = move == self.moves and moment == 1.0
                hundredths = clock.tick(self._per_shown / len(self.moments))
                yield Frame(_pixels(screen), max(self.hold, hundredths) if last else hundredths, move)


class _Clock:
    """Hands out whole hundredths that add up to what was asked for, but for the shortest a frame may have."""

    def __init__(self) -> None:
        self._owed = 0.0

    def tick(self, hundredths: float) -> int:
        self._owed += hundredths
        whole = max(_SHORTEST, int(self._owed + 0.5))
        self._owed -= whole
        return whole


class _Board:
    """One episode on its part of the screen, drawn again only where something changed."""

    def __init__(
        self,
        episode: Episode,
        screen: pygame.Surface,
        area: tuple[int, int, int, int],
        strip: TitleStrip | None,
        palette: str,
        moves: int,
    ) -> None:
        self._episode = episode
        self._game: Game = new_game(episode)
        self._picture = self._game.picture(palette)
        self._surface = screen.subsurface(area)
        self._strip = strip
        self._heading = None
        if strip:
            self._heading = screen.subsurface((area[0], area[1] - strip.height, area[2], strip.height))
        self._outlived = len(episode.actions) < moves
        self._played = 0
        self._rested = False
        self._view: Any = self._game.view()

    def play_to(self, move: int) -> None:
        target = min(move, len(self._episode.actions))
        if target == self._played:
            return
        for action in self._episode.actions[self._played : target]:
            self._game.step(action)
        self._played = target
        self._view = self._game.view()
        self._rested = False

    def draw(self, progress: float) -> None:
        """Draw the last move at ``progress``; a board at rest is left alone."""
        if self._rested:
            return
        self._picture.draw(self._surface, self._view, progress)
        ended = progress >= 1.0 and self._played == len(self._episode.actions)
        if self._strip and self._heading and progress >= 0.5:
            outcome = self._episode.outcome if ended else None
            self._strip.draw(self._heading, self._episode.player, self._episode.seed, self._game.score, outcome)
        self._rested = progress >= 1.0
        if ended and self._outlived:
            _dim(self._surface)


def _pixels(screen: pygame.Surface) -> np.ndarray:
    import pygame

    # A copy: a view would lock the surface against drawing for as long as it lives.
    return pygame.surfarray.pixels2d(screen).T.copy()


def _dim(surface: pygame.Surface) -> None:
    """Let the picture fade half into the paper."""
    import pygame

    pixels = pygame.surfarray.pixels2d(surface)
    # The mean of each channel without its lowest bit, all three at once.
    pixels[...] = ((pixels & 0xFEFEFE) + (PAPER & 0xFEFEFE)) // 2 | (PAPER & 0x010101)
