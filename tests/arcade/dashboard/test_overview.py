"""The overview and the app around it, driven as a person drives them, on run folders the real writer made."""

import json
import random
import subprocess
import sys

import pytest

from grpo_arcade.arcade.dashboard.app import Dashboard
from grpo_arcade.arcade.dashboard.draw.numbers import duration, number
from grpo_arcade.arcade.dashboard.read.facts import facts_of
from grpo_arcade.arcade.dashboard.tabs.overview import Overview
from grpo_arcade.recordings.runs.folder import RunFolderError
from grpo_arcade.recordings.runs.history import History, Smooth
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.snapshot import RunFollower, snapshot_of


def charts_drawn(app):
    return all(chart.lines for chart in app.query("#overview Chart"))


def test_below_80_by_24_it_says_so_and_comes_back_when_enlarged(finished, drive, until, seen):
    async def play(app, pilot):
        text = seen(app)
        assert "needs 80×24" in text
        assert "60×20" in text
        assert "held-out" not in text
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: "held-out" in seen(app))
        await until(pilot, lambda: app.focused is app.query_one(Overview))  # and its keys work

    drive(finished, play, size=(60, 20))


def test_ascii_mode_shows_nothing_else(finished, drive, until, seen):
    async def play(app, pilot):
        await until(pilot, lambda: charts_drawn(app))
        app.refresh()
        await pilot.pause()
        svg = app.export_screenshot()
        shown = [line.split("</text>")[0].rsplit(">", 1)[1] for line in svg.split("<text ")[1:]]
        from html import unescape

        strange = {sign for line in shown for sign in unescape(line) if ord(sign) > 126 and sign != "\xa0"}
        assert not strange
        assert "held-out" in unescape(svg).replace("\xa0", " ")

    drive(finished, play, plain=True)


def test_no_colour_mode_shows_only_greys(finished, drive, until):
    import re

    async def play(app, pilot):
        await until(pilot, lambda: charts_drawn(app))
        svg = app.export_screenshot().split("<g class=", 1)[0]
        colours = re.findall(r"\.terminal-[\w-]+-r\d+ \{ fill: #(\w{6})", svg)
        assert colours
        assert {colour for colour in colours if not colour[:2] == colour[2:4] == colour[4:]} <= {
            "c5c8c6"
        }  # Rich draws blanks so

    drive(finished, play, colour=False)


def test_zoom_shows_a_range_and_refuses_nonsense(finished, drive, until, seen):
    async def play(app, pilot):
        async def ask(words):
            await pilot.press("z")
            await pilot.press(*words, "enter")

        await ask("10-20")
        await until(pilot, lambda: "steps 10 to 20" in seen(app))
        await ask("20-10")
        await until(pilot, lambda: "must be after the first" in seen(app))
        await ask("soon")
        await until(pilot, lambda: "is no range of steps" in seen(app))
        await pilot.press("left")
        await until(pilot, lambda: "steps 5 to 15" in seen(app))
        await pilot.press("0")
        await until(pilot, lambda: "steps 5 to" not in seen(app))
        await pilot.press("plus")
        await until(pilot, lambda: "steps 16 to 30" in seen(app))
        await pilot.press("minus")
        await until(pilot, lambda: "steps 16 to" not in seen(app))

    drive(finished, play)


def test_smoothing_is_switched_and_changes_the_curve(finished, drive, until):
    async def play(app, pilot):
        chart = app.query_one("#chart-reward")
        await until(pilot, lambda: chart._data)
        assert [curve.name for curve in chart._data.curves] == ["each step", "mean of 10"]
        await pilot.press("s", "s")
        await until(pilot, lambda: [curve.name for curve in chart._data.curves] == ["each step"])

    drive(finished, play)


def test_the_verdict_stands_first_and_its_evidence_is_a_key_away(finished, drive, until, seen):
    async def play(app, pilot):
        await until(pilot, lambda: "learnt: held-out +160 per 10 steps" in seen(app))
        await pilot.press("i")
        await until(pilot, lambda: "slope over 4 evaluations" in seen(app))
        assert "311 above random (1,090)" in seen(app)
        assert "esc closes" in seen(app)
        await pilot.press("escape")
        await until(pilot, lambda: "slope over" not in seen(app))

    drive(finished, play)


def test_scores_have_a_logarithmic_axis_when_asked(finished, drive, until, seen):
    async def play(app, pilot):
        await until(pilot, lambda: charts_drawn(app))
        assert "(log)" not in seen(app)
        await pilot.press("l")
        await until(pilot, lambda: "held-out score (log)" in seen(app))
        await pilot.press("z", *"10-20", "enter")
        await until(pilot, lambda: "steps 10 to 20" in seen(app) and "held-out score (log)" in seen(app))
        await pilot.press("0", "l")
        await until(pilot, lambda: "(log)" not in seen(app))

    drive(finished, play)


