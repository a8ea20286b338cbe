"""The terminal app: a header, tabs, keys; it looks at the run folder twice a second and never waits for it.

All reading happens in one thread beside the screen's, so that a key is answered at once whatever the run's size. It
writes nothing but commands, and only when asked to. A tab's content has ``read(reader)``, called in that thread when
the run has changed while the tab is open, and ``show(what it read)``.

It stands beside a training that wants the same processor: nothing is read, drawn or painted that has not changed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.filter import Monochrome
from textual.screen import Screen
from textual.widgets import Static, TabbedContent, TabPane

from grpo_arcade.arcade.dashboard.dialogs import Leaving, Question, stopping_question
from grpo_arcade.arcade.dashboard.draw.ascii_only import AsciiOnly
from grpo_arcade.arcade.dashboard.draw.lines import Lines
from grpo_arcade.arcade.dashboard.ending import at_signals
from grpo_arcade.arcade.dashboard.garbage import REST_S, Garbage
from grpo_arcade.arcade.dashboard.header import header, too_small
from grpo_arcade.arcade.dashboard.key_bar import KeyBar
from grpo_arcade.arcade.dashboard.read.facts import facts_of
from grpo_arcade.arcade.dashboard.read.machine import Machine
from grpo_arcade.arcade.dashboard.tabs.overview import Overview
from grpo_arcade.arcade.dashboard.tabs.tab_contents import TABS, content_of, prepare, titled
from grpo_arcade.arcade.dashboard.trainer_bar import TrainerBar
from grpo_arcade.arcade.detached_process import Trainer
from grpo_arcade.arcade.requests import Requests
from grpo_arcade.recordings.runs.folder import LIVE, RunFolderError
from grpo_arcade.recordings.runs.league import trains_by_self_play
from grpo_arcade.recordings.runs.snapshot import RunFollower, Snapshot

LOOK_S = 0.5
"""Between two looks for news of the run."""
PULSE_S = 5.0
"""Between two looks at what changes without news: whether the trainer lives, and how busy the machine is."""
AWAKE_S, CLOCK_S = 20.0, 5.0
"""Where nobody has pressed a key for so long, the clocks go on in strides of so many seconds, and with every step."""
CALM = 20
"""What reading the open tab costs, times this, passes before it is read again: a twentieth of one core at most."""

T = TypeVar("T")


class Dashboard(App[None]):
    """Watches one run folder."""

    CSS_PATH = "dashboard.tcss"
    TITLE = "GRPO Arcade"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide"), (170, "-vast")]  # noqa: RUF012 - as Textual declares it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (32, "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit"),
        Binding("question_mark", "help", "Help", key_display="?"),
        *(
            Binding(str(place), f"tab('{name}')", name.capitalize(), show=False)
            for place, name in enumerate(("overview", *TABS), 1)
        ),
        Binding("P", "pause", "Pause"),
        Binding("S", "command('stop')", "Stop and save", show=False),
        Binding("E", "command('evaluate')", "Evaluate now", show=False),
        Binding("C", "command('save')", "Save a checkpoint", show=False),
        Binding("G", "command('gif')", "GIF of the champion", show=False),
        Binding("f12", "screenshot", "Screenshot", show=False),
    ]

    def __init__(
        self,
        folder: Path,
        *,
        plain: bool = False,
        colour: bool = True,
        trainer: Trainer | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``plain`` keeps to ASCII; ``trainer`` was started with it; ``clock`` gives seconds since 1970.

        Raises:
            RunFolderError: the folder is no run that can be read.
        """
        super().__init__()
        self.folder = folder
        self.plain = plain
        self.clock = clock
        self._trainer = TrainerBar(trainer)
        self._leaving = False
        self._header = Lines(id="header")
        if not colour and not self.no_color:
            self._filters.append(Monochrome())
        if plain:
            self._filters.append(AsciiOnly())
        self.back_room = ThreadPoolExecutor(1, "dashboard-reader")
        self._follower = RunFollower(folder)
        self.reader = self._follower.reader
        self.kind = self.reader.kind
        self._machine = Machine()
        self._next_pulse = self._next_clock = 0.0
        self.snapshot: Snapshot | None = None
        self._facts: dict[str, Any] = {}
        """Of the snapshot; empty until there is one."""
        self._trouble = ""
        self._looking = False
        self._tab_stale = True
        self._next_tab = 0.0
        self._opened: set[str | None] = set()
        self._requests = Requests()
        self._garbage = Garbage()
        # Read while the screen is being made, so that its first picture has the numbers.
        self._first_look: Future[Snapshot] | None = self.back_room.submit(self._follower.read)

    def compose(self) -> ComposeResult:
        """Header, tabs, footer. What is in the other tabs is made when they are opened."""
        yield self._header
        yield self._trainer
        with TabbedContent(initial="tab-overview", id="tabs"):
            with TabPane("Overview", id="tab-overview"):
                yield Overview(self.kind, plain=self.plain)
            for name in TABS if trains_by_self_play(self.reader) else TABS[:-1]:
                yield TabPane(titled(name, self.kind), id=f"tab-{name}")
        yield KeyBar()
        yield Static(id="too-small")

    def on_load(self) -> None:
        """Before the terminal is taken over, see to it that it is given back."""
        at_signals(lambda code: self.exit(return_code=code))

    def on_mount(self) -> None:
        """Start looking."""
        self.query_one(Overview).focus()
        self.set_interval(LOOK_S, self._consider)
        self.call_next(self._consider)

    def on_unmount(self) -> None:
        """Nothing is left behind."""
        self._garbage.close()
        self.back_room.shutdown(wait=True, cancel_futures=True)
        self._follower.close()

    async def _prepare(self) -> None:
        # A timer may go off while the app is being closed.
        if self._is_open():
            await self.in_back_room(prepare)
            self._garbage.keep()

    async def on_event(self, event: events.Event) -> None:
        """Note that somebody is there."""
        if isinstance(event, events.InputEvent):
            self._garbage.touched()
            self._next_clock = 0.0
        await super().on_event(event)

    def on_resize(self, event: events.Resize) -> None:
        """Below the smallest size, say so."""
        words, was_small = too_small(*event.size), self._main.has_class("too-small")
        self._main.set_class(bool(words), "too-small")
        if words:
            self._main.query_one("#too-small", Static).update(words)
        elif was_small:
            self.call_after_refresh(self._give_keys)  # what is not seen has lost them
        self._draw_header()

    async def in_back_room(self, work: Callable[..., T], *values: Any) -> T:
        """Run something slow beside the screen; one after the other."""
        return await asyncio.get_running_loop().run_in_executor(self.back_room, work, *values)

    async def _consider(self) -> None:
        """Look whether there is anything new; and let the clocks go on."""
        if self._looking or not self._is_open():
            return
        self._garbage.search_at_rest()
        self._trainer.mind()
        if self._leaving and not self._trainer.at_work:
            self.exit()
        if time.monotonic() >= self._next_clock:
            self._draw_header()
        self._looking = True
        try:
            await self._catch_up()
            self._say_trouble("")
        except RunFolderError as error:
            self._say_trouble(str(error))
        finally:
            self._looking = False

    async def _catch_up(self) -> None:
        changed = self._follower.changed()
        if (changed and self._follower.has_news()) or self.snapshot is None or self._trouble:
            await self._read_news()
        if not self._is_open():
            return
        # The log is a file of its own: it grows without the database, and after it, as when a trainer dies.
        self._tab_stale |= changed or self._open_tab == "tab-log"
        if self._facts and self._facts["status"] in LIVE and time.monotonic() >= self._next_pulse:
            await self._feel_pulse()
        if self._open_tab == "tab-overview":
            self._main.query_one(Overview).keep_up()
        if self._tab_stale and self._open_tab and time.monotonic() >= self._next_tab:
            await self.refresh_tab()

    async def _read_news(self) -> None:
        first, self._first_look = self._first_look, None
        run = await (asyncio.wrap_future(first) if first else self.in_back_room(self._follower.read))
        if not self._is_open():
            return
        self.snapshot, self._facts = run, facts_of(run, self.clock())
        self._draw_header()
        if first:
            # What takes longest comes when the numbers stand on the screen.
            self.call_after_refresh(self._main.query_one(Overview).open_plots)
            self.set_timer(REST_S, self._prepare)
        self._show_overview()
        for answer in self._requests.answers(run.commands):
            self.notify(answer.words, title=answer.title, severity="warning" if answer.refused else "information")

    async def _feel_pulse(self) -> None:
        # Nobody writes down that a trainer died.
        status, load = await self.in_back_room(lambda: (self.reader.status(), self._machine.look()))
        self._next_pulse = time.monotonic() + PULSE_S
        if not self._is_open() or not self._facts:
            return
        if status != self._facts["status"]:
            self._facts["status"] = status
            self._draw_header()
        self._main.query_one(Overview).show_load(load)

    def _show_overview(self) -> None:
        if self.snapshot is not None and self._open_tab == "tab-overview":
            self._main.query_one(Overview).show(self._facts, self.snapshot.history)

    async def refresh_tab(self) -> None:
        """Read and show the open tab."""
        self._tab_stale = False
        pane = self._open_pane
        tab: Any = next((child for child in pane.children if hasattr(child, "read")), None) if pane else None
        if tab is not None:
            began = time.monotonic()
            found = await self.in_back_room(tab.read, self.reader)
            if not self._is_open():
                return
            tab.show(found)
            if tab.id not in self._opened:
                # A search of all that modules and widgets hold for garbage would delay a key by 0.1 s.
                self._opened.add(tab.id)
                self._garbage.keep()
            self._next_tab = time.monotonic() + min(10.0, CALM * (time.monotonic() - began))

    @property
    def _main(self) -> Screen[Any]:
        """The screen with the tabs; the app's own queries look at the dialog that lies over it."""
        return self.screen_stack[0]

    def _is_open(self) -> bool:
        """Not once it is being closed, when a timer or a thread may still have something to say."""
        return bool(self.screen_stack) and self._header.is_attached

    @property
    def _open_pane(self) -> TabPane | None:
        return self._main.query_one("#tabs", TabbedContent).active_pane

    @property
    def _open_tab(self) -> str:
        """Its id; nothing once the app is being closed."""
        pane = self._open_pane if self._is_open() else None
        return str(pane.id) if pane is not None else ""

    def _say_trouble(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self._draw_header()

    def _draw_header(self) -> None:
        if not self._is_open():
            return
        if self._trouble:
            lines = [Text(f" {line}", style="bold red") for line in (self._trouble, "Trying again; q leaves.")]
        elif not self._facts:
            lines = [Text(f" reading {self.folder} …")]
        else:
            lines = header(self._facts, self.clock(), self.size.width)
        self._header.write(lines)
        if self._garbage.rested_s > AWAKE_S:
            self._next_clock = time.monotonic() + CLOCK_S

    async def action_quit(self) -> None:
        """Leave; a trainer that was started with the dashboard may be left running or stopped."""
        if not self._trainer.at_work:
            self.exit()
        elif not isinstance(self.screen, Leaving):
            self.push_screen(Leaving(self.kind, self._facts.get("step", 0)), self._leave)

    def _leave(self, way: str | None) -> None:
        if way == "leave":
            self.exit()
        elif way == "stop" and self._trainer.trainer is not None:
            self._leaving = True
            if self._facts.get("status") in ("running", "paused"):
                self._send("stop")
            else:
                self._trainer.trainer.stop()

    async def open_strategies(self, words: str) -> None:
        """Open the tab of strategies with a filter."""
        pane = self._main.query_one("#tab-strategies", TabPane)
        if not pane.children:
            await pane.mount(content_of("strategies", self.folder, self.kind, plain=self.plain))
        strategies: Any = pane.query_one("#strategies")
        strategies.list_only(words)
        self.action_tab("strategies")

    async def on_tabbed_content_tab_activated(self) -> None:
        """Read what the newly opened tab shows, and give it the keys."""
        pane = self._open_pane
        if pane is not None and not pane.children:
            name = str(pane.id).removeprefix("tab-")
            with self.batch_update():
                await pane.mount(content_of(name, self.folder, self.kind, plain=self.plain))
        self._give_keys()
        self._show_overview()
        self.run_worker(self._read_tab, group="tab", exclusive=True)  # type: ignore[arg-type]

    def _give_keys(self) -> None:
        """To the open tab, or what takes them in it."""
        pane = self._open_pane
        target = next((child for child in pane.query("*").results() if child.focusable), None) if pane else None
        if target is not None:
            target.focus()

    async def _read_tab(self) -> None:
        try:
            await self.refresh_tab()
        except RunFolderError as error:
            self._say_trouble(str(error))

    def action_tab(self, name: str) -> None:
        """Open a tab."""
        if self._main.query(f"#tab-{name}"):  # not every run has a league
            self._main.query_one("#tabs", TabbedContent).active = f"tab-{name}"

    def action_help(self) -> None:
        """Show or hide all keys."""
        if self.screen.query("HelpPanel"):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def action_pause(self) -> None:
        """Pause, or resume."""
        self.action_command("resume" if self._facts.get("status") == "paused" else "pause")

    def action_command(self, name: str) -> None:
        """Ask the trainer for something; stopping is asked twice."""
        if name == "stop":
            self.push_screen(Question(stopping_question(self.kind)), lambda sure: self._send("stop") if sure else None)
        else:
            self._send(name)

    def _send(self, name: str) -> None:
        self.run_worker(self._send_and_wait(name), group="send")

    async def _send_and_wait(self, name: str) -> None:
        try:
            number = await self.in_back_room(self.reader.send, name)
        except RunFolderError as error:
            self.notify(str(error), title=f"{name}: nobody is {self.kind.doing}", severity="warning", timeout=8)
            return
        self._requests.sent(number)
        self.notify(f"asked; the {self.kind.work} answers within one {self.kind.step}", title=name, timeout=4)

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """Save the screen as SVG in the folder the dashboard was started in."""
        name = filename or f"arcade-{self.folder.name}-{time.strftime('%Y%m%d-%H%M%S')}.svg"
        try:
            where = self.save_screenshot(name, path or ".")
        except OSError as error:
            self.notify(f"{name} cannot be written: {error.strerror}", severity="error")
            return
        self.notify(f"saved {where}")

    def get_system_commands(self, screen: Screen[Any]) -> Any:
        """What the command palette offers: Textual's own, and the trainer's."""
        yield from super().get_system_commands(screen)
        for pane in self._main.query("#tabs > ContentSwitcher > TabPane").results(TabPane):
            name = str(pane.id).removeprefix("tab-")
            yield SystemCommand(f"Open {name}", "a tab", lambda name=name: self.action_tab(name))
        from grpo_arcade.arcade.dashboard.tabs.commands import commands_of

        for name, (words, _) in commands_of(self.kind).items():
            yield SystemCommand(words, "asks the trainer", lambda name=name: self.action_command(name))
