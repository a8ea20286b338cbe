"""A search by a scripted endpoint: what is told and what is not, what is waited for, and what is kept."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from grpo_arcade.arcade.cli import main
from grpo_arcade.games import make
from grpo_arcade.recordings.runs.folder import RunFolderError
from grpo_arcade.recordings.runs.reader import RunReader

from .test_endpoint import chunk, serving, streamed

ORDERS = ("WASD", "SADW", "ASDW", "DSAW", "SDAW", "ADSW")
PROGRAM = """def strategy(board):
    def slid(row):
        kept = [value for value in row if value]
        return kept + [0] * (len(row) - len(kept))
    for way in "{order}":
        rows = board if way in "AD" else [list(row) for row in zip(*board)]
        rows = [row[::-1] if way in "DS" else row for row in rows]
        if any(row != slid(row) or any(a and a == b for a, b in zip(slid(row), slid(row)[1:])) for row in rows):
            return way
    return "W"
"""
SMALL = ("--size", "2", "--target", "16", "--champion-seeds", "4", "--eval-seeds", "2", "--workers", "1")
KEY = "ab" * 16


def fenced(source, before=""):
    return streamed(f"{before}```python\n{source}```")


def by_turns(orders=ORDERS):
    """Answers one program after another."""
    return [fenced(PROGRAM.format(order=order)) for order in orders]


def improve(server, folder, *words, rounds=2, candidates=2):
    name = "run"
    searched = ["--rounds", str(rounds), "--candidates", str(candidates), "--fresh", "0", *SMALL]
    kept = ["--output-dir", str(folder), "--run-name", name, "--run-key", KEY]
    return main(["improve", "2048", "--model", f"{server.url}#tiny", *searched, *kept, *words]), folder / name


def prompts(server):
    return [order["messages"][0]["content"] for _, order, _ in server.asked]


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A run of three rounds, and what its endpoint was asked."""
    with serving(*by_turns()) as server:
        code, folder = improve(server, tmp_path_factory.mktemp("outputs"), "--explain", rounds=3)
        assert code == 0
        return folder, prompts(server), server.asked


def test_a_search_is_a_run_like_any_other(searched):
    folder, _, asked = searched
    with RunReader(folder) as run:
        assert run.status() == "finished"
        assert [row["step"] for row in run.steps()] == [1, 2, 3]
        champion = run.champion()
        assert champion.source.startswith("def strategy")
        assert len(run.episodes(champion.strategy_id)) == 4
        assert run.evaluations()[-1]["step"] == 3
        assert run.facts()["model"] == "tiny"
        for row in run.strategies(2):
            assert row["reward"] is not None
            assert row["tokens"] > 0
    assert len(asked) == 6


def test_an_earlier_program_comes_with_its_scores_its_games_and_the_baselines_scores(searched):
    folder, told, _ = searched
    own = make("2048", size=2, target=16, toolbox=True).prompt()
    assert all(prompt.startswith(own) for prompt in told)
    assert "earlier" not in told[0].removeprefix(own)
    with RunReader(folder) as run:
        sources = [row["source"].strip() for row in run.strategies(1)]
    for prompt in told[2:4]:
        assert any(source in prompt for source in sources)
        assert re.search(r"It scored [\d,.]+ on average", prompt)
        assert re.search(r"random [\d,.]+, greedy [\d,.]+", prompt)
        assert re.search(r"points; (lost|won) after \d+ move", prompt)


def test_nothing_of_the_held_out_games_and_no_seed_reaches_the_model(searched):
    folder, told, _ = searched
    with RunReader(folder) as run:
        seeds = {seed for step in (1, 2, 3) for group in run.groups(step) for seed in group["seeds"]}
        held_out = run.evaluations()[0]["seeds"]
        for evaluation in run.evaluations():
            (row,) = run.strategies(evaluation["step"], "evaluation")
            played = [bytes(episode.actions) for episode in run.episodes(row["id"])]
            assert len(played) == len(held_out)
    words = " ".join(told)
    assert not any(str(seed) in words for seed in seeds)
    assert "seed" not in words.lower()


def test_who_descends_from_whom_is_recorded_with_what_was_asked(searched):
    folder, told, _ = searched
    with RunReader(folder) as run:
        first = {row["id"] for row in run.strategies(1)}
        for row in run.query("SELECT * FROM lineage ORDER BY strategy_id"):
            if row["strategy_id"] in first:
                assert row["parent_id"] is None
            else:
                assert row["parent_id"] < row["strategy_id"]
                assert any(prompt.endswith(row["asked"]) for prompt in told)
            assert row["author"] == "tiny"


def test_programs_that_play_alike_are_known_however_they_are_written(tmp_path):
    one = PROGRAM.format(order="WASD")
    other = one.replace("slid", "pushed").replace("way", "direction") + "\n# another text\n"
    with serving(fenced(one), fenced(other)) as server:
        _, folder = improve(server, tmp_path, rounds=1)
    with RunReader(folder) as run:
        rows = run.query("SELECT strategy_id, twin_id FROM lineage ORDER BY strategy_id")
        assert [row["twin_id"] for row in rows] == [None, rows[0]["strategy_id"]]


