"""OpenEnv's openspiel_env and atari_env as servers, for comparison: no registry has a package of them.

Built with the library's own app factory, on OpenSpiel and the ALE, with the fields, the synchronous ``step`` and the
screen as a flat list that theirs have (https://github.com/huggingface/OpenEnv/tree/main/envs, read in November 2026).
``python -m benchmarks.openenv_peers openspiel|atari`` serves on a free port of this machine and prints it.
"""

from __future__ import annotations

import socket
import sys
import uuid

from openenv.core.env_server.http_server import create_app
from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import State

from tests.games.openenv.environments import AtariAction, AtariObservation, OpenSpielAction, OpenSpielObservation


class OpenSpielEnvironment(Environment):
    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self):
        from open_spiel.python import rl_environment

        super().__init__()
        self._game = rl_environment.Environment("2048")
        self._state = State(episode_id=None, step_count=0)

    def reset(self):
        self._state = State(episode_id=str(uuid.uuid4()), step_count=0)
        return self._observation(self._game.reset())

    def step(self, action):
        self._state.step_count += 1
        return self._observation(self._game.step([action.action_id]))

    @property
    def state(self):
        return self._state

    def _observation(self, moment):
        seen = moment.observations
        return OpenSpielObservation(
            info_state=list(seen["info_state"][0]),
            legal_actions=seen["legal_actions"][0],
            game_phase="terminal" if moment.last() else "initial" if moment.first() else "playing",
            current_player_id=seen["current_player"],
            done=moment.last(),
            reward=None if moment.rewards is None else float(moment.rewards[0]),
        )


class AtariEnvironment(Environment):
    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self):
        from ale_py import ALEInterface, LoggerMode, roms

        super().__init__()
        self._console = ALEInterface()
        self._console.setLoggerMode(LoggerMode.Error)
        self._console.setFloat("repeat_action_probability", 0.0)
        self._console.loadROM(roms.get_rom_path("pong"))
        self._actions = self._console.getMinimalActionSet()
        self._shape = [*self._console.getScreenDims(), 3]
        self._state = State(episode_id=None, step_count=0)

    def reset(self):
        self._console.reset_game()
        self._state = State(episode_id=str(uuid.uuid4()), step_count=0)
        return self._observation(0.0)

    def step(self, action):
        reward = 0.0
        for _ in range(4):
            reward += self._console.act(self._actions[action.action_id])
            if self._console.game_over():
                break
        self._state.step_count += 1
        return self._observation(reward)

    @property
    def state(self):
        return self._state

    def _observation(self, reward):
        return AtariObservation(
            screen=self._console.getScreenRGB().flatten().tolist(),
            screen_shape=self._shape,
            legal_actions=list(range(len(self._actions))),
            lives=self._console.lives(),
            episode_frame_number=self._console.getEpisodeFrameNumber(),
            frame_number=self._console.getFrameNumber(),
            done=self._console.game_over(),
            reward=reward,
            metadata={"game_name": "pong", "action_meanings": [str(action) for action in self._actions]},
        )


SERVED = {
    "openspiel": (OpenSpielEnvironment, OpenSpielAction, OpenSpielObservation),
    "atari": (AtariEnvironment, AtariAction, AtariObservation),
}

if __name__ == "__main__":
    import uvicorn

    environment, action, observation = SERVED[sys.argv[1]]
    app = create_app(environment, action, observation, env_name=f"{sys.argv[1]}_env", max_concurrent_envs=64)
    listening = socket.create_server(("127.0.0.1", 0))
    print(f"serving at http://127.0.0.1:{listening.getsockname()[1]} ", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])
