"""Episodes to frames: one or several played again, side by side or in turn, under a strip that says who plays and how.

Knows which picture is shown when and for how long, not how frames become a file. Needs no display.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from typing import Any, TypedDict

import numpy as np

from grpo_arcade.games.episode import Episode, ending_text
from grpo_arcade.games.game import PixelPicture
from grpo_arcade.games.replay import Replay
from grpo_arcade.recordings.file import RecordingError
from grpo_arcade.recordings.films.canvas import Area, Canvas, DrawnCanvas, Frame, PixelCanvas
from grpo_arcade.recordings.films.strip import TitleStrip
from grpo_arcade.recordings.verify import verify

MOST_BOARDS = 6
MOST_IN_TURN = 99

_SHORTEST = 2
"""Hundredths of a second: browsers show a GIF frame that asks for less than two for ten."""
_UNHURRIED = 20
"""Hundredths of a second a frame may last, to keep the pace of a game that goes by the clock."""
_BETWEEN = 100
"""Hundredths of a second the end of a game stays before the next one begins."""
_SMALLEST = 96
"""Pixels of a drawn board, below which a film is not made smaller."""
_MOMENTS: dict[int, tuple[float, ...]] = {1: (1.0,), 2: (0.5, 1.0), 3: (0.16, 0.72, 1.0)}
"""Where in a move the frames lie when there are few. Two show what the move did and what came of it (in 2048: slid and
merged, then the new tile), which takes 40 % fewer bytes than catching it in mid-slide; from three on things move."""


class FilmOptions(TypedDict, total=False):
    """How a film looks: what :class:`Film`, ``write_gif`` and ``write_mp4`` take by keyword."""

    frames_per_move: int
    """Pictures of one move, at least 1, the last of them at rest: 1 to see results, 2 to see what a move did and what
    came of it, 3 and more to see things move. By default 2, and 6 in an MP4. Fewer where they would follow each other
    faster than a GIF can show (50 a second), after which moves are left out too; 1 on a console's screen, where nothing
    moves between two positions."""
    speed: float
    """1, the default, shows the game at its own frame rate, 2 twice as fast."""
    size: int | None
    """Width of one board in pixels, 32 to 4096. By default (None) the picture's natural size; in an MP4, which stores
    colours at half the resolution, three times that of a console's screen. A console's screen is shown at the largest
    whole multiple of its own size that fits, at least once."""
    palette: str | None
    """One of the game's palettes, by default (None) its first."""
    hold_s: float
    """Seconds the last frame stays, 0 to 600, by default 2."""
    title: bool
    """Whether there is a strip with player, seed, score and outcome above each board, as by default there is."""
    start: int
    """The position the film begins with, so many moves into the game; by default 0, its beginning."""
    every: int
    """Show only each n-th move (and the last one), at rest; by default 1, all of them. That shortens the film, but a
    game that goes by the clock keeps its pace down to five pictures a second."""
    in_turn: bool
    """Show the games one after another on one board, up to 99 of them, as those of a match were played; by default they
    are side by side. ``start`` then counts the moves of all."""
    flicker_safe: bool | None
    """Whether each pixel of a console's screen is the brighter one of the last two frames: that shows what the console
    itself shows only every other time, and doubles what moves. By default (None) where a game is known to blink. Drawn
    pictures never blink."""


