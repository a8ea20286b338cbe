"""The table of strategies and the view of one, on real run databases; 100,000 rows among them."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input

from grpo_arcade.arcade.dashboard.tabs import strategies
from grpo_arcade.arcade.dashboard.tabs.game_view import GameView
from grpo_arcade.arcade.dashboard.tabs.strategy_detail import Detail
from grpo_arcade.arcade.dashboard.tabs.strategy_table import StrategyTable
from grpo_arcade.foreign_text import clean
from grpo_arcade.recordings.runs.earned import earned_by_outcome, elsewhere
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.strategy_list import COLUMNS, FilterError, Order, listed, rows_of

REWARDS = ["function_works", "no_cheating", "strategy_succeeds", "progress"]


async def ask(app, pilot, until, words):
    """Filter; the words at once, because a key of its own for each letter is dear."""
    await pilot.press("slash")
    await until(pilot, lambda: app.screen.query(Input))
    app.screen.query_one(Input).value = words
    await pilot.press("enter")


async def opened(app, pilot, until):
    await pilot.press("2")
    await until(pilot, lambda: len(app.query_one(StrategyTable)))
    await until(pilot, lambda: app.query_one(Detail).told)
    return app.query_one(StrategyTable), app.query_one(Detail)


def test_every_sort_orders_every_row(finished):
    with RunReader(finished) as reader:
        everything = {row[0] for row in reader.query("SELECT id FROM strategies")}
        for key in (*COLUMNS, "progress"):
            ids = listed(reader, Order(key, True), REWARDS)
            assert set(ids) == everything
            assert len(ids) == len(everything)
            if key in ("score", "reward", "tokens", "step", "copies"):
                rows = rows_of(reader, list(ids))
                values = [rows[number][key] for number in ids]
                assert values == sorted(values, reverse=True)


@pytest.mark.parametrize(
    ("words", "holds"),
    [
        ("outcome=crashed", lambda row: row["outcome"] == "crashed"),
        ("outcome!=crashed step=5-7", lambda row: row["outcome"] != "crashed" and 5 <= row["step"] <= 7),
        ("score>2000 tokens<160", lambda row: row["score"] > 2000 and row["tokens"] < 160),
        ("strategy_succeeds<0", lambda row: row["outcome"] == "crashed"),
        ("copies>=3", lambda row: row["copies"] >= 3),
        ("step:3", lambda row: row["step"] == 3),
        ("crashed", lambda row: row["outcome"] == "crashed"),
        ("crashed step=5-9", lambda row: row["outcome"] == "crashed" and 5 <= row["step"] <= 9),
    ],
)
def test_a_filter_lists_what_it_says_and_all_of_it(finished, words, holds):
    with RunReader(finished) as reader:
        every = rows_of(reader, list(listed(reader, Order())))
        found = set(listed(reader, Order(words=words), REWARDS))
        assert found == {number for number, row in every.items() if holds(row)}
        assert found


def test_a_word_is_looked_for_in_the_source_and_never_read_as_sql(finished):
    with RunReader(finished) as reader:
        assert listed(reader, Order(words="random.choice"))
        assert not listed(reader, Order(words="');DROP"))
        assert not listed(reader, Order(words="%"))


@pytest.mark.parametrize("words", ["scoer>3", "score>much", "outcome>lost", "x'=1"])
def test_a_filter_that_makes_no_sense_is_refused_in_one_line(finished, words):
    if words == "x'=1":  # no comparison at all, so a word of the source
        with RunReader(finished) as reader:
            assert not listed(reader, Order(words=words))
        return
    with RunReader(finished) as reader, pytest.raises(FilterError) as refusal:
        listed(reader, Order(words=words), REWARDS)
    assert "\n" not in str(refusal.value)


def test_rounds_are_filtered_and_sorted_by_where_there_are_no_steps(made_run, tmp_path, drive, until, seen):
    search = made_run.make_run(tmp_path, 3, kind="improve")
    with RunReader(search) as reader:
        assert set(listed(reader, Order("round", words="round=2-3", kind=RunKind.SEARCH))) == set(
            listed(reader, Order("step", words="step=2-3"))
        )
        with pytest.raises(FilterError, match=r"nothing is called step; .*round, group"):
            listed(reader, Order(words="step=2", kind=RunKind.SEARCH))

    async def play(app, pilot):
        table, _ = await opened(app, pilot, until)
        await pilot.press("slash")
        await until(pilot, lambda: "comparisons with round" in seen(app))
        assert "step" not in str(app.screen.query_one("Input").placeholder)
        await pilot.press(*"round=2", "enter")
        await until(pilot, lambda: "filter: round=2" in seen(app))
        shown = len(table)
        await pilot.press("o")
        await until(pilot, lambda: "by round" in seen(app))
        assert "round▼" in seen(app)
        # What is opened from a histogram speaks the same language.
        await pilot.press("8")
        await until(pilot, lambda: "rewards of round 3" in seen(app))
        await pilot.press("enter")
        await until(pilot, lambda: "purpose=training round=3" in seen(app))
        assert 0 < len(table) <= shown

    drive(search, play)


@given(st.text(max_size=60))
def test_no_filter_a_person_can_type_does_worse_than_being_refused(finished, words):
    with RunReader(finished) as reader, contextlib.suppress(FilterError):
        listed(reader, Order(words=words), REWARDS)


def test_the_chosen_strategy_is_told_with_source_reward_diff_and_game(finished, drive, until, seen):
    async def play(app, pilot):
        table, detail = await opened(app, pilot, until)
        first = detail.told.row["id"]
        await pilot.press("down")
        await until(pilot, lambda: detail.told.row["id"] != first)
        assert "def strategy(board)" in seen(app)
        await pilot.press("v")
        await until(pilot, lambda: "- the champion" in seen(app) or "the same source as" in seen(app))
        await pilot.press("d")
        await until(pilot, lambda: "the best other one of its group" in seen(app))
        await pilot.press("v")
        await until(pilot, lambda: "half way from random to the best baseline" in seen(app))
        assert "GRPO makes it" in seen(app)
        await pilot.press("v")
        await until(pilot, lambda: "game 1 of 2" in seen(app))
        assert table.chosen == detail.told.row["id"]

    drive(finished, play, size=(160, 50))


def test_a_reward_is_told_as_value_times_weight_and_with_what_else_there_was_to_earn(finished, drive, until, seen):
    async def play(app, pilot):
        _, detail = await opened(app, pilot, until)
        await pilot.press("v", "v")
        await until(pilot, lambda: "what else there was to earn" in seen(app))
        assert detail.told.weights["progress"] == 2
        lines = [line.split("│")[-1] for line in seen(app).splitlines()]
        progress = next(line.split() for line in lines if "half way from random" in line)
        at = progress.index("progress")
        value, weight, part = (float(word) for word in progress[at + 1 : at + 4])
        assert part == pytest.approx(value * weight, abs=0.01)
        assert "+20 won, +2 played to another end" in seen(app)
        assert "in this run: lost 2 (408), crashed -3 (72)" in seen(app)

    drive(finished, play, size=(160, 50))


def test_what_each_outcome_earned_is_counted_over_the_newest_strategies(finished):
    with RunReader(finished) as reader:
        paid = earned_by_outcome(reader, ["strategy_succeeds", "progress", 'a "name"'])
        rows = [row for step in range(1, 31) for row in reader.strategies(step)]
    assert set(paid) == {"strategy_succeeds", "progress"}
    assert list(paid["progress"]) == ["lost", "crashed"]
    lost = [row["rewards"]["progress"] for row in rows if row["outcome"] == "lost"]
    assert paid["progress"]["lost"] == (pytest.approx(min(lost)), pytest.approx(sum(lost) / len(lost)),
                                        pytest.approx(max(lost)), len(lost))  # fmt: skip
    assert elsewhere(paid["strategy_succeeds"]) == f"lost 2 ({len(lost)}), crashed -3 ({len(rows) - len(lost)})"


def test_another_order_or_filter_puts_the_cursor_on_top(finished, drive, until, seen):
    async def play(app, pilot):
        table, _ = await opened(app, pilot, until)
        await pilot.press(*["down"] * 7)
        await until(pilot, lambda: table.cursor == 7)
        await pilot.press("o")
        await until(pilot, lambda: "by step" in seen(app) and table.cursor == 0)
        await pilot.press("down", "down")
        await ask(app, pilot, until, "outcome=crashed")
        await until(pilot, lambda: "filter: outcome=crashed" in seen(app) and table.cursor == 0)

    drive(finished, play, size=(160, 50))


def test_a_crash_shows_its_error(finished, drive, until, seen):
    async def play(app, pilot):
        _, detail = await opened(app, pilot, until)
        await ask(app, pilot, until, "outcome=crashed")
        await until(pilot, lambda: detail.told.row["outcome"] == "crashed")
        await until(pilot, lambda: "IndexError: list index out of range" in seen(app))
        assert "filter: outcome=crashed" in seen(app)

    drive(finished, play, size=(160, 50))


def test_a_bad_filter_is_said_and_the_list_stays(finished, drive, until, seen):
    async def play(app, pilot):
        table, _ = await opened(app, pilot, until)
        before = len(table)
        await pilot.press("slash", *"scoer>1", "enter")
        await until(pilot, lambda: "did you mean score?" in seen(app))
        assert len(table) == before

    drive(finished, play, size=(160, 50))


def test_keys_and_clicks_on_headings_sort(finished, drive, until, seen):
    async def play(app, pilot):
        table, _ = await opened(app, pilot, until)
        await pilot.press("o")
        await until(pilot, lambda: "by step" in seen(app))
        await pilot.click(StrategyTable, offset=(28, 0))
        await until(pilot, lambda: "by score" in seen(app) and "score▼" in seen(app))
        scores = [row["score"] for row in rows_of(app.reader, list(table._ids[:20])).values()]
        best = max(scores)
        assert rows_of(app.reader, [table._ids[0]])[table._ids[0]]["score"] == best
        await pilot.click(StrategyTable, offset=(28, 0))
        await until(pilot, lambda: "score▲" in seen(app))
        await pilot.press("O")
        await until(pilot, lambda: "score▼" in seen(app))
        await pilot.click(StrategyTable, offset=(5, 4))
        await until(pilot, lambda: table.cursor == 3)

    drive(finished, play)


def test_the_ends_of_a_hundred_thousand_rows_are_a_key_away(large, drive, until, seen):
    async def play(app, pilot):
        table, detail = await opened(app, pilot, until)
        assert len(table) == 100_000
        assert "100,000 strategies" in seen(app)
        await pilot.press("end")
        await until(pilot, lambda: table.cursor == 99_999 and detail.told.row["id"] == table.chosen == 1)
        await pilot.press("pageup", "home")
        await until(pilot, lambda: table.cursor == 0)
        held = sum(len(page) for page in table._pages.values())
        assert held < 5_000  # the rest stays in the database
        await ask(app, pilot, until, "score>3000")
        await until(pilot, lambda: 0 < len(table) < 100_000)

    drive(large, play)


def test_what_is_looked_at_stays_chosen_when_new_strategies_come(made_run, tmp_path, drive, until):
    import random

    rng, played = random.Random(1), made_run.episodes()
    writer = made_run.open_run(tmp_path, "growing", 40)
    made_run.write_step(writer, 1, played, rng)

    async def play(app, pilot):
        table, _ = await opened(app, pilot, until)
        await pilot.press("down", "down")
        chosen = table.chosen
        made_run.write_step(writer, 2, played, rng)
        await until(pilot, lambda: len(table) == 32)
        assert table.chosen == chosen
        assert table.cursor == 18

    drive(writer.folder, play)
    writer.close()


def test_a_game_plays_steps_back_and_shows_what_the_rules_say(finished, drive, until, seen):
    async def play(app, pilot):
        await opened(app, pilot, until)
        await pilot.press("v", "v", "v")
        view = app.query_one(GameView)
        whole = len(view.episode.actions)
        await until(pilot, lambda: f"move {whole:,} of {whole:,}" in seen(app))
        assert f"score {view.episode.score:,.0f}" in seen(app)
        assert view.still.score == view.episode.score
        await pilot.press("comma")
        await until(pilot, lambda: f"move {whole - 1:,} of" in seen(app))
        await pilot.press("home")
        await until(pilot, lambda: "move 0 of" in seen(app))
        await pilot.press("full_stop", "full_stop")
        await until(pilot, lambda: "move 2 of" in seen(app))
        await pilot.press("left_square_bracket", "space")
        await until(pilot, lambda: "playing" in seen(app) and "2×" in seen(app) and view._move > 4)
        await pilot.press("space", "right_square_bracket")
        await until(pilot, lambda: "paused" in seen(app))
        await pilot.press("n")
        await until(pilot, lambda: "game 2 of 2" in seen(app))
        await pilot.press("escape")
        assert isinstance(app.focused, StrategyTable)

    drive(finished, play, size=(120, 50))


def test_source_recording_and_gif_are_written_where_one_is(finished, drive, until, seen, tmp_path):
    from grpo_arcade.recordings import load, verify

    async def play(app, pilot):
        table, detail = await opened(app, pilot, until)
        await ask(app, pilot, until, "outcome=crashed")
        # The one chosen before may have crashed too: the list and what is told must both have followed the filter.
        await until(pilot, lambda: "filter: outcome=crashed" in seen(app))
        await until(pilot, lambda: detail.told.row["id"] == table.chosen and detail.told.row["outcome"] == "crashed")
        number = detail.told.row["id"]
        episode = app.query_one(GameView).episode
        await pilot.press("r")
        recording = await until(pilot, lambda: next(tmp_path.glob("*.episode"), None))
        assert load(recording) == episode
        recording.unlink()
        await pilot.press("w")
        path = tmp_path / f"strategy-{number}.py"
        await until(pilot, path.exists)
        assert path.read_text() == detail.told.row["source"]
        await pilot.press("y")
        assert app.clipboard == detail.told.row["source"]
        await pilot.press("x")  # five moves, so the film is short
        # What the process that filmed it says at its end; before, the file may be half written.
        await until(pilot, lambda: ".gif: " in seen(app))
        gif = recording.with_suffix(".gif")
        assert gif.read_bytes()[-1:] == b"\x3b"
        assert gif.read_bytes()[:6] == b"GIF89a"
        episode = load(gif.with_suffix(".episode"))
        verify(episode)
        assert len(episode.actions) == 5

    drive(finished, play)


def test_nothing_of_a_model_reaches_the_terminal_as_a_command():
    assert clean("a\x1b[31mred\x1b[0m\x1b]0;title\x07b") == "aredb"
    assert "\x1b" not in clean("\x1b\x9b31m\x00")
    assert "\u202e" not in clean("evil\u202etxt")
    assert len(clean("x" * 10_000)) < 3_000
    assert clean("if x:\n\treturn") == "if x:\n    return"


def test_without_a_display_the_window_key_says_what_works(finished, drive, until, seen, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)

    async def play(app, pilot):
        await opened(app, pilot, until)
        await pilot.press("W")
        await until(pilot, lambda: "there is no display" in seen(app))

    drive(finished, play)


def test_the_window_is_opened_on_the_chosen_strategy_and_outlives_the_dashboard(finished, drive, until, monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    windows = []
    start = strategies.window_on
    monkeypatch.setattr(strategies, "window_on", lambda *words: windows.append(start(*words)) or windows[-1])

    async def play(app, pilot):
        table, _ = await opened(app, pilot, until)
        await pilot.press("down", "W")
        await until(pilot, lambda: windows)
        assert str(table.chosen) == windows[0]._process.args[-1]

    try:
        drive(finished, play)
        time.sleep(1.0)
        assert windows[0].code is None, windows[0].last_words()
    finally:
        for window in windows:
            window.stop()
            window._process.wait(30)


def test_source_is_selected_with_the_mouse_and_copied_as_it_was_written(finished, drive, until):
    async def play(app, pilot):
        _, detail = await opened(app, pilot, until)
        await ask(app, pilot, until, "random.choice")
        await until(pilot, lambda: detail.told.row["source"].startswith("import random"))
        whole = detail.told.row["source"]
        await pilot.mouse_down("#source", offset=(len("import "), 0))
        await pilot.hover("#source", offset=(len("    return") - 1, 3))
        await pilot.mouse_up("#source", offset=(len("    return") - 1, 3))
        expected = whole[len("import ") : whole.index("return") + len("return")]
        await until(pilot, lambda: app.screen.get_selected_text() == expected)
        marked, unmarked = (app.query_one("#source").render_line(y)._segments[0].style for y in (2, 0))
        assert marked.bgcolor != unmarked.bgcolor
        await pilot.press("y")
        assert app.clipboard == expected
        await pilot.press("escape")
        await until(pilot, lambda: not app.screen.get_selected_text())
        await pilot.press("y")
        assert app.clipboard == whole

    drive(finished, play, size=(160, 50))


def test_it_can_be_left_while_a_strategy_is_being_told(made_run, tmp_path, drive, until):
    folder = made_run.make_run(tmp_path, 2, "left")

    async def play(app, pilot):
        table, detail = await opened(app, pilot, until)
        await detail.query("*").remove()  # as far as closing has come when the answer arrives
        await pilot.press("down")
        await pilot.pause(0.3)
        await until(pilot, lambda: not app.workers)
        assert table.cursor == 1

    drive(folder, play)
