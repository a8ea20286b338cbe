"""The command ``arcade``: one verb, one module in ``arcade/commands``, imported only when it is asked for.

A command's module holds a dataclass ``Command``, whose field docstrings are its ``--help``, and ``run(command)``,
which returns the exit code. stdout is data; stderr is narration.

Exit codes: 0 done, 1 the answer is no (a forged recording, say), 2 bad input, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import difflib
import gc
import os
import sys
from collections.abc import Callable
from functools import partial
from importlib import import_module

VERBS = {
    "demo": "train the pocket model for a few minutes and see it get better",
    "play": "watch a baseline, a strategy file or a model play, in the terminal or straight to a GIF",
    "write": "let a model write one strategy before your eyes; check it, keep it, play it",
    "train": "teach a model by GRPO",
    "eval": "score players over the held-out seeds, beside the baselines",
    "replay": "watch a recording in the terminal",
    "export": "make a GIF or MP4 from recordings (also: record), or the files of a model for other programs",
    "verify": "re-play recordings and say whether they are genuine",
    "dash": "watch a training run in the terminal, live or afterwards",
    "watch": "watch a training run in the window: its boards playing, live or afterwards",
    "runs": "list training runs, or tell about one",
    "serve": "serve a game as an OpenEnv server, for any trainer",
    "new-game": "write the folder of a new game: rules, picture, prompt, baselines, tests",
    "pretrain": "make the pocket model's weights, or teach them one more game",
    "doctor": "say what is installed, what is missing and how safe the sandbox is here",
}
ALIASES = {"record": "export"}


def main(argv: list[str] | None = None) -> int:
    """Run ``arcade`` with ``argv`` (default: the process's own arguments) and return the exit code."""
    try:
        code = _answer(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # `arcade runs | head`: the reader has seen enough. Point stdout elsewhere, or Python complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        from grpo_arcade.games.players import SandboxError

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
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return " ".join(str(error).split()) or type(error).__name__


def _refuse(line: str) -> int:
    print(f"arcade: {line}", file=sys.stderr)
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
