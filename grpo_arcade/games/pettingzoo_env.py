"""Our games of several seats as PettingZoo parallel environments.

::

    from grpo_arcade.games.pettingzoo_env import parallel_env

    env = parallel_env("atari/pong", players=2)
    observations, infos = env.reset(seed=7)
    while env.agents:
        actions = {agent: env.action_space(agent).sample(infos[agent]["action_mask"]) for agent in env.agents}
        observations, rewards, terminations, truncations, infos = env.step(actions)

Works with every game of several seats that has a method ``observation_space()``. Where seats take turns, all give an
action at each step and only that of the seat to move counts; its mask is the only one that is not empty.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.games.gymnasium_env import as_arrays, pixels_of
from grpo_arcade.games.registry import make

try:
    from pettingzoo import ParallelEnv
except ImportError as _error:
    raise ImportError(
        'games of several seats as PettingZoo has them need it: pip install "grpo-arcade[two]"'
    ) from _error


__all__ = ["SeatsEnv", "parallel_env"]


class SeatsEnv(ParallelEnv[str, Any, int]):
    """One of our games of several seats with PettingZoo's parallel interface; agents are named as the seats are.

    ## Action space
    ``Discrete(len(game.actions))`` for each: the game's action ids.

    ## Observation space
    What the game's ``observation_space()`` says; each agent gets its own seat's view, with lists as arrays.

    ## Rewards
    The score that each seat has gained by the step.

    ## Episode end
    For all at once: terminated when the game's rules end it, truncated when its step cap does.

    ## Infos
    Of each: ``score``, ``outcome`` (a name, or None), ``seed`` and ``action_mask`` (``int8``, 1 for each action that
    does something now).

    ## Seeds
    ``reset(seed=s)`` starts the game's episode ``s`` (0 to 2**63 - 1). ``reset()`` without one draws the next.

    Args:
        game: a registered name, or a game of several seats.
        render_mode: ``"rgb_array"`` or None.
        options: the game's.

    Raises:
        ValueError: no such game, option or render mode, a game of one seat, or one that says nothing of its space.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "is_parallelizable": True}  # noqa: RUF012

    def __init__(self, game: str | Game, render_mode: str | None = None, **options: Any) -> None:
        self.game = make(game, **options) if isinstance(game, str) else game
        name = self.game.name
        if len(self.game.seats) == 1:
            raise ValueError(f"{name} has one seat only; Gymnasium has it: grpo_arcade.games.gymnasium_env")
        if not hasattr(self.game, "observation_space"):
            raise ValueError(f"{name} does not say what its observations look like: it has no observation_space()")
        if render_mode not in (None, "rgb_array"):
            raise ValueError(f"render_mode must be rgb_array or None, not {render_mode!r}")
        self.render_mode = render_mode
        self.metadata = {**self.metadata, "name": name.replace("/", "_"), "render_fps": self.game.frame_rate}
        self.possible_agents = list(self.game.seats)
        self.agents: list[str] = []
        space = self.game.observation_space()
        self.observation_spaces = dict.fromkeys(self.possible_agents, space)
        self.action_spaces = {
            agent: spaces.Discrete(len(self.game.actions), seed=number)
            for number, agent in enumerate(self.possible_agents)
        }
        self._picture = self.game.picture()
        self._seeds = np.random.default_rng()
        self._seed = 0

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """The same for every agent."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """The same for every agent; each samples for itself."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """Start an episode. ``options`` change nothing: what a game has to offer is chosen when it is made."""
        if seed is not None:
            self._seeds = np.random.default_rng(seed)
        self._seed = int(self._seeds.integers(2**63)) if seed is None else seed
        self.game.reset(self._seed)
        self.agents = list(self.possible_agents)
        return self._observations(), self._infos()

    def step(
        self, actions: dict[str, int]
    ) -> tuple[dict[str, Any], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]:
        """Take an action id of each agent; where seats take turns, that of the one to move."""
        if not self.agents:
            return {}, {}, {}, {}, {}
        game, seats = self.game, range(len(self.possible_agents))
        before = [game.seat_score(seat) for seat in seats]
        game.step_seats([int(actions[game.seats[seat]]) for seat in game.acting()])
        rewards = {game.seats[seat]: float(game.seat_score(seat) - before[seat]) for seat in seats}
        truncated = game.outcome is Outcome.CAPPED
        terminated = game.outcome is not None and not truncated
        observations, infos = self._observations(), self._infos()
        terminations = dict.fromkeys(self.agents, terminated)
        truncations = dict.fromkeys(self.agents, truncated)
        if game.outcome is not None:
            self.agents = []
        return observations, rewards, terminations, truncations, infos

    def render(self) -> np.ndarray | None:
        """The picture at its natural size, ``uint8`` of shape (height, width, 3); None without a render mode."""
        return None if self.render_mode is None else pixels_of(self._picture, self.game.view())

    def close(self) -> None:
        """Nothing is open."""

    def _observations(self) -> dict[str, Any]:
        return {
            agent: as_arrays(self.observation_spaces[agent], self.game.seat_observation(seat))
            for seat, agent in enumerate(self.possible_agents)
        }

    def _infos(self) -> dict[str, dict[str, Any]]:
        infos = {}
        for seat, agent in enumerate(self.possible_agents):
            mask = np.zeros(len(self.game.actions), np.int8)
            mask[list(self.game.seat_legal_actions(seat))] = 1
            outcome = self.game.seat_outcome(seat)
            infos[agent] = {
                "score": self.game.seat_score(seat),
                "outcome": None if outcome is None else str(outcome),
                "seed": self._seed,
                "action_mask": mask,
            }
        return infos


def parallel_env(game: str | Game, render_mode: str | None = None, **options: Any) -> SeatsEnv:
    """The environment of a game, under the name that PettingZoo's modules give theirs; see :class:`SeatsEnv`."""
    return SeatsEnv(game, render_mode, **options)
