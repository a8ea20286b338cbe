"""What an attack is. CANARY, OUTBOX and PORT stand for a secret file, a folder, a loopback port.

Whatever one of them finds it tells by raising it or by answering with it: the text of an exception is the widest way
back there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent


@dataclass(frozen=True)
class Attack:
    kind: str
    name: str
    source: str


ATTACKS: list[Attack] = []


def attacks(kind, **bodies):
    """Each body is what ``strategy(board)`` does; text before a line ``---`` goes above the function."""
    for name, body in bodies.items():
        above, _, inside = dedent(body).strip("\n").rpartition("\n---\n")
        lines = "\n".join("    " + line for line in inside.split("\n"))
        ATTACKS.append(Attack(kind, name, f"{above}\ndef strategy(board):\n{lines}\n    return 'W'\n"))
