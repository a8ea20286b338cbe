"""A server that is away for a moment costs waiting and no game; from games that nobody finished nothing is learnt."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from grpo_arcade.games import Outcome
from grpo_arcade.games.baseline_scores import play_baseline
from grpo_arcade.games.openenv import Remote, away
from grpo_arcade.games.players import play_match
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.config import TrainConfig
from tests.games.openenv.test_hostile_servers import GOOD, SPEC, shake, text
from tests.trainer.conftest import make_tiny_model

LEFT = 'def strategy(board):\n    return "left"\n'


class Server:
    """Answers every message well and ends an episode after ``moves``; goes away for a while when it is told to."""

    def __init__(self, moves: int = 3, out_after: int | None = None, out_s: float = 0.6) -> None:
        self.moves, self.out_after, self.out_s = moves, out_after, out_s
        self.messages = 0
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.address = f"ws://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, StopIteration), connection:
            shake(connection)
            played = 0
            while said := _unmasked(connection):
                with self._lock:
                    self.messages += 1
                    if self.messages == self.out_after:
                        self.go()
                        threading.Timer(self.out_s, self.come_back).start()
                        return
                played = 0 if "reset" in said else played + 1
                connection.sendall(text({**GOOD, "data": {**GOOD["data"], "done": played == self.moves}}))

    def go(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def come_back(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()


@contextlib.contextmanager
def serving(**how: float) -> Iterator[Server]:
    server = Server(**how)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        with contextlib.suppress(OSError):
            server.go()


@pytest.mark.parametrize("out_after", [1, 5, 10, 17])
def test_games_wait_and_are_played_again(out_after, capfd):
    with serving(out_after=out_after) as server:
        game = Remote(server.address, SPEC)
        result = play_match(LEFT, game.name, game.options, range(6))
    assert [episode.outcome for episode in result.episodes] == [Outcome.WON] * 6
    assert {len(episode.actions) for episode in result.episodes} == {3}
    assert result.error == ""
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 2
    assert "waiting up to 60 s" in said[0]
    assert "is back after" in said[1]


def test_baselines_wait_too():
    with serving(out_after=7) as server:
        game = Remote(server.address, SPEC)
        episodes = play_baseline(game.name, game.options, "first", [1, 2, 3, 4])
    assert [episode.outcome for episode in episodes] == [Outcome.WON] * 4


def test_a_server_that_stays_away_is_waited_for_once(monkeypatch, capfd):
    monkeypatch.setattr(away, "PATIENCE_S", 0.4)
    with serving(out_after=9, out_s=3600) as server:
        game = Remote(server.address, SPEC)
        first = play_match(LEFT, game.name, game.options, range(4))
        again = play_match(LEFT, game.name, game.options, range(4))
        assert {episode.outcome for episode in first.episodes + again.episodes} == {Outcome.DISCONNECTED}
        assert "server" in again.error or "gone" in again.error
        said = capfd.readouterr().err
        assert said.count("waiting up to") == said.count("stays away") == 1
        server.come_back()
        back = play_match(LEFT, game.name, game.options, range(4))
        assert {episode.outcome for episode in back.episodes} == {Outcome.WON}


def test_a_server_that_always_hangs_up_is_given_up():
    def always(server: Server) -> None:
        while not done.is_set():
            for connection in list(server._open):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            time.sleep(0.01)

    done = threading.Event()
    with serving(moves=10**9) as server:
        threading.Thread(target=always, args=(server,), daemon=True).start()
        game = Remote(server.address, SPEC)
        result = play_match(LEFT, game.name, game.options, range(3))
        assert {episode.outcome for episode in result.episodes} == {Outcome.DISCONNECTED}
        # After a few matches without one game that ended, none is played again.
        for _ in range(5):
            play_match(LEFT, game.name, game.options, [1])
        before = len(server._open)
        play_match(LEFT, game.name, game.options, [1])
        assert len(server._open) == before + 1
        done.set()


class HangsUpOn(Server):
    """Ends the session of whoever plays ``right``."""

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, StopIteration), connection:
            shake(connection)
            played = 0
            while said := _unmasked(connection):
                if '"column": 1' in said:
                    return
                played = 0 if "reset" in said else played + 1
                connection.sendall(text({**GOOD, "data": {**GOOD["data"], "done": played == 3, "reward": played}}))


def _unmasked(connection: socket.socket) -> str:
    said = connection.recv(4096)
    if len(said) < 6 or said[0] & 15 == 8:
        return ""
    return bytes(each ^ said[2 + at % 4] for at, each in enumerate(said[6:])).decode("utf-8", "replace")


def test_a_group_never_learns_from_a_game_nobody_finished(tmp_path):
    from grpo_arcade.trainer.grpo import train

    server = HangsUpOn()
    # Losing is -1 here, so a program whose games are broken off would be the best of its group for 0 or for nothing.
    spec = tmp_path / "spec.toml"
    spec.write_text(
        'timeout_s = 0.5\naction = { field = "column", names = ["left", "right"] }\n'
        'see.board.field = "board"\noutcome.lost = ["done"]\n'
    )
    game = Remote(server.address, str(spec))
    programs = ('\ndef strategy(board):\n    return "left"\n', '\ndef strategy(board):\n    return "right"\n')
    config = TrainConfig(
        game=game.name, game_options=(f"spec={spec}",), rewards=("universal", "legal_actions"),
        model=make_tiny_model(tmp_path / "model", 150, [(game.prompt(), f"```python{program}```") for program in programs]),
        output_dir=str(tmp_path / "outputs"), run_key="00" * 16, num_generations=8, per_device_train_batch_size=8,
        gradient_accumulation_steps=1, max_steps=1, max_completion_length=250, train_seeds=2, eval_steps=0,
        eval_strategies=4, eval_seeds=2, save_steps=1, threads=1, workers=1,
    )  # fmt: skip
    result = train(config, capture=True)
    server.go()
    with RunReader(result.folder) as run:
        rows = run.strategies(1)
        alarms = run.query("SELECT * FROM events WHERE step <= 1")
    lost = [row for row in rows if row["outcome"] == "disconnected"]
    assert 0 < len(lost) < len(rows)
    assert {(row["reward"], row["advantage"]) for row in lost} == {(None, 0.0)}
    judged = [row for row in rows if row["outcome"] == "lost"]
    assert judged
    assert all(row["reward"] is not None for row in judged)
    # What is left of the group has its mean in itself.
    assert sum(row["advantage"] for row in rows) == pytest.approx(0, abs=0.01)
    assert any("server_fails" in str(dict(each)) for each in alarms), [dict(each) for each in alarms]
