"""Games by name. Other packages plug theirs in with an entry point of the group ``grpo_arcade.games``.

The entry point's name is the game's name, its value a :class:`~grpo_arcade.games.game.Game` class. A name that ends
in ``/`` or ``:`` is a family: ``make("atari/pong")`` looks up ``atari/`` and calls it with the rest as ``title``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from grpo_arcade.games.game import Game
from grpo_arcade.games.toolbox import OPTION as TOOLBOX

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "grpo_arcade.games"


class UnknownGameError(ValueError):
    """No game of that name; the message names the nearest ones."""


@cache
def _registered() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def game_names() -> list[str]:
    """The registered names, sorted; families end in ``/`` or ``:``."""
    return sorted(_registered())


def make(name: str, **options: Any) -> Game:
    """Build a game: ``make("2048", size=4, target=2048)``.

    ``toolbox=True`` lends strategies the game's :class:`~grpo_arcade.games.toolbox.Toolbox`, where it has one.

    Raises:
        UnknownGameError: no such game.
        ValueError: a bad option, in one line that says what would work.
    """
    factory, title = _factory(name)
    return _build(factory, name, title, options)


def make_recorded(name: str, options: Mapping[str, Any]) -> Game:
    """Build the game of a recording, which may come from anywhere, so that nothing may be asked of anybody for it.

    A factory that :func:`make` lets ask others has an attribute ``recorded``, which is called in its stead.

    Raises:
        UnknownGameError: no such game.
        ValueError: a bad option, or one is missing that every recording has.
    """
    factory, title = _factory(name)
    return _build(getattr(factory, "recorded", factory), name, title, options)


def _factory(name: str) -> tuple[Callable[..., Game], dict[str, str]]:
    """What builds a game, and the title that a family wants besides."""
    known = _registered()
    if name in known and not name.endswith(("/", ":")):
        return known[name].load(), {}
    for family in known:
        if family.endswith(("/", ":")) and name.startswith(family):
            return known[family].load(), {"title": name.removeprefix(family)}
    near = _titled(name) or difflib.get_close_matches(name, known, n=3, cutoff=0.3) or sorted(known)
    raise UnknownGameError(f"no game is called {name!r}; did you mean {', '.join(near)}?")


def _titled(name: str) -> list[str]:
    """Games of families, by a title that somebody gave alone: ``atari/pong`` for ``Pong``."""
    found = []
    for family, entry in _registered().items():
        # What follows a colon is an address, where somebody would have to be asked.
        if family.endswith("/"):
            with suppress(ValueError, ImportError):
                found.append(entry.load()(title=name.lower()).name)
    return found


def _build(factory: Callable[..., Game], name: str, title: Mapping[str, str], options: Mapping[str, Any]) -> Game:
    if taken := title.keys() & options.keys():
        raise ValueError(f"{name} has no option {taken.pop()!r}")
    version = options.get(TOOLBOX)
    try:
        game = factory(**title, **{option: value for option, value in options.items() if option != TOOLBOX})
    except TypeError as error:
        # A wrong keyword is the caller's input, not a programming error: say it as one.
        if "unexpected keyword argument" in str(error):
            option = str(error).rsplit("'", 2)[-2]
            raise ValueError(f"{name} has no option {option!r}") from error
        raise
    if version is not None and version is not False:
        game.lend(version)
    return game
