"""Plots: every number in its place between its axes, and no more drawn anew than has changed."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grpo_arcade.arcade.dashboard.draw.axes import frame, places
from grpo_arcade.arcade.dashboard.draw.braille import BrailleCanvas, thinned
from grpo_arcade.arcade.dashboard.draw.chart import BLUE, ORANGE, ChartData, Curve, Ink, draw
from grpo_arcade.arcade.scales import labelled, reaching, roomy, ticks

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
    around = frame(60, 13, (0, 100), (0.0, 100.0), None, unit="step")
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
    drawn = dots(
        plain(ChartData("noise", (Curve("", range(30), values),))), frame(60, 13, (0, 29), *limits(values), unit="step")
    )
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


@pytest.mark.parametrize("ascii_only", [False, True])
def test_curves_that_cover_each_other_are_all_seen(ascii_only):
    values = [math.sin(x / 9) for x in range(100)]
    curves = [Curve(name, range(100), values, colour, dash=(place, 3))
              for place, (name, colour) in enumerate((("a", BLUE), ("b", ORANGE), ("c", (1, 2, 3))))]  # fmt: skip
    lines = draw(ChartData("same", tuple(curves)), 80, 16, Ink(plain=ascii_only))
    for colour in (BLUE, ORANGE, (1, 2, 3)):
        drawn = sum(
            span.end - span.start
            for line in lines[2:-2]
            for span in line.spans
            if span.style.color and span.style.color.triplet == colour
        )
        assert drawn >= 15


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
    assert lines[0] == "both  left  right"
    assert any("random 1.5 ─────" in line for line in lines)
    assert any("├0.5" in line for line in lines)
    assert any("─────" in line and not {"└", "┌"} & set(line) for line in lines)
    assert sum(line.count("•") for line in lines) == 3
    assert sum(line.count("o") for line in plain(data, plain=True)) >= 3


CLIMB = Curve("mean", range(0, 101, 10), [1796 + 10.86 * step for step in range(0, 101, 10)], points=True)
BASELINES = (("random", 1090.0, BLUE), ("greedy", 2520.0, BLUE), ("expectimax", 21000.0, BLUE))


def rows_of(lines, sign):
    return [at for at, line in enumerate(lines) if sign in line]


def test_an_axis_shows_the_climb_and_a_mark_at_its_edge_what_lies_beyond():
    lines = plain(ChartData("score", (CLIMB,), BASELINES), 60, 14)
    points = rows_of(lines, "•")
    assert max(points) - min(points) >= 4  # a third of the height; one row of the axis up to expectimax
    assert "▲ expectimax 21,000" in lines[2]
    assert "greedy 2,520 ──" in "".join(lines)
    even = plain(ChartData("score", (CLIMB,), BASELINES[:2]), 60, 14)
    assert "▲" not in "".join(even)


def test_on_a_logarithmic_axis_ticks_are_of_one_ratio_and_what_is_not_above_nothing_is_left_out():
    curve = Curve("mean", [0, 1, 2, 3], [10.0, 100.0, 1000.0, 0.0], points=True)
    lines = plain(ChartData("score", (curve,), log=True), 60, 16)
    assert "(log)" in lines[0]
    rows = [row for label in ("1,000┤", "  100┤", "   10┤") for row in rows_of(lines, label)]
    assert len(rows) == 3
    assert abs((rows[1] - rows[0]) - (rows[2] - rows[1])) <= 1
    assert sum(line.count("•") for line in lines) == 3
    assert "nothing to plot" in "".join(plain(ChartData("score", (Curve("", [1], [-5.0]),), log=True)))


def test_the_horizontal_axis_says_what_it_counts():
    for high in (5.0, 50_000.0):
        assert "step" in plain(ChartData("any", (Curve("", [0, 100], [0.0, high]),)))[-1]


def test_a_share_has_no_axis_beyond_nothing_and_all():
    for shares in ([0.0, 0.0, 0.0], [0.98, 1.0, 1.0], [0.0, 0.5, 1.0]):
        lines = plain(ChartData("share", (Curve("", [1, 2, 3], shares, share=True),)))
        marks = [float(line.split("┤")[0]) for line in lines if "┤" in line]
        assert marks
        assert all(0 <= mark <= 1 for mark in marks)
    assert roomy(0.0, 0.0, 3)[0] == 0.0


def test_numbers_of_one_axis_are_written_alike():
    assert [label for _, label in labelled([0.0, 50.0, 100.0])] == ["0", "50", "100"]
    assert [label for _, label in labelled([7000.0, 8000.0])] == ["7,000", "8,000"]
    assert [label for _, label in labelled([0.0, 0.005, 0.01])] == ["0.000", "0.005", "0.010"]


@settings(max_examples=60, deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.lists(st.floats(-1e7, 1e7), max_size=5))
def test_curves_keep_their_part_of_the_height_whatever_the_baselines(low, size, levels):
    high = low + size
    (first, last), beyond = reaching(low, high, levels)
    assert first <= low <= high <= last
    assert last - first <= max(size, 0.05 * max(abs(low), abs(high))) / 0.4 + 1e-6 * abs(high)
    assert all((first <= level <= last) != (level in beyond) for level in levels)


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
    canvas = BrailleCanvas(4, 2, plain=True)
    canvas.curve([-3, 8], [0, 1], None)
    canvas.mark(9, 9, "x", None)
    assert [canvas.row(y, "|", "|", "").plain for y in (1, 0)] == ["|   *|", "|*** |"]
