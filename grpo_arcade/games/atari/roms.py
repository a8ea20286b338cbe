"""Which Atari 2600 cartridges can be played, and what is known of each.

What the emulators themselves say (actions, modes, colours) lies in ``facts.json`` and, of cartridges that several play,
in ``together.json``; ``facts`` and ``facts_together`` regenerate them, so that nothing needs to be loaded to know it.
Knows no emulator and no goals.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

FOR_SEVERAL = frozenset({"combat", "joust", "maze_craze", "warlords"})
"""Cartridges that nobody can play alone: loaded by ale-py, they end the whole process."""

HUMAN_SCORES: Mapping[str, float] = MappingProxyType(
    {
        "alien": 7127.7,
        "amidar": 1719.5,
        "assault": 742.0,
        "asterix": 8503.3,
        "asteroids": 47388.7,
        "atlantis": 29028.1,
        "bank_heist": 753.1,
        "battle_zone": 37187.5,
        "beam_rider": 16926.5,
        "berzerk": 2630.4,
        "bowling": 160.7,
        "boxing": 12.1,
        "breakout": 30.5,
        "centipede": 12017.0,
        "chopper_command": 7387.8,
        "crazy_climber": 35829.4,
        "defender": 18688.9,
        "demon_attack": 1971.0,
        "double_dunk": -16.4,
        "enduro": 860.5,
        "fishing_derby": -38.7,
        "freeway": 29.6,
        "frostbite": 4334.7,
        "gopher": 2412.5,
        "gravitar": 3351.4,
        "hero": 30826.4,
        "ice_hockey": 0.9,
        "jamesbond": 302.8,
        "kangaroo": 3035.0,
        "krull": 2665.5,
        "kung_fu_master": 22736.3,
        "montezuma_revenge": 4753.3,
        "ms_pacman": 6951.6,
        "name_this_game": 8049.0,
        "phoenix": 7242.6,
        "pitfall": 6463.7,
        "pong": 14.6,
        "private_eye": 69571.3,
        "qbert": 13455.0,
        "riverraid": 17118.0,
        "road_runner": 7845.0,
        "robotank": 11.9,
        "seaquest": 42054.7,
        "skiing": -4336.9,
        "solaris": 12326.7,
        "space_invaders": 1668.7,
        "star_gunner": 10250.0,
        "surround": 6.5,
        "tennis": -8.3,
        "time_pilot": 5229.2,
        "tutankham": 167.6,
        "up_n_down": 11693.2,
        "venture": 1187.5,
        "video_pinball": 17667.9,
        "wizard_of_wor": 4756.5,
        "yars_revenge": 54576.9,
        "zaxxon": 9173.3,
    }
)
"""Mean score of a professional game tester: Wang et al., "Dueling Network Architectures for Deep Reinforcement
Learning", ICML 2016, with no-op starts; the numbers of Mnih et al., Nature 518, 2015, extended to 57 games. Their
episodes lasted up to 30 minutes (108,000 frames)."""


class UnknownRomError(ValueError):
    """There is no such cartridge, or none that can be played; one line, with what would work."""


SHARED_OUT = {"warlords": 1}
"""Titles whose mode for four two can play as well, each with two of the joysticks: in their modes for two the emulator
never begins to play."""


@dataclass(frozen=True, slots=True)
class Rom:
    """One cartridge."""

    title: str
    """As ale-py spells its file."""
    actions: tuple[str, ...]
    """The emulator's names of the actions that do something, no-op first."""
    modes: tuple[int, ...]
    """The first is the one the console starts in."""
    difficulties: tuple[int, ...]
    """The first is the one the console starts with."""
    height: int
    """Of the screen, in pixels; it is 160 wide."""
    palette: str
    """``ntsc`` or ``pal``: the television system whose colours it was made for."""
    blinks: bool
    """Whether some things are shown in every other frame only."""
    human_score: float | None
    """From :data:`HUMAN_SCORES`."""


