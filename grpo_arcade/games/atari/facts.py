"""What the emulator says of every cartridge, asked once and kept in ``facts.json``: nothing is loaded to know it.

``python -m grpo_arcade.games.atari.facts`` asks again and replaces the file; needed after another ale-py.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from grpo_arcade.games.atari.console import installed_titles, new_emulator
from grpo_arcade.games.atari.roms import FOR_SEVERAL

if TYPE_CHECKING:
    from ale_py import ALEInterface

_COLOURFUL = {"ntsc": ("journey_escape",), "pal": ("laser_gates", "air_raid")}
"""Cartridges that show every colour of their system sooner or later when their memory is filled with noise."""
_MOST_SHAKES = 4000
_FRAMES = 480
_BLINKING_SHARE, _BLINKING_PIXELS = 0.1, 2.0
"""A game blinks if in this share of its frames, and on the average of all, at least so many pixels alternate."""


def facts_of(title: str, palettes: dict[str, dict[int, bytes]]) -> dict[str, Any]:
    """Everything about one cartridge; ``palettes`` from :func:`system_colours`."""
    ale = new_emulator(title, audible=False)
    blinks, seen = _played(ale)
    facts = {
        "actions": [action.name for action in ale.getMinimalActionSet()],
        "modes": list(ale.getAvailableModes()),
        "difficulties": list(ale.getAvailableDifficulties()),
        "height": ale.getScreenDims()[0],
        "blinks": blinks,
    }
    seen |= _colours_seen(new_emulator(title, audible=False), shakes=30, seed=0)
    fitting = [name for name, known in palettes.items() if all(known[i] == rgb for i, rgb in seen.items())]
    if len(fitting) != 1:
        raise RuntimeError(f"{title} shows colours that fit {' and '.join(fitting) or 'no palette'}")
    return {**facts, "palette": fitting[0]}


def system_colours(system: str) -> dict[int, bytes]:
    """The 256 colours of ``ntsc`` or ``pal``, red, green and blue each, as the emulator shows them.

    Odd numbers are what a PAL television makes of a faulty signal: the grey of the colour before. NTSC has none.

    Raises:
        RuntimeError: a colour was never shown, or an odd one is not that grey.
    """
    seen: dict[int, bytes] = {}
    seed = 0
    while not all(number in seen for number in range(0, 256, 2)):
        title = _COLOURFUL[system][seed % len(_COLOURFUL[system])]
        seen |= _colours_seen(new_emulator(title, audible=False), shakes=200, seed=seed)
        seed += 1
        if seed * 200 > _MOST_SHAKES:
            raise RuntimeError(
                f"colours of {system} that were never shown: {sorted(set(range(0, 256, 2)) - set(seen))}"
            )
    for number in range(1, 256, 2):
        red, green, blue = seen[number - 1]
        grey = bytes([round(0.2989 * red + 0.5870 * green + 0.1140 * blue)]) * 3
        if seen.setdefault(number, grey) != grey:
            raise RuntimeError(f"colour {number} of {system} is not the grey of colour {number - 1}")
    return seen


def _colours_seen(ale: ALEInterface, shakes: int, seed: int) -> dict[int, bytes]:
    """Colours by number, after filling the console's memory with noise again and again."""
    rng = random.Random(seed)
    power_on = ale.cloneSystemState()
    seen: dict[int, bytes] = {}
    for shake in range(shakes):
        if shake % 10 == 0:
            # Noise makes most programs stop; from the start, they show something else.
            ale.restoreSystemState(power_on)
        for _ in range(8):
            ale.setRAM(rng.randrange(128), rng.randrange(256))
        ale.act(0)
        seen |= _colours_shown(ale)
    return seen


def _colours_shown(ale: ALEInterface) -> dict[int, bytes]:
    numbers, places = np.unique(ale.getScreen(), return_index=True)
    rgb = ale.getScreenRGB().reshape(-1, 3)
    return {int(number): rgb[place].tobytes() for number, place in zip(numbers, places, strict=True)}


def _played(ale: ALEInterface) -> tuple[bool, dict[int, bytes]]:
    """Whether things blink while somebody presses at random, and the colours shown."""
    seen: dict[int, bytes] = {}
    rng = random.Random(0)
    choices = ale.getMinimalActionSet()
    action = choices[0]
    last: list[np.ndarray] = []
    alternating = []
    for frame in range(_FRAMES):
        if frame % 12 == 0:
            action = rng.choice(choices)
            seen |= _colours_shown(ale)
        ale.act(action)
        if ale.game_over():
            ale.reset_game()
        last = [*last[-5:], ale.getScreen()]
        if len(last) == 6:
            odd = (last[0] == last[2]) & (last[2] == last[4])
            even = (last[1] == last[3]) & (last[3] == last[5])
            alternating.append(int((odd & even & (last[0] != last[1])).sum()))
    share = np.mean(np.array(alternating) >= 2 * _BLINKING_PIXELS)
    return bool(share >= _BLINKING_SHARE and np.mean(alternating) >= _BLINKING_PIXELS), seen


def measured(titles: Iterable[str]) -> dict[str, Any]:
    """What ``facts.json`` holds, for these cartridges."""
    from importlib.metadata import version

    palettes = {system: system_colours(system) for system in _COLOURFUL}
    return {
        "command": "python -m grpo_arcade.games.atari.facts",
        "ale-py": version("ale-py"),
        "palettes": {
            system: b"".join(colour for _, colour in sorted(known.items())).hex() for system, known in palettes.items()
        },
        "roms": {title: facts_of(title, palettes) for title in titles},
    }


def write_facts(found: dict[str, Any], name: str) -> None:
    """Keep what was found of all cartridges in a file beside this one, a line for each list."""
    text = json.dumps(found, indent=1)
    text = re.sub(r"\[([^][{}]*)\]", lambda items: f"[{' '.join(items[1].split())}]", text)
    path = Path(__file__).with_name(name)
    path.write_text(text + "\n", encoding="utf-8")
    print(f"wrote {path}: {len(found['roms'])} cartridges")


def main() -> int:
    """Ask, and write the file."""
    found = measured(title for title in installed_titles() if title not in FOR_SEVERAL)
    write_facts(found, "facts.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
