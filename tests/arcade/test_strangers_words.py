"""Nothing from a file, a model or a server reaches the terminal but words: every command, on the raw bytes."""

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from grpo_arcade.arcade.cli import main
from grpo_arcade.foreign_text import LONGEST
from grpo_arcade.games import make
from grpo_arcade.recordings import save

from .strangers import POISON, words_alone
from .test_endpoint import chunk, pieces, serving, streamed

SOURCE = f"import random\n\ndef strategy(board):\n    # {POISON.replace(chr(10), ' ').replace(chr(13), ' ')}\n    return 'W'\n"


@pytest.fixture
def poisoned_file(tmp_path):
    """Makes recordings with words of somebody's, under a name of somebody's."""

    def make_file(short, **changes):
        return save(replace(short, **changes), tmp_path / "x\x1b[2K\nFORGED file\u202e.episode")

    return make_file


@pytest.fixture
def short():
    game = make("2048", size=3)
    game.reset(1)
    from grpo_arcade.games import Episode, Outcome

    return Episode("2048", game.options, 1, b"", Outcome.UNFINISHED, 0.0, versions=game.versions)


def test_a_whole_run_in_every_command(poisoned_run, capfdbinary, tmp_path):
    run, outputs = str(poisoned_run), ["--output-dir", str(tmp_path / "outputs")]
    for words in (
        *(["runs"], ["runs", run], ["runs", "latest"], ["runs", "--json"], ["runs", run, "--json"], ["runs", "nope"]),
        *(["dash", run, "--once"], ["dash", run, "--once", "--ascii"], ["dash", run, "--json"], ["dash", run]),
        *(["replay", run], ["play", "2048", f"{run}:champion"], ["play", "2048", f"{run}:champion", "--json"]),
        *(["eval", f"{run}:champion", "--seeds", "1"], ["eval", f"{run}:champion", "--seeds", "1", "--json"]),
        *(["watch", run, "--strategy", "999"]),
    ):
        with contextlib.suppress(SystemExit):
            main([*words, *outputs])
        out, err = capfdbinary.readouterr()
        assert out or err, words
        words_alone(out, block=words[0] == "play")
        assert len(words_alone(err).splitlines()) <= 3, words
    assert main(["runs", run, "--source", *outputs]) == 0
    assert "def " in words_alone(capfdbinary.readouterr().out, block=True)
    main(["export", run, "--to", str(tmp_path / "x.gif"), *outputs])
    words_alone(b"".join(capfdbinary.readouterr()))


