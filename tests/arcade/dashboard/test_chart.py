"""Plots: every number in its place between its axes, and no more drawn anew than has changed."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grpo_arcade.arcade.dashboard.draw.axes import frame, places, roomy, ticks
from grpo_arcade.arcade.dashboard.draw.braille import Canvas, thinned
from grpo_arcade.arcade.dashboard.draw.chart import BLUE, ORANGE, ChartData, Curve, Ink, draw

numbers = st.floats(-1e9, 1e9) | st.floats(1e-12, 1e-9) | st.floats()


def plain(data, width=60, height=14, **ink):
    return [line.plain for line in draw(data, width, height, Ink(**ink))]


def dots(lines, around):
    """The dots of a drawn canvas: column and row from below, in dots."""
    found = set()
    for y in range(around.rows):
        line = lines[around.rows + 1 - y]  # a heading and the frame's top stand over it
        for x in range(around.columns):
            bits = ord(line[around.first + x]) - 0x2800
            if 0 < bits < 256:
                for bit, (dx, dy) in enumerate(((0, 3), (0, 2), (0, 1), (1, 3), (1, 2), (1, 1), (0, 0), (1, 0))):
                    if bits >> bit & 1:
                        found.add((2 * x + dx, 4 * y + dy))
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(numbers, min_size=1, max_size=40), st.integers(16, 120), st.integers(5, 30), st.booleans())
def test_any_numbers_are_drawn_in_the_room_there_is(values, width, height, ascii_only):
    data = ChartData("any", (Curve("a", range(len(values)), values), Curve("b", range(len(values)), values[::-1])))
    lines = plain(data, width, height, plain=ascii_only)
    assert len(lines) <= height
    assert max(map(len, lines[1:])) <= width


def test_a_straight_line_goes_from_corner_to_corner_and_its_ticks_stand_at_their_numbers():
    lines = plain(ChartData("line", (Curve("", range(101), [float(x) for x in range(101)]),), xlim=(0, 100)))
    around = frame(60, 13, (0, 100), (0.0, 100.0), None)
    drawn = dots(lines, around)
    assert {(0, 0), (2 * around.columns - 1, 4 * around.rows - 1)} <= drawn
    for x, y in drawn:
        assert y / (4 * around.rows - 1) == pytest.approx(x / (2 * around.columns - 1), abs=0.03)
    for y, line in enumerate(around.lines[1 : around.rows + 1]):
        if line[around.first - 1] == "┤":
            value = float(line[: around.first - 1])
            assert around.rows - 1 - y == places([value], (0.0, 100.0), around.rows)[0]


def test_a_curve_has_no_gap():
    rng = random.Random(4)
    values = [rng.gauss(0, 1) for _ in range(30)]
    drawn = dots(plain(ChartData("noise", (Curve("", range(30), values),))), frame(60, 13, (0, 29), *limits(values)))
    columns = {x: {y for at, y in drawn if at == x} for x, _ in drawn}
    assert set(columns) == set(range(max(columns) + 1))
    for x, ys in columns.items():
        assert ys == set(range(min(ys), max(ys) + 1))
        if x:
            assert min(columns[x - 1]) - 1 <= max(ys)
            assert max(columns[x - 1]) + 1 >= min(ys)


def limits(values, height=13):
    return roomy(min(values), max(values), max(3, (height - 2) // 3)), None


def test_a_further_step_changes_few_lines():
    rng = random.Random(2)
    values = [5 - 4 * math.exp(-x / 40) + rng.gauss(0, 0.3) for x in range(180)]

    def drawn(count):
        return draw(ChartData("r", (Curve("", range(count), values[:count]),), xlim=(0, 200)), 60, 14, Ink())

    changed = [sum(a != b for a, b in zip(drawn(n), drawn(n + 1), strict=True)) for n in range(100, 179)]
    assert sorted(changed)[len(changed) // 2] <= 4


def test_a_missing_number_is_left_out_and_a_curve_of_none_is_no_curve():
    nan = math.nan
    lines = plain(
        ChartData("gap", (Curve("a", [1, 2, 3], [1.0, nan, 3.0]), Curve("b", [1, 2, 3], [nan] * 3, right=True)))
    )
    assert not any("├" in line for line in lines)
    assert "nothing to plot yet" in "".join(plain(ChartData("none", (Curve("a", [1], [nan]),))))


def test_two_axes_levels_and_marks():
    data = ChartData(
        "both",
        (
            Curve("left", [1, 2, 3], [1.0, 2.0, 3.0], points=True),
            Curve("right", [1, 2, 3], [0.5, 0.4, 0.4], ORANGE, right=True),
        ),
        (("random", 1.5, BLUE),),
    )
    lines = plain(data)
    assert lines[0] == "both  left  right  random 1.50"
    assert any("├0.5" in line for line in lines)
    assert any("─────" in line and not {"└", "┌"} & set(line) for line in lines)
    assert sum(line.count("•") for line in lines) == 3
    assert sum(line.count("o") for line in plain(data, plain=True)) >= 3


def test_bars_stand_over_their_names():
    lines = plain(ChartData("bars", bars=(("64", 1.0), ("128", 3.0))))
    assert "64" in lines[-1]
    assert "128" in lines[-1]
    assert "█" in "".join(lines)


def test_equal_numbers_that_rounding_made_unequal_have_an_axis():
    low, high = roomy(0.02, 0.020000000000000004, 3)
    assert high - low > 0.001
    assert ticks(low, high, 3)


@settings(max_examples=60, deadline=None)
@given(st.floats(1e-13, 1e9), st.floats(1e-6, 1e3), st.integers(3, 12))
def test_limits_hold_the_numbers_with_little_room_beside(low, size, most):
    high = low * (1 + size)
    first, last = roomy(low, high, most)
    assert first <= low * (1 + 1e-9)
    assert last >= high * (1 - 1e-9)
    assert last - first <= 1.7 * (high - low)
    assert all(first - 1e-9 * last <= tick <= last * (1 + 1e-9) for tick in ticks(first, last, most))


def test_thinning_keeps_the_spikes_and_changes_at_the_end_alone():
    ys = [0.0] * 5000
    ys[1234], ys[4321] = 9.0, -9.0
    xs, kept = thinned(range(5000), ys, 0, 5000, 50)
    assert len(kept) <= 100
    assert max(kept) == 9.0
    assert min(kept) == -9.0
    assert list(xs) == sorted(xs)
    before, _ = thinned(range(4900), ys[:4900], 0, 5000, 50)
    assert list(before)[:-2] == list(xs)[: len(before) - 2]


def test_what_lies_outside_a_canvas_is_not_drawn():
    canvas = Canvas(4, 2, plain=True)
    canvas.curve([-3, 8], [0, 1], None)
    canvas.mark(9, 9, "x", None)
    assert [canvas.row(y, "|", "|", "").plain for y in (1, 0)] == ["|   *|", "|*** |"]
