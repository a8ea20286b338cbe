"""The check every game must pass, ours and those of other packages alike.

In a package that plugs a game in::

    from grpo_arcade.games.conformance import check_game

    def test_my_game_meets_the_contract():
        check_game(MyGame)

Knows the contract of :mod:`~grpo_arcade.games.game` and no particular game.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import marshal
import math
import pickle
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from grpo_arcade.games.episode import Episode
from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.games.players import check_source, extract_source, play_match
from grpo_arcade.games.registry import make
from grpo_arcade.games.replay import Replay
from grpo_arcade.games.toolbox import OPTION as TOOLBOX

MAX_PLIES = 200
"""How far the check plays an episode; shorter ones are played to their end."""

_SEEDS = (0, 1, 2**32 + 7, 2**63 - 1)


class ConformanceError(AssertionError):
    """The game does not meet the contract; the message says which sentence of it and what was seen."""


def check_game(factory: Callable[[], Game]) -> None:
    """Raise :class:`ConformanceError` unless the game that ``factory`` builds meets the contract.

    ``factory`` gives a new game with the same options at every call: a class, or ``lambda: MyGame(size=3)``. The game
    must be registered, because one of the things checked is that its name and options build it again, also in another
    process.
    """
    _check_description(factory())
    _check_options(factory())
    _check_toolbox(factory())
    for seed in _SEEDS:
        actions = _check_episode(factory(), seed)
        _check_determinism(factory, seed, actions)
    _check_refusals(factory())
    _check_step_cap(factory())
    _check_baselines(factory())
    _check_pictures(factory())


def _require(condition: object, message: str) -> None:
    if not condition:
        raise ConformanceError(message)


def _check_description(game: Game) -> None:
    _require(isinstance(game.name, str) and game.name, f"name must be a non-empty string, not {game.name!r}")
    _require(
        type(game.rules_version) is int and game.rules_version > 0,
        f"rules_version must be a whole number from 1, not {game.rules_version!r}",
    )
    names = game.actions
    _require(
        isinstance(names, tuple) and 0 < len(names) <= 250 and all(isinstance(name, str) and name for name in names),
        f"actions must be a tuple of 1 to 250 non-empty names, not {names!r}",
    )
    _require(len(set(names)) == len(names), f"actions must be distinct, not {names!r}")
    for alias, action in game.aliases.items():
        _require(type(alias) in (str, int), f"aliases' keys must be str or int, not {alias!r}")
        _require(
            type(action) is int and 0 <= action < len(names),
            f"alias {alias!r} must stand for an action id from 0 to {len(names) - 1}, not {action!r}",
        )
    _require(game.frame_rate > 0, f"frame_rate must be positive, not {game.frame_rate!r}")
    _require(
        type(game.step_cap) is int and game.step_cap > 0,
        f"step_cap must be a positive whole number, not {game.step_cap!r}",
    )
    _require(
        isinstance(game.palettes, tuple) and game.palettes and len(set(game.palettes)) == len(game.palettes),
        f"palettes must be a tuple of one or more distinct names, not {game.palettes!r}",
    )
    prompt = game.prompt()
    _require(isinstance(prompt, str) and prompt.strip(), "prompt() must be a non-empty string")
    _require("strategy" in prompt, "prompt() must name the function it asks for: strategy")
    _require(prompt == game.prompt(), "prompt() must be the same at every call")
    for action, name in enumerate(names):
        ways = [alias for alias, meant in game.aliases.items() if meant == action]
        _require(ways, f"no alias stands for action {action} ({name})")
        words = [alias for alias in ways if isinstance(alias, str)]
        _require(
            any(_names(prompt, alias) for alias in words or ways),
            f"prompt() must say how to answer with action {action} ({name}): none of {words or ways!r} is in it",
        )


def _names(prompt: str, alias: str | int) -> bool:
    if isinstance(alias, int):
        return re.search(rf"(?<![\w\"']){alias}(?![\w\"'])", prompt) is not None
    return f'"{alias}"' in prompt or f"'{alias}'" in prompt


def _check_options(game: Game) -> None:
    options = dict(game.options)
    try:
        travelled = json.loads(json.dumps(options, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ConformanceError(f"options must survive JSON: {error}") from error
    _require(travelled == options, f"options must come back from JSON as they were: {options!r} became {travelled!r}")
    again = make(game.name, **travelled)
    _require(
        type(again) is type(game) and dict(again.options) == options,
        f"make({game.name!r}, **options) must build the same game, not {again!r} with {dict(again.options)!r}",
    )
    try:
        make(game.name, **options, no_such_option=1)
    except ValueError as error:
        _require("\n" not in str(error), f"a bad option must be refused in one line, not {str(error)!r}")
    else:
        raise ConformanceError("an option the game does not know must be refused with a ValueError")


def _check_toolbox(game: Game) -> None:
    toolbox = game.toolbox
    if toolbox is None:
        return
    game.lend(True)
    version, prompt = toolbox.version, game.prompt()
    _require(
        type(version) is int and version > 0, f"a toolbox's version must be a whole number from 1, not {version!r}"
    )
    _require(game.options[TOOLBOX] == version, "a game that lends its toolbox must say so in its options")
    for function in toolbox.functions:
        name = function.__name__
        _require((function.__doc__ or "").strip(), f"{name} of the toolbox needs a docstring, which a model reads")
        _require(f"`{name}(" in prompt, f"prompt() must tell of {name}, which is lent: use toolbox.told()")
    refusal = check_source(toolbox.source, toolbox.names[0])
    _require(refusal is None, f"the toolbox must be a program of its own: {refusal and refusal.reason}")
    example = extract_source(prompt)
    _require(
        example.source is not None and example.refusal is None and any(n in example.source for n in toolbox.names),
        f"the toolbox's example must be a strategy that uses it, at the end of prompt(): {example.reason}",
    )
    match = play_match(str(example.source), game.name, game.options, _SEEDS[:1])
    _require(not match.error, f"the toolbox's example must play: {match.error}")


def _check_episode(game: Game, seed: int) -> list[int]:
    """Play with some wasted actions, checking the books at every ply; returns what was played."""
    rng = random.Random(seed)
    game.reset(seed)
    _require(
        (game.plies, game.wasted, game.outcome) == (0, 0, None),
        f"after reset plies, wasted and outcome must be 0, 0 and None, not "
        f"{game.plies}, {game.wasted}, {game.outcome!r}",
    )
    played: list[int] = []
    wasted = 0
    while game.outcome is None and len(played) < MAX_PLIES:
        legal = _check_position(game)
        careless = rng.random() < 0.1
        action = rng.randrange(len(game.actions)) if careless else rng.choice(legal)
        view = game.view()
        pickled = _frozen(view)
        game.step(action)
        played.append(action)
        wasted += action not in legal
        where = f"seed {seed}, after actions {played!r}"
        _require(game.plies == len(played), f"plies must be {len(played)}, not {game.plies}: {where}")
        _require(
            game.wasted == wasted,
            f"wasted must count the actions that were not among legal_actions(), {wasted}, not {game.wasted}: {where}",
        )
        _require(pickle.dumps(view) == pickled, f"a view must not change when the game goes on: {where}")
    _check_position(game)
    if game.outcome is not None:
        _check_end(game)
    return played


def _check_position(game: Game) -> tuple[int, ...]:
    legal = game.legal_actions()
    _require(
        isinstance(legal, tuple)
        and all(type(action) is int and 0 <= action < len(game.actions) for action in legal)
        and list(legal) == sorted(set(legal)),
        f"legal_actions() must be a tuple of ascending action ids, not {legal!r}",
    )
    _require(
        bool(legal) == (game.outcome is None),
        f"legal_actions() must be empty after the end and only then: {legal!r} with outcome {game.outcome!r}",
    )
    _require(
        type(game.score) in (int, float) and math.isfinite(game.score),
        f"score must be a finite int or float, not {game.score!r}",
    )
    _require(
        game.outcome is None or (isinstance(game.outcome, Outcome) and game.outcome.by_the_rules),
        f"outcome must be None or an Outcome that a game may give by its rules, not {game.outcome!r}",
    )
    first, second = game.observation(), game.observation()
    _check_plain(first)
    _require(first == second, "observation() must be the same at every call between two steps")
    shared = {id(part) for part in _containers(first)} & {id(part) for part in _containers(second)}
    _require(not shared, "observation() must be new at every call: a list or dict in it is shared with the last one")
    _require(marshal.loads(marshal.dumps(second)) == second, "observation() must survive marshal")
    packed = type(game).packed_observations([game, game])
    _require(packed == marshal.dumps([first, second], 2), "packed_observations() must be a list of the observations")
    kept = repr(second)
    for part in list(_containers(first)):
        part.clear()
    _require(repr(game.observation()) == kept, "observation() must not let a player change the game through it")
    return legal


def _check_plain(value: object) -> None:
    kind = type(value)
    _require(
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
        _require(
            not isinstance(part, list | dict | set | bytearray),
            f"view() must be immutable; found a {type(part).__name__} in it",
        )
        writeable = getattr(getattr(part, "flags", None), "writeable", False)
        _require(not writeable, "view() must be immutable; an array in it needs array.flags.writeable = False")
        if dataclasses.is_dataclass(part) and not isinstance(part, type):
            _require(
                type(part).__dataclass_params__.frozen,  # type: ignore[attr-defined]
                f"view() must be immutable; {type(part).__name__} is not a frozen dataclass",
            )
            parts.extend(getattr(part, field.name) for field in dataclasses.fields(part))
        elif isinstance(part, tuple | frozenset):
            parts.extend(part)
    return pickled


def _check_end(game: Game) -> None:
    before = _state(game)
    for action in range(len(game.actions)):
        _require(_refuses(game.step, action), f"step({action}) after the end must raise ValueError")
    _require(_state(game) == before, "a refused step must change nothing")
    game.reset(0)
    _require(game.outcome is None and game.plies == 0, "reset() after the end must start another episode")


def _refuses(call: Callable[[Any], object], argument: object) -> bool:
    try:
        call(argument)
    except ValueError as error:
        _require("\n" not in str(error) and str(error), f"a refusal must be one line, not {str(error)!r}")
        return True
    return False


def _state(game: Game) -> str:
    return repr((game.observation(), game.legal_actions(), game.score, str(game.outcome), game.plies, game.wasted))


def trace(game: Game, seed: int, actions: Sequence[int]) -> list[str]:
    """A digest of all that can be seen of the game after the reset and after each action, up to the end."""
    game.reset(seed)
    replay = Replay(Episode(game.name, game.options, seed, bytes(actions), Outcome.UNFINISHED, 0.0), game)
    return [hashlib.sha256(_state(game).encode()).hexdigest() for _ in replay.plies()]


_ELSEWHERE = """
import json, sys
from grpo_arcade.games.conformance import trace
from grpo_arcade.games.registry import make
from grpo_arcade.games.replay import Replay
name, options, seed, actions = json.load(sys.stdin)
json.dump(trace(make(name, **options), seed, actions), sys.stdout)
"""


def _check_determinism(factory: Callable[[], Game], seed: int, actions: Sequence[int]) -> None:
    game, other = factory(), factory()
    first = trace(game, seed, actions)
    trace(other, seed // 2 + 1, actions[:5])
    for what, again in (
        ("after another reset of the same game", trace(game, seed, actions)),
        ("in another game that played something else before", trace(other, seed, actions)),
        ("in a game that make() built", trace(make(game.name, **game.options), seed, actions)),
    ):
        _require_same(first, again, what, seed, actions)
    if seed == _SEEDS[-1]:
        child = subprocess.run(
            [sys.executable, "-c", _ELSEWHERE],
            input=json.dumps([game.name, dict(game.options), seed, list(actions)]),
            capture_output=True,
            text=True,
            check=False,
        )
        _require(child.returncode == 0, f"the game must also play in a fresh process: {child.stderr[-2000:]}")
        _require_same(first, json.loads(child.stdout), "in a fresh process", seed, actions)


def _require_same(first: list[str], again: list[str], what: str, seed: int, actions: Sequence[int]) -> None:
    differing = next((ply for ply, (a, b) in enumerate(zip_longest(first, again)) if a != b), None)
    _require(
        differing is None,
        f"the same seed and actions must give the same episode; {what} it differs after ply {differing}: "
        f"seed {seed}, actions {list(actions[:differing])!r}",
    )


def _check_refusals(game: Game) -> None:
    game.reset(0)
    before = _state(game)
    for action in (-1, len(game.actions), 10**9):
        _require(_refuses(game.step, action), f"step({action}) must raise ValueError: there is no such action")
    _require(_state(game) == before, "a refused step must change nothing")
    for seed in (-1, 2**63):
        _require(_refuses(game.reset, seed), f"reset({seed}) must raise ValueError: seeds are 0 to 2**63 - 1")


def _check_step_cap(game: Game) -> None:
    game.step_cap = 3
    for seed in range(50):
        game.reset(seed)
        rng = random.Random(seed)
        while game.outcome is None and game.plies < 4:
            game.step(rng.choice(game.legal_actions()))
        _require(game.plies <= 3, "an episode must end once plies reaches step_cap")
        if game.outcome is Outcome.CAPPED:
            _require(game.plies == 3, f"an episode was capped after {game.plies} plies with step_cap = 3")
            return
    raise ConformanceError("with step_cap = 3 none of 50 episodes ended as capped; step() must read self.step_cap")


def _check_baselines(game: Game) -> None:
    _require("random" in game.baselines, f"baselines must hold random, not only {sorted(game.baselines)!r}")
    for name, baseline in game.baselines.items():
        choices = []
        for _ in range(2):
            rng = random.Random(7)
            game.reset(7)
            chosen: list[int] = []
            while game.outcome is None and len(chosen) < 30:
                before = _state(game)
                action = baseline(game, rng)
                _require(_state(game) == before, f"baseline {name} must not change the game it looks at")
                _require(
                    type(action) is int and action in game.legal_actions(),
                    f"baseline {name} must return a legal action id, not {action!r}",
                )
                chosen.append(action)
                game.step(action)
            choices.append(chosen)
        _require(choices[0] == choices[1], f"baseline {name} must take all its randomness from the rng it is given")
    stored: Mapping[str, Any] = game.baseline_scores() or {}
    for name, results in stored.items():
        _require(name in game.baselines, f"baseline_scores() knows {name}, which is no baseline")
        _require(
            len(results["scores"]) == len(results["outcomes"]) > 0,
            f"baseline_scores()[{name!r}] must hold one score and one outcome for each evaluation seed",
        )
        for outcome in results["outcomes"]:
            _require(outcome in set(Outcome), f"baseline_scores()[{name!r}] holds {outcome!r}, which is no Outcome")


def _check_pictures(game: Game) -> None:
    import pygame

    had_display = pygame.display.get_init()
    _require(_refuses(game.picture, "no such palette"), "picture() must refuse an unknown palette with a ValueError")
    game.reset(3)
    views = [game.view()]
    rng = random.Random(3)
    while game.outcome is None and len(views) < 4:
        game.step(rng.choice(game.legal_actions()))
        views.append(game.view())
    for palette in game.palettes:
        picture = game.picture(palette)
        width, height = picture.natural_size
        _require(
            abs(width - height * picture.aspect) <= 1,
            f"natural_size {width}×{height} must have the picture's aspect, {picture.aspect}",
        )
        for size in ((width, height), (97, 61)):
            for view in views:
                for progress in (0.0, 0.4, 1.0):
                    before = pickle.dumps(view)
                    drawn = []
                    # Two backgrounds tell whether the picture really fills the surface.
                    for background in ("magenta", "green"):
                        surface = pygame.Surface(size)
                        surface.fill(background)
                        picture.draw(surface, view, progress)
                        drawn.append(pygame.image.tobytes(surface, "RGB"))
                    _require(
                        drawn[0] == drawn[1],
                        f"draw() must fill the whole surface and give the same pixels every time "
                        f"({palette}, {size[0]}×{size[1]}, progress {progress})",
                    )
                    _require(pickle.dumps(view) == before, "draw() must not change the view")
    _require(pygame.display.get_init() == had_display, "draw() must not open a display")
