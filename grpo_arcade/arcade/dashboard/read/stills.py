"""Asks the process that plays and draws (``games.stills``) for positions of episodes; starts it when first needed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass

from grpo_arcade.games import Episode
from grpo_arcade.games.stills import told as told_of

_LONGEST_LINE = 1 << 20
"""Bytes of an answer's first line, which holds at most a board."""


class StillsError(Exception):
    """There is no such position; one line that says why."""


@dataclass(frozen=True)
class Still:
    """A position."""

    move: int
    score: float
    rate: float
    """The game's own decisions a second."""
    board: list[list[int]] | None
    """Where it is a board of numbers."""
    width: int = 0
    """Of its picture in pixels, where it is not."""
    height: int = 0
    pixels: bytes = b""
    """Red, green and blue of each pixel, row by row."""


class Stills:
    """One process, one question at a time."""

    def __init__(self) -> None:
        """Not started."""
        self._process: asyncio.subprocess.Process | None = None
        self._told: Episode | None = None
        self._turn = asyncio.Lock()

    async def at(self, episode: Episode, move: int, width: int, height: int) -> Still:
        """The position after ``move`` moves, its picture at most ``width`` × ``height`` pixels large.

        Raises:
            StillsError: the episode cannot be played.
        """
        async with self._turn:
            try:
                return await self._ask(episode, move, width, height)
            except (OSError, EOFError, ValueError) as error:
                await self.close()
                raise StillsError(f"the process that plays games ended ({error})") from error
            except asyncio.CancelledError:
                await self.close()  # its answer would be taken for the next one's
                raise

    async def _ask(self, episode: Episode, move: int, width: int, height: int) -> Still:
        process = await self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        asked: dict[str, object] = {"move": move, "width": width, "height": height}
        if episode is not self._told:
            asked["episode"] = told_of(episode)
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            raise EOFError(f"exit code {await process.wait()}")
        told = json.loads(line)
        if "trouble" in told:
            self._told = None
            raise StillsError(told["trouble"])
        self._told = episode
        wide, high = told.get("width", 0), told.get("height", 0)
        pixels = await process.stdout.readexactly(3 * wide * high)
        return Still(told["move"], told["score"], told["rate"], told.get("board"), wide, high, pixels)

    async def _started(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
            order = (sys.executable, "-P", "-m", "grpo_arcade.games.stills")
            self._told = None
            self._process = await asyncio.create_subprocess_exec(
                *order, stdin=pipe, stdout=pipe, stderr=nothing, limit=_LONGEST_LINE
            )
        return self._process

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        with contextlib.suppress(OSError):
            # Drained, so that nothing of it is left for a loop that is gone.
            await process.communicate()