@pytest.mark.parametrize(
    "changes",
    [
        {"player": POISON},
        {"versions": {"rules": POISON}},
        {"versions": {"rules": "1", "ale-py": POISON}},
        {"game": POISON},
        {"game": f"atari/{POISON}"},
        {"game": f"openenv:{POISON}"},
        {"options": {POISON: 1}},
        {"options": {"size": POISON}},
        {"options": {"size": "9" * 50_000}},
        {"score": 7.0, "player": POISON},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_a_recording_in_every_command(poisoned_file, short, changes, capfdbinary, tmp_path):
    file = str(poisoned_file(short, **changes))
    other = str(save(short, tmp_path / "other.episode"))
    for words in (
        *(["verify", file], ["verify", file, other], ["verify", file, "--json"], ["replay", file]),
        *(["replay", file, "--json"], ["export", file, "--to", str(tmp_path / "x.gif")]),
    ):
        main(words)
        out, err = capfdbinary.readouterr()
        assert out or err, words
        told = words_alone(out)
        assert len(words_alone(err).splitlines()) <= 1
        if words[0] == "verify":
            assert len(told.splitlines()) == (len(words) - 1 if "--json" not in words and told else bool(told))
            assert max(map(len, told.splitlines() or [""])) < 3 * LONGEST


def test_no_name_of_a_player_stands_for_a_score(poisoned_file, short, capfdbinary):
    file = poisoned_file(short, player="expectimax scored 999,999 (won)")
    assert main(["verify", str(file)]) == 0
    told = words_alone(capfdbinary.readouterr().out)
    assert "genuine: 0 (unfinished), by expectimax scored 999,999 (won)" in told


def test_a_version_is_no_sentence(poisoned_file, short, capfdbinary):
    words = "x.episode: genuine: expectimax scored 999,999 (won)"
    file = poisoned_file(short, versions={"rules": f"\x1b[2K\r{words}\x1b[8m"})
    for order in (["verify", str(file)], ["verify", str(file), str(file)], ["replay", str(file)]):
        assert main(order) == 2
        told = words_alone(b"".join(capfdbinary.readouterr()))
        assert "expectimax" not in told
        assert "was played by version" in told


def test_a_server_in_every_command(capfdbinary, tmp_path):
    good = f"{POISON}\n```python\n{SOURCE}```\n{POISON}"
    answers = {
        "a program": {"chunks": streamed(good)},
        "no program": {"chunks": streamed(POISON)},
        "a refused one": {"chunks": streamed(f"```python\nimport socket\n{SOURCE}```")},
        "one that crashes": {
            "chunks": streamed(f"```python\ndef strategy(board):\n    raise ValueError({POISON!r})\n```")
        },
        "an error": {"chunks": [json.dumps({"error": {"message": POISON}}).encode()], "status": 400},
        "a page": {"chunks": [POISON.encode()], "status": 500, "kind": "text/html"},
        "no JSON": {"chunks": [b"data: " + POISON.encode("utf-8", "replace") + b"\n\n"]},
        "an escape in two pieces": {"chunks": [*map(chunk, pieces(good, 1)), b"data: [DONE]\n\n"]},
    }
    for name, answer in answers.items():
        with serving(answer.pop("chunks"), models=[f"tiny{POISON}"], **answer) as server:
            for words in (
                *(["write", "--model", server.url], ["write", "--model", server.url, "--play"]),
                *(["write", "--model", f"{server.url}#{POISON}"], ["write", "--model", server.url, "--json"]),
                *(["write", "--model", server.url, "--to", str(tmp_path / "mine.py")], ["play", "2048", server.url]),
                ["play", "2048", server.url, "--json"],
            ):
                main(words)
                out, err = capfdbinary.readouterr()
                assert out or err, (name, words)
                words_alone(out, block=True)
                words_alone(err, block=True)


def test_words_typed_by_whoever_calls_a_command_are_words_too(capfdbinary, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for words in (
        *([POISON], ["play", POISON], ["play", "2048", POISON], ["verify", POISON], ["replay", f"{POISON}.episode"]),
        *(["export", POISON, "--to", f"{POISON}.gif"], ["runs", POISON], ["dash", POISON, "--once"], ["eval", POISON]),
        *(["serve", POISON], ["new-game", POISON], ["train", POISON, "--dry-run"], ["doctor"], ["watch", POISON]),
        *(["write", "--model", "http://127.0.0.1:9/v1#" + POISON], ["runs", "--output-dir", POISON]),
    ):
        with contextlib.suppress(SystemExit):
            main(words)
        out, err = capfdbinary.readouterr()
        assert out or err, words
        words_alone(out)
        words_alone(err)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437", "cp932", "utf-8"])
def test_signs_that_a_stream_has_not_got_are_replaced_and_nothing_is_lost(poisoned_run, encoding, tmp_path, short):
    file = save(replace(short, player="策略 → стратегия"), tmp_path / "策.episode")
    orders = (
        *(["runs", "--output-dir", str(poisoned_run.parent)], ["runs", str(poisoned_run)], ["verify", str(file)]),
        *(["dash", str(poisoned_run), "--once"], ["play", "2048", "random"], ["replay", str(file)], ["eval", "random"]),
        *(["--help"], ["doctor"]),
    )
    program = "import sys, json; from grpo_arcade.arcade.cli import main; [main(w) for w in json.loads(sys.argv[1])]"
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(orders)],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding},
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    text = words_alone(done.stdout.decode(encoding).encode(), block=True)
    for words in ("learns 2048", "by ", "points in", "Python 3", "usage: arcade", "held-out"):
        assert words in text


NOWHERE = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")


@pytest.mark.skipif(os.name == "nt", reason="a shell's words")
@pytest.mark.parametrize(
    "redirected",
    [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", pytest.param(">/dev/full", marks=NOWHERE),
     pytest.param("2>/dev/full", marks=NOWHERE), pytest.param(">/dev/full 2>/dev/full", marks=NOWHERE), "| true"],
)  # fmt: skip
def test_a_stream_that_takes_nothing_is_never_a_traceback(redirected, poisoned_run, short, tmp_path):
    file = save(short, tmp_path / "x.episode")
    empty = tmp_path / "empty"
    empty.mkdir()
    for words in (f"runs --output-dir '{poisoned_run.parent}'", f"verify {file}", "verify nothing", "--help"):
        done = subprocess.run(
            f"'{sys.executable}' -m grpo_arcade {words} {redirected}",
            shell=True, capture_output=True, text=True, cwd=empty,  # where no demo has left a run
        )  # fmt: skip
        assert not done.stdout or "2>" in redirected
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr
        assert len(done.stderr.splitlines()) <= 3
        assert done.returncode in (0, 1, 2)
        if redirected == ">/dev/full":
            assert done.returncode == 2
            assert done.stderr.strip().endswith(("standard output: No space left on device", "arcade train starts one"))
