"""A run as a submission: an environment that OpenEnv's validation passes, and beside it the run's own numbers."""

import contextlib
import json
import re
import shutil
import sqlite3
import tomllib

import pytest

from grpo_arcade.arcade import cli
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.config import TrainConfig

pytest.importorskip("openenv")


@pytest.fixture(scope="module")
def whole_run(whole_run, tmp_path_factory):
    """The same, with games of its first and last evaluation."""
    folder = tmp_path_factory.mktemp("evaluated") / "made"
    shutil.copytree(whole_run, folder)
    with contextlib.closing(sqlite3.connect(folder / "run.db", isolation_level=None)) as connection:
        steps = connection.execute("SELECT min(step), max(step) FROM evaluations").fetchone()
        played = connection.execute(
            "SELECT id FROM strategies WHERE outcome = 'lost' AND id NOT IN (SELECT strategy_id FROM champions) LIMIT 4"
        ).fetchall()
        for place, (identity,) in enumerate(played):
            connection.execute(
                "UPDATE strategies SET purpose = 'evaluation', step = ?, position = ?, number = 0 WHERE id = ?",
                (steps[place % 2], place, identity),
            )
        for step in set(steps):
            connection.execute(
                "INSERT INTO groups SELECT ?, 'evaluation', 0, stage, options, seeds FROM groups LIMIT 1", (step,)
            )
    return folder


@pytest.fixture(scope="module")
def folder(whole_run, tmp_path_factory):
    target = tmp_path_factory.mktemp("submission") / "mine"
    assert cli.main(["submit", str(whole_run), str(target)]) == 0
    return target


def test_it_is_a_space_that_openenv_validates(folder):
    from openenv.cli.commands.push import _validate_openenv_directory
    from openenv.validation import Level, run_validation

    assert run_validation(folder, max_level=Level.STATIC).verdict.value == "pass"
    assert _validate_openenv_directory(folder)[0] == "arcade_2048"
    assert (folder / "README.md").read_text().startswith("---\ntitle: ")


def test_the_readme_answers_what_judges_ask_with_the_runs_own_numbers(folder, whole_run):
    text = (folder / "README.md").read_text()
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == [
        *("Problem", "Actions", "Observations", "Rewards", "Results", "Repeat it", "The story, in two minutes"),
        "The environment",
    ]
    with RunReader(whole_run) as run:
        last = run.held_out()[-1]
        champion = run.champion()
        name = f"after step {last.step}" if last.step else "before training"
        assert f"| **{name}** | {last.mean:,.0f} | {last.low:,.0f} to {last.high:,.0f} |" in text
        for name, mean in last.baselines.items():
            assert f"| {name} | {mean:,.0f} |" in text
        for name, weight in run.reward_weights().items():
            assert f"| `{name}` | {weight:g} |" in text
    assert champion.source.strip() in text
    assert (folder / "champion.py").read_text() == champion.source
    times = [60 * int(m) + int(s) for m, s in re.findall(r"^- \*\*(\d):(\d\d)\*\*", text, re.MULTILINE)]
    assert times == sorted(times)
    assert times[0] == 0
    assert 90 < times[-1] < 120
    assert "The first that played" in text
    # Every file it shows or links to is there.
    for name in re.findall(r"\]\(([^)]+)\)", text):
        assert name.startswith("https://") or (folder / name).is_file(), name


def test_the_film_shows_before_and_after_and_fits_what_sites_take(folder):
    from PIL import Image

    film = folder / "before-after.gif"
    assert film.stat().st_size < 10_000_000
    with Image.open(film) as picture:
        assert picture.n_frames > 1
        assert picture.width > 1.8 * 300


def test_the_configuration_is_the_runs_whole_one_and_trains_again(folder, whole_run, tmp_path, monkeypatch, capsys):
    with RunReader(whole_run) as run:
        settings = TrainConfig.of(run).to_dict()
        raw = run.config()["config"]
    told = tomllib.loads((folder / "train.toml").read_text())
    for name, value in raw.items():
        if value is not None and name not in ("run_name", "output_dir"):
            assert told[name] == value, name
    monkeypatch.chdir(tmp_path)
    assert cli.main(["train", "--config", str(folder / "train.toml"), "--dry-run", "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)
    said = json.dumps(planned)
    for name in ("num_generations", "learning_rate", "max_steps"):
        assert json.dumps(settings[name]) in said
    assert TrainConfig(**{name: tuple(v) if isinstance(v, list) else v for name, v in told.items()}).to_dict() == {
        **settings,
        **{name: TrainConfig().to_dict()[name] for name in ("run_name", "output_dir")},
    }


def test_nothing_of_the_machine_is_told(folder, whole_run):
    with RunReader(whole_run) as run:
        place = run.config()["config"]["output_dir"]
    for name in ("README.md", "train.toml", "report.html"):
        assert place not in (folder / name).read_text()


def test_words_of_others_are_no_markup(whole_run, tmp_path):
    bad = tmp_path / "bad"
    shutil.copytree(whole_run, bad)
    attack = "x | y <script>alert(1)</script> [here](http://x) ```\n# Heading"
    with contextlib.closing(sqlite3.connect(bad / "run.db", isolation_level=None)) as connection:
        (identity,) = connection.execute(
            "SELECT source_id FROM strategies WHERE id = (SELECT max(strategy_id) FROM champions)"
        ).fetchone()
        source = f'def strategy(board):\n    """\n```\n# Heading {attack}\n```` """\n    return "W"'
        connection.execute("UPDATE sources SET source = ? WHERE id = ?", (source, identity))
        connection.execute("UPDATE run SET value = ? WHERE key = 'model'", (json.dumps(attack),))
        baselines = json.dumps({attack: {"mean": 900.0, "scores": [1.0]}})
        connection.execute("UPDATE evaluations SET baselines = ?", (baselines,))
        connection.execute("UPDATE steps SET rewards = ?", (json.dumps({attack: {"mean": 1.0, "std": 1.0}}),))
    assert cli.main(["submit", str(bad), str(tmp_path / "out")]) == 0
    text = (tmp_path / "out" / "README.md").read_text()
    outside, fence = [], ""
    for line in text.splitlines():
        mark = re.match(r"`{3,}", line)
        if mark and not fence:
            fence = mark[0]
        elif fence and line == fence:
            fence = ""
        elif not fence:
            outside.append(line)
    assert fence == ""
    rest = "\n".join(outside)
    assert "script" in rest
    assert not re.search(r"(?<!\\)<script", rest)
    assert not re.search(r"(?<!\\)\[here(?<!\\)\]", rest)
    assert "# Heading" not in [line.strip() for line in outside]


def test_what_cannot_be_submitted_is_said_in_a_line(whole_run, tmp_path, capsys):
    assert cli.main(["submit"]) == 2
    assert "arcade submit latest my-submission" in capsys.readouterr().err
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("x")
    assert cli.main(["submit", str(whole_run), str(tmp_path / "full")]) == 2
    assert "is there already" in capsys.readouterr().err
    early = tmp_path / "early"
    shutil.copytree(whole_run, early)
    with contextlib.closing(sqlite3.connect(early / "run.db", isolation_level=None)) as connection:
        connection.execute("DELETE FROM episodes")
    assert cli.main(["submit", str(early), str(tmp_path / "none")]) == 2
    assert "no game of the evaluation" in capsys.readouterr().err
    with contextlib.closing(sqlite3.connect(early / "run.db", isolation_level=None)) as connection:
        connection.execute("DELETE FROM evaluations")
    assert cli.main(["submit", str(early), str(tmp_path / "none")]) == 2
    assert "has not been evaluated yet" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
