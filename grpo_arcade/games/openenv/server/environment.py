"""One session: a game behind OpenEnv's ``Environment``.

A move takes microseconds, so it is played where the message arrives, on the server's event loop: a hop to another
thread and back would cost more than most games do. Knows neither HTTP nor WebSockets.
"""

from __future__ import annotations

import asyncio
import base64
import io
import secrets
import uuid
from collections.abc import Callable
from typing import Any

from openenv.core.env_server.interfaces import Environment
from openenv.core.env_server.types import EnvironmentMetadata

from grpo_arcade.games.against import Against
from grpo_arcade.games.game import Game, Picture
from grpo_arcade.games.openenv.server.messages import (
    GameAction,
    GameObservation,
    GameState,
    Messages,
    PlayError,
    checked_picture,
    made,
    short,
)
from grpo_arcade.games.seeds import LARGEST_SEED

_DRAWN_SEEDS = 2**53
"""Seeds of our own choice stay below it, so that they survive a language that has only floats."""
_EPISODE_ID_LENGTH = 255


class GameEnvironment(Environment[GameAction, GameObservation, GameState]):
    """Plays episodes of one game for one client.

    Args:
        build: gives a new game, the same at every call.
        messages: the types for that game.
        metadata: what the server says about itself.
    """

    SUPPORTS_CONCURRENT_SESSIONS = True
    # Sessions only begin and end on the library's executor: one thread for all, not one each.
    REQUIRES_SINGLE_THREAD_EXECUTOR = True

    def __init__(self, build: Callable[[], Game], messages: Messages, metadata: EnvironmentMetadata) -> None:
        super().__init__()
        self._observation = messages.observation
        self._metadata = metadata
        self._game: Game | None = build()
        self._picture: Picture | None = None
        self._running = False
        self._legal: tuple[int, ...] = ()
        self._score = 0.0
        self._seed: int | None = None
        self._episode_id: str | None = None
        self._actions = bytearray()
        self._refused = 0

    def reset(
        self, seed: int | None = None, episode_id: str | None = None, picture: bool | int = False, **unknown: Any
    ) -> GameObservation:
        """Start the episode that belongs to ``seed``; without one, to a seed that nobody can guess.

        ``episode_id`` names the episode in the state; ``picture`` asks for a picture of its start.
        """
        observation = self._start(seed, episode_id, picture, unknown)
        return self._with_picture(observation, picture) if picture else observation

    async def reset_async(
        self, seed: int | None = None, episode_id: str | None = None, picture: bool | int = False, **unknown: Any
    ) -> GameObservation:
        """:meth:`reset`; the first one, and any picture, in another thread."""
        if not self._running or isinstance(self._game, Against):
            # Some games switch a whole console on for their first episode, which would hold up everybody else.
            observation = await asyncio.to_thread(self._start, seed, episode_id, picture, unknown)
        else:
            observation = self._start(seed, episode_id, picture, unknown)
        return await asyncio.to_thread(self._with_picture, observation, picture) if picture else observation

    def step(self, action: GameAction, timeout_s: float | None = None, **_: Any) -> GameObservation:
        """Take a move that is legal now; anything else is refused, and changes nothing."""
        observation = self._move(action)
        return self._with_picture(observation, action.picture) if action.picture else observation

    async def step_async(self, action: GameAction, timeout_s: float | None = None, **_: Any) -> GameObservation:
        """:meth:`step`, with any picture made in another thread."""
        if isinstance(self._game, Against):
            # Its opponent thinks, and nobody else is to wait for that.
            observation = await asyncio.to_thread(self._move, action)
        else:
            observation = self._move(action)
        return (
            await asyncio.to_thread(self._with_picture, observation, action.picture) if action.picture else observation
        )

    @property
    def state(self) -> GameState:
        """Everything it takes to play the episode again, and how it stands."""
        game = self._open()
        against = game if isinstance(game, Against) else None
        whole = against.game if against else game
        failed = {whole.seats[against.failed_seat]: str(against.failed)} if against and against.failed else {}
        state = GameState(
            episode_id=self._episode_id,
            game=game.name,
            options=dict(game.options),
            versions=dict(game.versions),
            action_names=list(game.actions),
            per_step=whole.per_step,
            seats=list(whole.seats) if len(whole.seats) > 1 else [],
            seat=whole.seats[against.seat] if against else None,
        )
        if self._running:
            state = state.model_copy(
                update={
                    "step_count": len(self._actions),
                    "seed": self._seed,
                    "actions": list(against.played if against else self._actions),
                    "failed": failed,
                    "score": self._score,
                    "outcome": None if game.outcome is None else str(game.outcome),
                    "legal_actions": [game.actions[action] for action in self._legal],
                    "wasted": game.wasted,
                    "refused": self._refused,
                }
            )
        return state

    def get_metadata(self) -> EnvironmentMetadata:
        """What the server says about itself."""
        return self._metadata

    def close(self) -> None:
        """Let go of the game; a session is closed when its client leaves or says nothing for too long."""
        self._game = self._picture = None

    def _open(self) -> Game:
        if self._game is None:
            raise PlayError("this session was closed, because it was idle or asked for it; connect again")
        return self._game

    def _start(self, seed: Any, episode_id: Any, picture: Any, unknown: dict[str, Any]) -> GameObservation:
        game = self._open()
        if unknown:
            raise PlayError(f"reset has no argument {sorted(unknown)[0]!r}; there are seed, episode_id and picture")
        if seed is None:
            seed = secrets.randbelow(_DRAWN_SEEDS)
        elif type(seed) is not int or not 0 <= seed <= LARGEST_SEED:
            raise PlayError(f"seed must be a whole number from 0 to {LARGEST_SEED}, not {short(seed)}")
        if episode_id is None:
            episode_id = str(uuid.uuid4())
        elif not isinstance(episode_id, str) or not 0 < len(episode_id) <= _EPISODE_ID_LENGTH:
            raise PlayError(f"episode_id must be a text of 1 to {_EPISODE_ID_LENGTH} characters")
        checked_picture(picture)
        game.reset(seed)
        self._running = True
        self._seed, self._episode_id = seed, episode_id
        self._actions.clear()
        self._refused = 0
        return self._seen(game)

    def _move(self, move: GameAction) -> GameObservation:
        game = self._open()
        if not self._running:
            raise PlayError("no episode is running in this session; send a reset first")
        if game.outcome is not None:
            raise PlayError(f"the episode is over ({game.outcome}); send a reset to start another")
        asked = move.action
        action = game.aliases.get(asked) if type(asked) in (str, int) else None
        if action is None or action not in self._legal:
            self._refused += 1
            what = "no action" if action is None else "not legal now"
            names = ", ".join(game.actions[each] for each in self._legal)
            raise PlayError(f"{short(asked)} is {what}; legal are {names}")
        before = self._score
        game.step(action)
        self._actions.append(action)
        observation = self._seen(game)
        observation.__dict__["reward"] = self._score - before
        return observation

    def _seen(self, game: Game) -> GameObservation:
        names = game.actions
        outcome = game.outcome
        self._legal = game.legal_actions()
        self._score = float(game.score)
        return made(
            self._observation,
            done=outcome is not None,
            reward=None,
            metadata={},
            position=game.observation(),
            legal_actions=[names[action] for action in self._legal],
            score=self._score,
            outcome=None if outcome is None else str(outcome),
            plies=game.plies,
            picture=None,
        )

    def _with_picture(self, observation: GameObservation, picture: bool | int) -> GameObservation:
        import pygame
        from PIL import Image

        game = self._open()
        if self._picture is None:
            self._picture = game.picture(game.palettes[0])
        size = self._picture.natural_size
        if picture is not True:
            size = picture, max(1, round(picture / self._picture.aspect))
        surface = pygame.Surface(size)
        self._picture.draw(surface, game.view())
        png = io.BytesIO()
        image = Image.frombytes("RGB", surface.get_size(), pygame.image.tobytes(surface, "RGB"))
        image.save(png, "PNG", compress_level=1)
        observation.__dict__["picture"] = base64.b64encode(png.getvalue()).decode("ascii")
        return observation
