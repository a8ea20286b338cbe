"""Groups, evaluations, commands, log and configuration, on runs made by the real writer."""

import os
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import DataTable

from grpo_arcade.arcade.dashboard.tabs.groups import Groups, programs, shared_lines, strip_of
from grpo_arcade.arcade.dashboard.tabs.log import MOST_LINES, Tail, level_of
from grpo_arcade.recordings.runs.reader import RunReader


def test_a_log_that_is_a_pipe_is_not_waited_for_and_a_line_without_end_is_cut(tmp_path):
    tail = Tail()
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        tail.follow(tmp_path / "pipe")
        assert not tail.lines
    with (tmp_path / "log.txt").open("wb") as file:
        for _ in range(4):
            file.write(b"x" * 3_000_000)
            file.flush()
            tail.follow(tmp_path / "log.txt")
    assert len(tail._torn) < 100_000
    assert len(tail.torn) < 3_000


def test_a_group_stands_side_by_side_the_best_first(finished, drive, until, seen):
    async def play(app, pilot):
        await pilot.press("3")
        groups = app.query_one(Groups)
        await until(pilot, lambda: "step 30, group 1 of 2: 8 completions" in seen(app))
        await until(pilot, lambda: "def strategy(board)" in seen(app))
        columns = [column.plain for column in groups._shown.columns]
        advantages = [float(column.split()[1]) for column in columns]
        assert advantages == sorted(advantages, reverse=True)
        up = sum(advantage > 0.005 for advantage in advantages)
        assert f"makes {up} likelier" in seen(app)
        await pilot.press("g")
        await until(pilot, lambda: "group 2 of 2" in seen(app))
        await pilot.press("left")
        await until(pilot, lambda: "step 29, group 2 of 2" in seen(app))
        await pilot.press("z", *"5", "enter")
        await until(pilot, lambda: "step 5, group 2" in seen(app))
        await pilot.press("z", *"900", "enter")
        await until(pilot, lambda: "step 900 has no groups" in seen(app))
        await pilot.press("end")
        await until(pilot, lambda: "step 30, group" in seen(app))

    drive(finished, play, size=(160, 45))


def row(number, source, advantage):
    source_id = None if source is None else hash(source)
    return {"id": number, "source": source, "source_id": source_id, "advantage": advantage}


def test_completions_of_one_program_are_one_column_and_those_without_one_stay_apart():
    mates = [row(1, "a", 0.1), row(2, None, -1.0), row(3, "b", 0.9), row(4, "a", 0.1), row(5, None, -1.0)]
    assert [[each["id"] for each in alike] for alike in programs(mates)] == [[3], [1, 4], [2], [5]]


lines = st.lists(st.sampled_from(["import math", "x = 1", "", "def strategy(board):", "    return 'W'"]), min_size=1)


@given(lines, st.lists(lines, min_size=2, max_size=5))
def test_what_is_folded_all_programs_begin_with_and_no_program_is_folded_away(head, rests):
    sources = ["\n".join([*head, *rest]) for rest in rests]
    count = shared_lines([*sources, None])
    split = [source.splitlines() for source in sources]
    assert all(each[:count] == split[0][:count] for each in split)
    assert count < min(map(len, split))
    if count:
        assert count >= 3
        assert len({tuple(each[: count + 1]) for each in split}) > 1 or count == min(map(len, split)) - 1


def test_a_strip_shows_every_advantage_and_its_ends():
    strip = strip_of([1.5, 0.5, 0.0, -1.5])
    assert strip.plain == " advantages +1.50 █ ▃ · █ -1.50"
    assert [str(span.style) for span in strip.spans][:4] == ["green", "green", "dim", "red"]
    assert strip_of([]).plain == ""


def test_what_all_programs_of_a_group_begin_with_is_folded_until_asked_for(made_run, tmp_path, drive, until, seen):
    rng, played = random.Random(1), made_run.episodes()
    head = "import math\n\nWEIGHTS = [1, 2, 3]\n\n"
    with made_run.open_run(tmp_path, "alike", 40) as writer:
        writer.group(1, "training", 0, 0, made_run.OPTIONS, made_run.SEEDS)
        sources = [f"{head}def strategy(board):\n    return {letter!r}\n" for letter in "WWAS"]
        ids = [
            writer.strategy(1, "training", at, 0, made_run.Rollout(source, source, played["random"]), [1], False)
            for at, source in enumerate(sources)
        ]
        writer.judged(ids, [{"progress": 1.0}] * 4, [{}] * 4, [2.0, 2.0, 1.0, 0.0], [1.0, 1.0, -0.5, -1.5])
        writer.step(made_run.step_row(1, rng, {"lost": 4}))

    async def play(app, pilot):
        await pilot.press("3")
        await until(pilot, lambda: "4 completions, 3 different programs" in seen(app))
        assert "2 alike: also #2" in seen(app)
        assert "… 5 lines that all begin with" in seen(app)
        assert "WEIGHTS" not in seen(app)
        assert "return 'A'" in seen(app)
        assert "advantages +1.00" in seen(app)
        await pilot.press("f")
        await until(pilot, lambda: "WEIGHTS" in seen(app) and "lines that all begin" not in seen(app))

    drive(writer.folder, play, size=(160, 45))


