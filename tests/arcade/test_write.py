"""``arcade write``: models of this machine and a server write strategies, which are checked, played and kept."""

import json
import subprocess
import sys

import pytest

from grpo_arcade.arcade.cli import main
from grpo_arcade.games.players import extract_source

from .test_endpoint import chunk, finished, serving, streamed

GOOD = "Here it is.\n```python\ndef strategy(board):\n    return 'WASD'[len(str(board)) % 4]\n```"
FORBIDDEN = "```python\nimport socket\ndef strategy(board):\n    return 'W'\n```"


def test_the_pocket_model_writes_plays_and_keeps_a_strategy(tmp_path, capfd):
    mine = tmp_path / "mine.py"
    assert main(["write", "2048", "--size", "3", "--greedy", "--to", str(mine), "--play"]) == 0
    out, said = capfd.readouterr()
    source = mine.read_text()
    assert (out, source) == ("", extract_source(said).source)
    assert f"written to {mine}" in said
    assert "points in" in said
    assert main(["play", "2048", str(mine), "--size", "3", "--json"]) == 0
    assert f"{json.loads(capfd.readouterr().out)['score']:,.0f} points" in said


def test_redirected_the_program_alone_is_on_stdout():
    with serving(streamed(GOOD)) as server:
        order = [sys.executable, "-m", "grpo_arcade.arcade.cli", "write", "--model", server.url]
        done = subprocess.run(order, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout == extract_source(GOOD).source
    assert GOOD in done.stderr


def test_an_endpoint_is_heard_piece_by_piece_and_asked_as_the_person_wants(capsys, monkeypatch):
    heard = []
    with serving(streamed(GOOD)) as server:
        monkeypatch.setattr(sys.stderr, "write", lambda text: heard.append(text))
        order = ["--temperature", "0.5", "--seed", "7", "--max-completion-length", "99"]
        assert main(["write", "--model", f"{server.url}#tiny", *order]) == 0
        (_, asked, _) = server.asked[0]
    assert (asked["model"], asked["temperature"], asked["seed"], asked["max_tokens"]) == ("tiny", 0.5, 7, 99)
    assert len(heard) > 5
    assert capsys.readouterr().out == extract_source(GOOD).source


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("I would rather not.", "no_code"),
        (FORBIDDEN, "forbidden"),
        ("```python\ndef strategy(board:\n    return 'W'\n```", "syntax_error"),
    ],
)
def test_what_may_not_be_played_has_a_name_and_is_not_kept(answer, outcome, tmp_path, capsys):
    mine = tmp_path / "mine.py"
    with serving(streamed(answer)) as server:
        assert main(["write", "--model", server.url, "--json", "--play", "--to", str(mine)]) == 1
    facts = json.loads(capsys.readouterr().out)
    assert (facts["outcome"], facts["completion"], facts["file"]) == (outcome, answer, None)
    assert facts["reason"]
    assert not mine.exists()


def test_a_program_that_crashes_when_it_plays_is_a_failure_but_kept(tmp_path, capsys):
    mine = tmp_path / "mine.py"
    with serving(streamed("```python\ndef strategy(board):\n    return 1 / 0\n```")) as server:
        assert main(["write", "--model", server.url, "--json", "--play", "--to", str(mine)]) == 1
    facts = json.loads(capsys.readouterr().out)
    assert (facts["outcome"], facts["game_played"]["outcome"]) == ("ok", "crashed")
    assert "ZeroDivisionError" in facts["game_played"]["error"]
    assert mine.read_text() == facts["source"]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--to", "mine.txt"], "a strategy is a .py file"),
        (["--to", "nowhere/mine.py"], "there is no folder nowhere"),
        (["--temperature", "-1"], "is below 0"),
        (["--max-completion-length", "0"], "it takes 1 to"),
        (["--model", "pocke"], "did you mean 'pocket'?"),
        (["--model", "http://127.0.0.1:9/v1#x"], "is the server running?"),
        (["nosuchgame"], "nosuchgame"),
        (["connect-four", "--game-options", "players=2", "--play"], "--opponent random"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments, line, capsys):
    assert main(["write", *arguments]) == 2
    said = capsys.readouterr().err.strip()
    assert line in said
    assert "\n" not in said


WHOLE = "```python\ndef strategy(board):\n    return 'W'\n```"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (f"{WHOLE}\nIt goes up, because", "ok"),
        ("<think>hm", "no_code"),
        ("```python\ndef strategy(board):\n    x = 1\n", "no_code"),
        ("```python\ndef strategy(board):\n    return (", "syntax_error"),
    ],
)
def test_an_answer_that_was_cut_off_is_played_only_if_its_program_was_whole(answer, outcome, capsys):
    with serving([chunk(answer), finished("", "length")]) as server:
        code = main(["write", "--model", server.url, "--json", "--max-completion-length", "30"])
    facts = json.loads(capsys.readouterr().out)
    assert (facts["outcome"], code) == (outcome, int(outcome != "ok"))
    assert ("cut off after 30 tokens" in facts["reason"]) == (outcome != "ok")


def test_the_key_is_in_no_message(monkeypatch, capsys):
    monkeypatch.setenv("ARCADE_API_KEY", "sk-secret\r")
    with serving([b'{"error": {"message": "wrong key: sk-secret"}}'], status=401) as server:
        assert main(["write", "--model", server.url]) == 2
        assert server.asked[0][2] == "Bearer sk-secret"
    out, said = capsys.readouterr()
    assert "it refuses the key" in said
    assert "sk-secret" not in out + said
