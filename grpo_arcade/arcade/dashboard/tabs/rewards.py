"""What the model is paid for: each reward function's part over time, and how a step's rewards are spread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.color import Color
from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid
from textual.widgets import Static

from grpo_arcade.arcade.dashboard.dialogs import LOADING
from grpo_arcade.arcade.dashboard.draw.chart import BLUE, GREEN, GREY, ORANGE, PINK, YELLOW, Chart, ChartData, Curve
from grpo_arcade.arcade.dashboard.draw.histogram import Bin, bins, drawn
from grpo_arcade.arcade.dashboard.draw.lines import Lines
from grpo_arcade.arcade.dashboard.draw.numbers import number, score
from grpo_arcade.arcade.dashboard.draw.shares import OUTCOME_COLOURS, legend
from grpo_arcade.arcade.dashboard.tabs.step_tab import StepTab
from grpo_arcade.foreign_text import one_line
from grpo_arcade.recordings.runs.history import Smooth
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.records import HeldOut, ordered
from grpo_arcade.recordings.runs.snapshot import Snapshot

SPAN = 10
"""Smoothing of the parts."""
_COLOURS = (BLUE, GREEN, YELLOW, PINK, GREY)
_TITLE = 2
"""Lines above the bins."""


@dataclass(frozen=True)
class Found:
    """What the tab shows."""

    step: int
    """0 where no step has rewards yet."""
    rewards: tuple[tuple[float, str], ...]
    """Reward and outcome of each of its strategies."""
    steps: Sequence[float]
    parts: Mapping[str, Sequence[float]]
    """Of every step, each function's mean times its weight, smoothed."""
    held_out: tuple[HeldOut, ...]


