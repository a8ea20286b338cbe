"""Servers that speak as OpenEnv's own environments do: its library's app factory, and the same fields.

Run as a program (``python -m tests.games.openenv.environments``) it serves all of them on a free port of this machine,
each below its name, prints the port, and ends when its standard input does. The rules are written anew; classes carry the names that the real ones tell.
"""

from __future__ import annotations

import functools
import os
import random
import socket
import sys
import threading
import uuid
from enum import Enum
from typing import Any, ClassVar, Literal

# Ours first: it has the library leave out gradio, which nothing here shows.
import grpo_arcade.games.openenv.server  # noqa: F401  isort: skip
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


# connect4_env


class Connect4Action(Action):
    column: int


class Connect4Observation(Observation):
    board: list[list[int]] = Field(default_factory=list)
    legal_actions: list[int] = Field(default_factory=list)


class Connect4Environment(Base):
    """Both sides are the client's; the one to move is 1 or -1, and a reward of 1 belongs to the last mover."""

    def reset(self) -> Connect4Observation:
        self.board, self.mover = [[0] * 7 for _ in range(6)], 1
        return self._said(0.0, False)

    def step(self, action: Connect4Action) -> Connect4Observation:
        column = action.column
        if not 0 <= column < 7 or self.board[0][column]:
            return self._said(-1.0, True)
        row = max(at for at in range(6) if not self.board[at][column])
        self.board[row][column] = self.mover
        won = any(self._run(row, column, *way) >= 4 for way in ((0, 1), (1, 0), (1, 1), (1, -1)))
        self.mover = -self.mover
        return self._said(1.0 if won else 0.0, won or all(self.board[0]))

    def _run(self, row: int, column: int, down: int, right: int) -> int:
        count = 1
        for sign in (1, -1):
            r, c = row + sign * down, column + sign * right
            while 0 <= r < 6 and 0 <= c < 7 and self.board[r][c] == self.mover:
                count, r, c = count + 1, r + sign * down, c + sign * right
        return count

    def _said(self, reward: float, done: bool) -> Connect4Observation:
        return Connect4Observation(
            board=[list(row) for row in self.board],
            legal_actions=[at for at in range(7) if not self.board[0][at]],
            reward=reward,
            done=done,
            metadata={"next_player": self.mover},
        )


# grid_world_env


class MoveAction(str, Enum):  # noqa: UP042 - as the real one is
    UP = "UP"
    DOWN = "DOWN"
    LEFT = "LEFT"
    RIGHT = "RIGHT"


class GridWorldAction(Action):
    action: MoveAction = Field(..., description="The direction to move the agent.")


class GridWorldObservation(Observation):
    x: int
    y: int
    message: str = ""
    reward: float = 0.0
    done: bool = False


class GridWorldEnvironment(Base):
    WAYS: ClassVar = {"UP": (-1, 0), "DOWN": (1, 0), "LEFT": (0, -1), "RIGHT": (0, 1)}

    def reset(self) -> GridWorldObservation:
        self.x = self.y = 0
        return GridWorldObservation(x=0, y=0, message="Reach [4, 4].")

    def step(self, action: GridWorldAction) -> GridWorldObservation:
        down, right = self.WAYS[action.action.value]
        self.x, self.y = min(max(self.x + down, 0), 4), min(max(self.y + right, 0), 4)
        done = (self.x, self.y) == (4, 4)
        return GridWorldObservation(x=self.x, y=self.y, message="", reward=1.0 if done else -0.1, done=done)


# maze_env


class MazeAction(Action):
    action: int


class MazeObservation(Observation):
    legal_actions: list[int] = Field(default_factory=list)
    current_position: list[int] = Field(default_factory=list)
    previous_position: list[int] = Field(default_factory=list)


