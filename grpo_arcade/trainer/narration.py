"""What a run tells the person in its terminal, and the capture of everything else it prints into ``log.txt``."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from grpo_arcade.foreign_text import one_line
from grpo_arcade.games import score_text
from grpo_arcade.progress import progress
from grpo_arcade.recordings.runs.kind import RunKind

_USUAL = {"encoding": "utf-8", "errors": "replace"}

if TYPE_CHECKING:
    from rich.console import Console


class Narrator:
    """A progress bar with time left on a terminal, plain lines anywhere else; the same words also in the log."""

    def __init__(
        self,
        terminal: IO[str],
        log: IO[str] | None,
        max_steps: int,
        logging_steps: int,
        kind: RunKind = RunKind.TRAINING,
    ) -> None:
        """``log`` gets every line too; None when the terminal is all there is."""
        from rich.console import Console
        from rich.progress import TextColumn

        self._console: Console = Console(file=cast("IO[str]", _Terminal(terminal)), highlight=False)
        self._log, self._kind = log, kind
        self._every = logging_steps
        facts = TextColumn("{task.fields[facts]}")
        self._progress = progress(facts, console=self._console, disable=not self._console.is_terminal)
        self._task = self._progress.add_task(kind.work, total=max_steps, facts="")

    def __enter__(self) -> Narrator:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def say(self, line: str) -> None:
        """One line to both."""
        self.keep(line)
        self._console.print(one_line(line), markup=False, emoji=False, soft_wrap=True)

    def warn(self, line: str) -> None:
        """One line that should be seen."""
        self.keep(f"warning: {line}")
        self._console.print(one_line(line), style="yellow", markup=False, emoji=False, soft_wrap=True)

    def at(self, step: int) -> None:
        """Begin at a step other than 0."""
        self._progress.update(self._task, completed=step)

    def step(self, row: Mapping[str, Any], held_out: float | None) -> None:
        """A step has ended."""
        score = f"score {score_text(row['score'])}" if row["score"] is not None else ""
        facts = f"{score} · reward {row['reward'] or 0:.2f} · {row['step_s']:.1f} s a {self._kind.step}"
        if held_out is not None:
            facts += f" · held-out {score_text(held_out)}"
        self._progress.update(self._task, completed=row["step"], facts=facts)
        if row["step"] % self._every == 0:
            self.keep(f"{self._kind.step} {row['step']}: {facts}")
            if not self._console.is_terminal:
                self._console.print(f"{self._kind.step} {row['step']}: {facts}", markup=False, soft_wrap=True)

    def evaluation(self, row: Mapping[str, Any]) -> None:
        """An evaluation has been made."""
        beside = ", ".join(f"{name} {score_text(kept['mean'])}" for name, kept in row["baselines"].items())
        if self._kind is RunKind.SEARCH:
            whose, run = "the champion's ", ""
        else:
            whose, run = "", f"{row['compiled']:.0%} of {row['strategies']} strategies run, "
        self.say(
            f"{self._kind.step} {row['step']}: {whose}held-out score {score_text(row['mean'])} "
            f"({score_text(row['low'])} to {score_text(row['high'])}; {beside}), {run}{row['won']:.0%} of games won"
        )

    @contextlib.contextmanager
    def task(self, name: str, total: int) -> Iterator[Callable[[int, int], None]]:
        """A bar of its own for something long within a step; yields what to call with done and total."""
        task = self._progress.add_task(name, total=total, facts="")
        try:
            yield lambda done, _: self._progress.update(task, completed=done)
        finally:
            self._progress.remove_task(task)

    def keep(self, line: str) -> None:
        """Something for the log alone."""
        if self._log is not None:
            with contextlib.suppress(OSError):
                self._log.write(line + "\n")
                self._log.flush()


def quieten() -> None:
    """Keep the libraries' advice to themselves: it is about how we call them, and nothing the person can act on."""
    import logging
    import warnings

    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    logging.getLogger("accelerate").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning)


class _Terminal:
    """A terminal that may be closed while the run is going on; what is written from then on is lost."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """As a stream's."""
        with contextlib.suppress(OSError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """As a stream's."""
        with contextlib.suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def captured(log: Path | None) -> Iterator[tuple[IO[str], IO[str] | None]]:
    """Send all that this process prints to ``log``, native libraries' words too; yields the real terminal and the log.

    The descriptors themselves are replaced, so children print there as well. None captures nothing.
    """
    if log is None:
        yield sys.stderr, None
        return
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    encoding, errors = (getattr(sys.stderr, name, None) or usual for name, usual in _USUAL.items())
    terminal = os.fdopen(os.dup(saved[1]), "w", encoding=encoding, errors=errors)
    with log.open("a", encoding="utf-8") as file:
        try:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            yield terminal, file
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for kept, descriptor in zip(saved, (1, 2), strict=True):
                os.dup2(kept, descriptor)
                os.close(kept)
            with contextlib.suppress(OSError):
                terminal.close()
