"""The check every game must pass, ours and those of other packages alike.

In a package that plugs a game in::

    from grpo_arcade.games.conformance import check_game

    def test_my_game_meets_the_contract():
        check_game(MyGame)

Here are what a game says of itself and that it is the same wherever it is built; ``play`` looks at every position of an
episode, ``baselines`` and ``pictures`` at those. Knows the contract of :mod:`~grpo_arcade.games.game` and no particular
game.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from itertools import zip_longest

from grpo_arcade.games.conformance.baselines import check_baselines
from grpo_arcade.games.conformance.pictures import check_pictures
from grpo_arcade.games.conformance.play import check_episode, check_refusals, check_step_cap
from grpo_arcade.games.conformance.require import ConformanceError, require, state
from grpo_arcade.games.conformance.seats import check_names
from grpo_arcade.games.episode import Episode
from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.games.players import Contender, check_source, extract_source, play_match, play_seats
from grpo_arcade.games.registry import make
from grpo_arcade.games.replay import Replay
from grpo_arcade.games.toolbox import OPTION as TOOLBOX

__all__ = ["ConformanceError", "check_game", "trace"]

_SEEDS = (0, 1, 2**32 + 7, 2**63 - 1)


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
        actions = check_episode(factory(), seed)
        _check_determinism(factory, seed, actions)
    check_refusals(factory())
    check_step_cap(factory())
    check_baselines(factory())
    check_pictures(factory())


def _check_description(game: Game) -> None:
    require(isinstance(game.name, str) and game.name, f"name must be a non-empty string, not {game.name!r}")
    require(
        type(game.rules_version) is int and game.rules_version > 0,
        f"rules_version must be a whole number from 1, not {game.rules_version!r}",
    )
    check_names(game)
    names = game.actions
    require(
        isinstance(names, tuple) and 0 < len(names) <= 250 and all(isinstance(name, str) and name for name in names),
        f"actions must be a tuple of 1 to 250 non-empty names, not {names!r}",
    )
    require(len(set(names)) == len(names), f"actions must be distinct, not {names!r}")
    for alias, action in game.aliases.items():
        require(type(alias) in (str, int), f"aliases' keys must be str or int, not {alias!r}")
        require(
            type(action) is int and 0 <= action < len(names),
            f"alias {alias!r} must stand for an action id from 0 to {len(names) - 1}, not {action!r}",
        )
    require(game.frame_rate > 0, f"frame_rate must be positive, not {game.frame_rate!r}")
    require(
        type(game.step_cap) is int and game.step_cap > 0,
        f"step_cap must be a positive whole number, not {game.step_cap!r}",
    )
    require(
        isinstance(game.palettes, tuple) and game.palettes and len(set(game.palettes)) == len(game.palettes),
        f"palettes must be a tuple of one or more distinct names, not {game.palettes!r}",
    )
    prompt = game.prompt()
    require(isinstance(prompt, str) and prompt.strip(), "prompt() must be a non-empty string")
    require("strategy" in prompt, "prompt() must name the function it asks for: strategy")
    require(prompt == game.prompt(), "prompt() must be the same at every call")
    for action, name in enumerate(names):
        ways = [alias for alias, meant in game.aliases.items() if meant == action]
        require(ways, f"no alias stands for action {action} ({name})")
        words = [alias for alias in ways if isinstance(alias, str)]
        require(
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
    require(travelled == options, f"options must come back from JSON as they were: {options!r} became {travelled!r}")
    again = make(game.name, **travelled)
    require(
        type(again) is type(game) and dict(again.options) == options,
        f"make({game.name!r}, **options) must build the same game, not {again!r} with {dict(again.options)!r}",
    )
    try:
        make(game.name, **options, no_such_option=1)
    except ValueError as error:
        require("\n" not in str(error), f"a bad option must be refused in one line, not {str(error)!r}")
    else:
        raise ConformanceError("an option the game does not know must be refused with a ValueError")


def _check_toolbox(game: Game) -> None:
    toolbox = game.toolbox
    if toolbox is None:
        return
    game.lend(True)
    version, prompt = toolbox.version, game.prompt()
    require(type(version) is int and version > 0, f"a toolbox's version must be a whole number from 1, not {version!r}")
    require(game.options[TOOLBOX] == version, "a game that lends its toolbox must say so in its options")
    for function in toolbox.functions:
        name = function.__name__
        require((function.__doc__ or "").strip(), f"{name} of the toolbox needs a docstring, which a model reads")
        require(f"`{name}(" in prompt, f"prompt() must tell of {name}, which is lent: use toolbox.told()")
    refusal = check_source(toolbox.source, toolbox.names[0])
    require(refusal is None, f"the toolbox must be a program of its own: {refusal and refusal.reason}")
    example = extract_source(prompt)
    require(
        example.source is not None and example.refusal is None and any(n in example.source for n in toolbox.names),
        f"the toolbox's example must be a strategy that uses it, at the end of prompt(): {example.reason}",
    )
    source, seats = str(example.source), len(game.seats)
    if game.simultaneous:
        each = [Contender("example", source)]
        together = play_seats(each, game.name, game.options, _SEEDS[:1], seatings=[(0,) * seats])
        error = together.errors[0]
    else:
        error = play_match(source, game.name, game.options, _SEEDS[:1]).error
    require(not error, f"the toolbox's example must play: {error}")


def trace(game: Game, seed: int, actions: Sequence[int]) -> list[str]:
    """A digest of all that can be seen of the game after the reset and after each action, up to the end."""
    game.reset(seed)
    unfinished = Outcome.UNFINISHED
    played = Episode(game.name, game.options, seed, bytes(actions), unfinished, 0.0, per_step=game.per_step)
    replay = Replay(played, game)
    return [hashlib.sha256(state(game).encode()).hexdigest() for _ in replay.plies()]


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
    trace(other, seed // 2 + 1, actions[: 5 * game.per_step])
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
        require(child.returncode == 0, f"the game must also play in a fresh process: {child.stderr[-2000:]}")
        _require_same(first, json.loads(child.stdout), "in a fresh process", seed, actions)


def _require_same(first: list[str], again: list[str], what: str, seed: int, actions: Sequence[int]) -> None:
    differing = next((ply for ply, (a, b) in enumerate(zip_longest(first, again)) if a != b), None)
    require(
        differing is None,
        f"the same seed and actions must give the same episode; {what} it differs after ply {differing}: "
        f"seed {seed}, actions {list(actions[:differing])!r}",
    )
