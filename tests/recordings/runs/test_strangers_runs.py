"""Whatever a run folder holds that somebody sent: it is read, or refused in one line, and hides no other."""

import contextlib
import json
import os
import random
import shutil
import sqlite3
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.arcade import cli
from grpo_arcade.arcade.dashboard.once import frame
from grpo_arcade.arcade.dashboard.read.facts import facts_of
from grpo_arcade.arcade.players.candidates import candidates
from grpo_arcade.arcade.report import write_report
from grpo_arcade.arcade.window.home import shelf
from grpo_arcade.arcade.window.watch.run_feed import glance
from grpo_arcade.games import make
from grpo_arcade.recordings import RecordingError, verify
from grpo_arcade.recordings.runs import schema
from grpo_arcade.recordings.runs.database import TABLE_NAMES
from grpo_arcade.recordings.runs.find import find_run
from grpo_arcade.recordings.runs.reader import RunFolderError, RunReader, list_runs
from grpo_arcade.recordings.runs.snapshot import snapshot_of
from grpo_arcade.recordings.runs.strategy_list import Order, listed, rows_of

COLUMNS = {
    table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    for connection in [sqlite3.connect(":memory:")]
    for _ in [connection.executescript(schema.TABLES)]
    for table in TABLE_NAMES
}


def use(folder):
    """Everything that reads a run, each part by itself. What it raises is what a person would see."""
    refusals = []

    @contextlib.contextmanager
    def part():
        try:
            yield
        except RunFolderError as error:
            refusals.append(str(error))

    with part():
        facts = facts_of(snapshot_of(folder), 2e9)
        json.dumps(facts)
        assert frame(facts)
    with part(), RunReader(folder) as reader:
        for read in (reader.config, reader.summary, reader.steps, reader.evaluations, reader.held_out, reader.champions,
                     reader.champion, reader.events, reader.alarms, reader.commands, reader.checkpoints,
                     reader.reward_names, reader.reward_weights, reader.judged_step, reader.training_step):  # fmt: skip
            with part():
                read()
        with part():
            ids = listed(reader, Order("reward"), reader.reward_names())
            rows_of(reader, ids[:20])
            for number in ids[:2]:
                with part():
                    reader.strategy(number)
                    reader.best_mate(number)
                    for episode in reader.episodes(number)[:1]:
                        with contextlib.suppress(RecordingError):
                            verify(episode)
        for step in (1, 3):
            with part():
                reader.groups(step)
                reader.strategies(step)
    with part():
        write_report(folder, folder.parent / "report.html", film=False)
    news = glance(folder, None)
    refusals += [news.problem] if news is not None and news.problem else []
    assert all(len(line.splitlines()) == 1 for line in refusals), refusals
    return refusals


def lists(outputs, good, capsys):
    """Every list shows the good run, whatever lies beside it."""
    assert good.name in {run.path.name for run in list_runs(outputs)}
    assert good.name in {run.path.name for run in shelf.look(outputs, outputs / "none").runs}
    assert find_run("latest", outputs)
    candidates(make("2048"), outputs)
    assert cli.main(["runs", "--json", "--output-dir", str(outputs)]) == 0
    told = capsys.readouterr()
    assert good.name in told.out
    assert len(told.err.splitlines()) <= 1


def test_the_run_of_these_tests_is_read_to_its_end(whole_run):
    assert use(whole_run) == []


def damaged(folder, number, count=600):
    path = folder / "run.db"
    data = bytearray(path.read_bytes())
    chance = random.Random(number)
    for _ in range(count):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


@pytest.mark.parametrize("number", range(20))
def test_flipped_bytes_are_told_in_one_line_or_do_no_harm(tmp_path, whole_run, capsys, number):
    shutil.copytree(whole_run, tmp_path / "bad")
    shutil.copytree(whole_run, tmp_path / "good")
    damaged(tmp_path / "bad", number, (3, 60, 600)[number % 3])
    use(tmp_path / "bad")
    lists(tmp_path, tmp_path / "good", capsys)


values = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=20),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    ).map(json.dumps),
    st.sampled_from(
        ["[" * 5_000, "{}", "[]", "NaN", "null", "1e999", '"running"', "\x1b[2K", "9" * 5_000, "1" + "0" * 18]
    ),
)


@given(
    st.lists(
        st.sampled_from(TABLE_NAMES).flatmap(
            lambda t: st.tuples(st.just(t), st.sampled_from(COLUMNS[t]), values, st.integers(0, 100))
        ),
        min_size=1,
        max_size=3,
    ),
    st.booleans(),
)
def test_any_value_in_any_column_is_told_in_one_line_or_does_no_harm(tmp_path_factory, whole_run, changes, every):
    folder = tmp_path_factory.mktemp("fuzz") / "run"
    shutil.copytree(whole_run, folder)
    with contextlib.closing(sqlite3.connect(folder / "run.db", isolation_level=None)) as connection:
        for table, column, value, row in changes:
            ((rows,),) = connection.execute(f"SELECT count(*) FROM {table}")
            one = f"SELECT {column} FROM {table} LIMIT 1 OFFSET {row % max(1, rows)}"
            which = "" if every else f"WHERE {column} = ({one})"
            with contextlib.suppress(sqlite3.IntegrityError, UnicodeEncodeError):
                connection.execute(f"UPDATE {table} SET {column} = ? {which}", (value,))
    use(folder)


@given(st.data())
def test_any_bytes_changed_are_told_in_one_line_or_do_no_harm(tmp_path_factory, whole_run, data):
    folder = tmp_path_factory.mktemp("fuzz") / "run"
    shutil.copytree(whole_run, folder)
    content = bytearray((folder / "run.db").read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(content) - 1) | st.integers(0, 4096))
        content[place : place + 4] = data.draw(st.binary(min_size=4, max_size=4))
    (folder / "run.db").write_bytes(content[: data.draw(st.just(len(content)) | st.integers(0, len(content)))])
    use(folder)


ENDLESS = "WITH RECURSIVE endless(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM endless)"


def script(statements):
    def change(folder):
        with contextlib.closing(sqlite3.connect(folder / "run.db", isolation_level=None)) as connection:
            connection.executescript(statements)

    return change


def config(text):
    return lambda folder: (folder / "config.json").write_bytes(text)


def pipe(name):
    def change(folder):
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return change


