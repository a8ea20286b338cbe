"""The run folder: many readers and one writer, whole rows only, versions, commands, full disks, torn folders."""

import contextlib
import json
import multiprocessing
import os
import shlex
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from grpo_arcade.games import Episode, Outcome
from grpo_arcade.recordings.runs import schema
from grpo_arcade.recordings.runs.folder import DATABASE, RunFolderError, is_live
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.packed import pack_tokens, unpack_tokens
from grpo_arcade.recordings.runs.reader import RunReader, list_runs
from grpo_arcade.recordings.runs.writer import RunWriter
from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.scoring import Rollout

OPTIONS = {"size": 4, "target": 2048, "probability_fours": 0.1}
FACTS = {
    "game": "2048", "model": "pocket", "max_steps": 9, "run_key": "00" * 16,
    "episode_versions": {"rules": "1", "grpo-arcade": "0.1.0"},
}  # fmt: skip


def new_run(tmp_path, **changes):
    return RunWriter.create(TrainConfig(output_dir=str(tmp_path / "outputs"), **changes), FACTS)


def rollout(number, source="def strategy(board):\n    return 'W'\n"):
    episodes = tuple(
        Episode("2048", OPTIONS, 2**33 + seed, bytes([number % 4] * 40), Outcome.STUCK, 8.0 * number, 32)
        for seed in range(3)
    )
    return Rollout(f"```python\n{source}```", source, episodes)


def write_step(writer, number, strategies=4):
    writer.group(number, "training", 0, 0, OPTIONS, [2**33 + seed for seed in range(3)])
    ids = [
        writer.strategy(
            number, "training", place, 0, rollout(number, f"# {number % 7} {place}\n"), [1, 2, 70000], False
        )
        for place in range(strategies)
    ]
    writer.judged(ids, [{"progress": 0.5}] * strategies, [{"progress": "why"}] * strategies, [5.0] * strategies,
                  [0.1 * place for place in range(strategies)])  # fmt: skip
    writer.step(
        {
            "step": number, "time": 1.0, "stage": 0, "reward": 1.0, "loss": float("nan"),
            "outcomes": {"stuck": strategies}, "rewards": {"progress": {"mean": 0.5, "std": 0.0}}, "metrics": {},
        }
    )  # fmt: skip


def test_what_is_written_is_read_back_and_its_episodes_are_genuine(tmp_path):
    with new_run(tmp_path) as writer:
        write_step(writer, 1)
        with RunReader(writer.folder) as run:
            assert run.steps()[0]["outcomes"] == {"stuck": 4}
            assert run.steps()[0]["loss"] is None
            rows = run.strategies(1)
            assert [row["position"] for row in rows] == [0, 1, 2, 3]
            detail = run.strategy(rows[2]["id"])
            assert detail["token_ids"] == [1, 2, 70000]
            assert detail["rewards"] == {"progress": 0.5}
            assert detail["reasons"] == {"progress": "why"}
            assert detail["text"].startswith("```python")
            episodes = run.episodes(rows[0]["id"])
            assert [episode.seed for episode in episodes] == [2**33, 2**33 + 1, 2**33 + 2]
            assert episodes[0].actions == bytes([1] * 40)
            assert episodes[0].new_game().name == "2048"
            assert run.champion() is None
            assert run.query("SELECT COUNT(*) FROM sources")[0][0] == 4
            with pytest.raises(RunFolderError, match="no strategy 99"):
                run.strategy(99)


def test_the_same_source_is_stored_once(tmp_path):
    with new_run(tmp_path) as writer:
        for number in range(1, 15):
            write_step(writer, number)
        with RunReader(writer.folder) as run:
            assert run.query("SELECT COUNT(*) FROM strategies")[0][0] == 56
            assert run.query("SELECT COUNT(*) FROM sources")[0][0] == 28


def _read_until(folder, stop, results):
    seen, errors = 0, []
    with RunReader(folder) as run:
        while not stop.is_set():
            try:
                steps = run.steps()
                assert [row["step"] for row in steps] == list(range(1, len(steps) + 1))
                assert len(steps) >= seen
                seen = len(steps)
                for row in run.strategies(seen):
                    # A step's row is written after its strategies were judged.
                    assert row["reward"] == 5.0
                    assert len(run.episodes(row["id"])) == 3
            except Exception as error:
                errors.append(repr(error))
                break
    results.put((seen, errors))


