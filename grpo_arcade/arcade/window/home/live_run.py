"""A training run that goes on, as Home shows it: read beside the loop, and painted as a card with a small curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pygame

from grpo_arcade.arcade.scales import reaching
from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.games import score_text
from grpo_arcade.games.names import shown_name
from grpo_arcade.recordings.runs.history import History
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.records import RunSummary

ASKED = {"pause": "Pause", "stop": "Stop", "evaluate": "Evaluate"}
"""What a run that goes on can be asked for, and what is written on its buttons."""
ROWS = 3
"""Rows of the list that a card takes."""
_COMMANDS = 20


@dataclass(frozen=True)
class LiveRun:
    """What there is to say of a run that goes on."""

    summary: RunSummary
    curve: Sequence[tuple[int, float]] = ()
    """Steps and held-out scores, or rewards while there is one held-out score at most."""
    scores: bool = False
    """Whether they are held-out scores."""
    levels: Sequence[float] = ()
    """What the baselines score."""
    seconds_a_step: float | None = None
    commands: Sequence[Mapping[str, Any]] = field(default=(), compare=False)
    """The newest that were sent to it, the newest first."""

    @property
    def left_s(self) -> float | None:
        """Seconds until its last step, at the pace it has; None where that is not known."""
        run = self.summary
        return None if self.seconds_a_step is None else self.seconds_a_step * max(0, run.max_steps - run.step)


def read_live(summary: RunSummary) -> LiveRun:
    """Look at a run that goes on.

    Raises:
        RunFolderError: it cannot be read.
    """
    history = History()
    with RunReader(Path(summary.path)) as run:
        history.update(run)
        held_out = [(each.step, each.mean) for each in run.held_out()]
        baselines = run.facts().get("baselines", {})
        commands = run.commands(_COMMANDS)
    levels = [float(score) for score in baselines.values() if isinstance(score, int | float)]
    rewards = [(step, reward) for step, reward in history.points("reward") if reward is not None]
    scores = len(held_out) > 1
    curve = held_out if scores else rewards
    pace = history.seconds_a_step()
    return LiveRun(summary, tuple(curve), scores, tuple(levels) if scores else (), pace, tuple(commands))


def about(seconds: float) -> str:
    """How long something takes, as one says it: "40 s", "6 min", "2 h 10 min"."""
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def facts(live: LiveRun) -> str:
    """How far it is: "step 41 of 150 · 9 s a step · 16 min left"."""
    run, each = live.summary, live.summary.kind.step
    said = [f"{run.kind.step} {run.step} of {run.max_steps}"]
    if live.seconds_a_step is not None:
        said += [f"{live.seconds_a_step:.0f} s a {each}" if live.seconds_a_step >= 1 else f"under 1 s a {each}"]
        if live.left_s and run.status == "running":
            said += [f"{about(live.left_s)} left"]
    return " · ".join(said)


def buttons(look: Theme, box: pygame.Rect, live: LiveRun) -> list[tuple[str, str, pygame.Rect]]:
    """What a card can be asked for by the mouse: a name of :data:`ASKED`, its words, and where it lies."""
    found = []
    right, small = _chart(look, box).left - look.px(theme.GAP), look.px(theme.CAPTION)
    for name, words in reversed(ASKED.items()):
        words = "Resume" if name == "pause" and live.summary.status == "paused" else words
        place = pygame.Rect(0, box.top + look.px(7), paint.text_width(words, small) + look.px(14), look.px(18))
        place.right = right
        right = place.left - look.px(theme.TIGHT)
        found.append((name, words, place))
    return found


def _chart(look: Theme, box: pygame.Rect) -> pygame.Rect:
    wide = min(look.px(170), box.width // 3)
    return pygame.Rect(box.right - look.px(theme.GAP) - wide, box.top + look.px(10), wide, box.height - look.px(42))


def draw_card(surface: pygame.Surface, look: Theme, box: pygame.Rect, live: LiveRun, focused: bool) -> None:
    """Paint a card: what learns, that it is live, how far it is, whether it learns, and its curve."""
    run = live.summary
    edge = max(2, look.px(2)) if focused else 1
    paint.panel(surface, box, look.card, look.px(7), look.accent if focused else look.line, edge)
    gap, body, small = look.px(theme.GAP), look.px(theme.BODY), look.px(theme.CAPTION)
    chart = _chart(look, box)
    _draw_curve(surface, look, chart, live)
    left, right = box.left + gap, chart.left - gap
    y = box.top + look.px(16)
    badge = _draw_badge(surface, look, (left, y), run.status)
    x, asked = badge.right + look.px(theme.TIGHT), buttons(look, box, live)
    words = f"{Path(run.model).name or run.model} · {shown_name(run.game)}"
    paint.text(surface, words, (x, y), body, look.ink, weight="bold", room=asked[-1][2].left - gap - x)
    for _, each, place in asked:
        paint.panel(surface, place, look.sunken, look.px(5), look.line)
        paint.text(surface, each, place.center, small, look.soft, anchor="middle")
    y += look.px(22)
    paint.text(surface, facts(live), (left, y), small, look.soft, room=right - left)
    y += look.px(18)
    paint.text(surface, run.verdict, (left, y), small, look.soft, room=right - left)
    track = pygame.Rect(left, box.bottom - look.px(12), box.width - 2 * gap, look.px(4))
    paint.panel(surface, track, look.sunken, track.height // 2)
    done = pygame.Rect(track.left, track.top, track.width * min(run.step, run.max_steps) // max(1, run.max_steps), 0)
    done.height = track.height
    if done.width > track.height:
        paint.panel(surface, done, look.good, track.height // 2)


def _draw_badge(surface: pygame.Surface, look: Theme, at: tuple[int, int], status: str) -> pygame.Rect:
    words = {"running": "live"}.get(status, status)
    small = look.px(theme.CAPTION)
    box = pygame.Rect(at[0], 0, paint.text_width(words, small, "bold") + look.px(14), look.px(18))
    box.centery = at[1]
    paint.panel(surface, box, look.good if status == "running" else look.fair, box.height // 2)
    paint.text(surface, words, box.center, small, look.card, weight="bold", anchor="middle")
    return box


def _draw_curve(surface: pygame.Surface, look: Theme, box: pygame.Rect, live: LiveRun) -> None:
    small = look.px(theme.CAPTION)
    below = box.centerx, box.bottom + small
    if len(live.curve) < 2:
        paint.text(surface, "no curve yet", below, small, look.faint, anchor="middle", room=box.width)
        return
    values = [value for _, value in live.curve]
    (low, high), _ = reaching(min(values), max(values), live.levels)
    first, last = live.curve[0][0], max(live.summary.max_steps, live.curve[-1][0])

    def place(step: float, value: float) -> tuple[int, int]:
        along, up = (step - first) / max(1, last - first), (value - low) / ((high - low) or 1.0)
        return round(box.left + along * (box.width - 1)), round(box.bottom - 1 - up * (box.height - 1))

    for level in live.levels:
        if low <= level <= high:
            y = place(first, level)[1]
            surface.fill(look.line, (box.left, y, box.width, 1))
    points = [place(step, value) for step, value in live.curve]
    pygame.draw.lines(surface, look.rival, False, points, max(2, look.px(2)))
    pygame.draw.circle(surface, look.rival, points[-1], look.px(3))
    what = "held-out" if live.scores else "reward"
    said = f"{what} {score_text(values[0])} → {score_text(values[-1])}"
    paint.text(surface, said, below, small, look.soft, anchor="middle", room=box.width)
