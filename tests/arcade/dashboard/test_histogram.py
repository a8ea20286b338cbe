"""A step's rewards by outcome, and each function's part over time: nothing is lost, and a bin opens what it shows."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from grpo_arcade.arcade.dashboard.draw.chart import Ink, draw
from grpo_arcade.arcade.dashboard.draw.histogram import MOST_BINS, bins, drawn
from grpo_arcade.arcade.dashboard.tabs.rewards import Found, Rewards, stacked_parts
from grpo_arcade.arcade.dashboard.tabs.strategies import Strategies
from grpo_arcade.arcade.dashboard.tabs.strategy_table import StrategyTable
from grpo_arcade.recordings.runs.reader import RunReader

OUTCOMES = ("won", "lost", "crashed", "of another version")
values = st.lists(st.tuples(st.floats(-1e6, 1e6) | st.floats(-3, 3), st.sampled_from(OUTCOMES)), max_size=60)


@settings(max_examples=100, deadline=None)
@given(values)
def test_every_value_is_in_one_bin_under_its_outcome(values):
    found = bins(values)
    assert sum(each.count for each in found) == len(values)
    assert len(found) <= MOST_BINS + 2
    for before, after in pairwise(found):
        assert before.high == after.low
    for each in found:
        within = [
            outcome
            for value, outcome in values
            if float(f"{each.low:.12g}") <= value < float(f"{each.high:.12g}") or (each.last and value == each.high)
        ]
        assert sorted(within) == sorted(outcome for outcome, count in each.outcomes.items() for _ in range(count))


@settings(max_examples=60, deadline=None)
@given(values, st.integers(20, 120), st.integers(1, 30), st.data())
def test_bars_fit_and_the_picked_bin_is_among_them(values, width, height, data):
    found = bins(values)
    picked = data.draw(st.integers(0, max(0, len(found) - 1)))
    lines = drawn(found, picked, width, height)
    assert len(lines) <= height
    assert all(cell_len(line.plain) <= max(width, len(found[0].label) + len(OUTCOMES) + 8) for line in lines)
    assert not found or any(found[picked].label in line.plain for line in lines)


def test_the_longest_bar_fills_the_room_and_outcomes_stand_in_their_order():
    (line,) = [
        line for line in drawn(bins([(1.0, "crashed"), (1.0, "won"), (1.0, "won")]), 0, 60, 5) if "3" in line.plain
    ]
    assert line.plain.count("█") >= 40
    assert [str(span.style.color.triplet.hex) for span in line.spans if span.style.color] == ["#3cb482", "#d64550"]


def test_parts_stand_on_each_other_and_what_is_taken_away_below_nothing():
    found = Found(2, (), [1, 2], {"a": [1.0, 2.0], "b": [-1.0, -1.0], "c": [0.5, float("nan")]}, ())
    data = stacked_parts(found)
    assert [list(curve.base) for curve in data.curves] == [[0.0, 0.0], [0.0, 0.0], [1.0, 2.0]]
    assert [list(curve.ys) for curve in data.curves] == [[1.0, 2.0], [-1.0, -1.0], [1.5, 2.0]]
    crossing = stacked_parts(Found(2, (), [1, 2], {"a": [1.0, 1.0], "b": [-1.0, 1.0]}, ()))
    edges = [(list(curve.base), list(curve.ys)) for curve in crossing.curves[1:]]
    assert edges == [([1.0, 1.0], [1.0, 2.0]), ([0.0, 0.0], [-1.0, 0.0])]  # neither crosses what is between
    lines = [line.plain for line in draw(data, 60, 14, Ink())]
    nothing = next(at for at, line in enumerate(lines) if line.lstrip().startswith("0┤"))
    assert any("▒" in line for line in lines[:nothing])
    assert any("▒" in line for line in lines[nothing + 1 :])


@pytest.fixture
def rewards_of_30(finished):
    with RunReader(finished) as reader:
        return reader.rewards_of(30)


def test_a_bin_opens_its_strategies(finished, drive, until, seen, rewards_of_30):
    async def play(app, pilot):
        await pilot.press("8")
        await until(
            pilot, lambda: "step 30: 16 strategies" in seen(app) and "rewards of step 30 by outcome" in seen(app)
        )
        tab = app.query_one(Rewards)
        picked = tab._bins[tab._picked]
        assert picked.count == max(each.count for each in tab._bins)
        await pilot.press("enter")
        await until(
            pilot, lambda: app._open_tab == "tab-strategies" and len(app.query_one(StrategyTable)) == picked.count
        )
        assert f"step=30 reward>={picked.low:g}" in app.query_one(Strategies)._order.words
        await pilot.press("8", "left")
        await until(pilot, lambda: "step 29: 16 strategies" in seen(app))
        await pilot.press("end")
        await until(pilot, lambda: "step 30: 16 strategies" in seen(app))
        await pilot.press("up", "up")
        await until(pilot, lambda: tab._picked < len(tab._bins) - 1)
        await pilot.press("z", *"900", "enter")
        await until(pilot, lambda: "step 30: 16 strategies" in seen(app))

    drive(finished, play, size=(160, 45))
    assert len(rewards_of_30) == 16


def test_the_legend_says_where_each_part_ends(finished, drive, until, seen):
    async def play(app, pilot):
        await pilot.press("8")
        await until(pilot, lambda: "held-out score 1,4" in seen(app).replace("\xa0", " "))
        legend = seen(app).replace("\xa0", " ")
        for name in ("function_works", "no_cheating", "strategy_succeeds", "progress"):
            assert f"■ {name} " in legend

    drive(finished, play, size=(160, 45))
