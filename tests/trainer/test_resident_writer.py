"""One process beside a window keeps its models loaded, for the window and for commands, and ends with the window."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, answer_challenge

import pytest

from grpo_arcade.trainer import resident_writer
from grpo_arcade.trainer import write as write_module
from grpo_arcade.trainer.answering import Answering
from grpo_arcade.trainer.resident_writer import ResidentWriter, known_at, messages_of_window
from grpo_arcade.trainer.write import order, write

BOARD = {"size": 3, "target": 64, "probability_fours": 0.1}


@pytest.fixture(autouse=True)
def own_place(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("ARCADE_WRITER", str(tmp_path_factory.mktemp("run") / "writer.json"))


@pytest.fixture
def writer():
    writer = ResidentWriter()
    yield writer
    writer.close()


def gone(pid, seconds=30.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def short(**how):
    return order("pocket", "2048", BOARD, max_new_tokens=24, **how)


def kinds(messages):
    return [next(iter(message)) for message in messages]


def test_a_model_is_loaded_once_and_serves_window_and_commands(writer, monkeypatch):
    first = list(writer.messages(short(seed=3)))
    assert kinds(first)[:3] == ["loading", "asked", "token"]
    assert "".join(message.get("token", "") for message in first) == first[-1]["completion"]
    again = list(writer.messages(short(seed=3)))
    assert kinds(again)[:2] == ["asked", "token"]  # nothing is loaded any more
    assert again[-1] == first[-1]
    monkeypatch.setattr(write_module.subprocess, "Popen", None)  # a command starts no process of its own
    heard = []
    assert write(order("pocket", "2048", BOARD, seed=3, max_new_tokens=24), heard.append) == first[-1]["completion"]
    assert len(heard) > 5
    # An error of one order is not the end, nor is somebody who goes away while a strategy is written for them.
    for message in writer.messages(order("pocket", "2048", BOARD)):
        if "token" in message:
            break
    wrong = list(writer.messages(order("pocket", "nosuchgame", {})))
    assert "nosuchgame" in wrong[-1]["error"]
    assert list(writer.messages(short(seed=3)))[-1] == first[-1]


def test_where_it_listens_only_this_person_can_read_and_it_is_gone_with_the_window(writer):
    door = writer._opened()
    place = known_at()
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert json.loads(place.read_text())["key"] == door["key"]
    assert stat.S_IMODE(os.stat(os.path.dirname(door["address"])).st_mode) == 0o700
    pid = writer.pid
    writer.close()
    assert gone(pid)
    assert not place.exists()
    assert not os.path.exists(os.path.dirname(door["address"]))
    assert list(writer.messages(short())) == []


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_it_ends_when_its_window_is_killed():
    program = (
        "from grpo_arcade.trainer.resident_writer import ResidentWriter\nimport time\n"
        "writer = ResidentWriter()\nwriter._opened()\nprint(writer.pid, flush=True)\ntime.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as window:
        pid = int(window.stdout.readline())
        os.kill(pid, signal.SIGINT)  # Ctrl-C in the window's terminal reaches all, and is the window's to answer
        assert not gone(pid, 0.3)
        assert known_at().exists()
        window.send_signal(signal.SIGKILL)
        window.wait()
    assert gone(pid)
    assert not known_at().exists()


def test_strangers_and_junk_are_not_served_and_harm_nobody(writer):
    door = writer._opened()
    with Client(door["address"]) as silent, Client(door["address"]) as junk:
        with pytest.raises((AuthenticationError, EOFError, OSError)):
            answer_challenge(junk, b"not the key")
        assert silent.poll(5.0)  # it waits for an answer that never comes
        wrong = {**door, "key": "00" * 32}
        with pytest.raises((AuthenticationError, EOFError, OSError)):
            list(resident_writer._ask(wrong, short(), lambda: None))
        assert kinds(writer.messages(order("nosuch/", "2048", BOARD)))[-1] == "error"


def test_a_file_that_others_could_have_written_and_another_version_are_not_believed(writer):
    writer._opened()
    asked = {**short(), "model": "/nonexistent/model"}
    place = known_at()
    place.chmod(0o666)
    assert list(messages_of_window(asked)) == []
    place.chmod(0o600)
    told = json.loads(place.read_text())
    place.write_text(json.dumps(told | {"made_of": ["0", "elsewhere"]}))
    assert list(messages_of_window(short())) == []
    place.write_text("[" * 5000)
    assert list(messages_of_window(short())) == []
    place.write_text(json.dumps(told | {"address": told["address"] + "-gone"}))
    assert list(messages_of_window(short())) == []


def test_what_a_model_was_told_ends_with_whoever_asked():
    told = []

    def say(message):
        told.append(message)
        raise BrokenPipeError

    Answering().answer(order("pocket", "2048", BOARD), say)
    assert told == [{"loading": "pocket"}]


@pytest.mark.skipif(sys.platform != "linux", reason="only there a login makes the folder")
def test_where_nobody_has_logged_in_the_place_is_known_without_a_warning(monkeypatch, recwarn):
    monkeypatch.delenv("ARCADE_WRITER")
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    assert known_at().name == "writer.json"
    assert not recwarn.list