def test_readers_in_other_processes_never_block_the_writer_and_see_only_whole_steps(tmp_path):
    context = multiprocessing.get_context("spawn")
    stop, results = context.Event(), context.Queue()
    with new_run(tmp_path) as writer:
        write_step(writer, 1)
        readers = [context.Process(target=_read_until, args=(writer.folder, stop, results)) for _ in range(2)]
        for reader in readers:
            reader.start()
        # A reader in the middle of a long read keeps its own view, and the writer goes on.
        connection = sqlite3.connect(f"file:{writer.folder / DATABASE}?mode=ro", uri=True, isolation_level=None)
        connection.execute("BEGIN")
        assert connection.execute("SELECT COUNT(*) FROM steps").fetchone()[0] == 1
        for number in range(2, 120):
            write_step(writer, number)
        assert connection.execute("SELECT COUNT(*) FROM steps").fetchone()[0] == 1
        connection.close()
        stop.set()
        found = [results.get(timeout=60) for _ in readers]
        for reader in readers:
            reader.join()
    assert [errors for _, errors in found] == [[], []]


def test_a_run_lives_as_long_as_its_writer_and_has_only_one(tmp_path):
    writer = new_run(tmp_path)
    writer.note(status="running")
    assert is_live(writer.folder)
    with RunReader(writer.folder) as run:
        assert run.status() == "running"
        with pytest.raises(RunFolderError, match="another process"):
            RunWriter.reopen(writer.folder, 0)
        command = run.send("save")
        assert writer.asked() == [(command, "save", "")]
        writer.answer(command, "done", "saved checkpoint-1", 1)
        assert run.commands()[0]["answer"] == "saved checkpoint-1"
        assert writer.asked() == []
        with pytest.raises(RunFolderError, match="no command 'dance'"):
            run.send("dance")
        writer.close()
        assert not is_live(writer.folder)
        assert run.status() == "crashed"
        with pytest.raises(RunFolderError, match="is crashed: nobody can save"):
            run.send("save")


def test_reopening_drops_what_came_after_the_checkpoint_and_nothing_else(tmp_path):
    with new_run(tmp_path) as writer:
        for number in range(1, 6):
            write_step(writer, number)
        writer.event("started", 0, "5 steps")
        writer.event("alarm", 5, "too late", name="zero_spread")
        with RunReader(writer.folder) as run:
            before = [run.strategies(number) for number in range(1, 4)]
    with RunWriter.reopen(writer.folder, 3) as writer, RunReader(writer.folder) as run:
        assert [row["step"] for row in run.steps()] == [1, 2, 3]
        assert [run.strategies(number) for number in range(1, 4)] == before
        assert run.strategies(4) == []
        assert run.query("SELECT COUNT(*) FROM episodes")[0][0] == 36
        assert run.query("SELECT COUNT(*) FROM completions")[0][0] == 12
        assert [event["kind"] for event in run.events()] == ["started"]
        assert run.alarms() == []
        write_step(writer, 4)
        assert len(run.strategies(4)) == 4


def test_runs_are_listed_newest_first_and_rubbish_is_left_out(tmp_path):
    for name in ("one", "two"):
        with new_run(tmp_path, run_name=name) as writer:
            write_step(writer, 1)
            writer.note(status="finished")
    (tmp_path / "outputs" / "rubbish").mkdir()
    (tmp_path / "outputs" / "rubbish" / DATABASE).write_bytes(b"no database at all, but long enough" * 10)
    runs = list_runs(tmp_path / "outputs")
    assert [run.path.name for run in runs] == ["two", "one"]
    assert (runs[0].status, runs[0].step, runs[0].max_steps) == ("finished", 1, 9)
    assert list_runs(tmp_path / "nowhere") == []
    with pytest.raises(RunFolderError, match="one exists"):
        new_run(tmp_path, run_name="one")


def test_what_is_no_run_is_refused_in_one_line(tmp_path):
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / DATABASE).write_text("hello" * 100)
    (tmp_path / "other").mkdir()
    sqlite3.connect(tmp_path / "other" / DATABASE).execute("CREATE TABLE t (x)").connection.close()
    for folder in ("nowhere", ".", "text", "other"):
        with pytest.raises(RunFolderError) as refusal:
            RunReader(tmp_path / folder)
        assert "\n" not in str(refusal.value)


def test_a_run_of_a_newer_version_is_refused_with_what_helps(tmp_path):
    with new_run(tmp_path) as writer:
        pass
    connection = sqlite3.connect(writer.folder / DATABASE)
    connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()
    with pytest.raises(RunFolderError, match=r"newer version.*pip install --upgrade"):
        RunReader(writer.folder)


def test_a_finished_run_can_be_read_where_nothing_may_be_written(tmp_path):
    with new_run(tmp_path) as writer:
        write_step(writer, 1)
    os.chmod(writer.folder / DATABASE, 0o444)
    os.chmod(writer.folder, 0o555)
    try:
        with RunReader(writer.folder) as run:
            assert len(run.steps()) == 1
    finally:
        os.chmod(writer.folder, 0o755)


