"""The overview: what the run is doing, in plots with axes, shares of a whole, and alarms in plain words."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, VerticalScroll
from textual.widgets import Static

from grpo_arcade.arcade.dashboard.dialogs import Prompt, Telling
from grpo_arcade.arcade.dashboard.draw.chart import BLUE, GREEN, GREY, ORANGE, PINK, YELLOW, Chart, ChartData, Curve
from grpo_arcade.arcade.dashboard.draw.lines import Lines
from grpo_arcade.arcade.dashboard.draw.numbers import number, reward_words, score
from grpo_arcade.arcade.dashboard.draw.shares import OUTCOME_COLOURS, TIME_COLOURS, legend, nameless, stacked
from grpo_arcade.arcade.dashboard.read.machine import Load
from grpo_arcade.arcade.scales import round_step
from grpo_arcade.foreign_text import one_line
from grpo_arcade.recordings.runs.folder import LIVE
from grpo_arcade.recordings.runs.history import History
from grpo_arcade.recordings.runs.kind import RunKind

SPANS = (1, 10, 50)
"""Smoothing to choose from; 1 is none."""
_REST, _LONGEST_REST_S = 400, 15.0
_VERDICT_STYLES = {"learning": "green", "hacking": "red", "collapsing": "red", "waiting": "dim"}
BASELINE_COLOURS = (GREY, YELLOW, GREEN, PINK)
_Pair = tuple[str, str, tuple[str, str], tuple[str, str]]
_PAIRS: tuple[_Pair, ...] = (
    ("spread", "chart-spread", ("reward_std", "reward std"), ("frac_reward_zero_std", "zero-spread")),
    ("length", "chart-length", ("completion_length", "tokens"), ("clipped_ratio", "cut off")),
    ("entropy", "chart-entropy", ("entropy", "entropy"), ("kl", "KL")),
    ("gradient", "chart-gradient", ("grad_norm", "norm"), ("learning_rate", "learning rate")),
)
_OF_ANY_RUN = 2
"""So many of the first say something of a run in which no model learns."""
_SHARES = ("zero-spread", "cut off")


@dataclass(frozen=True)
class View:
    """Which steps are shown, and how smooth."""

    first: int = 1
    last: int | None = None
    """None: up to the newest."""
    span: int = SPANS[1]
    log: bool = False
    """Whether scores have a logarithmic axis."""


class Overview(VerticalScroll):
    """The first tab."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "evidence", "Why"),
        Binding("s", "smooth", "Smooth"),
        Binding("z", "range", "Zoom…"),
        Binding("l", "log", "Log scale"),
        Binding("plus,equals_sign", "zoom(2)", "Zoom in", show=False),
        Binding("minus", "zoom(0.5)", "Zoom out", show=False),
        Binding("left", "pan(-1)", "Earlier", show=False),
        Binding("right", "pan(1)", "Later", show=False),
        Binding("0", "all", "All of it", show=False),
    ]

    def __init__(self, kind: RunKind, *, plain: bool) -> None:
        """``plain`` keeps to ASCII."""
        super().__init__(id="overview")
        self._kind = kind
        self._plain = plain
        self._view = View()
        self._facts: dict[str, Any] | None = None
        self._history = History()
        self._load = Load()
        self._alarms: list[dict[str, Any]] | None = None
        self._plots = False
        self._drawn: tuple[Any, View] | None = None
        """The facts and the view that are shown."""
        self._rested = 0.0
        """When others may be."""

    def compose(self) -> ComposeResult:
        """Alarms, plots, shares, more plots, the machine."""
        yield Lines(id="verdict")
        yield Static(id="alarms")
        yield Lines(id="numbers")
        with Grid(id="main-charts"):
            yield Chart(plain=self._plain, id="chart-reward")
            yield Chart(plain=self._plain, id="chart-held-out")
        yield Lines(id="shares")
        with Grid(id="more-charts"):
            for _, name, _, _ in self._pairs:
                yield Chart(plain=self._plain, id=name)
        yield Lines(id="machine")

    def show(self, facts: dict[str, Any], history: History) -> None:
        """Show newer facts, at once or when :meth:`keep_up` is called after the rest."""
        self._facts, self._history = facts, history
        self.keep_up()

    def open_plots(self) -> None:
        """From now on they are drawn."""
        self._plots, self._drawn = True, None
        self._draw()

    def show_load(self, load: Load) -> None:
        """Say how busy the machine is."""
        self._load = load
        if self._facts is not None:
            load = load if self._facts["status"] in LIVE else Load()
            self.query_one("#machine", Lines).write([_machine(load, self._facts)])

    def on_resize(self) -> None:
        """The numbers and shares are written for a width; plots see to themselves."""
        if self._facts is not None:
            self._write(self._facts)

    def keep_up(self) -> None:
        """Draw anew what is behind, after a rest of four hundred times what it cost the last time.

        Whoever trains on this machine has it back in the meantime; the header is never behind, and what is asked for
        with a key does not wait.
        """
        if time.monotonic() >= self._rested:
            self._draw()

    def _draw(self) -> None:
        facts, wanted = self._facts, (self._facts, self._view)
        if facts is None or wanted == self._drawn:
            return
        self._drawn = wanted
        began = time.process_time()
        self._write(facts)
        if self._plots:
            self._draw_charts(facts)
        self.call_after_refresh(self._rest, began)

    def _rest(self, began: float) -> None:
        self._rested = time.monotonic() + min(_LONGEST_REST_S, _REST * (time.process_time() - began))

    def _write(self, facts: dict[str, Any]) -> None:
        if facts["alarms"] != self._alarms:
            self._alarms = facts["alarms"]
            alarms = self.query_one("#alarms", Static)
            alarms.display = bool(self._alarms)
            alarms.update(_alarms(self._alarms, self._kind))
        verdict = self.query_one("#verdict", Lines)
        verdict.write([_verdict(facts["verdict"], verdict.size.width)])
        self.query_one("#numbers", Lines).write(_numbers(facts, self.query_one("#numbers").size.width))
        self.query_one("#shares", Lines).write(self._shares(facts))
        self.show_load(self._load)

    def _draw_charts(self, facts: dict[str, Any]) -> None:
        view, newest = self._view, self._newest
        last = view.last or newest
        right = last
        if view.last is None:
            # Rounded, so that most new steps find room beside the others.
            step = int(max(1, round_step((newest - view.first + 1) / 20)))
            right = max(newest, min(-(-newest // step) * step, facts["max_steps"] or newest))
        xlim = (float(min(view.first, last)), float(max(right, view.first + 1)))
        names = [("reward", 1), ("reward", view.span)]
        names += [(name, view.span) for _, _, *pair in self._pairs for name, _ in pair]
        steps, (each, reward, *others) = self._history.curves(names, view.first, last)
        curves = [Curve(f"each {self._kind.step}", steps, each, (74, 84, 100) if view.span > 1 else BLUE)]
        if view.span > 1:
            curves.append(Curve(f"mean of {view.span}", steps, reward, BLUE))
        zoomed = f" · {self._kind.step}s {view.first:,} to {last:,}" if view.first > 1 or view.last else ""
        self.query_one("#chart-reward", Chart).set(
            ChartData(f"reward{zoomed}", tuple(curves), xlim=xlim, unit=self._kind.step)
        )
        self.query_one("#chart-held-out", Chart).set(held_out_chart(facts, view.first, last, xlim, log=view.log))
        for (title, name, (_, left), (_, right_name)), first, second in zip(
            self._pairs, others[::2], others[1::2], strict=True
        ):
            share = (left in _SHARES, right_name in _SHARES)
            pair = (
                Curve(left, steps, first, share=share[0]),
                Curve(right_name, steps, second, ORANGE, right=True, share=share[1]),
            )
            self.query_one(f"#{name}", Chart).set(ChartData(title, pair, xlim=xlim, unit=self._kind.step))

    def _shares(self, facts: dict[str, Any]) -> list[Text]:
        width = max(20, self.size.width - 18)
        times = _times(facts)
        # The slivers of the bar below stand in the same line as the outcomes: a line of their own is dear in a small
        # terminal.
        told = legend(facts["outcomes_recent"], OUTCOME_COLOURS)
        told.append_text(legend(times, TIME_COLOURS, nameless(times, width)))
        return [
            Text.assemble(("outcomes first ", "dim"), stacked(facts["outcomes_first"], width, OUTCOME_COLOURS)),
            Text.assemble(("outcomes now   ", "dim"), stacked(facts["outcomes_recent"], width, OUTCOME_COLOURS)),
            Text.assemble(" " * 15, told),
            Text.assemble((f"{self._kind.step + ' time':15}", "dim"), stacked(times, width, TIME_COLOURS)),
        ]

    def action_smooth(self) -> None:
        """The next smoothing."""
        span = SPANS[(SPANS.index(self._view.span) + 1) % len(SPANS)]
        self._look(replace(self._view, span=span))
        self.notify("no smoothing" if span == 1 else f"smoothed over {self._kind.steps(span)}", timeout=2)

    def action_log(self) -> None:
        """Scores on a logarithmic axis, or on an even one again."""
        self._look(replace(self._view, log=not self._view.log))

    def action_evidence(self) -> None:
        """What the verdict rests on."""
        if self._facts is not None:
            verdict = self._facts["verdict"]
            self.app.push_screen(Telling(one_line(verdict["line"]), [one_line(line) for line in verdict["evidence"]]))

    def action_all(self) -> None:
        """All steps again."""
        self._look(replace(self._view, first=1, last=None))

    def action_zoom(self, times: float) -> None:
        """Show half as many steps, or twice as many, ending where the view ends."""
        last = self._view.last or self._newest
        wide = max(5, round((last - self._view.first + 1) / times))
        self._look(replace(self._view, first=max(1, last - wide + 1)))

    def action_pan(self, way: int) -> None:
        """Move the range by half its width."""
        last = self._view.last or self._newest
        wide = last - self._view.first + 1
        first = max(1, min(self._newest - wide + 1, self._view.first + way * max(1, wide // 2)))
        end = first + wide - 1
        self._look(replace(self._view, first=first, last=None if end >= self._newest else end))

    def action_range(self) -> None:
        """Ask for a range of steps."""
        self.app.push_screen(
            Prompt(f"Which {self._kind.step}s? For example 100-400; nothing for all", "100-400"), self._zoom_to
        )

    def _zoom_to(self, answer: str | None) -> None:
        if answer is None:
            return
        words = [word.strip().replace(",", "") for word in answer.replace("–", "-").split("-")]
        if not any(words):
            self.action_all()
        elif len(words) == 2 and all(word.isdigit() or not word for word in words):
            first, last = int(words[0] or 1), int(words[1]) if words[1] else None
            if last is not None and last <= first:
                self.notify(f"{answer}: the second {self._kind.step} must be after the first", severity="warning")
                return
            self._look(replace(self._view, first=max(1, first), last=last))
        else:
            self.notify(f"{answer!r} is no range of {self._kind.step}s; for example 100-400", severity="warning")

    @property
    def _pairs(self) -> tuple[_Pair, ...]:
        """The small charts; a search learns nothing that two of them could show."""
        return _PAIRS if self._kind is RunKind.TRAINING else _PAIRS[:_OF_ANY_RUN]

    @property
    def _newest(self) -> int:
        return self._history.steps[-1] if self._history.steps else 1

    def _look(self, view: View) -> None:
        self._view = view
        self._draw()


def held_out_chart(
    facts: dict[str, Any], first: int, last: int, xlim: tuple[float, float], *, log: bool = False
) -> ChartData:
    """Held-out means with their 95 % interval, the champion, and the baselines as lines."""
    rows = [row for row in facts["held_out"] if first <= max(1, row["step"]) <= last]
    xs = [row["step"] for row in rows]
    curves = [
        Curve("95 %", xs, [row["low"] for row in rows], (74, 84, 100)),
        Curve("", xs, [row["high"] for row in rows], (74, 84, 100)),
        Curve("mean", xs, [row["mean"] for row in rows], BLUE, points=True),
    ]
    crowned = [row for row in rows if row["champion"] is not None]
    if crowned:
        ys = [row["champion"] for row in crowned]
        curves.append(Curve("champion", [row["step"] for row in crowned], ys, ORANGE))
    baselines = rows[-1]["baselines"] if rows else {}
    levels = tuple(
        (one_line(name), mean, BASELINE_COLOURS[place % len(BASELINE_COLOURS)])
        for place, (name, mean) in enumerate(baselines.items())
    )
    left = min(xlim[0], *xs) if xs else xlim[0]
    going = facts["evaluating"]
    title = f"held-out score · evaluating, {going[0]} of {going[1]}" if going else "held-out score"
    unit = RunKind(facts["kind"]).step
    return ChartData(title, tuple(curves), levels, (left, xlim[1]), unit, log=log, empty="no evaluation yet")


def _times(facts: dict[str, Any]) -> dict[str, float]:
    recent = facts["recent"]
    parts = {name: recent[f"{name}_s"] or 0.0 for name in ("generate", "score", "learn", "evaluate")}
    parts["other"] = max(0.0, (recent["step_s"] or 0.0) - sum(parts.values()))
    return parts


def _verdict(verdict: dict[str, Any], width: int) -> Text:
    """In one line; without its numbers in brackets, which the evidence has too, where there is no room for them."""
    kind, _, rest = one_line(verdict["line"]).partition(":")
    shorter = re.sub(r" \(95 %[^)]*\)", "", rest)
    for words in (rest, shorter, re.sub(r" \([^)]*\)", "", shorter)):
        text = Text.assemble((kind, f"bold {_VERDICT_STYLES.get(verdict['kind'], '')}"), ":", words)
        if text.cell_len <= width:
            break
    return text.append("  (i: why)", style="dim") if text.cell_len + 10 <= width else text


def _alarms(alarms: list[dict[str, Any]], kind: RunKind) -> Text:
    text = Text()
    for place, alarm in enumerate(alarms):
        text.append("\n" if place else "")
        text.append("▲ ", style="bold red")
        text.append(f"{one_line(alarm['message'])} ", style="bold")
        text.append(f"(since {kind.step} {alarm['step']})", style="dim")
        if alarm["help"]:
            text.append(f"  what usually helps: {one_line(alarm['help'])}", style="italic")
    return text


def _numbers(facts: dict[str, Any], width: int) -> list[Text]:
    """Names and values, as many to a line as it has room for."""
    recent, last, kind = facts["recent"], facts["last"], RunKind(facts["kind"])
    trains = kind is RunKind.TRAINING
    lines = [Text()]

    def add(name: str, value: str) -> None:
        if lines[-1] and lines[-1].cell_len + 1 + cell_len(name + value) > width:
            lines.append(Text())
        lines[-1].append(f"{name} ", style="dim")
        lines[-1].append(f"{value}  ", style="bold")

    add("reward", f"{number(recent['reward'])} ± {number(recent['reward_std'])}")
    if trains:
        add("zero-spread", _percent(recent["frac_reward_zero_std"]))
    add("score", score(recent["score"]))
    add("tokens", number(recent["completion_length"]))
    add("cut off", _percent(recent["clipped_ratio"]))
    add("copies", _percent(recent["identical_share"]))
    if trains:
        add("loss", number(last["loss"]))
    add(f"s/{kind.step}", number(facts["seconds_a_step"]))
    for name, earned in facts["rewards"].items():
        add(one_line(name), reward_words(earned))
    add("strategies", f"{facts['strategies']:,}, {facts['distinct_sources']:,} distinct")
    return lines


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _machine(load: Load, facts: dict[str, Any]) -> Text:
    text = Text()
    if load.cpu is not None:
        text.append(f"CPU {load.cpu:4.0%}   ")
    if load.memory is not None:
        used, there = (amount / 2**30 for amount in load.memory)
        text.append(f"memory {used:.1f} of {there:.0f} GiB   ")
    if facts["trainer_memory_bytes"]:
        text.append(f"trainer {facts['trainer_memory_bytes'] / 2**30:.1f} GiB   ")
    text.append("   ".join(load.gpus) or ("no GPU seen" if load.cpu is not None else ""), style="dim")
    return text
