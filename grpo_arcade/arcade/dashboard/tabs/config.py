"""The resolved configuration of the run, with what differs from the default marked."""

from __future__ import annotations

import json
from typing import Any

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from grpo_arcade.foreign_text import one_line
from grpo_arcade.recordings.runs.folder import RunFolderError
from grpo_arcade.recordings.runs.reader import RunReader


class ConfigView(VerticalScroll):
    """The tab of the configuration."""

    def __init__(self) -> None:
        """Nothing read yet."""
        super().__init__(id="config")
        self._shown: dict[str, Any] | None = None

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(id="config-text")

    def read(self, reader: RunReader) -> dict[str, Any]:
        """``config.json``, or why it cannot be read."""
        try:
            return reader.config()
        except RunFolderError as error:
            return {"error": str(error)}

    def show(self, found: dict[str, Any]) -> None:
        """Show it."""
        if found == self._shown:
            return
        self._shown = found
        text = self.query_one("#config-text", Static)
        if "error" in found:
            text.update(Text(found["error"], style="red"))
            return
        text.update(_table(found))


def _table(found: dict[str, Any]) -> Table:
    table = Table("", "setting", box=None, pad_edge=False, header_style="dim")
    table.add_column("value", max_width=60, overflow="fold")
    table.add_column("default", overflow="fold")
    settings = found.get("config", {})
    defaults = found.get("defaults", {})  # runs of before do not say them
    for name, value in settings.items():
        differs = bool(defaults) and (name not in defaults or defaults[name] != value)
        table.add_row(
            Text("●" if differs else "", style="bold yellow"),
            Text(one_line(name), style="bold" if differs else "dim"),
            Text(_value(value), style="bold yellow" if differs else ""),
            Text(_value(defaults[name]) if differs and name in defaults else "", style="dim"),
        )
    table.add_row()
    for name, version in found.get("versions", {}).items():
        table.add_row("", Text(one_line(name), style="dim"), Text(one_line(str(version))))
    table.add_row("", Text("git", style="dim"), Text(one_line(str(found.get("git") or "–"))))
    command = " ".join(map(str, found.get("command") or [])) or "–"
    table.add_row("", Text("command", style="dim"), Text(one_line(command)))
    return table


def _value(value: Any) -> str:
    return one_line(value if isinstance(value, str) else json.dumps(value)) or '""'
