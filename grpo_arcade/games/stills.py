"""Single positions of episodes, for who must not draw: a process that plays, and answers in numbers and small pictures.

``python -m grpo_arcade.games.stills`` reads one request a line on stdin and answers each with one line on stdout,
after which the bytes of the picture follow, if there is one. It ends with its input. See :class:`Asked` and
:class:`Answer`; both lines are JSON. A game's own code, its libraries and pygame stay in this process.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from typing import TYPE_CHECKING, Any, BinaryIO, NotRequired, TypedDict

from grpo_arcade.games.episode import Episode
from grpo_arcade.games.game import Game, Outcome, PixelPicture
from grpo_arcade.games.replay import Replay, other_rules

if TYPE_CHECKING:
    import pygame


class Asked(TypedDict):
    """One request."""

    episode: NotRequired[dict[str, Any]]
    """:func:`told` of it; absent when it is the one asked about before."""
    move: int
    """How many of its moves are to be played; at most all are."""
    width: int
    """What the picture has room for, in pixels."""
    height: int


class Answer(TypedDict):
    """The position, or only why there is none."""

    trouble: NotRequired[str]
    """Why not, in one line; everything else is absent then."""
    move: int
    score: float
    rate: float
    """The game's own decisions a second."""
    board: NotRequired[list[list[int]]]
    """The position where it is a board of numbers."""
    width: NotRequired[int]
    """Of the picture in pixels, where it is not: as large as there is room. Its bytes follow, three a pixel."""
    height: NotRequired[int]


def told(episode: Episode) -> dict[str, Any]:
    """What a replay needs of an episode, JSON-able."""
    found = {name: getattr(episode, name) for name in ("game", "options", "seed", "versions", "per_step")}
    return found | {name: base64.b64encode(getattr(episode, name)).decode() for name in ("actions", "observations")}


def _episode(found: dict[str, Any]) -> Episode:
    long: dict[str, Any] = {name: base64.b64decode(found.pop(name)) for name in ("actions", "observations")}
    return Episode(**found, **long, outcome=Outcome.UNFINISHED, score=0.0)


def board_of(game: Game) -> list[list[int]] | None:
    """The position as rows of numbers; None where it is something else."""
    rows = game.observation()
    if isinstance(rows, list) and all(isinstance(row, list) and all(type(cell) is int for cell in row) for row in rows):
        return rows
    return None


def picture_of(game: Game, width: int, height: int) -> tuple[int, int, bytes]:
    """The position as a small picture that fits into ``width`` × ``height``: its width, its height, RGB row by row."""
    import pygame

    picture = game.picture()
    wide = max(1, min(width, round(height * picture.aspect)))
    size = wide, max(1, min(height, round(wide / picture.aspect)))
    # Drawn at its own size and then reduced by means: what is thin stays, if fainter.
    surface = _natural(game) if isinstance(picture, PixelPicture) else pygame.Surface(picture.natural_size, depth=24)
    if not isinstance(picture, PixelPicture):
        picture.draw(surface, game.view())
    return *size, pygame.image.tobytes(pygame.transform.smoothscale(surface, size), "RGB")


def _natural(game: Game) -> pygame.Surface:
    import numpy as np
    import pygame

    picture = game.picture()
    assert isinstance(picture, PixelPicture)
    colours = np.array([[colour >> 16, colour >> 8 & 255, colour & 255] for colour in picture.colours], np.uint8)
    pixels = colours[picture.indices(game.view(), flicker_safe=picture.blinks)]
    return pygame.image.frombuffer(pixels.tobytes(), (pixels.shape[1], pixels.shape[0]), "RGB")


class Stills:
    """Plays one episode at a time to the positions it is asked for."""

    def __init__(self) -> None:
        """No episode yet."""
        self._replay: Replay | None = None

    def answer(self, asked: Asked) -> tuple[Answer, bytes]:
        """The position, and its picture's bytes.

        Raises:
            ValueError: the episode cannot be played here.
        """
        if "episode" in asked:
            self._replay = Replay(_episode(asked["episode"]))
            if foreign := other_rules(self._replay.episode, self._replay.game):
                raise ValueError(foreign)
        replay = self._replay
        if replay is None:
            raise ValueError("which episode?")
        replay.seek(asked["move"])
        if replay.broken:
            raise ValueError(replay.broken)
        game = replay.game
        found: Answer = {"move": replay.ply, "score": replay.score, "rate": game.frame_rate}
        board = board_of(game)
        if board is not None:
            return {**found, "board": board}, b""
        width, height, pixels = picture_of(game, asked["width"], asked["height"])
        return {**found, "width": width, "height": height}, pixels


def main() -> None:
    """Answer until the input ends."""
    # What libraries print must not come between the answers.
    answers: BinaryIO = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    stills = Stills()
    for line in sys.stdin.buffer:
        answer: Any
        try:
            answer, pixels = stills.answer(json.loads(line))
        except Exception as error:  # a game of somebody else's may fail as it likes
            answer, pixels = {"trouble": " ".join(str(error).split()) or type(error).__name__}, b""
            stills = Stills()
        answers.write(json.dumps(answer).encode() + b"\n" + pixels)
        answers.flush()


if __name__ == "__main__":
    main()
