"""The learning curve of a run as a PNG: the held-out score beside the baselines, and the training reward below.

For a page that somebody reads later; the dashboard draws its own. Uses the shipped fonts and no plotting package.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from grpo_arcade.atomic_write import atomic_write
from grpo_arcade.games import fonts, score_text
from grpo_arcade.recordings.runs.kind import RunKind

if TYPE_CHECKING:
    import pygame

    from grpo_arcade.recordings.runs.reader import RunReader

PAGE, INK, SOFT, LINE = 0xFAF7F1, 0x3D3833, 0x8F8478, 0xE6DFD2
SCORE, BAND, REWARD = 0x2A7F78, 0xCFE3DF, 0xC9502F
WIDTH, HEIGHT = 960, 560
_LEFT, _RIGHT = 92, 790
_MARGIN = _RIGHT + 14
"""Where the names of the lines stand."""
_SCORES = 58, 336
"""Top and bottom of the scores' part; the rewards' is below."""
_REWARDS = 404, 500
_SCALE = 3
"""Lines are drawn so much larger and averaged."""
_CAP = 11
"""Height of digits, in pixels."""


def write_curve(run: RunReader, path: str | Path) -> None:
    """Write the PNG, :data:`WIDTH` × :data:`HEIGHT` pixels.

    Raises:
        ValueError: the run has neither steps nor evaluations yet.
    """
    from PIL import Image

    steps, evaluations = run.steps(), run.evaluations()
    if not evaluations:
        raise ValueError(f"{run.folder}: this run has not been evaluated yet")
    evaluations = [row for row in evaluations if row["stage"] == evaluations[-1]["stage"]]
    last = max([1, *(row["step"] for row in (*steps, *evaluations))])
    page = _Page(last, run.kind)
    page.title(run.facts(), evaluations[-1])
    page.scores(evaluations)
    page.rewards([(row["step"], row["reward"]) for row in steps if row["reward"] is not None])
    with atomic_write(path) as scratch:
        Image.fromarray(page.pixels()).save(scratch, "PNG", optimize=True)


class _Page:
    def __init__(self, last: int, kind: RunKind) -> None:
        import pygame

        self._lines: pygame.Surface = pygame.Surface((WIDTH * _SCALE, HEIGHT * _SCALE), 0, 32)
        self._lines.fill(PAGE)
        self._texts: list[tuple[float, float, str, int, str, fonts.Weight]] = []
        self._last, self._kind = last, kind

    def title(self, facts: dict[str, Any], evaluation: dict[str, Any]) -> None:
        """What is shown."""
        seeds = len(evaluation["seeds"])
        self._text(_LEFT, 26, f"{facts['model']} {self._kind.does} {facts['game']}", weight="bold")
        searches = self._kind is RunKind.SEARCH
        who = self._kind.held_out if searches else f"{evaluation['strategies']} {self._kind.held_out}"
        told = f"held-out score: mean of {who} × {seeds} seeds, 95 % interval"
        self._text(WIDTH - 20, 26, told, SOFT, "right")

    def scores(self, evaluations: Sequence[dict[str, Any]]) -> None:
        """The held-out curve with its band, and a line for each baseline."""
        baselines = {name: kept["mean"] for name, kept in evaluations[-1]["baselines"].items()}
        shown = [*baselines.values(), *(row[name] for row in evaluations for name in ("low", "high"))]
        place = self._axis(_SCORES, shown, logarithmic=min(shown) > 0 and max(shown) > 8 * min(shown))
        upper = [(self._x(row["step"]), place(row["high"])) for row in evaluations]
        lower = [(self._x(row["step"]), place(row["low"])) for row in evaluations]
        if len(evaluations) > 1:
            self._area([*upper, *reversed(lower)], BAND)
        for mean in baselines.values():
            self._dashed(place(mean))
        curve = [(self._x(row["step"]), place(row["mean"])) for row in evaluations]
        self._curve(curve, SCORE, 2.5)
        for x, y in curve:
            self._dot(x, y, SCORE)
        first, last = evaluations[0]["mean"], evaluations[-1]["mean"]
        rises = len(curve) > 1 and curve[1][1] < curve[0][1]
        self._text(curve[0][0] + 8, curve[0][1] + (18 if rises else -16), score_text(first), SCORE, weight="bold")
        told = [(place(mean), f"{name} {score_text(mean)}", SOFT) for name, mean in baselines.items()]
        self._names([*told, (place(last), f"{self._whose} {score_text(last)}", SCORE)])

    @property
    def _whose(self) -> str:
        return "the champion" if self._kind is RunKind.SEARCH else "the model"

    def _names(self, names: Sequence[tuple[float, str, int]]) -> None:
        """Beside the ends of their lines, from the top down, moved apart where lines are close."""
        below = float(_SCORES[0] - 9)
        for y, text, colour in sorted(names):
            below = max(y, below + 18)
            self._text(_MARGIN, below, text, colour, weight="bold" if colour == SCORE else "medium")

    def rewards(self, rows: Sequence[tuple[int, float]]) -> None:
        """The mean reward of each step, faint, and its running mean."""
        self._text(
            _LEFT, _REWARDS[0] - 22, "mean reward" if self._kind is RunKind.SEARCH else "mean training reward", SOFT
        )
        if rows:
            place = self._axis(_REWARDS, [reward for _, reward in rows], logarithmic=False)
            self._curve([(self._x(step), place(reward)) for step, reward in rows], _mixed(REWARD, 0.65), 1.2)
            mean, smooth = float(rows[0][1]), []
            for step, reward in rows:
                mean += 0.2 * (reward - mean)
                smooth.append((self._x(step), place(mean)))
            self._curve(smooth, REWARD, 2.2)
        for mark in _ticks(0, self._last, 8, whole_numbers=True):
            self._text(self._x(mark), _REWARDS[1] + 20, f"{mark:,.0f}", SOFT, "centre")
        self._text(
            (_LEFT + _RIGHT) / 2,
            _REWARDS[1] + 44,
            "round" if self._kind is RunKind.SEARCH else "GRPO step",
            INK,
            "centre",
        )

    def pixels(self) -> np.ndarray:
        """The page, uint8 (HEIGHT, WIDTH, 3)."""
        import pygame

        drawn = pygame.surfarray.array3d(self._lines).transpose(1, 0, 2)
        page = drawn.reshape(HEIGHT, _SCALE, WIDTH, _SCALE, 3).mean(axis=(1, 3))
        for x, y, text, colour, side, weight in self._texts:
            cover = fonts.coverage(text, _CAP, weight)
            rows, columns = cover.shape
            left = round(x - {"left": 0.0, "centre": columns / 2, "right": float(columns)}[side])
            top = round(y - rows / 2)
            area = page[top : top + rows, left : left + columns]
            area += (cover[: len(area), : area.shape[1], None] / 255) * (_channels(colour) - area)
        return page.round().astype(np.uint8)

    def _axis(self, part: tuple[int, int], values: Sequence[float], *, logarithmic: bool) -> Callable[[float], float]:
        top, bottom = part
        low, high = min(values), max(values)
        if logarithmic:
            low, high = low * 0.85, high * 1.2
        else:
            room = 0.08 * (high - low) or max(1.0, abs(high) * 0.1)
            low, high = low - room, high + room
        measure: Callable[[float], float] = math.log if logarithmic else float
        scale = (bottom - top) / (measure(high) - measure(low))

        def place(value: float) -> float:
            return bottom - (measure(value) - measure(low)) * scale

        marks = _log_ticks(low, high) if logarithmic else _ticks(low, high, 5 if bottom - top > 150 else 4)
        for mark in marks:
            self._curve([(_LEFT, place(mark)), (_RIGHT, place(mark))], LINE, 1)
            self._text(_LEFT - 10, place(mark), score_text(mark), SOFT, "right")
        return place

    def _x(self, step: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * step / self._last

    def _text(
        self, x: float, y: float, text: str, colour: int = INK, side: str = "left", weight: fonts.Weight = "medium"
    ) -> None:
        self._texts.append((x, y, text, colour, side, weight))

    def _curve(self, points: Sequence[tuple[float, float]], colour: int, width: float) -> None:
        import pygame

        thick = max(1, round(width * _SCALE))
        large = [(x * _SCALE, y * _SCALE) for x, y in points]
        if len(large) > 1:
            pygame.draw.lines(self._lines, colour, False, large, thick)
        if len(points) > 2:
            for point in large:  # pygame leaves notches where thick lines meet
                pygame.draw.circle(self._lines, colour, point, thick / 2)

    def _dashed(self, y: float) -> None:
        for x in range(_LEFT, _RIGHT, 8):
            self._curve([(x, y), (x + 4, y)], SOFT, 1)

    def _area(self, points: Sequence[tuple[float, float]], colour: int) -> None:
        import pygame

        pygame.draw.polygon(self._lines, colour, [(x * _SCALE, y * _SCALE) for x, y in points])

    def _dot(self, x: float, y: float, colour: int) -> None:
        import pygame

        pygame.draw.circle(self._lines, PAGE, (x * _SCALE, y * _SCALE), 5.5 * _SCALE)
        pygame.draw.circle(self._lines, colour, (x * _SCALE, y * _SCALE), 4 * _SCALE)


def _channels(colour: int) -> np.ndarray:
    return np.array([colour >> 16, colour >> 8 & 255, colour & 255], float)


def _mixed(colour: int, share: float) -> int:
    """``colour`` with ``share`` of the page in it."""
    red, green, blue = (_channels(colour) * (1 - share) + _channels(PAGE) * share).astype(int).tolist()
    return int(red << 16 | green << 8 | blue)


def _ticks(low: float, high: float, most: int, *, whole_numbers: bool = False) -> list[float]:
    """Round numbers from ``low`` to ``high``, ``most`` of them or fewer."""
    rough = (high - low) / max(1, most - 1)
    power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough)
    if whole_numbers:
        step = max(1.0, step)
    first = math.ceil(low / step)
    return [step * number for number in range(first, math.floor(high / step) + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [times * 10.0**decade for decade in decades for times in (1, 2, 5) if low <= times * 10.0**decade <= high]
