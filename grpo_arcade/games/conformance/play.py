"""An episode is played, and every position looked at: the books, what a player sees, what a picture needs, the end."""

from __future__ import annotations

import dataclasses
import marshal
import math
import pickle
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from grpo_arcade.games.conformance.require import ConformanceError, refuses, require, state, step_at_random
from grpo_arcade.games.conformance.seats import check_seats
from grpo_arcade.games.game import Game, Outcome

MAX_PLIES = 200
"""How far the check plays an episode; shorter ones are played to their end."""


def check_episode(game: Game, seed: int) -> list[int]:
    """Play with some wasted actions, checking the books at every ply; returns what was played."""
    rng = random.Random(seed)
    game.reset(seed)
    require(
        (game.plies, game.wasted, game.outcome) == (0, 0, None),
        f"after reset plies, wasted and outcome must be 0, 0 and None, not "
        f"{game.plies}, {game.wasted}, {game.outcome!r}",
    )
    played: list[int] = []
    wasted = 0
    while game.outcome is None and len(played) < MAX_PLIES * game.per_step:
        check_position(game)
        chosen = []
        for seat in game.acting():
            legal = game.seat_legal_actions(seat)
            careless = rng.random() < 0.1
            chosen.append(rng.randrange(len(game.actions)) if careless else rng.choice(legal))
            wasted += chosen[-1] not in legal
        view = game.view()
        pickled = _frozen(view)
        game.step_seats(chosen)
        played += chosen
        plies = len(played) // game.per_step
        where = f"seed {seed}, after actions {played!r}"
        require(game.plies == plies, f"plies must be {plies}, not {game.plies}: {where}")
        require(
            game.wasted == wasted,
            f"wasted must count the actions that were not among legal_actions(), {wasted}, not {game.wasted}: {where}",
        )
        require(pickle.dumps(view) == pickled, f"a view must not change when the game goes on: {where}")
    check_position(game)
    if game.outcome is not None:
        _check_end(game)
    return played


def check_position(game: Game) -> None:
    """What can be asked of a game, and of each seat that acts, in its position."""
    require(
        type(game.score) in (int, float) and math.isfinite(game.score),
        f"score must be a finite int or float, not {game.score!r}",
    )
    require(
        game.outcome is None or (isinstance(game.outcome, Outcome) and game.outcome.by_the_rules),
        f"outcome must be None or an Outcome that a game may give by its rules, not {game.outcome!r}",
    )
    _check_legal(game, game.legal_actions())
    _check_observation(game, game.observation)
    packed = type(game).packed_observations([game, game])
    twice = [game.observation(), game.observation()]
    require(packed == marshal.dumps(twice, 2), "packed_observations() must be a list of the observations")
    if len(game.seats) > 1:
        check_seats(game)
        for seat in game.acting():
            _check_legal(game, game.seat_legal_actions(seat))
            _check_observation(game, partial(game.seat_observation, seat))


def _check_legal(game: Game, legal: tuple[int, ...]) -> None:
    require(
        isinstance(legal, tuple)
        and all(type(action) is int and 0 <= action < len(game.actions) for action in legal)
        and list(legal) == sorted(set(legal)),
        f"legal_actions() must be a tuple of ascending action ids, not {legal!r}",
    )
    require(
        bool(legal) == (game.outcome is None),
        f"legal_actions() must be empty after the end and only then: {legal!r} with outcome {game.outcome!r}",
    )


def _check_observation(game: Game, observe: Callable[[], Any]) -> None:
    first, second = observe(), observe()
    _check_plain(first)
    require(first == second, "observation() must be the same at every call between two steps")
    shared = {id(part) for part in _containers(first)} & {id(part) for part in _containers(second)}
    require(not shared, "observation() must be new at every call: a list or dict in it is shared with the last one")
    require(marshal.loads(marshal.dumps(second)) == second, "observation() must survive marshal")
    kept = repr(second)
    for part in list(_containers(first)):
        part.clear()
    require(repr(observe()) == kept, "observation() must not let a player change the game through it")


def _check_plain(value: object) -> None:
    kind = type(value)
    require(
        value is None or kind in (bool, int, float, str, list, tuple, dict),
        f"observation() must be built of None, bool, int, float, str, list, tuple and dict; found {kind.__name__}",
    )
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple):
        for part in value:
            _check_plain(part)


def _containers(value: object) -> Iterator[Any]:
    """Every list and dict in an observation."""
    if isinstance(value, list | dict):
        yield value
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _containers(part)


def _frozen(view: object) -> bytes:
    """The view's pickle, after making sure that nothing in it can be changed."""
    try:
        pickled = pickle.dumps(view)
        pickle.loads(pickled)
    except Exception as error:
        raise ConformanceError(f"view() must be picklable: {error}") from error
    parts = [view]
    while parts:
        part = parts.pop()
        require(
            not isinstance(part, list | dict | set | bytearray),
            f"view() must be immutable; found a {type(part).__name__} in it",
        )
        writeable = getattr(getattr(part, "flags", None), "writeable", False)
        require(not writeable, "view() must be immutable; an array in it needs array.flags.writeable = False")
        if dataclasses.is_dataclass(part) and not isinstance(part, type):
            require(
                type(part).__dataclass_params__.frozen,  # type: ignore[attr-defined]
                f"view() must be immutable; {type(part).__name__} is not a frozen dataclass",
            )
            parts.extend(getattr(part, field.name) for field in dataclasses.fields(part))
        elif isinstance(part, tuple | frozenset):
            parts.extend(part)
    return pickled


def _check_end(game: Game) -> None:
    before = state(game)
    for action in range(len(game.actions)):
        require(refuses(_step, (game, action)), f"step({action}) after the end must raise ValueError")
    require(state(game) == before, "a refused step must change nothing")
    game.reset(0)
    require(game.outcome is None and game.plies == 0, "reset() after the end must start another episode")


def check_refusals(game: Game) -> None:
    """Actions and seeds that there are not change nothing."""
    game.reset(0)
    before = state(game)
    for action in (-1, len(game.actions), 10**9):
        require(refuses(_step, (game, action)), f"step({action}) must raise ValueError: there is no such action")
    if game.simultaneous:
        require(refuses(game.step, 0), "step(0) must raise ValueError where all seats act: step_seats() takes theirs")
    for count in {0, 1, game.per_step + 1} - {game.per_step}:
        require(refuses(game.step_seats, [0] * count), f"step_seats() must refuse {count} actions with a ValueError")
    require(state(game) == before, "a refused step must change nothing")
    for seed in (-1, 2**63):
        require(refuses(game.reset, seed), f"reset({seed}) must raise ValueError: seeds are 0 to 2**63 - 1")


def check_step_cap(game: Game) -> None:
    """The step cap is the attribute, and ends an episode as capped."""
    game.step_cap = 3
    for seed in range(50):
        game.reset(seed)
        rng = random.Random(seed)
        while game.outcome is None and game.plies < 4:
            step_at_random(game, rng)
        require(game.plies <= 3, "an episode must end once plies reaches step_cap")
        if game.outcome is Outcome.CAPPED:
            require(game.plies == 3, f"an episode was capped after {game.plies} plies with step_cap = 3")
            return
    raise ConformanceError("with step_cap = 3 none of 50 episodes ended as capped; step() must read self.step_cap")


def _step(game_and_action: tuple[Game, int]) -> None:
    """The same action of every seat that acts."""
    game, action = game_and_action
    game.step_seats([action] * game.per_step)
