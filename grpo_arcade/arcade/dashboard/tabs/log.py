"""The end of ``log.txt``: what the trainer and its libraries printed, made readable, with find and levels."""

from __future__ import annotations

import re
from collections import deque
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import RichLog, Static

from grpo_arcade.arcade.dashboard.dialogs import Prompt
from grpo_arcade.foreign_text import log_line
from grpo_arcade.recordings.runs.folder import LOG
from grpo_arcade.recordings.runs.reader import RunReader

MOST_LINES = 5_000
_MOST_BYTES = 2_000_000
_LONGEST_TORN = 1 << 16
"""What is read of a log at once; of a larger one, the end."""
LEVELS = ("all", "warnings", "errors")
_ERROR = re.compile(r"\b(ERROR|CRITICAL|FATAL|Traceback|\w*(?:Error|Exception))\b")
_WARNING = re.compile(r"\b(WARN(?:ING)?|\w*Warning)\b", re.IGNORECASE)


class Tail:
    """Reads a growing file from where it stopped."""

    def __init__(self) -> None:
        """Nothing read."""
        self._at = 0
        self._torn = b""
        self.lines: deque[str] = deque(maxlen=MOST_LINES)
        self.read = 0
        """Lines ever read; of a file that was made anew, from its start."""

    def follow(self, path: Path) -> None:
        """Read what was added. A last line without its end is kept back until it is whole."""
        try:
            if not path.is_file():
                return  # of a pipe nobody knows when it answers
            size = path.stat().st_size
            if size < self._at:
                self.__init__()  # type: ignore[misc]
            with path.open("rb") as file:
                if size - self._at > _MOST_BYTES:
                    self._at = size - _MOST_BYTES
                    self._torn = b""
                    file.seek(self._at)
                    self._at += len(file.readline())
                file.seek(self._at)
                data = file.read(size - self._at)
        except OSError:
            return
        self._at += len(data)
        *whole, torn = (self._torn + data).split(b"\n")
        self._torn = torn[-_LONGEST_TORN:]  # a line may never end
        for line in whole:
            self.lines.append(log_line(line.decode("utf-8", "replace")))
            self.read += 1

    @property
    def torn(self) -> str:
        """The line that is being written."""
        return log_line(self._torn.decode("utf-8", "replace"))


def level_of(line: str) -> str:
    """errors, warnings or all: the strictest level at which a line is shown."""
    return "errors" if _ERROR.search(line) else "warnings" if _WARNING.search(line) else "all"


class LogTail(Vertical):
    """The tab of the log."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "Find"),
        Binding("l", "level", "Level"),
        Binding("f", "follow", "Follow"),
    ]

    def __init__(self) -> None:
        """Shows everything, and follows."""
        super().__init__(id="log")
        self._tail = Tail()
        self._level = LEVELS[0]
        self._wanted = ""
        self._following = True
        self._shown: tuple[int, str, str] | None = None

    def compose(self) -> ComposeResult:
        """What is shown, and the lines."""
        yield Static(id="log-title")
        yield RichLog(id="log-lines", max_lines=MOST_LINES, wrap=False, auto_scroll=False)

    def read(self, reader: RunReader) -> tuple[list[str], int, str]:
        """The lines that are kept, how many were ever read, and the torn one."""
        self._tail.follow(reader.folder / LOG)
        return list(self._tail.lines), self._tail.read, self._tail.torn

    def show(self, found: tuple[list[str], int, str]) -> None:
        """Add what is new; all of it anew after another level or search."""
        lines, read, torn = found
        view = self.query_one(RichLog)
        asked = (read, self._level, self._wanted)
        if self._shown is None or self._shown[1:] != asked[1:] or read < self._shown[0]:
            view.clear()
            fresh = lines
        else:
            added = read - self._shown[0]
            fresh = lines[-added:] if added else []
        self._shown = asked
        fitting = [line for line in fresh if self._fits(line)]
        for place, line in enumerate(fitting, 1):
            # The view may not have its size yet, and write later: it is the last line that moves it.
            view.write(self._styled(line), scroll_end=self._following and place == len(fitting))
        title = Text.assemble((" log.txt", "bold"), no_wrap=True, overflow="ellipsis")
        title.append(f"  {read:,} lines, showing {self._level}", style="dim")
        title.append(f", with {self._wanted!r}" if self._wanted else "", style="dim")
        title.append("  following" if self._following else "  (f follows)", style="dim")
        title.append(f"  now: {torn}" if torn else "", style="italic dim")
        self.query_one("#log-title", Static).update(title if read or torn else Text(" log.txt is empty or not there"))

    def _fits(self, line: str) -> bool:
        strict = LEVELS.index(level_of(line)) >= LEVELS.index(self._level)
        return strict and (not self._wanted or self._wanted.lower() in line.lower())

    def _styled(self, line: str) -> Text:
        style = {"errors": "red", "warnings": "yellow", "all": ""}[level_of(line)]
        text = Text(line, style=style)
        if self._wanted:
            text.highlight_regex(re.compile(re.escape(self._wanted), re.IGNORECASE), "reverse")
        return text

    def _again(self) -> None:
        self.run_worker(self.app.refresh_tab(), group="log", exclusive=True)  # type: ignore[attr-defined]

    def action_find(self) -> None:
        """Ask for words; lines without them are left out."""
        self.app.push_screen(Prompt("Lines with which words? Nothing shows all", "nan", self._wanted), self._find)

    def _find(self, answer: str | None) -> None:
        if answer is not None:
            self._wanted = answer
            self._again()

    def action_level(self) -> None:
        """The next level."""
        self._level = LEVELS[(LEVELS.index(self._level) + 1) % len(LEVELS)]
        self._again()

    def action_follow(self) -> None:
        """Stay at the end, or stay where one reads."""
        self._following = not self._following
        if self._following:
            self.query_one(RichLog).scroll_end(animate=False)
        self._again()
