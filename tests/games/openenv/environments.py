"""Servers that speak as OpenEnv's own environments do: its library's app factory, and the same fields.

Run as a program: ``python environments.py tic_tac_toe`` serves on a free port of this machine, prints the port, and
ends when its standard input does. The rules are written anew; classes carry the names that the real ones tell.
"""

from __future__ import annotations

import os
import random
import socket
import sys
import threading
import uuid
from typing import Any

from openenv.core.env_server import Action, Environment, Observation, State
from openenv.core.env_server.http_server import create_fastapi_app
from pydantic import Field


class Base(Environment):
    """An environment that, like most of OpenEnv's own, has a reset without a seed."""

    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self) -> None:
        super().__init__()
        self._state = State(episode_id=str(uuid.uuid4()), step_count=0)

    @property
    def state(self) -> State:
        return self._state


# openspiel_env: https://github.com/meta-pytorch/OpenEnv/tree/main/envs/openspiel_env


class OpenSpielAction(Action):
    action_id: int
    game_name: str = "catch"
    game_params: dict[str, Any] = Field(default_factory=dict)


class OpenSpielObservation(Observation):
    info_state: list[float]
    legal_actions: list[int]
    game_phase: str = "playing"
    current_player_id: int = 0
    opponent_last_action: int | None = None


class OpenSpielState(State):
    game_name: str = "catch"
    agent_player: int = 0
    opponent_policy: str = "random"
    game_params: dict[str, Any] = Field(default_factory=dict)
    num_players: int = 1


class OpenSpielEnvironment(Base):
    """One of three games; an action that is not legal ends the process, as OpenSpiel's check does."""

    def __init__(self, game_name: str) -> None:
        super().__init__()
        self._state = OpenSpielState(game_name=game_name, num_players=2 if game_name == "tic_tac_toe" else 1)
        self.game = {"tic_tac_toe": TicTacToe, "catch": Catch, "2048": Tiles}[game_name]()

    def reset(self) -> OpenSpielObservation:
        self.game.start()
        self._state.episode_id, self._state.step_count = str(uuid.uuid4()), 0
        return self._said("initial", None)

    def step(self, action: OpenSpielAction) -> OpenSpielObservation:
        if action.action_id not in self.game.legal():
            sys.stderr.write("OpenSpiel exception: illegal action\n")
            sys.stderr.flush()
            os._exit(1)
        reward = self.game.act(action.action_id)
        self._state.step_count += 1
        return self._said("terminal" if self.game.over else "playing", reward)

    def _said(self, phase: str, reward: float | None) -> OpenSpielObservation:
        over = self.game.over
        return OpenSpielObservation(
            info_state=self.game.tensor(),
            legal_actions=[] if over else self.game.legal(),
            game_phase=phase,
            current_player_id=-4 if over else 0,
            opponent_last_action=getattr(self.game, "replied", None),
            done=over,
            reward=reward,
        )


class TicTacToe:
    LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))

    def start(self) -> None:
        self.cells, self.over, self.replied = ["."] * 9, False, None

    def legal(self) -> list[int]:
        return [at for at, cell in enumerate(self.cells) if cell == "."]

    def act(self, action: int) -> float:
        for player in "XO":
            if player == "O":
                action = self.replied = random.choice(self.legal())
            self.cells[action] = player
            if any(all(self.cells[at] == player for at in line) for line in self.LINES):
                self.over = True
                return 1.0 if player == "X" else -1.0
            if not self.legal():
                self.over = True
                return 0.0
        return 0.0

    def tensor(self) -> list[float]:
        return [float(cell == plane) for plane in ".OX" for cell in self.cells]


class Catch:
    def start(self) -> None:
        self.ball, self.row, self.paddle, self.over = random.randrange(5), 0, 2, False

    def legal(self) -> list[int]:
        return [0, 1, 2]

    def act(self, action: int) -> float:
        self.paddle = min(max(self.paddle + action - 1, 0), 4)
        self.row += 1
        self.over = self.row == 9
        return (1.0 if self.paddle == self.ball else -1.0) if self.over else 0.0

    def tensor(self) -> list[float]:
        tensor = [0.0] * 50
        tensor[self.row * 5 + self.ball] = tensor[45 + self.paddle] = 1.0
        return tensor


class Tiles:
    """2048 by the rules of this project, which number the actions as OpenSpiel does: up, right, down, left."""

    def start(self) -> None:
        from grpo_arcade.games import make

        self.game = make("2048")
        self.game.reset(random.randrange(2**32))
        self.over = False

    def legal(self) -> list[int]:
        return list(self.game.legal_actions())

    def act(self, action: int) -> float:
        before = self.game.score
        self.game.step(action)
        self.over = self.game.outcome is not None
        return float(self.game.score - before)

    def tensor(self) -> list[float]:
        return [float(tile) for row in self.game.observation() for tile in row]


ENVIRONMENTS: dict[str, tuple[Any, type[Action], type[Observation], int]] = {
    name: ((lambda name=name: OpenSpielEnvironment(name)), OpenSpielAction, OpenSpielObservation, 8)
    for name in ("tic_tac_toe", "catch", "2048")
}


def main() -> None:
    import uvicorn

    factory, action, observation, sessions = ENVIRONMENTS[sys.argv[1]]
    app = create_fastapi_app(factory, action, observation, max_concurrent_envs=sessions)
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[listening])


if __name__ == "__main__":
    main()
