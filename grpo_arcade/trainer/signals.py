"""How a person or a system ends a run politely: the step in flight is finished and saved first."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from grpo_arcade.recordings.runs.kind import RunKind

if TYPE_CHECKING:
    from grpo_arcade.trainer.processes import Processes


class Stoppable(Protocol):
    """A run in this process."""

    stop_asked: str
    """Why to stop after the step in flight; empty to go on."""
    processes: Processes


def _polite() -> list[int]:
    """Ctrl-C, a kill, and a terminal that is closed, but where somebody (``nohup``) said not to mind that."""
    known: list[int] = [signal.SIGINT, signal.SIGTERM]
    hung_up = getattr(signal, "SIGHUP", None)  # Windows has none
    if hung_up is not None and signal.getsignal(hung_up) is not signal.SIG_IGN:
        known.append(hung_up)
    return known


@contextlib.contextmanager
def stopping(run: Stoppable, say: Callable[[str], None], kind: RunKind = RunKind.TRAINING) -> Iterator[None]:
    """The first Ctrl-C (or a polite kill) stops after the step in flight; the second at once.

    Where there are several processes the launcher hands each signal on to all of them, a second time to those that
    shared the terminal, and kills whoever has not ended half a minute later: no further one is minded.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    voices: list[threading.Thread] = []
    alone = run.processes.count == 1

    def stop(number: int, frame: Any) -> None:
        if run.stop_asked and number == signal.SIGINT and alone:
            raise KeyboardInterrupt
        first, run.stop_asked = not run.stop_asked, "interrupted"
        if not (alone or (first and number == signal.SIGINT)):
            return
        # The signal may have come in the middle of a write to the same stream; another thread waits for its end.
        words = f"finishing this {kind.step}, then saving"
        words += f"; Ctrl-C again stops at once and loses the {kind.step}" * alone
        voice = threading.Thread(target=say, args=(words,))
        voice.start()
        voices.append(voice)

    before = {number: signal.signal(number, stop) for number in _polite()}
    through = False
    try:
        yield
        through = True
    finally:
        for number, handler in before.items():
            # When one of several has died the launcher ends the others: not before they have said what happened.
            signal.signal(number, handler if through or alone else signal.SIG_IGN)
        for voice in voices:
            voice.join()
