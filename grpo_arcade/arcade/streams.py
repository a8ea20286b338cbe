"""The standard streams, as commands find them: closed, full, or of an encoding without the signs that are printed.

:func:`prepare` is called once, before a command prints. From then on a sign that a stream has not got becomes a
lookalike that it has, wherever in the program it is printed, and streams that nobody opened swallow what they get.
Knows no command.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
import unicodedata
from typing import IO, Any

from grpo_arcade.foreign_text import clean_piece, one_line

LOOKALIKES = {
    **dict.fromkeys("─━═╌┄╴╶╸╺▁▔⎯–—", "-"),
    **dict.fromkeys("│┃║▏▕▌▐▎▊┆┊", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝┏┓┗┛╷╵╻╹", "+"),
    **dict.fromkeys("█▓▇▆▅▄▃▂▀▰■▉▋▍", "#"),
    **dict.fromkeys("░▒▱□", "."),
    **dict.fromkeys("·•●○◉⏺∙", "*"),
    **dict.fromkeys("▶►▸→⏵❯", ">"),
    **dict.fromkeys("◀◄◂←", "<"),
    **{"▲": "^", "▴": "^", "↑": "^", "▼": "v", "▾": "v", "↓": "v", "×": "x", "…": "~", "✓": "+", "✗": "x", "⏸": "="},
    **{"⏹": "#", "⚠": "!", "⇧": "^", "‘": "'", "’": "'", "“": '"', "”": '"', "^": "^", "⌃": "^", "≤": "<", "≥": ">"},
}
"""Signs outside ASCII that are printed or drawn, and what stands for them where they cannot be."""
_HANDLER = "grpo_arcade.lookalikes"


def to_ascii(text: str) -> str:
    """As wide as ``text``, in ASCII; a sign without a lookalike becomes a question mark."""
    if text.isascii():
        return text
    return "".join(sign if sign.isascii() else LOOKALIKES.get(sign) or "?" * _width(sign) for sign in text)


def prepare() -> None:
    """Make stdin, stdout and stderr fit to be used, whatever they are."""
    codecs.register_error(_HANDLER, _replaced)
    _open_all()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError, OSError):
            stream.reconfigure(errors=_HANDLER)  # type: ignore[union-attr]


def tell(line: object) -> None:
    """One line of narration on stderr; nothing where nobody can read it."""
    try:
        print(one_line(line), file=sys.stderr, flush=True)
    except OSError:
        _abandon(sys.stderr)


def flow(piece: str) -> None:
    """A piece of what a model writes, on stderr as it comes."""
    sys.stderr.write(clean_piece(piece))
    sys.stderr.flush()


def ended() -> str:
    """Write out what is left on stdout and stderr; why that cannot be done, or nothing.

    A stream that takes no more is given up, so that the interpreter does not complain at its end. Nobody is told that a
    reader has seen enough (``arcade runs | head``).
    """
    trouble = ""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            _abandon(stream)
        except (OSError, ValueError) as error:
            _abandon(stream)
            if stream is sys.stdout:
                trouble = f"standard output: {getattr(error, 'strerror', None) or error}"
    return trouble


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return to_ascii(error.object[error.start : error.end]), error.end


def _width(sign: str) -> int:
    """Columns of a terminal."""
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def _open_all() -> None:
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    # Python has none where the descriptor is closed; the next file that is opened would get its number, and whatever a
    # library prints.
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < 3:
        pass
    os.close(descriptor)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - as long as the process


def _abandon(stream: IO[Any]) -> None:
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    with contextlib.suppress(OSError, ValueError):
        stream.flush()