class MazeEnvironment(Base):
    """Positions are [column, row]; 0 is up, 1 down, 2 left, 3 right."""

    CELLS = (".....#..", "##.#.#.#", "...#...#", ".#####..", "......#.", "#.###...", "....#.#.", ".##.....")
    WAYS = ((0, -1), (0, 1), (-1, 0), (1, 0))

    def reset(self, seed: int | None = None, episode_id: str | None = None) -> MazeObservation:
        self.at = self.before = (0, 0)
        self.visited: set[tuple[int, int]] = set()
        self.total = 0.0
        return self._said(0.0)

    def step(self, action: MazeAction) -> MazeObservation:
        if action.action not in self._legal():
            return self._said(-0.75)
        self.before, (right, down) = self.at, self.WAYS[action.action]
        self.at = self.at[0] + right, self.at[1] + down
        reward = 10.0 if self.at == (7, 7) else -0.25 if self.at in self.visited else -0.05
        self.visited.add(self.at)
        return self._said(reward)

    def _legal(self) -> list[int]:
        cells = [(self.at[0] + right, self.at[1] + down) for right, down in self.WAYS]
        return [way for way, (c, r) in enumerate(cells) if 0 <= c < 8 and 0 <= r < 8 and self.CELLS[r][c] == "."]

    def _said(self, reward: float) -> MazeObservation:
        self.total += reward
        won, lost = self.at == (7, 7), self.total < -32
        return MazeObservation(
            legal_actions=[] if won or lost else self._legal(),
            current_position=list(self.at),
            previous_position=list(self.before),
            reward=reward,
            done=won or lost,
            metadata={
                "maze": [[int(cell == "#") for cell in row] for row in self.CELLS],
                "status": "win" if won else "lose" if lost else "playing",
                "exit_cell": [7, 7],
                "step": 0,
            },
        )


# snake_env


class SnakeAction(Action):
    action: int


class SnakeObservation(Observation):
    grid: list[list[int]]
    observation: list[list[list[float]]]
    episode_score: float = 0.0
    episode_steps: int = 0
    episode_fruits: int = 0
    episode_kills: int = 0
    alive: bool = True


class SnakeEnvironment(Base):
    """0 goes on, 1 turns left, 2 turns right; 0 free, 1 wall, 2 fruit, 3 head, 4 body, 5 tail."""

    def reset(self) -> SnakeObservation:
        self.snake, self.way, self.score, self.steps = [(10, 10), (10, 9), (10, 8)], (0, 1), 0.0, 0
        self.alive = True
        self._grow_fruit()
        return self._said(0.0)

    def _grow_fruit(self) -> None:
        free = [(r, c) for r in range(1, 19) for c in range(1, 19) if (r, c) not in self.snake]
        self.fruit = random.choice(free)

    def step(self, action: SnakeAction) -> SnakeObservation:
        down, right = self.way
        self.way = {0: (down, right), 1: (-right, down), 2: (right, -down)}[action.action]
        head = self.snake[0][0] + self.way[0], self.snake[0][1] + self.way[1]
        self.steps += 1
        reward = 0.001
        if not (0 < head[0] < 19 and 0 < head[1] < 19) or head in self.snake[:-1]:
            self.alive, reward = False, -1.0
        else:
            self.snake.insert(0, head)
            if head == self.fruit:
                reward += 1.0
                self._grow_fruit()
            else:
                self.snake.pop()
        self.score += reward
        return self._said(reward)

    def _said(self, reward: float) -> SnakeObservation:
        grid = [[int(r in (0, 19) or c in (0, 19)) for c in range(20)] for r in range(20)]
        grid[self.fruit[0]][self.fruit[1]] = 2
        for r, c in self.snake:
            grid[r][c] = 4
        grid[self.snake[-1][0]][self.snake[-1][1]] = 5
        grid[self.snake[0][0]][self.snake[0][1]] = 3
        return SnakeObservation(
            grid=grid,
            observation=[[[float(cell == 2), float(cell == 3)] for cell in row] for row in grid],
            episode_score=self.score,
            episode_steps=self.steps,
            alive=self.alive,
            done=not self.alive,
            reward=reward,
        )


# atari_env


class AtariAction(Action):
    action_id: int
    game_name: str = "pong"
    obs_type: Literal["rgb", "grayscale", "ram"] = "rgb"
    full_action_space: bool = False


class AtariObservation(Observation):
    screen: list[int]
    screen_shape: list[int]
    legal_actions: list[int]
    lives: int = 0
    episode_frame_number: int = 0
    frame_number: int = 0


