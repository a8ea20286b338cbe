"""The processes of one run, as ``torchrun`` and ``accelerate launch`` start them: the same command several times over.

Process 0 owns the run folder and decides; the others do as they are told and play their share. What they say to each
other are small Python objects over a gloo group of its own, beside the one that carries gradients, so that a run may
be paused for hours. A process that ends without a word is noticed by all who next wait for it.

torch is imported only where there are several processes.
"""

from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Iterator
from typing import Any, Self, TypeVar

T = TypeVar("T")

# A pause has no end of its own. A process that dies closes its connections, so nobody waits this long for it.
_PATIENCE = datetime.timedelta(days=30)
_SIGNS = ("connection closed by peer", "connection reset by peer", "gloo", "nccl")


class ProcessLost(RuntimeError):
    """Another process of the run has ended without saying so."""


class Left(Exception):
    """Another process could not begin; process 0 says why, and this one leaves quietly."""


def rank() -> int:
    """Which process this is, 0 to :func:`count` - 1; 0 where there is one."""
    return _number("RANK", 0) if count() > 1 else 0


def count() -> int:
    """Processes of the run, on all hosts."""
    # Others than a launcher may set the first of these, and mean something else.
    launched = {"RANK", "MASTER_ADDR"} <= os.environ.keys()
    return max(1, _number("WORLD_SIZE", 1)) if launched else 1


def count_here() -> int:
    """Processes of the run on this host."""
    return max(1, _number("LOCAL_WORLD_SIZE", 1)) if count() > 1 else 1


def rank_here() -> int:
    """Which of :func:`count_here` this is."""
    return _number("LOCAL_RANK", 0)


def _number(name: str, default: int) -> int:
    try:
        return int(os.environ.get(name, default))
    except ValueError:
        return default


class Processes:
    """One process among the others; all of them call each method, in the same order."""

    def __init__(self, rank: int = 0, count: int = 1, group: Any = None) -> None:
        """Use :meth:`join`; without arguments: alone."""
        self.rank, self.count, self._group = rank, count, group

    @classmethod
    def join(cls) -> Processes:
        """Meet the other processes the launcher has started.

        Raises:
            ProcessLost: they do not come.
        """
        if count() == 1:
            return cls()
        import torch
        from torch import distributed

        card = torch.cuda.is_available()
        if card:
            torch.cuda.set_device(rank_here() % torch.cuda.device_count())
        else:
            # accelerate would say cpu:0, a place from which torch restores no optimizer.
            os.environ.setdefault("ACCELERATE_TORCH_DEVICE", "cpu")
        with _losing():
            # accelerate finds the group made. It is not imported yet: Unsloth must come before its like.
            distributed.init_process_group("nccl" if card else "gloo")
            group = distributed.new_group(backend="gloo", timeout=_PATIENCE)
            return cls(distributed.get_rank(), distributed.get_world_size(), group)

    def broadcast(self, value: Any = None) -> Any:
        """``value`` of process 0, on every process."""
        if self.count == 1:
            return value
        from torch import distributed

        box = [value]
        with _losing():
            distributed.broadcast_object_list(box, src=0, group=self._group)
        return box[0]

    def gather(self, value: Any) -> list[Any]:
        """Everybody's ``value`` in the order of their ranks, on process 0; elsewhere nothing."""
        if self.count == 1:
            return [value]
        from torch import distributed

        found = [None] * self.count if self.rank == 0 else None
        with _losing():
            distributed.gather_object(value, found, dst=0, group=self._group)
        return found or []

    def least(self, value: float) -> float:
        """The smallest of everybody's ``value``, on every process."""
        return float(self.broadcast(min(self.gather(value), default=value)))

    def follow(self, decisions: Iterator[T]) -> Iterator[T]:
        """What process 0's iterator gives, one after another, on every process; nobody advances the others' own."""
        while True:
            given = self.broadcast(next(decisions, None) if self.rank == 0 else None)
            if given is None:
                return
            yield given

    def barrier(self) -> None:
        """Until all have come here."""
        self.broadcast(self.gather(None) and None)

    @contextlib.contextmanager
    def all_or_none(self) -> Iterator[None]:
        """All get through what is done inside, or nobody goes on.

        Raises:
            ValueError: on process 0, in one line, what went wrong in another process; its own error is raised as it is.
            Left: on the others.
        """
        error: Exception | None = None
        try:
            yield
        except Exception as raised:
            error = raised
        words = "" if error is None else " ".join(str(error).split()) or type(error).__name__
        failed = [(number, said) for number, said in enumerate(self.gather(words)) if said]
        well = self.broadcast(not failed)
        if error is not None and self.rank == 0:
            raise error
        if failed:
            raise ValueError(f"process {failed[0][0]} of {self.count}: {failed[0][1]}")
        if not well:
            raise Left

    def share(self, whole: int) -> range:
        """Which of ``whole`` things this process does; all of them where it is alone, and nearly equally many each."""
        return range(whole * self.rank // self.count, whole * (self.rank + 1) // self.count)

    def leave(self) -> None:
        """Say good-bye."""
        if self.count > 1:
            from torch import distributed

            distributed.destroy_process_group()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # In an error others may be waiting elsewhere; the end of this process is what they will notice.
        if kind is None:
            self.leave()


ALONE = Processes()


def is_lost(error: BaseException) -> bool:
    """Whether ``error`` comes of another process that has ended."""
    if isinstance(error, ProcessLost):
        return True
    if count() == 1 or not isinstance(error, RuntimeError):
        return False
    from torch import distributed

    return isinstance(error, distributed.DistError) or any(sign in str(error).lower() for sign in _SIGNS)


@contextlib.contextmanager
def _losing() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise ProcessLost("another process of this run has ended") from error
