"""The strategies of a run: a table of all of them, and everything about the chosen one."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from array import array
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.css.query import NoMatches
from textual.timer import Timer
from textual.widgets import Static

from grpo_arcade.arcade.dashboard.dialogs import LOADING, Prompt
from grpo_arcade.arcade.dashboard.tabs.game_view import GameView
from grpo_arcade.arcade.dashboard.tabs.strategy_detail import Detail, Told, tell
from grpo_arcade.arcade.dashboard.tabs.strategy_table import StrategyTable
from grpo_arcade.arcade.detached_process import window_on
from grpo_arcade.atomic_write import atomic_write
from grpo_arcade.recordings.runs.folder import RunFolderError
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.strategy_list import FilterError, Order, columns, condition, listed, rows_of

_SETTLE_S = 0.08
"""A strategy is read when the cursor has rested on it so long: holding an arrow down reads none but the last."""


class Strategies(Container):
    """The second tab."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter"),
        Binding("o", "sort", "Sort"),
        Binding("O", "turn", "Reverse", show=False),
        Binding("v", "view", "View"),
        Binding("d", "diff", "Diff with group", show=False),
        Binding("w", "save", "Write"),
        Binding("r", "record", "Record", show=False),
        Binding("x", "gif", "GIF"),
        Binding("W", "window", "Window"),
        Binding("y", "copy", "Copy"),
        Binding("escape", "table", "Table", show=False),
    ]

    def __init__(self, folder: Path, kind: RunKind, *, plain: bool) -> None:
        """``plain`` keeps to ASCII."""
        super().__init__(id="strategies")
        self._folder, self._kind = folder, kind
        self._plain = plain
        # The rows on screen are read while they are drawn: by key, a millisecond, on a connection nobody else uses.
        self._reader = RunReader(folder)
        self._order = Order(kind=kind)
        self._listed = self._order
        """The order of what is in the table."""
        self._rewards: list[str] = []
        self._settling: Timer | None = None

    def compose(self) -> ComposeResult:
        """Table and detail."""
        with Vertical(id="list"):
            yield Static(LOADING, id="list-title")
            yield StrategyTable(self._rows, self._kind)
        yield Detail(plain=self._plain)

    def on_unmount(self) -> None:
        """Close the connection."""
        self._reader.close()

    def _rows(self, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        try:
            return rows_of(self._reader, ids)
        except RunFolderError:
            return {}  # the header says what is the matter

    def read(self, reader: RunReader) -> tuple[Order, list[str], array[int]]:
        """The ids in order."""
        rewards = reader.reward_names()
        order = self._order
        return order, rewards, listed(reader, order, rewards)

    def show(self, found: tuple[Order, list[str], array[int]]) -> None:
        """List them."""
        order, self._rewards, ids = found
        table = self.query_one(StrategyTable)
        if order != self._order:
            return
        table.fill(ids, order.by, order.descending, anew=order != self._listed)
        self._listed = order
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append(f" {len(ids):,} strateg{'y' if len(ids) == 1 else 'ies'}", style="bold")
        newest = "newest first" if order.descending else "oldest first"
        text.append(f", {newest if order.by == 'id' else f'by {order.by}'}", style="dim")
        text.append(f"   filter: {order.words}" if order.words else "   / filters, o sorts", style="dim")
        self.query_one("#list-title", Static).update(text, layout=False)

    def _list(self, order: Order) -> None:
        self._order = order
        self.run_worker(self.app.refresh_tab(), group="list", exclusive=True)  # type: ignore[attr-defined]

    def list_only(self, words: str) -> None:
        """List what a filter says, newest first; for those who know that it can be read."""
        self._order = Order(words=words, kind=self._kind)

    def on_strategy_table_chosen(self, event: StrategyTable.Chosen) -> None:
        """Tell about it once the cursor rests."""
        if self._settling is not None:
            self._settling.stop()
        self._settling = self.set_timer(_SETTLE_S, lambda: self._tell(event.strategy_id))

    def _tell(self, strategy_id: int) -> None:
        self.run_worker(self._read_and_show(strategy_id), group="tell", exclusive=True)

    async def _read_and_show(self, strategy_id: int) -> None:
        app: Any = self.app
        try:
            told: Told = await app.in_back_room(lambda: tell(app.reader, strategy_id))
            with contextlib.suppress(NoMatches):  # the dashboard is being closed, from the innermost widget outwards
                self.query_one(Detail).show(told)
        except RunFolderError as error:
            with contextlib.suppress(NoMatches):
                self.query_one("#detail-title", Static).update(Text(f" {error}", style="red"))

    def on_strategy_table_sort_by(self, event: StrategyTable.SortBy) -> None:
        """A heading sorts; clicked again, the other way round."""
        again = self._order.by == event.key
        self._list(replace(self._order, by=event.key, descending=not self._order.descending if again else True))

    def action_sort(self) -> None:
        """Sort by the next column, and after them by the reward functions."""
        names = ["id", *(name for name in columns(self._kind) if name not in ("id", "purpose")), *self._rewards]
        place = names.index(self._order.by) if self._order.by in names else -1
        self._list(replace(self._order, by=names[(place + 1) % len(names)], descending=True))

    def action_turn(self) -> None:
        """The other way round."""
        self._list(replace(self._order, descending=not self._order.descending))

    def action_filter(self) -> None:
        """Ask for a filter."""
        names = ", ".join([*columns(self._kind), *self._rewards])
        question = f"Which strategies? An outcome, words of the source, comparisons with {names}; nothing for all"
        self.app.push_screen(
            Prompt(question, f"lost {self._kind.step}=10-40 score>2000", self._order.words), self._filter
        )

    def _filter(self, answer: str | None) -> None:
        if answer is None:
            return
        order = replace(self._order, words=answer)
        try:
            condition(order, self._rewards)
        except FilterError as error:
            self.notify(str(error), title="filter", severity="warning", timeout=8)
            return
        self._list(order)

    def action_view(self) -> None:
        """The next view of the chosen strategy."""
        detail = self.query_one(Detail)
        following = detail.views[(detail.views.index(detail.view) + 1) % len(detail.views)]
        detail.open_view(following)
        if following == "game":
            self.query_one(GameView).focus()
        else:
            self.query_one(StrategyTable).focus()

    def action_table(self) -> None:
        """Back to the table."""
        self.query_one(StrategyTable).focus()

    def action_diff(self) -> None:
        """The difference, from its parent, from the champion or from its group."""
        detail = self.query_one(Detail)
        if detail.view == "diff":
            detail.switch_diff()
        else:
            detail.open_view("diff")

    def action_copy(self) -> None:
        """Copy what is selected with the mouse, or else the source."""
        selected = self.screen.get_selected_text()
        if selected:
            self.app.copy_to_clipboard(selected)
            self.notify("copied what is selected, where the terminal allows it (OSC 52)", timeout=3)
        elif (told := self._told_with_source()) is not None:
            self.app.copy_to_clipboard(told.row["source"])
            self.notify("copied, where the terminal allows it (OSC 52)", timeout=3)

    def action_save(self) -> None:
        """Write the source beside where the dashboard was started."""
        if (told := self._told_with_source()) is not None:
            path = Path(f"strategy-{told.row['id']}.py")
            try:
                with atomic_write(path) as scratch:
                    scratch.write_text(told.row["source"], encoding="utf-8")
            except OSError as error:
                self.notify(f"{path} cannot be written: {error.strerror}", severity="error")
                return
            self.notify(f"written to {path}; arcade play {self._game_name()} {path} plays it")

    def action_record(self) -> None:
        """Write the shown game as a recording."""
        self._record()

    def _record(self) -> Path | None:
        from grpo_arcade import recordings

        episode = self.query_one(GameView).episode
        told = self.query_one(Detail).told
        if episode is None or told is None:
            self.notify("this strategy played no game", severity="warning")
            return None
        path = Path(f"strategy-{told.row['id']}-seed-{episode.seed}.episode")
        try:
            recordings.save(episode, path)
        except (OSError, ValueError) as error:
            self.notify(f"{path} cannot be written: {error}", severity="error")
            return None
        self.notify(f"written to {path}; arcade replay {path} shows it")
        return path

    def action_gif(self) -> None:
        """Film the shown game, in a process of its own: pictures need pygame, which stays out of this one."""
        path = self._record()
        if path is not None:
            self.run_worker(self._film(path), group="film")

    async def _film(self, path: Path) -> None:
        film = path.with_suffix(".gif")
        order = (sys.executable, "-P", "-m", "grpo_arcade.arcade.cli", "export", str(path), "--to", str(film))
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(*order, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe)
        said, complained = await child.communicate()
        words = (said if child.returncode == 0 else complained).decode("utf-8", "replace").strip()
        severity: Any = "information" if child.returncode == 0 else "error"
        self.notify(words or f"arcade export ended with {child.returncode}", title="GIF", severity=severity, timeout=10)

    def action_window(self) -> None:
        """Open it in the window, which stays when the dashboard is left."""
        chosen = self.query_one(StrategyTable).chosen
        if chosen is None:
            self.notify("nothing is chosen", severity="warning")
            return
        self.run_worker(self._open_window(chosen), group="window")

    async def _open_window(self, strategy_id: int) -> None:
        window = window_on(self._folder, strategy_id)
        self.notify(f"the window opens on #{strategy_id}", timeout=4)
        while window.code is None:
            await asyncio.sleep(0.2)
        if window.failed:
            self.notify(window.last_words().removeprefix("arcade: "), title="no window", severity="warning", timeout=10)

    def _told_with_source(self) -> Told | None:
        told = self.query_one(Detail).told
        if told is None or told.row["source"] is None:
            self.notify("there is no strategy in this completion" if told else "nothing is chosen", severity="warning")
            return None
        return told

    def _game_name(self) -> str:
        episode = self.query_one(GameView).episode
        return episode.game if episode is not None else "2048"
