"""Work beside the loop: in threads, or in processes for what computes; results are handed over in the app's thread.

    task = app.background.thread(read, path, done=self.show, failed=app.complain)
    task = app.background.process(export, plan, item=self.progress, done=self.exported, failed=app.complain)

``done(result)``, ``failed(error)`` and ``item(value)`` are called by the app between two frames, never after
``task.cancel()``. A thread function that takes long calls ``task.check()`` now and then, which raises when the task was
cancelled; a process is ended. With ``item``, the function gets a keyword argument ``emit`` to send values with; a
process that ``hears`` gets a ``heard`` to receive those of ``task.tell(value)`` from.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """A process that is started meanwhile never hears Ctrl-C, which is the window's to answer."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _nothing_from_here() -> Iterator[None]:
    """Python's own modules, and ours, are not looked for in the folder one stands in, which somebody may have sent."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


class Cancelled(BaseException):
    """Raised inside a task that nobody waits for any more."""


class Task:
    """Something that is being done, or was."""

    def __init__(self, done: Callable[[Any], None] | None, failed: Callable[[Exception], None] | None) -> None:
        self._done, self._failed = done, failed
        self._cancelled = threading.Event()
        self._kill: Callable[[], None] | None = None
        self._told: queue.SimpleQueue[Any] | None = None
        self.running = True

    def tell(self, value: Any) -> None:
        """Send something to a process that hears; never waits for it."""
        assert self._told is not None
        self._told.put((value,))

    def cancel(self) -> None:
        """Nothing more will be heard of it."""
        if self.cancelled:
            return  # a second signal would break into the first one's clearing up
        self._cancelled.set()
        self.running = False
        if self._kill is not None:
            self._kill()
        if self._told is not None:
            self._told.put(None)

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`cancel` was called."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raise :class:`Cancelled` if the task was cancelled; for use inside it."""
        if self.cancelled:
            raise Cancelled


class Background:
    """The tasks of one window.

    Args:
        wake: called from any thread when a result waits; :meth:`deliver` then has something to do.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._results: queue.SimpleQueue[tuple[Task, Callable[..., None] | None, Any, bool]] = queue.SimpleQueue()
        self._tasks: set[Task] = set()
        self._starts: queue.SimpleQueue[Callable[[], None] | None] | None = None

    def thread(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        item: Callable[[Any], None] | None = None,
        with_task: bool = False,
    ) -> Task:
        """Call a function in a thread of its own. ``with_task`` gives it the task as keyword argument ``task``."""
        task = self._added(done, failed)
        keywords: dict[str, Any] = {"task": task} if with_task else {}
        if item is not None:
            keywords["emit"] = lambda value: self._put(task, item, value, False)

        def work() -> None:
            try:
                result = function(*arguments, **keywords)
            except Cancelled:
                self._put(task, None, None, True)
            except Exception as error:
                self._put(task, task._failed, error, True)
            else:
                self._put(task, task._done, result, True)

        threading.Thread(target=work, daemon=True).start()
        return task

    def process(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        item: Callable[[Any], None] | None = None,
        hears: bool = False,
    ) -> Task:
        """Call a function of a module's top level in a process of its own, which starts in about half a second.

        With ``hears``, it gets a :class:`multiprocessing.connection.Connection` as keyword argument ``heard``.
        Arguments, results and errors are pickled. Cancelling ends the process, its ``finally`` clauses included.
        """
        task = self._added(done, failed)
        if hears:
            task._told = queue.SimpleQueue()
        if self._starts is None:
            # To start a process takes as long as a frame: one thread starts them all.
            self._starts = queue.SimpleQueue()
            threading.Thread(target=_start_all, args=(self._starts,), daemon=True).start()
        self._starts.put(lambda: self._start(task, function, arguments, item))
        return task

    def _start(
        self,
        task: Task,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        item: Callable[[Any], None] | None,
    ) -> None:
        if task.cancelled:
            return
        ours, theirs = multiprocessing.Pipe()
        # Not forked: a copy of a process that has a window and threads must not go on.
        child = multiprocessing.get_context("spawn").Process(
            target=_run_in_child,
            args=(theirs, function, arguments, item is not None, task._told is not None),
            daemon=True,
        )
        try:
            with _nothing_from_here(), _deaf_to_ctrl_c():
                child.start()
        except Exception as error:
            ours.close()
            self._put(task, task._failed, error, True)
            return
        finally:
            theirs.close()
        task._kill = child.terminate
        if task.cancelled:  # while it was being started
            child.terminate()

        def listen() -> None:
            try:
                while True:
                    kind, value = ours.recv()
                    if kind == "item":
                        self._put(task, item, value, False)
                    else:
                        self._put(task, task._done if kind == "done" else task._failed, value, True)
                        return
            except (EOFError, OSError):
                self._put(task, task._failed, RuntimeError("the process that was doing this has ended"), True)
            finally:
                ours.close()
                child.join()

        threading.Thread(target=listen, daemon=True).start()
        if task._told is not None:
            threading.Thread(target=_send, args=(task._told, ours), daemon=True).start()

    def deliver(self) -> bool:
        """Hand over what has come in; True if anything had. The app calls it once a turn."""
        any_delivered = False
        while True:
            try:
                task, to, value, last = self._results.get_nowait()
            except queue.Empty:
                return any_delivered
            if last:
                task.running = False
                self._tasks.discard(task)
            if to is not None and not task.cancelled:
                any_delivered = True
                to(value)

    def close(self) -> None:
        """Cancel everything."""
        for task in list(self._tasks):
            task.cancel()
        self._tasks.clear()
        if self._starts is not None:
            self._starts.put(None)
            self._starts = None

    def _added(self, done: Callable[[Any], None] | None, failed: Callable[[Exception], None] | None) -> Task:
        task = Task(done, failed)
        self._tasks.add(task)
        return task

    def _put(self, task: Task, to: Callable[..., None] | None, value: Any, last: bool) -> None:
        self._results.put((task, to, value, last))
        self._wake()


def _start_all(starts: queue.SimpleQueue[Callable[[], None] | None]) -> None:
    while (start := starts.get()) is not None:
        start()


def _send(told: queue.SimpleQueue[Any], pipe: Connection) -> None:
    # In a thread: a pipe is full after 64 KB, and the other end may only just be starting.
    with contextlib.suppress(OSError, ValueError):  # closed: nobody listens any more
        while (message := told.get()) is not None:
            pipe.send(message[0])


def _run_in_child(
    pipe: Connection, function: Callable[..., Any], arguments: tuple[Any, ...], emits: bool, hears: bool
) -> None:
    def stop(number: int, frame: object) -> None:
        raise SystemExit(0)  # so that half-written files are removed on the way out

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the window's to answer
    os.environ["SDL_VIDEODRIVER"] = "dummy"
    with contextlib.suppress(OSError, AttributeError):
        os.nice(5)  # the person's frames come first
    try:
        keywords: dict[str, Any] = {"emit": lambda value: pipe.send(("item", value))} if emits else {}
        if hears:
            keywords["heard"] = pipe
        message = "done", function(*arguments, **keywords)
    except Exception as error:
        message = "failed", error
    try:
        pipe.send(message)
    except OSError:
        pass  # nobody listens any more
    except Exception as error:
        pipe.send(("failed", RuntimeError(f"the result cannot be sent: {error}")))