def test_the_header_shows_the_champion_where_its_curve_ends(finished, drive, until, seen):
    async def play(app, pilot):
        chart = app.query_one("#chart-held-out")
        await until(pilot, lambda: chart._data)
        (champion,) = [curve for curve in chart._data.curves if curve.name == "champion"]
        assert f"champion {number(champion.ys[-1])}" in seen(app)

    drive(finished, play)


def test_help_lists_the_keys_and_the_palette_the_trainers_commands(finished, drive, until, seen):
    async def play(app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: app.query("HelpPanel") and "Smooth" in seen(app) and "Screenshot" in seen(app))
        await pilot.press("question_mark")
        await until(pilot, lambda: not app.query("HelpPanel"))
        await pilot.press("ctrl+p", *"evaluate")
        await until(pilot, lambda: "Evaluate now" in seen(app))

    drive(finished, play, size=(160, 50))


def test_q_quits(finished, drive, until):
    async def play(app, pilot):
        await pilot.press("q")
        await until(pilot, lambda: not app._running or app._exit)

    drive(finished, play)


def test_the_screenshot_key_writes_an_svg(finished, drive, until, tmp_path):
    async def play(app, pilot):
        await pilot.press("f12")
        files = await until(pilot, lambda: list(tmp_path.glob("arcade-made-*.svg")))
        assert files[0].read_text().startswith("<svg")

    drive(finished, play)


def test_an_empty_run_is_shown_without_a_number(made_run, tmp_path, drive, until, seen):
    folder = made_run.make_run(tmp_path, 0, "empty", status="running", max_steps=50)

    async def play(app, pilot):
        await until(pilot, lambda: "step 0 of 50" in seen(app) and "nothing to plot yet" in seen(app))
        assert "crashed" in seen(app)  # it says running, but nobody holds its lock

    drive(folder, play)


def test_a_new_step_appears_by_itself_and_a_death_is_noticed(made_run, tmp_path, drive, until, seen):
    rng, played = random.Random(1), made_run.episodes()
    writer = made_run.open_run(tmp_path, "growing", 40)
    made_run.write_step(writer, 1, played, rng)

    async def play(app, pilot):
        await until(pilot, lambda: "step 1 of 40" in seen(app) and "running" in seen(app))
        made_run.write_step(writer, 2, played, rng)
        await until(pilot, lambda: "step 2 of 40" in seen(app))
        writer.close()
        await until(pilot, lambda: "crashed" in seen(app))

    drive(writer.folder, play)


def test_nothing_is_painted_while_nothing_changes(finished, run_app, until):
    async def play(app, pilot):
        await until(pilot, lambda: charts_drawn(app) and not app._looking)
        await pilot.pause(2.0)
        painted, display = [], app._display
        app._display = lambda screen, picture: (painted.append(picture), display(screen, picture))
        await pilot.pause(1.5)
        assert not painted
        await pilot.press("s")
        await until(pilot, lambda: painted)

    run_app(finished, play)


def test_a_strategy_is_no_news_before_its_step_has_ended(made_run, tmp_path):
    rng, played = random.Random(1), made_run.episodes()
    with made_run.open_run(tmp_path, "news", 40) as writer:
        made_run.write_step(writer, 1, played, rng)
        run = RunFollower(writer.folder)
        assert not run.changed()
        assert not run.has_news()
        writer.group(2, "training", 0, 0, {}, [1])
        assert run.changed()
        assert not run.has_news()
        made_run.write_step(writer, 3, played, rng)
        assert run.has_news()
        RunReader(writer.folder).send("save")
        assert run.has_news()
        writer.answer(1, "done", "saved", 3)
        assert run.has_news()
        assert not run.has_news()
        assert run.read().step == 3
        run.close()


def test_a_run_resumed_from_an_earlier_step_is_read_anew(made_run, tmp_path):
    rng, played = random.Random(1), made_run.episodes()
    writer = made_run.open_run(tmp_path, "resumed", 40)
    for step in (1, 2, 3):
        made_run.write_step(writer, step, played, rng)
    history = History()
    with RunReader(writer.folder) as reader:
        history.update(reader)
        assert list(history.steps) == [1, 2, 3]
        writer.close()
        from grpo_arcade.recordings.runs.writer import RunWriter

        with RunWriter.reopen(writer.folder, 1) as again:
            history.update(reader)
            assert list(history.steps) == [1]
            row = made_run.step_row(2, rng, {"won": 16})
            again.step({**row, "reward": 99.0})
            history.update(reader)
        assert history.columns["reward"][1] == 99.0
        assert history.outcome_mix(slice(1, 2)) == {"won": 16}


