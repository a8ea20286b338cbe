"""Games by name. Other packages plug theirs in with an entry point of the group ``grpo_arcade.games``.

The entry point's name is the game's name, its value a :class:`~grpo_arcade.games.game.Game` class. A name that ends
in ``/`` or ``:`` is a family: ``make("atari/pong")`` looks up ``atari/`` and calls it with the rest as ``title``.
Our own games are always there, installed or not, and nobody can take their names.
"""

from __future__ import annotations

import difflib
import inspect
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from grpo_arcade.games.game import Game
from grpo_arcade.games.toolbox import OPTION as TOOLBOX

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "grpo_arcade.games"
_OURS = {
    "2048": "grpo_arcade.games.twenty48:Twenty48",
    "connect-four": "grpo_arcade.games.connect_four:ConnectFour",
    "atari/": "grpo_arcade.games.atari.together:atari",
    "openenv:": "grpo_arcade.games.openenv:Remote",
}


class UnknownGameError(ValueError):
    """No game of that name; the message names the nearest ones."""


@cache
def _theirs() -> dict[str, EntryPoint]:
    """The entry points of other packages."""
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=GROUP) if entry.name not in _OURS}


def game_names() -> list[str]:
    """The registered names, sorted; families end in ``/`` or ``:``."""
    return sorted([*_OURS, *_theirs()])


def other_games() -> list[str]:
    """Those of :func:`game_names` that other packages have plugged in."""
    return sorted(_theirs())


def make(name: str, **options: Any) -> Game:
    """Build a game: ``make("2048", size=4, target=2048)``.

    ``toolbox=True`` lends strategies the game's :class:`~grpo_arcade.games.toolbox.Toolbox`, where it has one.

    Raises:
        UnknownGameError: no such game.
        ValueError: a bad option, in one line that says what would work; or another package's game cannot be loaded.
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
    # Ours first: asking which packages are installed takes longer than building a game.
    for known in (lambda: _OURS, _theirs):
        for registered in known():
            if name == registered and not _is_family(name):
                return _load(name), {}
            if name.startswith(registered) and _is_family(registered):
                return _load(registered), {"title": name.removeprefix(registered)}
    if near := _titled(name) or difflib.get_close_matches(name, _whole_names(), n=3, cutoff=0.3):
        raise UnknownGameError(f"no game is called {name!r}; did you mean {', '.join(near)}?")
    raise UnknownGameError(f"no game is called {name!r}; there are {', '.join(game_names())}")


def _whole_names() -> list[str]:
    return [name for name in game_names() if not _is_family(name)]


def _is_family(name: str) -> bool:
    return name.endswith(("/", ":"))


def _load(name: str) -> Callable[..., Game]:
    """What is registered under a name of :func:`game_names`."""
    if name not in _OURS:
        entry = _theirs()[name]
        try:
            factory: Callable[..., Game] = entry.load()
        except Exception as error:  # whatever the code of another package raises while it is imported
            whose = "" if entry.dist is None else f" of the package {entry.dist.name}"
            raise ValueError(f"the game {name}{whose} cannot be loaded: {_where(error)}") from error
        return factory
    module, _, attribute = _OURS[name].partition(":")
    factory = getattr(import_module(module), attribute)
    return factory


def _where(error: Exception) -> str:
    """What went wrong, and in which line of which file, if in one of the package."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = "" if "importlib" in frame.filename else f"{frame.filename}, line {frame.lineno}: "
    return f"{place}{type(error).__name__}: {error}"


def _titled(name: str) -> list[str]:
    """Games of families, by a title that somebody gave alone: ``atari/pong`` for ``Pong``."""
    found = []
    for family in game_names():
        # What follows a colon is an address, where somebody would have to be asked.
        if family.endswith("/"):
            with suppress(ValueError, ImportError):
                found.append(_load(family)(title=name.lower()).name)
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
            raise ValueError(f"{name} has no option {option!r}{_known_options(factory, title)}") from error
        raise
    if version is not None and version is not False:
        game.lend(version)
    return game


def _known_options(factory: Callable[..., Game], title: Mapping[str, str]) -> str:
    """The options there are, as the end of a refusal; nothing where somebody else would have to be asked for them."""
    if hasattr(factory, "recorded"):
        return ""
    parameters = inspect.signature(factory).parameters
    names = [name for name, each in parameters.items() if each.kind is not each.VAR_KEYWORD and name not in title]
    if len(names) + len(title) < len(parameters):
        names += [name for name in factory(**title).options if name not in names]
    return f"; it has {', '.join(names)}" if names else ""