def test_columns_of_a_group_slide(finished, drive, until, seen):
    async def play(app, pilot):
        await pilot.press("3")
        columns = app.query_one("#columns")
        await until(pilot, lambda: columns.max_scroll_x > 46)
        await pilot.press("full_stop")
        await until(pilot, lambda: columns.scroll_x == 46)
        await pilot.press("comma")
        await until(pilot, lambda: columns.scroll_x == 0)

    drive(finished, play)


def test_evaluations_show_scores_histogram_champions_and_another_run(finished, made_run, tmp_path, drive, until, seen):
    other = made_run.make_run(tmp_path, 20, "other")

    async def play(app, pilot):
        await pilot.press("4")
        await until(pilot, lambda: "after step 30: 2 strategies on 4 seeds" in seen(app))
        chart = app.query_one("#chart-evaluations")
        assert {curve.name for curve in chart._data.curves} == {"95 %", "", "made"}
        assert [bar[0] for bar in app.query_one("#chart-histogram")._data.bars] == ["64", "128", "256", "512"]
        assert app.query_one("#champion-table", DataTable).row_count == 3
        await pilot.press("left")
        await until(pilot, lambda: "after step 20:" in seen(app))
        await pilot.press("c", *str(other), "enter")
        await until(pilot, lambda: "other" in {curve.name for curve in chart._data.curves})
        await pilot.press("c", *"nothing", "enter")
        await until(pilot, lambda: "there is no run 'nothing'" in seen(app))
        await pilot.press("u")
        await until(pilot, lambda: "other" not in {curve.name for curve in chart._data.curves})

    drive(finished, play, size=(160, 45))


def test_an_evaluation_that_is_being_made_shows_how_far_it_is(made_run, tmp_path, drive, until, seen):
    rng, played = random.Random(1), made_run.episodes()
    writer = made_run.open_run(tmp_path, "live", 40)
    made_run.write_step(writer, 1, played, rng)
    writer.note(evaluating=[12, 64])

    async def play(app, pilot):
        await until(pilot, lambda: "evaluating, 12 of 64" in seen(app))
        await pilot.press("4")
        await until(pilot, lambda: "evaluating: 12 of 64 strategies" in seen(app))
        assert "none yet" not in seen(app)
        writer.note(evaluating=[])
        await until(pilot, lambda: "none yet" in seen(app))
        writer.note(evaluating=[13, 64])
        await until(pilot, lambda: "evaluating: 13 of 64" in seen(app))
        writer.close()  # the trainer is gone: nobody evaluates any more
        await pilot.press("1")
        await until(pilot, lambda: "crashed" in seen(app))

    drive(writer.folder, play, size=(160, 45))


def test_the_configuration_marks_what_differs(finished, drive, until, seen):
    async def play(app, pilot):
        await pilot.press("7")
        await until(pilot, lambda: "num_generations" in seen(app))
        lines = {line.split()[1]: line for line in seen(app).splitlines() if line.strip().startswith("●")}
        assert set(lines) >= {"num_generations", "max_steps"}
        # Beside a line may stand a piece of the bar that scrolls.
        assert lines["num_generations"].rstrip(" ▁▂▃▄▅▆▇█").split()[-2:] == ["8", "32"]

    drive(finished, play, size=(160, 60))


@pytest.mark.parametrize("keys", ["P", "E", "C", "G", "Sy"])
def test_a_finished_run_refuses_every_command_politely(finished, drive, until, seen, keys):
    async def play(app, pilot):
        await pilot.press(*keys)
        await until(pilot, lambda: "nobody is training" in seen(app))
        assert "--resume" in seen(app)

    drive(finished, play, size=(160, 45))
    with RunReader(finished) as reader:
        assert reader.commands() == []


