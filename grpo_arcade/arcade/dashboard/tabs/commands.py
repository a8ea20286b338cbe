"""What the trainer was asked for, by whichever dashboard or window, and what it answered."""

from __future__ import annotations

import time
from typing import Any

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import DataTable, Static

from grpo_arcade.arcade.dashboard.draw.numbers import duration
from grpo_arcade.foreign_text import one_line
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.reader import RunReader

COMMANDS = {
    "pause": ("Pause {work}", "P"),
    "resume": ("Resume {work}", "P"),
    "stop": ("Stop after this {step} and save", "S"),
    "evaluate": ("Evaluate now", "E"),
    "save": ("Save a checkpoint", "C"),
    "gif": ("Save a GIF of the champion", "G"),
}
"""Every command of a run: what it does, and its key."""
_STYLES = {"done": "green", "refused": "yellow", "accepted": "cyan", "asked": "dim"}
_MOST = 200


def commands_of(kind: RunKind) -> dict[str, tuple[str, str]]:
    """Those that a run of this kind obeys; a search saves every round when it ends."""
    return {
        name: (words.format(work=kind.work, step=kind.step), key)
        for name, (words, key) in COMMANDS.items()
        if kind is RunKind.TRAINING or name != "save"
    }


class Commands(Vertical):
    """The tab of commands."""

    def __init__(self, kind: RunKind) -> None:
        """No commands yet."""
        super().__init__(id="commands")
        self._kind = kind

    def compose(self) -> ComposeResult:
        """The keys, and what was asked so far."""
        keys = Text(" ", no_wrap=True, overflow="ellipsis")
        for name, (words, key) in commands_of(self._kind).items():
            if name != "resume":
                keys.append(f"{key} ", style="bold")
                keys.append(f"{'pause, resume' if name == 'pause' else words[0].lower() + words[1:]}  ", style="dim")
        yield Static(keys, id="commands-title")
        yield DataTable(cursor_type="row", zebra_stripes=True)

    def on_mount(self) -> None:
        """The headings."""
        self.query_one(DataTable).add_columns("#", "asked at", "command", "status", "after", "answer")

    def read(self, reader: RunReader) -> list[dict[str, Any]]:
        """The newest commands, the newest first."""
        return reader.commands(_MOST)

    def show(self, found: list[dict[str, Any]]) -> None:
        """List them."""
        table = self.query_one(DataTable)
        table.clear()
        for row in found:
            at = time.strftime("%H:%M:%S", time.localtime(row["time"]))
            waited = duration(row["answered"] - row["time"]) if row["answered"] else "–"
            status = Text(row["status"], style=_STYLES.get(row["status"], ""))
            name = Text(one_line(f"{row['name']} {row['argument']}".strip()))
            table.add_row(str(row["id"]), at, name, status, waited, Text(one_line(row["answer"])))
        if not found:
            table.add_row("", "", Text("nothing was asked yet", style="dim"), "", "", "")