class Rewards(StepTab):
    """The tab of rewards."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Earlier"),
        Binding("right", "step(1)", "Later"),
        Binding("up", "pick(-1)", "Bin", show=False),
        Binding("down", "pick(1)", "Bin", show=False),
        Binding("enter", "open", "Open its strategies"),
        Binding("z", "go_to", "Go to…"),
        Binding("end", "newest", "Newest"),
    ]

    def __init__(self, kind: RunKind, *, plain: bool) -> None:
        """The newest step, as it comes."""
        super().__init__(id="rewards")
        self.kind = kind
        self._plain = plain
        self._picked = 0
        self._found: Found | None = None
        self._bins: list[Bin] = []
        self.can_focus = True

    @property
    def shown_step(self) -> int:
        """The step on the screen; 0 where there is none."""
        return self._found.step if self._found is not None else 0

    def compose(self) -> ComposeResult:
        """A chart beside a histogram."""
        yield Static(LOADING, id="rewards-title")
        yield Static(id="rewards-legend")
        with Grid(id="reward-charts"):
            yield Chart(plain=self._plain, id="chart-parts")
            yield Lines(id="histogram")

    def read(self, reader: RunReader) -> Found:
        """The parts of every step, and the rewards of the one that is looked at."""
        run: Snapshot | None = self.app.snapshot  # type: ignore[attr-defined]
        step = reader.judged_step() or 0
        if self.asked_step is not None:
            step = min(self.asked_step, step)
        steps: Sequence[float] = ()
        parts: dict[str, Sequence[float]] = {}
        if run is not None:
            steps = run.history.steps[:]
            for name, means in run.history.reward_columns().items():
                smooth = Smooth(SPAN)
                smooth.extend(mean * run.weights.get(name, 1.0) for mean in means[: len(steps)])
                parts[name] = smooth.values
        return Found(step, tuple(reader.rewards_of(step)), steps, parts, run.held_out if run is not None else ())

    def show(self, found: Found) -> None:
        """Show them."""
        fresh = self._found is None or self._found.rewards != found.rewards
        self._found = found
        self.query_one("#chart-parts", Chart).set(stacked_parts(found, self.kind))
        if fresh:
            self._bins = bins(found.rewards)
            self._picked = max(range(len(self._bins)), key=lambda at: self._bins[at].count, default=0)
        self._draw()

    def on_resize(self) -> None:
        """The bins are drawn for a width."""
        self._draw()

    def _draw(self) -> None:
        found, size = self._found, self.query_one("#histogram").size
        if found is None:
            return
        title = Text(" rewards", style="bold", no_wrap=True, overflow="ellipsis")
        if not found.step:
            title.append(
                f"  no {'group' if self.kind is RunKind.TRAINING else self.kind.step} is complete yet", style="dim"
            )
        else:
            title.append(f"  {self.kind.step} {found.step:,}: {len(found.rewards)} strategies", style="dim")
            title.append("   ↑ ↓ pick a bin, enter opens its strategies", style="dim")
        self.query_one("#rewards-title", Static).update(title)
        self.query_one("#rewards-legend", Static).update(_legend(found))
        counts: Counter[str] = Counter()
        for each in self._bins:
            counts.update(each.outcomes)
        heading = Text(f"rewards of {self.kind.step} {found.step:,} by outcome" if found.step else "", style="bold")
        lines = drawn(self._bins, self._picked, size.width, max(1, size.height - _TITLE))
        self.query_one("#histogram", Lines).write([heading, legend(ordered(counts), OUTCOME_COLOURS), *lines])

    async def on_click(self, event: events.Click) -> None:
        """A click picks a bin, a second one opens it."""
        histogram = self.query_one("#histogram")
        place = event.screen_y - histogram.region.y - _TITLE
        if histogram.region.contains(event.screen_x, event.screen_y) and 0 <= place < len(self._bins):
            if place == self._picked:
                await self.action_open()
            self._picked = place
            self._draw()

    def action_pick(self, way: int) -> None:
        """Another bin."""
        self._picked = max(0, min(len(self._bins) - 1, self._picked + way))
        self._draw()

    async def action_open(self) -> None:
        """Its strategies, in their tab."""
        if self._found is not None and self._bins:
            picked = self._bins[self._picked]
            words = f"purpose=training {self.kind.step}={self._found.step} reward>={picked.low:.12g} "
            words += f"reward{'<=' if picked.last else '<'}{picked.high:.12g}"
            await self.app.open_strategies(words)  # type: ignore[attr-defined]


def _legend(found: Found) -> Text:
    """What each colour stands for, with where its curve ends."""
    text = Text(" ")
    for place, (name, values) in enumerate(found.parts.items()):
        text.append("■\N{NO-BREAK SPACE}", style=Style(color=Color.from_rgb(*_COLOURS[place % len(_COLOURS)])))
        text.append(f"{one_line(name)}\N{NO-BREAK SPACE}{number(values[-1] if values else None)}   ")
    if found.held_out:
        text.append("• ", style=Style(color=Color.from_rgb(*ORANGE)))
        text.append(f"held-out score {score(found.held_out[-1].mean)}")
    return text


def stacked_parts(found: Found, kind: RunKind = RunKind.TRAINING) -> ChartData:
    """What each function adds to the reward, one on top of the other, and the held-out score over them.

    What is added stands above nothing, what is taken away below it, so that the height of the one less the depth of
    the other is the reward.
    """
    above, below = [0.0] * len(found.steps), [0.0] * len(found.steps)
    curves: list[Curve] = []
    for place, values in enumerate(found.parts.values()):
        colour = _COLOURS[place % len(_COLOURS)]
        known = [0.0 if value != value else value for value in values]
        higher = [edge + max(0.0, value) for edge, value in zip(above, known, strict=True)]
        lower = [edge + min(0.0, value) for edge, value in zip(below, known, strict=True)]
        curves += [Curve("", found.steps, higher, colour, base=above)] if higher != above else []
        curves += [Curve("", found.steps, lower, colour, base=below)] if lower != below else []
        above, below = higher, lower
    if found.held_out:
        xs, ys = [row.step for row in found.held_out], [row.mean for row in found.held_out]
        curves.append(Curve("", xs, ys, ORANGE, points=True, right=True))
    title = "reward by function: mean × weight, and the held-out score"
    return ChartData(title, tuple(curves), unit=kind.step, empty=f"no {kind.step} yet")