class Film:
    """The plan of a film, and any number of showings of it: each iteration gives the same :class:`Frame` values.

    Every episode is verified first: a recording that lies is not shown. Several play in step, one move at a time; a
    board whose episode has ended is dimmed.

    Args:
        episodes: one to six episodes of one game, and more if they play in turn. All other arguments are
            :class:`FilmOptions`.

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
        start: int = 0,
        every: int = 1,
        in_turn: bool = False,
        flicker_safe: bool | None = None,
    ) -> None:
        self.episodes = (episodes,) if isinstance(episodes, Episode) else tuple(episodes)
        most = MOST_IN_TURN if in_turn else MOST_BOARDS
        if not 1 <= len(self.episodes) <= most:
            raise RecordingError(f"a film shows 1 to {most} episodes, not {len(self.episodes)}")
        self._in_turn = in_turn
        names = {episode.game for episode in self.episodes}
        if len(names) > 1:
            raise RecordingError(f"a film shows episodes of one game, not of {' and '.join(sorted(names))}")
        if frames_per_move < 1 or every < 1:
            raise RecordingError("frames_per_move and every must be at least 1")
        if not 0 < speed < math.inf:
            raise RecordingError(f"speed must be a number above 0, not {speed!r}")
        if not 0 <= hold_s <= 600:
            raise RecordingError(f"hold_s must be 0 to 600 seconds, not {hold_s!r}")
        if size is not None and not 32 <= size <= 4096:
            raise RecordingError(f"size must be 32 to 4096 pixels, not {size}")
        games = [verify(episode) for episode in self.episodes]
        first = games[0]
        self.palette = first.palettes[0] if palette is None else palette
        if self.palette not in first.palettes:
            raise RecordingError(f"palette must be one of {', '.join(first.palettes)}, not {self.palette!r}")
        self.moves = (sum if in_turn else max)(episode.moves for episode in self.episodes)
        if not 0 <= start <= self.moves:
            raise RecordingError(f"start must be 0 to {self.moves:,}, the moves there are, not {start!r}")
        self.start = start
        self.hold = max(_SHORTEST, round(hold_s * 100))
        self._per_move = 100.0 / (first.frame_rate * speed)
        self._clock_driven = first.clock_driven
        pictures = [game.picture(self.palette) for game in games]
        picture = pictures[0]
        self.screen = picture if isinstance(picture, PixelPicture) else None
        """The picture, if it is a console's screen."""
        self.natural_size = picture.natural_size[0]
        width, height = picture.natural_size
        self._aspects = [width / height if self.screen else picture.aspect for picture in pictures]
        self._title = title
        self.smallest = self.natural_size if self.screen else _SMALLEST
        """Width to which a board may be reduced to save bytes."""
        self.flicker_safe = bool(self.screen and (self.screen.blinks if flicker_safe is None else flicker_safe))
        self._plan(frames_per_move, self.natural_size if size is None else size, every)

    def again(self, *, frames_per_move: int, size: int, every: int | None = None) -> Film:
        """The same film by other measures; its episodes are not verified another time."""
        other = copy.copy(self)
        other._plan(frames_per_move, size, self._asked if every is None else every)
        return other

    def _plan(self, frames_per_move: int, size: int, every: int) -> None:
        if self.screen:
            frames_per_move = 1
            size = self.natural_size * max(1, size // self.natural_size)
        self.size = size
        self._plan_time(frames_per_move, every)
        self._plan_room()

    def _plan_time(self, frames_per_move: int, every: int) -> None:
        """Choose delays of whole hundredths, none shorter than a browser shows."""
        self._asked = every
        # Moves first come with fewer pictures, then not all of them come.
        self.every = max(every, math.ceil(_SHORTEST / self._per_move - 1e-9))
        affordable = max(1, int(self._per_move / _SHORTEST + 1e-9))
        self.frames_per_move = 1 if self.every > 1 else min(frames_per_move, affordable)
        # Moves left out for speed are no loss of time; those left out to save bytes shorten the film.
        in_time = self._per_move * self.every
        self._per_shown = in_time / every
        if self._clock_driven:
            self._per_shown = min(in_time, max(self._per_shown, _UNHURRIED))
        self.faster = in_time / self._per_shown
        """How many times the speed asked for the film has, because of moves left out to save bytes."""
        few = _MOMENTS.get(self.frames_per_move)
        self.moments = few or tuple((i + 1) / self.frames_per_move for i in range(self.frames_per_move))

    def _plan_room(self) -> None:
        boards = 1 if self._in_turn else len(self.episodes)
        columns = boards if boards <= 3 else 2 if boards == 4 else 3
        rows = math.ceil(boards / columns)
        self._strip = TitleStrip(self.size) if self._title else None
        strip = self._strip.height if self._strip else 0
        tall = max(round(self.size / aspect) for aspect in self._aspects)
        # Drawn boards have margins of their own; two screens of one colour would run into each other.
        gap = self.size // 40 if self.screen else 0
        self._areas = []
        for board, aspect in enumerate(self._aspects[:boards]):
            row, column = divmod(board, columns)
            height = round(self.size / aspect)
            self._areas.append((column * (self.size + gap), row * (strip + tall + gap) + strip, self.size, height))
        width, height = columns * (self.size + gap) - gap, rows * (strip + tall + gap) - gap
        # Video codecs need even sides; a GIF does not mind.
        self.width, self.height = width + width % 2, height + height % 2

    @property
    def length(self) -> int:
        """Moves from the first position that is shown to the last."""
        return self.moves - self.start

    @property
    def shown(self) -> int:
        """Moves of these that are shown; the others are played but left out."""
        return sum(math.ceil((moves - start) / self.every) for _, start, moves in self._scenes())

    def _scenes(self) -> list[tuple[Sequence[Episode], int, int]]:
        """What is shown one after another: episodes that play in step, the move they begin with, and the last one."""
        if not self._in_turn:
            return [(self.episodes, self.start, self.moves)]
        scenes: list[tuple[Sequence[Episode], int, int]] = []
        before = 0
        for episode in self.episodes:
            start = min(max(0, self.start - before), episode.moves)
            before += episode.moves
            if start < episode.moves or before == self.moves:
                scenes.append(((episode,), start, episode.moves))
        return scenes

    def __iter__(self) -> Iterator[Frame]:
        canvas, clock, done = self._canvas(), _Clock(), 0
        *earlier, last = self._scenes()
        for scene in earlier:
            yield from self._frames(canvas, clock, scene, min(self.hold, _BETWEEN), done)
            done += scene[2] - scene[1]
        yield from self._frames(canvas, clock, last, self.hold, done)

    def _frames(
        self, canvas: Canvas, clock: _Clock, scene: tuple[Sequence[Episode], int, int], hold: int, done: int
    ) -> Iterator[Frame]:
        """Of one scene, whose last frame stays for ``hold``, after ``done`` moves of others."""
        episodes, start, moves = scene
        boards = [
            _Board(episode, canvas, area, self._strip, self.palette, moves)
            for episode, area in zip(episodes, self._areas, strict=True)
        ]
        length = moves - start
        for board in boards:
            board.play_to(start)
            board.draw(1.0)
        # The start is worth a moment of its own.
        yield canvas.frame(clock.tick(max(self._per_shown, 50.0)) if length else hold, done)
        for move in range(self.every, length + self.every, self.every):
            move = min(move, length)
            for board in boards:
                board.play_to(start + move)
            for moment in self.moments:
                for board in boards:
                    board.draw(moment)
                last = move == length and moment == 1.0
                hundredths = clock.tick(self._per_shown / len(self.moments))
                yield canvas.frame(max(hold, hundredths) if last else hundredths, done + move)

    def _canvas(self) -> Canvas:
        if not self.screen:
            return DrawnCanvas(self.width, self.height)
        colours = np.array(self.screen.colours, np.uint32)
        return PixelCanvas(self.width, self.height, self.size // self.natural_size, colours, self.flicker_safe)


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
    """One episode on its part of the canvas, painted again only where something changed."""

    def __init__(
        self, episode: Episode, canvas: Canvas, area: Area, strip: TitleStrip | None, palette: str, moves: int
    ) -> None:
        self._replay = Replay(episode)
        self._picture = self._replay.picture(palette)
        self._canvas = canvas
        self._area = area
        self._strip = strip
        self._titled: tuple[Any, ...] | None = None
        self._outlived = episode.moves < moves
        self._rested = False

    def play_to(self, move: int) -> None:
        if self._replay.seek(move):
            self._rested = False

    def draw(self, progress: float) -> None:
        """Draw the last move at ``progress``; a board at rest is left alone."""
        if self._rested:
            return
        self._canvas.paint(self._area, self._picture, self._replay.view, progress)
        ended = progress >= 1.0 and self._replay.ended
        if self._strip and progress >= 0.5:
            self._write_title(self._strip, ended)
        self._rested = progress >= 1.0
        if ended and self._outlived:
            self._canvas.dim(self._area)

    def _write_title(self, strip: TitleStrip, ended: bool) -> None:
        episode = self._replay.episode
        title: tuple[Any, ...]
        named = episode.player, episode.game, episode.seed
        title = *named, self._replay.score, episode.outcome if ended else None
        if episode.seats:
            scores = tuple(map(self._replay.game.seat_score, range(len(episode.seats))))
            title = *named, scores, title[-1], ending_text(episode) if ended else ""
        if title != self._titled:
            self._titled = title
            left, top, width, _ = self._area
            self._canvas.put((left, top - strip.height, width, strip.height), strip.pixels(*title))
