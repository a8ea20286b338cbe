"""Curves as SVG that stands inside a page: the colours are the page's, by class, so that they suit light and dark."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape

from grpo_arcade.arcade.scales import labelled, reaching, roomy, ticks
from grpo_arcade.games import score_text

_WIDTH = 760
_LEFT, _RIGHT = 70, 190
"""Room beside the axes: for numbers, for the names of lines."""
_TOP, _BOTTOM = 16, 36
_LINE = 15
"""Between two names."""
Points = Sequence[tuple[float, float]]


@dataclass
class Plot:
    """One chart over the steps of a run."""

    title: str
    """Says what is drawn, for who cannot see it."""
    last: int
    """The last step."""
    unit: str = "step"
    """What the horizontal axis counts."""
    height: int = 260
    curves: Sequence[tuple[str, str, Points]] = ()
    """Class, name and points of each line; a line without a name is told by another."""
    band: Points = ()
    """Lower and upper bounds, closed around."""
    levels: dict[str, float] = field(default_factory=dict)
    """Named heights that are dashed across; what is too far away is an arrow at the edge."""
    marked: bool = False
    """Whether the first curve's points are dots."""

    def svg(self) -> str:
        """The picture."""
        values = [y for _, _, points in self.curves for _, y in points] + [y for _, y in self.band]
        values = [value for value in values if math.isfinite(value)]
        if not values:
            return '<p class="none">nothing recorded yet</p>'
        (low, high), beyond = reaching(min(values), max(values), self.levels.values())
        self._low, self._high = roomy(low, high, 5)
        parts = [
            f'<svg viewBox="0 0 {_WIDTH} {self.height}" role="img" aria-label="{escape(self.title, quote=True)}">',
            *self._axes(),
        ]
        if self.band:
            parts.append(f'<path class="band" d="{self._path(self.band)}Z"/>')
        names: list[tuple[float, str, str]] = []
        for name, level in self.levels.items():
            far = level in beyond
            y = _TOP + 4 if far and level > high else self.height - _BOTTOM - 4 if far else self._y(level)
            arrow = ("↑ " if level > high else "↓ ") if far else ""
            if not far:
                parts.append(f'<path class="level" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>')
            names.append((y, "level", f"{arrow}{name} {score_text(level)}"))
        for kind, name, points in self.curves:
            known = [(x, y) for x, y in points if math.isfinite(y)]
            if not known:
                continue
            parts.append(f'<path class="curve {kind}" d="{self._path(known)}"/>')
            if name:
                names.append((self._y(known[-1][1]), kind, name))
        if self.marked and self.curves:
            kind, _, points = self.curves[0]
            parts += [
                f'<circle class="{kind}" cx="{self._x(x):.1f}" cy="{self._y(y):.1f}" r="3.5"/>' for x, y in points
            ]
        return "".join([*parts, *_names(names, self.height), "</svg>"])

    def _axes(self) -> Iterable[str]:
        right, floor = _WIDTH - _RIGHT, self.height - _BOTTOM
        for mark, label in labelled(ticks(self._low, self._high, 5)):
            y = self._y(mark)
            yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{right}"/>'
            yield f'<text class="number" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(label)}</text>'
        for mark in ticks(0, max(1, self.last), 8):
            if mark == int(mark):
                x = self._x(mark)
                yield f'<text class="number" x="{x:.1f}" y="{floor + 18}" text-anchor="middle">{mark:,.0f}</text>'
        yield f'<text class="number" x="{_LEFT - 24}" y="{floor + 18}" text-anchor="end">{escape(self.unit)}</text>'

    def _x(self, step: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * step / max(1, self.last)

    def _y(self, value: float) -> float:
        share = (value - self._low) / (self._high - self._low)
        return self.height - _BOTTOM - share * (self.height - _TOP - _BOTTOM)

    def _path(self, points: Points) -> str:
        return "".join(f"{'L' if n else 'M'}{self._x(x):.1f} {self._y(y):.1f}" for n, (x, y) in enumerate(points))


def _names(names: Iterable[tuple[float, str, str]], height: int) -> Iterable[str]:
    """Beside the ends of their lines; moved apart where lines are close, and up where they would leave the picture."""
    ranked = sorted(names)
    below = 0.0
    places = []
    for y, _, _ in ranked:
        below = max(y, below + _LINE)
        places.append(below)
    if places and places[-1] > height - 4:
        for place in range(len(places) - 1, -1, -1):
            places[place] = min(places[place], height - 4 - _LINE * (len(places) - 1 - place))
    for y, (_, kind, name) in zip(places, ranked, strict=True):
        yield f'<text class="name {kind}" x="{_WIDTH - _RIGHT + 12}" y="{y + 4:.1f}">{escape(name)}</text>'
