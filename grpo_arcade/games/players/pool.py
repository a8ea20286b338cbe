"""Matches on several cores at once, without holding the caller's interpreter lock.

What every pool promises is :class:`Pool`. The one of this machine's cores, :class:`MatchPool`, starts ``workers`` host
processes (never by forking the caller, who may have torch and its threads loaded) and gives each its matches through a
pipe. A host that dies is replaced and its match played again.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from grpo_arcade.cores import cores
from grpo_arcade.games.players.contenders import Contender, SeatsResult
from grpo_arcade.games.players.host import read_message, write_message
from grpo_arcade.games.players.limits import Limits
from grpo_arcade.games.players.match import MatchResult
from grpo_arcade.games.players.sandbox.process import SandboxError, needed

_ATTEMPTS = 3


class Pool(ABC):
    """Plays matches side by side; a context manager, usable from any thread.

    Args:
        limits: budgets of every match.
        policy: whether sources are checked before they are played.
        allow_unwalled: whether programs that no wall here can run may run without one.
    """

    def __init__(self, limits: Limits | None = None, policy: bool = True, allow_unwalled: bool = False) -> None:
        self.limits, self.policy, self.allow_unwalled = limits or Limits(), policy, allow_unwalled
        # A match may end while it is still being begun, in the same thread.
        self._lock = threading.RLock()
        self._closed = False

    def submit(
        self,
        source: str,
        game: str,
        options: Mapping[str, Any],
        seeds: Sequence[int],
        player: str = "",
        opening: bytes = b"",
        moves: int | None = None,
    ) -> Future[MatchResult]:
        """Play ``source`` once per seed; the future gives what :func:`play_match` returns or raises.

        Raises:
            RuntimeError: the pool is closed.
        """
        future: Future[MatchResult] = Future()
        job: dict[str, Any] = {
            "source": source,
            "game": game,
            "options": dict(options),
            "seeds": list(seeds),
            "limits": self.limits,
            "player": player,
            "opening": opening,
            "moves": moves,
            "policy": self.policy,
            "allow_unwalled": self.allow_unwalled,
        }
        with self._lock:
            if self._closed:
                raise RuntimeError("the match pool is closed")
            self._begin(future, job)
        return future

    def submit_seats(
        self,
        contenders: Sequence[Contender],
        game: str,
        options: Mapping[str, Any],
        seeds: Sequence[int],
        seatings: Sequence[Sequence[int]] | None = None,
    ) -> Future[SeatsResult]:
        """Let several meet; the future gives what :func:`.play_seats` returns or raises.

        Raises:
            RuntimeError: the pool is closed.
        """
        future: Future[SeatsResult] = Future()
        job: dict[str, Any] = {
            "contenders": list(contenders),
            "game": game,
            "options": dict(options),
            "seeds": list(seeds),
            "seatings": seatings,
            "limits": self.limits,
            "policy": self.policy,
            "allow_unwalled": self.allow_unwalled,
        }
        with self._lock:
            if self._closed:
                raise RuntimeError("the match pool is closed")
            self._begin(future, job)
        return future

    @abstractmethod
    def _begin(self, future: Future[Any], job: dict[str, Any]) -> None:
        """See to it that the job (keyword arguments of :func:`.host.played`) is played; the lock is held."""

    @abstractmethod
    def close(self, wait: bool = True) -> None:
        """End the pool; with ``wait=False`` also what is being played. May be called again, and from any thread."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(wait=kind is None)


class _Host:
    """One host process."""

    def __init__(self) -> None:
        # This program from where it lies, and nothing else from there: in a checkout that may be where somebody keeps
        # the folder of a game, which would hide the package in it.
        from_here = (
            "import sys; sys.path.insert(0, sys.argv[1]); import grpo_arcade; del sys.path[0]; "
            "from grpo_arcade.games.players.host import main; main()"
        )
        with needed("no process"):
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", from_here, str(Path(__file__).resolve().parents[3])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # The terminal's Ctrl-C is the caller's to handle; the host ends when the caller does.
                start_new_session=os.name == "posix",
            )

    def play(self, job: Mapping[str, Any]) -> Any:
        """Raises ``EOFError`` or ``OSError`` if the host dies, and whatever was raised there."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        write_message(cast(Any, self.process.stdin), job)
        result, error = read_message(cast(Any, self.process.stdout))
        if error is not None:
            raise error
        return result

    def end(self) -> None:
        """Let it end, or make it."""
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


_Job = tuple["Future[Any]", dict[str, Any]]


class MatchPool(Pool):
    """Plays matches on ``workers`` cores at low priority.

    Args:
        workers: host processes; all cores but one (which is the person's), at least one, if not given.
        limits: budgets of every match.
        policy: whether sources are checked before they are played.
        allow_unwalled: whether programs that no wall here can run may run without one.
    """

    def __init__(
        self,
        workers: int | None = None,
        limits: Limits | None = None,
        policy: bool = True,
        allow_unwalled: bool = False,
    ) -> None:
        if workers is not None and workers < 1:
            raise ValueError(f"a pool needs at least 1 worker, not {workers}")
        super().__init__(limits, policy, allow_unwalled)
        self.workers = workers or max(1, cores() - 1)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._hosts: dict[int, _Host] = {}
        self._threads = [
            threading.Thread(target=self._work, args=(number,), name=f"match pool {number}", daemon=True)
            for number in range(self.workers)
        ]
        for thread in self._threads:
            thread.start()

    def _begin(self, future: Future[Any], job: dict[str, Any]) -> None:
        self._jobs.put((future, job))

    def _work(self, number: int) -> None:
        while (item := self._jobs.get()) is not None:
            future, job = item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = self._play(number, job)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
        with self._lock:
            host = self._hosts.pop(number, None)
        if host is not None:
            host.end()

    def _play(self, number: int, job: Mapping[str, Any]) -> Any:
        for _ in range(_ATTEMPTS):
            with self._lock:
                if self._closed and number not in self._hosts:
                    break
                host = self._hosts.get(number) or _Host()
                self._hosts[number] = host
            try:
                return host.play(job)
            except (EOFError, OSError):
                host.end()
                with self._lock:
                    self._hosts.pop(number, None)
        if self._closed:
            raise RuntimeError("the match pool was closed before the match ended")
        raise SandboxError(f"the process that plays matches died {_ATTEMPTS} times in the same match")

    def close(self, wait: bool = True) -> None:
        """Cancel what has not begun and end the hosts; with ``wait=False`` also what is being played.

        May be called again, and from any thread.
        """
        with self._lock:
            first, self._closed = not self._closed, True
        if first:
            with contextlib.suppress(queue.Empty):
                while (item := self._jobs.get_nowait()) is not None:
                    if item[0].cancel():
                        # Only now do those who wait for several futures hear of it.
                        item[0].set_running_or_notify_cancel()
            for _ in self._threads:
                self._jobs.put(None)
        if not wait:
            with self._lock:
                for host in self._hosts.values():
                    host.process.kill()
        for thread in self._threads:
            thread.join()