class AtariEnvironment(Base):
    """A screen as large as the real one, with a bar to be moved under what comes down; no console is needed."""

    def reset(self) -> AtariObservation:
        self.bar, self.stone, self.frame = 80, [random.randrange(8, 152), 0], 0
        return self._said(0.0)

    def step(self, action: AtariAction) -> AtariObservation:
        if not 0 <= action.action_id < 4:
            raise ValueError(f"Invalid action_id: {action.action_id}. Valid range: [0, 3]")
        self.bar = min(max(self.bar + (0, 0, 8, -8)[action.action_id], 8), 152)
        self.frame += 4
        self.stone[1] += 10
        caught = self.stone[1] >= 200 and abs(self.stone[0] - self.bar) < 16
        if self.stone[1] >= 200:
            self.stone = [random.randrange(8, 152), 0]
        return self._said(float(caught))

    def _said(self, reward: float) -> AtariObservation:
        screen = bytearray(210 * 160 * 3)
        for x, y, colour in ((self.bar, 200, (200, 72, 72)), (*self.stone, (236, 236, 236))):
            for row in range(y, min(y + 8, 210)):
                screen[(row * 160 + x - 8) * 3 : (row * 160 + x + 8) * 3] = bytes(colour) * 16
        return AtariObservation(
            screen=list(screen),
            screen_shape=[210, 160, 3],
            legal_actions=[0, 1, 2, 3],
            lives=3,
            episode_frame_number=self.frame,
            frame_number=self.frame,
            done=self.frame >= 480,
            reward=reward,
            metadata={
                "game_name": "breakout",
                "action_meanings": ["Action.NOOP", "Action.FIRE", "Action.RIGHT", "Action.LEFT"],
            },
        )


# What nobody wrote a spec for.


class CoinAction(Action):
    side: Literal["heads", "tails"]
    sure: bool


class CoinObservation(Observation):
    message: str
    thrown: int = 0


class CoinEnvironment(Base):
    """Guess a coin, which seeds decide."""

    def reset(self, seed: int | None = None) -> CoinObservation:
        self.coins = random.Random(seed)
        return CoinObservation(message="guess")

    def step(self, action: CoinAction) -> CoinObservation:
        right = self.coins.choice(["heads", "tails"]) == action.side
        return CoinObservation(message="right" if right else "wrong", thrown=1, done=True, reward=float(right))


class TalkAction(Action):
    message: str


class TalkEnvironment(CoinEnvironment):
    """Takes any text."""

    def step(self, action: TalkAction) -> CoinObservation:
        return CoinObservation(message=action.message, done=True, reward=0.0)


ENVIRONMENTS: dict[str, tuple[Any, type[Action], type[Observation], int]] = {
    **{
        name: (functools.partial(OpenSpielEnvironment, name), OpenSpielAction, OpenSpielObservation, 8)
        for name in ("tic_tac_toe", "catch", "2048")
    },
    "connect4": (Connect4Environment, Connect4Action, Connect4Observation, 1),
    "grid_world": (GridWorldEnvironment, GridWorldAction, GridWorldObservation, 16),
    "maze": (MazeEnvironment, MazeAction, MazeObservation, 1),
    "snake": (SnakeEnvironment, SnakeAction, SnakeObservation, 1),
    "atari": (AtariEnvironment, AtariAction, AtariObservation, 1),
    "coin": (CoinEnvironment, CoinAction, CoinObservation, 4),
    "talk": (TalkEnvironment, TalkAction, CoinObservation, 4),
}
"""What to make, its types, and how many sessions: one, where the real one allows no more (but for grid_world)."""


def main() -> None:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.routing import Mount

    mounts = []
    for name, (factory, action, observation, sessions) in ENVIRONMENTS.items():
        app = create_fastapi_app(factory, action, observation, max_concurrent_envs=sessions)
        mounts.append(Mount(f"/{name}", app))
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    uvicorn.Server(uvicorn.Config(Starlette(routes=mounts), log_level="critical")).run(sockets=[listening])


if __name__ == "__main__":
    main()