@dataclass(frozen=True, slots=True)
class Together:
    """One cartridge as several play it."""

    title: str
    actions: tuple[str, ...]
    """As :attr:`Rom.actions`, the same for all players."""
    modes_for: Mapping[int, tuple[int, ...]]
    """The modes for so many players; the first of each is the usual one."""
    difficulties: tuple[int, ...]
    height: int
    palette: str
    blinks_for: Mapping[int, bool]
    """As :attr:`Rom.blinks`, in the usual mode for so many."""

    def rom(self, players: int) -> Rom:
        """What is known of it in the modes for so many."""
        blinks = self.blinks_for[players]
        facts = self.actions, self.modes_for[players], self.difficulties, self.height, self.palette, blinks
        return Rom(self.title, *facts, human_score=None)


def titles_for_several(players: int | None = None) -> tuple[str, ...]:
    """The cartridges that so many can play, sorted; all that two or more can by default."""
    return tuple(title for title, cartridge in _together().items() if players is None or players in cartridge.modes_for)


def together(title: str) -> Together:
    """The cartridge of that title as several play it.

    Raises:
        UnknownRomError: there is none, or it is for one player only.
    """
    if title not in _together():
        rom(title)
        games = ", ".join(titles_for_several())
        raise UnknownRomError(f"atari/{title} is for one player only; several can play {games}")
    return _together()[title]


def playable_titles() -> tuple[str, ...]:
    """The cartridges that one can play, sorted."""
    return tuple(_roms())


def rom(title: str) -> Rom:
    """The cartridge of that title.

    Raises:
        UnknownRomError: there is none, or it cannot be played.
    """
    known = _roms()
    if title in known:
        return known[title]
    if title in FOR_SEVERAL:
        counts = " or ".join(map(str, together(title).modes_for))
        raise UnknownRomError(f"atari/{title} cannot be played alone: it is for {counts} players")
    near = difflib.get_close_matches(str(title), known, n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(f'atari/{name}' for name in near)}?" if near else "atari/pong is one that exists"
    raise UnknownRomError(f"no Atari game is called {title!r}; {hint}")


def colours(palette: str) -> bytes:
    """The 256 colours of ``ntsc`` or ``pal``, three bytes (red, green, blue) each."""
    return bytes.fromhex(facts()["palettes"][palette])


@cache
def facts() -> Mapping[str, Any]:
    """What the emulator says of every cartridge, as stored."""
    return json.loads(files(__package__).joinpath("facts.json").read_text())


@cache
def _roms() -> dict[str, Rom]:
    return {
        title: Rom(
            title=title,
            # Two cartridges do not list the no-op, though pressing nothing is as possible there as anywhere.
            actions=tuple(dict.fromkeys(("NOOP", *entry["actions"]))),
            modes=tuple(entry["modes"]),
            difficulties=tuple(entry["difficulties"]),
            height=entry["height"],
            palette=entry["palette"],
            blinks=entry["blinks"],
            human_score=HUMAN_SCORES.get(title),
        )
        for title, entry in facts()["roms"].items()
    }


@cache
def _together() -> dict[str, Together]:
    stored = json.loads(files(__package__).joinpath("together.json").read_text())["roms"]
    return {
        title: Together(
            title=title,
            actions=tuple(dict.fromkeys(("NOOP", *entry["actions"]))),
            modes_for={int(players): _modes(title, int(players), modes) for players, modes in entry["modes"].items()},
            difficulties=tuple(entry["difficulties"]),
            height=entry["height"],
            palette=entry["palette"],
            blinks_for={int(players): blinks for players, blinks in entry["blinks"].items()},
        )
        for title, entry in stored.items()
    }


def _modes(title: str, players: int, modes: Sequence[int]) -> tuple[int, ...]:
    # Recordings of those that never begin must still open.
    return (SHARED_OUT[title], *modes) if title in SHARED_OUT and players == 2 else tuple(modes)


def joysticks(title: str, mode: int, players: int) -> int:
    """How many the console has for so many players, who hold as many each; the first player has the first of them."""
    return 4 if SHARED_OUT.get(title) == mode else players