def test_now_and_then_the_weakest_island_begins_anew_with_the_best_program(tmp_path, monkeypatch):
    monkeypatch.setattr("grpo_arcade.trainer.improvement.search.MIGRATION", 1)
    with serving(*by_turns()) as server:
        _, folder = improve(server, tmp_path, rounds=1)
    with RunReader(folder) as run:
        (event,) = [event for event in run.events() if event["kind"] == "migrated"]
        best = max(run.strategies(1), key=lambda row: row["score"])
        assert event["data"]["strategy_id"] == best["id"]
        members = run.facts()["search"]["members"]
        assert sorted((each["island"], each["strategy_id"]) for each in members) == [(0, best["id"]), (1, best["id"])]


def test_tokens_are_the_servers_count_and_cost_what_was_said(tmp_path, capsys):
    usage = b'data: {"choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 50}}\n\n'
    ended = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'

    def counted(order):
        assert order["stream_options"] == {"include_usage": True}
        return 200, "text/event-stream", [chunk(f"```python\n{PROGRAM.format(order='WASD')}```"), ended, usage,
                                          b"data: [DONE]\n\n"]  # fmt: skip

    with serving(counted) as server:
        code, _ = improve(server, tmp_path, "--price-in", "2", "--price-out", "10", "--json", rounds=1)
    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert (told["tokens_in"], told["tokens_out"]) == (2000, 100)
    assert told["cost"] == pytest.approx((2000 * 2 + 100 * 10) / 1e6)
    assert told["source"] == PROGRAM.format(order="WASD")


def test_a_budget_of_tokens_ends_the_search(tmp_path):
    with serving(*by_turns()) as server:
        code, folder = improve(server, tmp_path, "--tokens", "10", rounds=9)
    assert code == 0
    with RunReader(folder) as run:
        assert len(run.steps()) == 1
        assert "tokens are used up" in run.events()[-1]["message"]


def test_an_endpoint_that_goes_away_is_waited_for(tmp_path, capsys):
    def away(order):
        return 503, "application/json", [b'{"error": "loading"}']

    first, second = by_turns(("WASD", "SADW"))
    with serving(first, away, second) as server:
        code, folder = improve(server, tmp_path, rounds=1)
    assert code == 0
    assert "waiting for tiny" in capsys.readouterr().err
    with RunReader(folder) as run:
        assert [row["outcome"] in ("won", "lost") for row in run.strategies(1)] == [True, True]


def test_one_that_stays_away_ends_the_run_which_can_be_gone_on_with(tmp_path, capfd):
    def away(order):
        return 503, "application/json", [b'{"error": "loading"}']

    with serving(*by_turns(("WASD", "SADW")), away) as server:
        code, folder = improve(server, tmp_path, "--patience", "0.001", rounds=2)
        assert code == 0
        with RunReader(folder) as run:
            assert run.status() == "stopped"
            assert len(run.steps()) == 1
        server.answers = by_turns()
        capfd.readouterr()
        code = main(["improve", "--resume", str(folder)])
    assert code == 0
    assert f"resuming {folder}: improving 2048" in capfd.readouterr().err
    with RunReader(folder) as run:
        assert run.status() == "finished"
        assert len(run.steps()) == 2
        rows = run.query("SELECT parent_id FROM lineage ORDER BY strategy_id")
        assert all(row["parent_id"] is not None for row in rows[2:])


def test_a_wrong_address_and_a_wrong_key_are_refused_before_there_is_a_run(tmp_path, capsys):
    with serving(by_turns()[0]) as server:
        gone = server.url
    code = main(["improve", "2048", "--model", f"{gone}#tiny", "--output-dir", str(tmp_path / "a"), *SMALL])
    assert code == 2
    assert "nobody answers" in capsys.readouterr().err
    with serving(b"", status=401, kind="text/plain") as server:
        code, _ = improve(server, tmp_path / "b")
    assert code == 2
    assert "ARCADE_API_KEY" in capsys.readouterr().err
    assert not [*tmp_path.glob("*/*/run.db")]


def test_feedback_is_shortened_to_what_a_server_has_room_for_and_the_games_words_never(tmp_path):
    own = make("2048", size=2, target=16, toolbox=True).prompt()
    most = len(own) + 900
    answers = iter(by_turns() * 4)

    def narrow(order):
        if len(order["messages"][0]["content"]) > most:
            body = {"error": {"message": "the request exceeds the available context size, try increasing it"}}
            return 400, "application/json", [json.dumps(body).encode()]
        return 200, "text/event-stream", next(answers)

    with serving(narrow) as server:
        code, folder = improve(server, tmp_path, rounds=3)
        told = prompts(server)
    assert code == 0
    assert all(prompt.startswith(own) for prompt in told)
    assert any(len(prompt) > most for prompt in told)
    with RunReader(folder) as run:
        assert [len(run.strategies(step)) for step in (1, 2, 3)] == [2, 2, 2]
        asked = [row["asked"] for row in run.query("SELECT asked FROM lineage ORDER BY strategy_id")]
    assert all(len(own) + len(words) <= most for words in asked)


