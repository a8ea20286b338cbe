"""Our games as Gymnasium environments.

Importing this module registers them, as Gymnasium has it since 1.0, which no longer looks for plug-ins by itself::

    import gymnasium
    import grpo_arcade.games.gymnasium_env

    env = gymnasium.make("GRPOArcade/Twenty48-v0", render_mode="rgb_array")

or, in one go, ``gymnasium.make("grpo_arcade.games.gymnasium_env:GRPOArcade/Twenty48-v0")``. Works with every game that
has a method ``observation_space()``; knows no particular game but the names it registers. Games that other packages
plug in are registered as ours are: ``falling-stones`` is ``GRPOArcade/FallingStones-v0``.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.core import Env
from gymnasium.envs.registration import register, registry

from grpo_arcade.games.atari.roms import playable_titles
from grpo_arcade.games.game import Outcome, Picture
from grpo_arcade.games.registry import make, other_games


class GameEnv(Env[Any, int]):
    """One of our games with the interface of Gymnasium.

    ## Action space
    ``Discrete(len(game.actions))``: the game's action ids.

    ## Observation space
    What the game's ``observation_space()`` says; observations are those a strategy gets, with lists as arrays.

    ## Reward
    The score gained by the action.

    ## Episode end
    Terminated when the game's rules end it, truncated when its step cap does and it is not won by then.

    ## Info
    ``score``, ``outcome`` (a name, or None), ``seed`` of the episode, and ``action_mask`` (``int8``, 1 for each action
    that does something now; ``env.action_space.sample(info["action_mask"])`` takes it).

    ## Seeds
    ``reset(seed=s)`` starts the game's episode ``s`` (0 to 2**63 - 1), the same that a recording with that seed shows.
    ``reset()`` without one takes the next seed from ``np_random``.

    ## Copies
    ``copy.deepcopy`` and ``pickle`` take seed and actions along, and the copy plays them again; so they cost what the
    episode has cost so far, and no more to store than its moves.

    Args:
        game: a registered name.
        render_mode: ``"rgb_array"`` or None.
        palette: one of the game's palettes; None for its first.
        **options: the game's options.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 8}  # noqa: RUF012 - as Gymnasium declares it

    def __init__(self, game: str, render_mode: str | None = None, palette: str | None = None, **options: Any) -> None:
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise ValueError(f"render_mode must be None or 'rgb_array', not {render_mode!r}")
        self.game = make(game, **options)
        if self.game.simultaneous:
            raise ValueError(f"{game} has {len(self.game.seats)} seats that act together: games.pettingzoo_env has it")
        space_of = getattr(self.game, "observation_space", None)
        if space_of is None:
            raise ValueError(f"{game} cannot be a Gymnasium environment: it has no observation_space()")
        self.render_mode = render_mode
        self.metadata = {**self.metadata, "render_fps": self.game.frame_rate}
        self.action_space: spaces.Space[Any] = spaces.Discrete(len(self.game.actions))
        self.observation_space = space_of()
        self._palette = palette or self.game.palettes[0]
        self._picture = self.game.picture(self._palette)
        self._seed: int | None = None
        self._actions = bytearray()

    def __getstate__(self) -> dict[str, Any]:
        if not self.game.replayable:
            raise TypeError(f"{self.game.name} does not play the same game twice, so it cannot be copied or pickled")
        state = {name: value for name, value in self.__dict__.items() if name not in ("game", "_picture")}
        return {**state, "_made_as": (self.game.name, dict(self.game.options))}

    def __setstate__(self, state: dict[str, Any]) -> None:
        name, options = state.pop("_made_as")
        self.__dict__.update(state)
        self.game = make(name, **options)
        self._picture = self.game.picture(self._palette)
        if self._seed is not None:
            self.game.reset(self._seed)
            for action in self._actions:
                self.game.step(action)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Start an episode.

        Raises:
            ValueError: ``options`` holds anything; what a game has to offer is chosen when it is made.
        """
        if options:
            names = ", ".join(self.game.options) or "none"
            raise ValueError(
                f"reset takes no options, and was given {', '.join(map(repr, options))}; give the game's ({names}) to "
                "gymnasium.make"
            )
        super().reset(seed=seed)
        self._actions = bytearray()
        self._seed = int(self.np_random.integers(2**63)) if seed is None else seed
        self.game.reset(self._seed)
        return self._observation(), self._info()

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Take an action id."""
        before = self.game.score
        self.game.step(int(action))
        self._actions.append(int(action))
        outcome = self.game.outcome
        truncated = outcome is Outcome.CAPPED
        terminated = outcome is not None and not truncated
        return self._observation(), float(self.game.score - before), terminated, truncated, self._info()

    def render(self) -> np.ndarray | None:
        """The picture at its natural size, ``uint8`` of shape (height, width, 3); None without a render mode."""
        if self.render_mode is None:
            return None
        return pixels_of(self._picture, self.game.view())

    def _observation(self) -> Any:
        return as_arrays(self.observation_space, self.game.observation())

    def _info(self) -> dict[str, Any]:
        mask = np.zeros(len(self.game.actions), np.int8)
        mask[list(self.game.legal_actions())] = 1
        outcome = self.game.outcome
        return {
            "score": self.game.score,
            "outcome": None if outcome is None else str(outcome),
            "seed": self._seed,
            "action_mask": mask,
        }


def pixels_of(picture: Picture, view: Any) -> np.ndarray:
    """A view drawn at the picture's natural size, ``uint8`` of shape (height, width, 3)."""
    # Imported here: a training loop that never renders needs no pygame.
    import pygame

    surface = pygame.Surface(picture.natural_size)
    picture.draw(surface, view)
    pixels = np.frombuffer(pygame.image.tobytes(surface, "RGB"), np.uint8)
    return pixels.reshape(surface.get_height(), surface.get_width(), 3).copy()


def as_arrays(space: spaces.Space[Any], value: Any) -> Any:
    """A strategy's observation as the element of ``space`` that it is."""
    if isinstance(space, spaces.Dict):
        return {key: as_arrays(part, value[key]) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(as_arrays(part, item) for part, item in zip(space.spaces, value, strict=True))
    if isinstance(space, spaces.Box | spaces.MultiDiscrete | spaces.MultiBinary):
        return np.asarray(value, space.dtype)
    return value


def environments() -> dict[str, str]:
    """Gymnasium's names of our environments, and the games they are: ``GRPOArcade/AtariMsPacman-v0`` and so on."""
    atari = {"".join(map(str.capitalize, title.split("_"))): title for title in playable_titles()}
    ours = {
        "GRPOArcade/Twenty48-v0": "2048",
        "GRPOArcade/ConnectFour-v0": "connect-four",
        **{f"GRPOArcade/Atari{name}-v0": f"atari/{title}" for name, title in atari.items()},
    }
    # Of a family nobody says which titles it has.
    others = {_environment_of(name): name for name in reversed(other_games()) if not name.endswith(("/", ":"))}
    return {**others, **ours}


def _environment_of(game: str) -> str:
    words = "".join(word[0].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", game))
    return f"GRPOArcade/{words or 'Game'}-v0"


def register_envs() -> None:
    """Tell Gymnasium of our environments; importing this module has done it."""
    for environment, game in environments().items():
        if environment not in registry:
            register(environment, entry_point=f"{__name__}:GameEnv", kwargs={"game": game})


register_envs()