BAD = {
    "a view that never ends": script(
        f"DROP TABLE run; CREATE VIEW run AS {ENDLESS} SELECT n AS key, n AS value FROM endless;"
    ),
    "a view beside the tables": script(f"CREATE VIEW more AS {ENDLESS} SELECT n FROM endless;"),
    "a trigger": script("CREATE TRIGGER t AFTER INSERT ON commands BEGIN DELETE FROM run; END;"),
    "a computed column": script("ALTER TABLE run ADD COLUMN more AS (length(hex(zeroblob(100000000))));"),
    "broken JSON": script("UPDATE run SET value = '{' WHERE key = 'status';"),
    "deep JSON": script(f"UPDATE run SET value = '{'[' * 100_000}';"),
    "a step that is a table": script("UPDATE run SET value = '{}' WHERE key = 'step';"),
    "a start that is no number": script("UPDATE run SET value = '\"x\"' WHERE key = 'started';"),
    "text that is not UTF-8": script("UPDATE run SET value = CAST(x'22ff22' AS TEXT) WHERE key = 'game';"),
    "means that are text": script("UPDATE evaluations SET mean = 'many';"),
    "times that are blobs": script("UPDATE steps SET time = x'00';"),
    "a table is missing": script("DROP TABLE evaluations;"),
    "not a database": lambda folder: (folder / "run.db").write_bytes(b"SQLite format 3\0" + bytes(4000)),
    "a folder in its place": lambda folder: ((folder / "run.db").unlink(), (folder / "run.db").mkdir()),
    "a link to itself": lambda folder: ((folder / "run.db").unlink(), os.symlink("run.db", folder / "run.db")),
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_a_bad_run_is_refused_in_one_line_and_hides_no_other(tmp_path, whole_run, capsys, change):
    shutil.copytree(whole_run, tmp_path / "bad")
    shutil.copytree(whole_run, tmp_path / "good")
    change(tmp_path / "bad")
    lists(tmp_path, tmp_path / "good", capsys)
    assert use(tmp_path / "bad")
    for words in (["runs"], ["dash", "--once"], ["dash", "--json"]):
        assert cli.main([words[0], str(tmp_path / "bad"), *words[1:]]) == 2
        told = capsys.readouterr()
        assert not told.out
        assert len(told.err.splitlines()) == 1
        assert told.err.startswith("arcade: ")


def test_a_step_whose_rewards_have_another_shape_is_one_of_which_nothing_was_recorded(tmp_path, whole_run):
    shutil.copytree(whole_run, tmp_path / "run")
    script("UPDATE steps SET rewards = '{\"progress\": 1}', outcomes = '[]';")(tmp_path / "run")
    facts = facts_of(snapshot_of(tmp_path / "run"), 2e9)
    assert facts["rewards"] == {}
    assert facts["outcomes_recent"] == {}
    assert use(tmp_path / "run")


def test_the_list_says_which_folder_could_not_be_read(tmp_path, whole_run, capsys):
    shutil.copytree(whole_run, tmp_path / "bad")
    BAD["a trigger"](tmp_path / "bad")
    assert cli.main(["runs", "--output-dir", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert "no runs" in told.out
    assert f"{tmp_path / 'bad' / 'run.db'} is damaged: it holds more than tables: trigger t" in told.err


CONFIGS = {
    **{"no": b"", "broken": b"{", "deep": b"[" * 90_000, "latin": b'{"config": {"game": "\xe9"}}', "list": b"[1]"},
    **{"null": b'{"config": null}', "huge": b'{"config": "' + bytes(40 << 20) + b'"}', "flat": b'{"config": {}}'},
}


@pytest.mark.parametrize("change", [*map(config, CONFIGS.values()), pipe("config.json")], ids=[*CONFIGS, "a pipe"])
def test_a_bad_configuration_stands_in_nobodys_way(tmp_path, whole_run, capsys, change):
    if not hasattr(os, "mkfifo"):
        pytest.skip("pipes with names")
    shutil.copytree(whole_run, tmp_path / "bad")
    change(tmp_path / "bad")
    lists(tmp_path, tmp_path / "bad", capsys)
    use(tmp_path / "bad")
    assert cli.main(["dash", str(tmp_path / "bad"), "--once"]) == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names")
@pytest.mark.parametrize("name", ["run.lock", "log.txt"])
def test_nobody_waits_for_a_pipe(tmp_path, whole_run, capsys, name):
    shutil.copytree(whole_run, tmp_path / "bad")
    pipe(name)(tmp_path / "bad")
    lists(tmp_path, tmp_path / "bad", capsys)
    use(tmp_path / "bad")


def test_a_query_that_never_ends_is_ended(whole_run, monkeypatch):
    monkeypatch.setattr("grpo_arcade.recordings.runs.database._MOST_SECONDS", 0.2)
    with RunReader(whole_run) as reader:
        with pytest.raises(RunFolderError, match="took too long"):
            reader.query(f"{ENDLESS} SELECT count(*) FROM endless")
        assert reader.champion() is not None


def test_a_run_cannot_be_written_through_a_reader(whole_run):
    before = (whole_run / "run.db").read_bytes()
    with RunReader(whole_run) as reader:
        for sql in ("DELETE FROM run", "PRAGMA writable_schema = 1", "ATTACH ':memory:' AS other", "VACUUM"):
            with contextlib.suppress(RunFolderError):
                reader.query(sql)
        with pytest.raises(RunFolderError):
            reader.query("UPDATE run SET value = 'x'")
    assert (whole_run / "run.db").read_bytes() == before


BOMBS = {
    "actions": ("UPDATE episodes SET actions = ?", zlib.compress(bytes(100 << 20), 9)),
    "token ids": ("UPDATE completions SET token_ids = ?", zlib.compress(bytes(100 << 20), 9)),
    "a table of JSON": ("UPDATE steps SET metrics = ? WHERE step = 3", "[" + "{}," * 5_000_000 + "0]"),
    "facts": ("UPDATE run SET value = ? WHERE key = 'status'", "[" + "{}," * 5_000_000 + "0]"),
}


@pytest.mark.parametrize(("sql", "value"), BOMBS.values(), ids=BOMBS)
def test_what_unpacks_to_much_more_is_refused_before_it_does(tmp_path, whole_run, sql, value):
    shutil.copytree(whole_run, tmp_path / "bomb")
    with contextlib.closing(sqlite3.connect(tmp_path / "bomb" / "run.db", isolation_level=None)) as connection:
        connection.execute(sql, (value,))
    size = (tmp_path / "bomb" / "run.db").stat().st_size
    tracemalloc.start()
    refusals = use(tmp_path / "bomb")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refusals
    assert peak < (64 << 20) + 8 * size


def test_many_small_bombs_are_one_large_one(tmp_path, whole_run):
    shutil.copytree(whole_run, tmp_path / "bomb")
    with contextlib.closing(sqlite3.connect(tmp_path / "bomb" / "run.db", isolation_level=None)) as connection:
        (number,) = connection.execute("SELECT min(id) FROM strategies").fetchone()
        connection.execute("DELETE FROM episodes WHERE strategy_id = ?", (number,))
        blob = zlib.compress(bytes(1 << 20), 9)
        rows = [(number, place, 0, "won", 0.0, 1, 0, blob) for place in range(200)]
        connection.executemany("INSERT INTO episodes VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    with RunReader(tmp_path / "bomb") as reader, pytest.raises(RunFolderError, match="unpacks to more"):
        reader.episodes(number)


def test_an_evaluation_of_games_in_which_nothing_happened_is_read(tmp_path, whole_run):
    shutil.copytree(whole_run, tmp_path / "idle")
    with contextlib.closing(sqlite3.connect(tmp_path / "idle" / "run.db", isolation_level=None)) as connection:
        (number,) = connection.execute("SELECT min(id) FROM strategies").fetchone()
        connection.execute("DELETE FROM episodes WHERE strategy_id = ?", (number,))
        rows = [(number, place, 0, "won", 0.0, 1, 0, zlib.compress(bytes(108_000), 6)) for place in range(100)]
        connection.executemany("INSERT INTO episodes VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    with RunReader(tmp_path / "idle") as reader:
        assert len(reader.episodes(number)) == 100


def test_checkpoints_that_are_none_are_passed_over(tmp_path, whole_run):
    shutil.copytree(whole_run, tmp_path / "run")
    for name in ("checkpoint-x", "checkpoint-", "checkpoint--1", f"checkpoint-{'9' * 200}", "checkpoint-2"):
        (tmp_path / "run" / name).mkdir()
        (tmp_path / "run" / name / "arcade_state.json").write_text("{}")
    with RunReader(tmp_path / "run") as reader:
        assert [path.name for path in reader.checkpoints()] == ["checkpoint-2"]


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_folder_whose_name_is_not_utf8_is_a_run_like_any_other(tmp_path, whole_run, capfdbinary):
    outputs = os.fsencode(tmp_path) + b"/outputs"
    shutil.copytree(os.fsencode(whole_run), outputs + b"/caf\xe9-run")
    folder = os.fsdecode(outputs + b"/caf\xe9-run")
    assert use(find_run("caf", os.fsdecode(outputs))) == []
    for words in (
        ["runs"],
        ["runs", folder],
        ["dash", folder, "--once"],
        ["dash", folder, "--json"],
        ["runs", "--json"],
    ):
        assert cli.main([*words, "--output-dir", os.fsdecode(outputs)]) == 0, words
        assert b"run" in capfdbinary.readouterr().out


def test_opening_a_run_stays_quick(whole_run):
    """Lists open every run there is."""
    with RunReader(whole_run):
        pass
    begun = time.thread_time()
    for _ in range(100):
        RunReader(whole_run).close()
    assert time.thread_time() - begun < 2.0