def test_a_server_that_ends_without_a_word_is_asked_in_fewer(tmp_path):
    own = make("2048", size=2, target=16, toolbox=True).prompt()
    answers = iter(by_turns() * 4)

    def silent(order):
        room = len(order["messages"][0]["content"]) <= len(own) + 900
        return 200, "text/event-stream", next(answers) if room else []

    with serving(silent) as server:
        code, folder = improve(server, tmp_path)
    assert code == 0
    with RunReader(folder) as run:
        assert [row["outcome"] in ("won", "lost") for row in run.strategies(2)] == [True, True]
        assert all(len(row["asked"]) <= 900 for row in run.query("SELECT asked FROM lineage"))


def test_a_round_with_nothing_usable_says_why_and_the_next_one_tells_the_model(tmp_path):
    crashing = "def strategy(board):\n    return board[7][0]\n"
    with serving(streamed("I would rather not."), fenced(crashing), *by_turns()) as server:
        code, folder = improve(server, tmp_path, rounds=2)
        told = prompts(server)
    assert code == 0
    with RunReader(folder) as run:
        (event,) = [event for event in run.events() if event["kind"] == "nothing_usable"]
        assert "no_code: the answer holds no program" in event["message"]
        assert "crashed: " in event["message"]
        assert len(run.steps()) == 2
    assert "It failed: it crashed: IndexError: " in told[2]
    assert "line 2" in told[2]


def test_what_became_of_earlier_attempts_is_told_when_the_same_program_is_to_be_bettered(tmp_path):
    first, alike = PROGRAM.format(order="WASD"), PROGRAM.format(order="WASD") + "# the same\n"
    with serving(
        fenced(first), fenced(alike), fenced("def strategy(board):\n    return board[9]\n"), fenced(first)
    ) as server:
        code, _ = improve(server, tmp_path, "--islands", "1", candidates=1, rounds=4)
        told = prompts(server)
    assert code == 0
    assert "attempts" not in told[1]
    assert "attempts to better it: one played just the same." in told[2]
    assert "one played just the same; one failed (crashed: IndexError: list index out of range (line 2))." in told[3]


def test_ctrl_c_ends_the_round_and_the_run_goes_on_where_it_was(tmp_path):
    def slow(order):
        time.sleep(0.2)
        return 200, "text/event-stream", fenced(PROGRAM.format(order="WASD"))

    with serving(slow) as server:
        words = ["improve", "2048", "--model", f"{server.url}#tiny", "--rounds", "500", "--candidates", "1"]
        words += ["--output-dir", str(tmp_path), "--run-name", "run", *SMALL]
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "grpo_arcade.arcade.cli", *words], stderr=subprocess.PIPE, text=True,
            env={**os.environ, "COLUMNS": "200"},
        )  # fmt: skip
        while len(server.asked) < 3:
            assert child.poll() is None
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        said = child.communicate(timeout=60)[1]
        assert child.returncode == 130
        assert "arcade improve --resume" in said
        with RunReader(tmp_path / "run") as run:
            made = len(run.steps())
            assert run.status() == "stopped"
            assert made >= 2
        assert main(["improve", "--resume", str(tmp_path / "run"), "--rounds", str(made + 1)]) == 0
    with RunReader(tmp_path / "run") as run:
        assert len(run.steps()) == made + 1


def test_a_search_is_no_training(searched, capsys):
    folder, _, _ = searched
    assert main(["train", "--resume", str(folder)]) == 2
    assert f"arcade improve --resume {folder}" in capsys.readouterr().err
    with RunReader(folder) as run, pytest.raises(RunFolderError, match="arcade improve --resume"):
        run.send("stop")


def test_dry_run_prints_the_first_prompt_and_asks_nobody(tmp_path, capsys):
    with serving() as server:
        code, folder = improve(server, tmp_path, "--dry-run")
        assert not server.asked
    assert code == 0
    assert make("2048", size=2, target=16, toolbox=True).prompt() in capsys.readouterr().out
    assert not folder.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--model", "expectimax"), "expectimax"),
        (("--model-weights", "1", "2", "3"), "give one a model"),
        (("--rounds", "0"), "rounds must be at least 1"),
        (("--resume", "nowhere"), "there is no run"),
    ],
)
def test_what_cannot_work_is_refused_in_a_line(tmp_path, capsys, words, said):
    assert main(["improve", "2048", "--output-dir", str(tmp_path), *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