def test_a_folder_that_vanishes_is_said_in_the_header(made_run, tmp_path, drive, until, seen):
    import shutil

    folder = made_run.make_run(tmp_path, 2, "gone", status="finished")

    async def play(app, pilot):
        shutil.rmtree(folder)
        app.query_one(Overview)
        with RunReaderGone(app):
            await until(pilot, lambda: app._trouble and "gone" in seen(app))

    drive(folder, play)


class RunReaderGone:
    """SQLite keeps reading a deleted file on Linux; what a network folder does is to fail, which is what closing does."""

    def __init__(self, app):
        self.app = app

    def __enter__(self):
        self.app._follower.bell.close()

    def __exit__(self, *_):
        pass


@pytest.mark.parametrize("damage", ["newer", "foreign", "no database", "no folder"])
def test_what_is_no_readable_run_is_refused_in_one_line(made_run, tmp_path, damage):
    folder = made_run.make_run(tmp_path, 1, "damaged")
    import sqlite3

    if damage == "newer":
        connection = sqlite3.connect(folder / "run.db")
        connection.execute("PRAGMA user_version = 99")
        connection.close()
    elif damage == "foreign":
        (folder / "run.db").write_bytes(b"not a database" * 100)
    elif damage == "no database":
        (folder / "run.db").unlink()
    else:
        folder = tmp_path / "nowhere"
    told = subprocess.run(
        [sys.executable, "-m", "grpo_arcade.arcade.cli", "dash", str(folder), "--once"],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert told.returncode == 2
    assert len(told.stderr.strip().splitlines()) == 1
    assert "arcade: " in told.stderr
    if damage == "newer":
        assert "pip install --upgrade" in told.stderr
    with pytest.raises(RunFolderError):
        Dashboard(folder)


def test_a_run_with_an_older_schema_line_opens(made_run, tmp_path, drive, until, seen):
    import sqlite3

    folder = made_run.make_run(tmp_path, 2, "older")
    connection = sqlite3.connect(folder / "run.db")
    connection.execute("PRAGMA user_version = 0")
    connection.close()
    drive(folder, lambda app, pilot: until(pilot, lambda: "step 2 of 2" in seen(app)))


def test_once_and_json_tell_the_same_facts(finished, tmp_path):
    def ask(*options):
        order = [sys.executable, "-m", "grpo_arcade.arcade.cli", "dash", str(finished), *options]
        return subprocess.run(order, capture_output=True, text=True, cwd=tmp_path, check=True).stdout

    facts, frame = json.loads(ask("--json")), ask("--once", "--ascii")
    assert facts["step"] == 30
    assert frame.isascii()
    assert "\x1b" not in frame
    assert f"step       {facts['step']} of {facts['max_steps']}" in frame
    assert number(facts["held_out"][-1]["mean"]) in frame
    assert facts["alarms"][0]["message"] in frame
    assert sum(facts["outcomes_recent"].values()) == 160


def test_without_a_terminal_it_says_what_to_do_instead(finished):
    order = [sys.executable, "-m", "grpo_arcade.arcade.cli", "dash", str(finished)]
    told = subprocess.run(order, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert told.returncode == 2
    assert "--once" in told.stderr


def test_the_dashboard_loads_neither_torch_nor_pygame():
    program = (
        "import sys, grpo_arcade.arcade.dashboard.app, grpo_arcade.arcade.commands.dash, grpo_arcade.arcade.terminal\n"
        "print([name for name in ('torch', 'pygame', 'transformers', 'trl', 'numpy', 'PIL') if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_facts_of_a_run_are_json(finished):
    facts = facts_of(snapshot_of(finished), 1_700_000_600.0)
    assert json.loads(json.dumps(facts)) == facts
    assert facts["seconds_a_step"] == 7.0
    assert facts["elapsed_s"] == 30 * 7 + 5


def smoothed(values, span):
    smooth = Smooth(span)
    smooth.extend(values)
    return list(smooth.values)


def test_smoothing_keeps_a_constant_and_skips_what_is_missing():
    nan = float("nan")
    assert smoothed([2.0, 2.0, nan, 2.0], 10)[3] == pytest.approx(2.0)
    assert 1.0 < smoothed([1.0, 5.0], 10)[1] < 5.0


def test_a_curve_that_grows_is_smoothed_as_if_it_had_been_there_at_once():
    values = [random.Random(1).gauss(0, 1) for _ in range(100)]
    smooth = Smooth(10)
    for value in values:
        smooth.extend([value])
    assert list(smooth.values) == smoothed(values, 10)


@pytest.mark.parametrize(
    ("seconds", "words"), [(4, "4 s"), (90, "1:30"), (3725, "1:02:05"), (200_000, "2 d 07 h"), (None, "–")]
)
def test_durations_read_like_clocks(seconds, words):
    assert duration(seconds) == words
