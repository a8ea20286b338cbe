"""The command ``arcade``: one verb, one module in ``arcade/commands``, imported only when it is asked for.

A command's module holds a dataclass ``Command``, whose field docstrings are its ``--help``, and ``run(command)``,
which returns the exit code. stdout is data; stderr is narration.

Exit codes: 0 done, 1 the answer is no (a forged recording, say), 2 bad input, 130 stopped by Ctrl-C, 143 by a kill.
"""

from __future__ import annotations

import difflib
import errno
import gc
import os
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module

from grpo_arcade.arcade import streams
from grpo_arcade.arcade.signals import KilledError, killed_politely

VERBS = {
    "demo": "train the pocket model for a few minutes and see it get better",
    "play": "watch a baseline, a strategy file or a model play, in the terminal or straight to a GIF",
    "write": "let a model write one strategy before your eyes; check it, keep it, play it",
    "train": "teach a model by GRPO",
    "improve": "let any model improve its program by telling it how it lost",
    "eval": "score players over the held-out seeds, beside the baselines",
    "replay": "watch a recording in the terminal",
    "export": "make a GIF or MP4 from recordings (also: record), or the files of a model for other programs",
    "verify": "re-play recordings and say whether they are genuine",
    "dash": "watch a training run in the terminal, live or afterwards",
    "watch": "watch a training run in the window: its boards playing, live or afterwards",
    "runs": "list training runs, or tell about one",
    "league": "tell who is strongest of those a run by self-play has met, or let two of them play",
    "report": "tell a run on one HTML page: verdict, curves, champion, failures, configuration",
    "submit": "make of a run what a hackathon asks for: Space, film, curves, report, README with its story",
    "serve": "serve a game as an OpenEnv server, for any trainer",
    "new-game": "write the folder of a new game: rules, picture, prompt, baselines, tests",
    "pretrain": "make the pocket model's weights, or teach them one more game",
    "doctor": "say what is installed, what is missing and how safe the sandbox is here",
}
_STREAM_ERRORS = (errno.ENOSPC, errno.EIO, errno.EBADF)
ALIASES = {"record": "export"}


def main(argv: list[str] | None = None) -> int:
    """Run ``arcade`` with ``argv`` (default: the process's own arguments) and return the exit code."""
    streams.prepare()
    with killed_politely():
        code = _explained(sys.argv[1:] if argv is None else argv)
    trouble = streams.ended()
    return _refuse(trouble) if trouble and not code else code


def _explained(argv: list[str]) -> int:
    """The exit code; whatever is raised for people is told in one line."""
    try:
        return _answer(argv)
    except KeyboardInterrupt as stop:
        streams.tell("stopped")
        return stop.code if isinstance(stop, KilledError) else 130
    except Exception as error:
        from grpo_arcade.games.players import SandboxError

        if isinstance(error, OSError) and not error.filename and (trouble := streams.ended()):
            return _refuse(trouble)
        if isinstance(error, BrokenPipeError):
            return 0  # `arcade runs | head`: the reader has seen enough
        # Every room raises these with one line meant for the person; the traceback is for who writes the rooms.
        for_people = isinstance(error, ValueError | OSError | ImportError | MemoryError | SandboxError)
        if not for_people or os.environ.get("ARCADE_TRACEBACK"):
            raise
        return _refuse(_line(error))


def _answer(argv: list[str]) -> int:
    if not argv:
        return _open_window()
    if argv[0] in ("-h", "--help", "help"):
        print(_overview())
        return 0
    if argv[0] in ("-V", "--version"):
        from grpo_arcade import __version__

        print(f"arcade {__version__}")
        return 0
    verb = ALIASES.get(argv[0], argv[0])
    if verb not in VERBS:
        near = difflib.get_close_matches(verb, [*VERBS, *ALIASES], n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(VERBS)}"
        return _refuse(f"no command is called {argv[0]!r}; {hint}")
    return int(_resolved(verb, argv[1:])())


def _resolved(verb: str, argv: list[str]) -> Callable[[], int]:
    """The command, ready to run."""
    # What is imported stays; looking for garbage in it would take a fifth of the time to the first word of `--help`.
    gc.disable()
    try:
        from grpo_arcade.arcade.configuration import resolve

        module = import_module(f"grpo_arcade.arcade.commands.{verb.replace('-', '_')}")
        return partial(module.run, resolve(module.Command, argv, prog=f"arcade {verb}", description=VERBS[verb]))
    finally:
        gc.enable()


def _open_window() -> int:
    from grpo_arcade.arcade.window import NoDisplayError, open_window

    try:
        return open_window()
    except NoDisplayError as error:
        return _refuse(str(error))


def _line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        # Whoever writes a file says which; what is left is a stream.
        stream = "standard output" if error.errno in _STREAM_ERRORS else ""
        what = _name(error.filename) if error.filename else stream
        return f"{what}: {error.strerror}" if what else error.strerror
    return str(error).strip() or type(error).__name__


def _name(file: object) -> str:
    return os.fsdecode(file) if isinstance(file, str | bytes | os.PathLike) else str(file)


def _refuse(line: str) -> int:
    streams.tell(f"arcade: {line}")
    return 2


def _overview() -> str:
    width = max(map(len, VERBS))
    lines = "\n".join(f"  {verb:{width}}  {summary}" for verb, summary in VERBS.items())
    return f"""usage: arcade [COMMAND [options]]

An arcade whose second player is a language model that learns while you watch.

{lines}

`arcade` alone opens the window; `arcade COMMAND --help` tells the options of one; `arcade --version` the version.
Start with `arcade demo`, or `arcade play 2048 expectimax`."""


if __name__ == "__main__":
    sys.exit(main())