def test_every_command_reaches_the_trainer_and_its_answer_comes_back(made_run, tmp_path, drive, until, seen):
    rng, played = random.Random(1), made_run.episodes()
    writer = made_run.open_run(tmp_path, "live", 40)
    made_run.write_step(writer, 1, played, rng)

    def answer(status="done", note=None):
        number, name, _ = writer.asked()[0]
        if note:
            writer.note(status=note)
        writer.answer(number, status, f"{name} answered", 1)
        return name

    async def play(app, pilot):
        await pilot.press("5")
        await until(pilot, lambda: "nothing was asked yet" in seen(app))
        await pilot.press("P")
        await until(pilot, writer.asked)
        assert answer("accepted", "paused") == "pause"
        await until(pilot, lambda: "pause answered" in seen(app) and " paused " in seen(app))
        await pilot.press("P")
        await until(pilot, writer.asked)
        assert answer("done", "running") == "resume"
        for key, name in (("E", "evaluate"), ("C", "save")):
            await pilot.press(key)
            await until(pilot, writer.asked)
            assert answer() == name
            await until(pilot, lambda name=name: f"{name}: done" in seen(app))
        await pilot.press("G")
        await until(pilot, writer.asked)
        assert answer("refused") == "gif"
        await until(pilot, lambda: "gif: refused" in seen(app))
        await pilot.press("S", "n")
        await pilot.pause()
        assert writer.asked() == []
        await pilot.press("S", "y")
        await until(pilot, writer.asked)
        assert answer(note="stopped") == "stop"
        table = app.query_one("#commands DataTable", DataTable)
        await until(pilot, lambda: table.row_count == 6)

    drive(writer.folder, play, size=(160, 45))
    writer.close()


def test_the_log_is_followed_found_in_and_shown_sanely(made_run, tmp_path, drive, until, seen):
    folder = made_run.make_run(tmp_path, 1, "log")
    log = folder / "log.txt"
    log.write_bytes(
        b"fine\n\x1b[31mValueError: bad\x1b[0m\n 10%|#\r 99%|##########\r\nUserWarning: old\n\xff\xfe\ntorn li"
    )

    async def play(app, pilot):
        await pilot.press("6")
        await until(pilot, lambda: "ValueError: bad" in seen(app))
        text = seen(app)
        assert "\x1b" not in text
        assert "10%|" not in text
        assert "99%|##########" in text
        assert "now: torn li" in text
        with log.open("ab") as file:
            file.write(b"ne is whole\n")
        await until(pilot, lambda: "torn line is whole" in seen(app))
        await pilot.press("l", "l")
        await until(pilot, lambda: "showing errors" in seen(app) and "UserWarning" not in seen(app))
        await pilot.press("l", "slash", *"USERW", "enter")
        await until(pilot, lambda: "with 'USERW'" in seen(app) and "ValueError" not in seen(app))
        assert "UserWarning: old" in seen(app)

    drive(folder, play)


def test_following_the_log_is_switched_off_and_on(made_run, tmp_path, drive, until, seen):
    folder = made_run.make_run(tmp_path, 1, "log")
    log = folder / "log.txt"
    log.write_text("".join(f"line {number}\n" for number in range(200)))

    async def play(app, pilot):
        await pilot.press("6")
        await until(pilot, lambda: "line 199" in seen(app) and "following" in seen(app))
        await pilot.press("f")
        await until(pilot, lambda: "(f follows)" in seen(app))
        with log.open("a") as file:
            file.write("one more\n" * 50)
        await until(pilot, lambda: "250 lines" in seen(app))
        assert "line 199" in seen(app)
        assert "one more" not in seen(app)
        await pilot.press("f")
        await until(pilot, lambda: "one more" in seen(app) and "line 199" not in seen(app))

    drive(folder, play)


def test_a_huge_log_is_read_from_its_end_and_a_new_one_from_its_start(tmp_path):
    path = tmp_path / "log.txt"
    path.write_text("".join(f"line {number}\n" for number in range(400_000)))
    tail = Tail()
    tail.follow(path)
    assert tail.lines[-1] == "line 399999"
    assert len(tail.lines) == MOST_LINES
    path.write_text("anew\n")
    tail.follow(path)
    assert list(tail.lines) == ["anew"]
    tail.follow(tmp_path / "missing.txt")


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("torch.OutOfMemoryError: CUDA", "errors"), ("Traceback (most recent call last):", "errors"),
        ("FutureWarning: x", "warnings"), ("step 3: no errors worth a word", "all"),
    ],
)  # fmt: skip
def test_levels_are_read_from_the_words_libraries_use(line, level):
    assert level_of(line) == level