def test_the_settings_of_a_run_are_read_back(tmp_path):
    with new_run(tmp_path, learning_rate=2e-4, rewards=("progress",)) as writer:
        pass
    with RunReader(writer.folder) as run:
        settings = TrainConfig.of(run)
        assert (settings.learning_rate, settings.rewards) == (2e-4, ("progress",))
        config = json.loads((writer.folder / "config.json").read_text())
        config["config"]["learning_rat"] = 1
        (writer.folder / "config.json").write_text(json.dumps(config))
        with pytest.raises(ConfigError, match="did you mean learning_rate"):
            TrainConfig.of(run)


def test_a_deleted_run_is_one_readable_line(tmp_path):
    with new_run(tmp_path) as writer:
        write_step(writer, 1)
    import shutil

    with RunReader(writer.folder) as run:
        shutil.rmtree(writer.folder)
        with pytest.raises(RunFolderError):
            run.config()
    with pytest.raises(RunFolderError, match="no such folder"):
        RunReader(writer.folder)


FILL = """
    import resource, sys
    sys.path.insert(0, sys.argv[2])
    from pathlib import Path
    from test_run_folder import *
    writer = new_run(Path(sys.argv[1]))
    write_step(writer, 1)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
    try:
        for number in range(2, 5000):
            write_step(writer, number)
    except RunFolderError as error:
        print(error)
        writer.close()
"""


def test_a_full_disk_is_one_line_and_a_valid_database(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FILL), str(tmp_path), os.path.dirname(__file__)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    assert "cannot be written" in done.stdout
    assert "arcade train --resume" in done.stdout
    folder = list_runs(tmp_path / "outputs")[0].path
    with RunReader(folder) as run:
        assert run.query("PRAGMA integrity_check")[0][0] == "ok"
        steps = [row["step"] for row in run.steps()]
        assert steps == list(range(1, len(steps) + 1))
        assert len(steps) > 3
    # With room again, it goes on.
    with RunWriter.reopen(folder, 3) as writer:
        write_step(writer, 4)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_place_is_refused_in_one_line(tmp_path):
    (tmp_path / "outputs").mkdir(mode=0o555)
    with pytest.raises(RunFolderError, match="cannot be written"):
        new_run(tmp_path)


@pytest.mark.parametrize("kind", RunKind)
def test_the_command_that_goes_on_with_a_run_can_be_typed_whatever_its_folder_is_called(tmp_path, kind):
    folder = tmp_path / "my outputs" / "it's $1"
    assert shlex.split(kind.again(folder)) == ["arcade", str(kind), "--resume", str(folder)]


def test_a_place_that_is_a_file_is_refused_in_one_line(tmp_path):
    (tmp_path / "outputs").write_text("")
    with pytest.raises(RunFolderError, match=r"cannot be written \(File exists\); choose another output_dir"):
        new_run(tmp_path)


def test_token_ids_of_any_vocabulary_survive():
    ids = [0, 1, 65535, 65536, 201087, 2**32 - 1]
    assert unpack_tokens(pack_tokens(ids)) == ids
    assert unpack_tokens(pack_tokens([])) == []


def test_a_command_of_the_trainer_before_is_refused_and_not_obeyed(tmp_path):
    with new_run(tmp_path) as writer:
        write_step(writer, 1)
        writer.note(status="running")
        with RunReader(writer.folder) as run:
            accepted, asked = run.send("pause"), run.send("stop")
        writer.answer(accepted, "accepted", "paused", 1)
    with RunWriter.reopen(writer.folder, 1) as writer, RunReader(writer.folder) as run:
        assert writer.asked() == []
        assert [row["id"] for row in run.commands()] == [accepted, asked]
        for row in run.commands():
            assert (row["status"], row["step"]) == ("refused", 1)
            assert "ended before" in row["answer"]


def test_what_is_written_together_is_written_whole_or_not_at_all(tmp_path):
    with new_run(tmp_path) as writer:
        write_step(writer, 1)
        with contextlib.suppress(KeyboardInterrupt), writer.together():
            write_step(writer, 2)
            raise KeyboardInterrupt
        with RunReader(writer.folder) as run:
            assert [row["step"] for row in run.steps()] == [1]
            assert run.strategies(2) == []
        write_step(writer, 2)


def test_a_folder_that_cannot_be_opened_is_given_free_again(tmp_path):
    with new_run(tmp_path) as writer:
        write_step(writer, 1)
    (writer.folder / DATABASE).write_bytes(b"torn" * 1000)
    with pytest.raises(RunFolderError, match="cannot be written"):
        RunWriter.reopen(writer.folder, 1)
    # The error, which pytest keeps, must not hold the lock.
    assert not is_live(writer.folder)
    with pytest.raises(TypeError):
        RunWriter.create(TrainConfig(output_dir=str(tmp_path), run_name="half"), {"nonsense": object()})
    assert not (tmp_path / "half").exists()
