"""What the emulator for several says of every cartridge it can play, asked once and kept in ``together.json``.

``python -m grpo_arcade.games.atari.facts_together`` asks again and replaces the file; needed after another
multi-agent-ale-py.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from typing import Any

import numpy as np

from grpo_arcade.games.atari.console import ACTION_IDS, WIDTH, installed_titles
from grpo_arcade.games.atari.facts import write_facts
from grpo_arcade.games.atari.roms import colours
from grpo_arcade.games.atari.shared_console import emulator_version, new_shared_emulator

_COUNTS = (2, 4)
_FRAMES = 480
_BLINKING_SHARE, _BLINKING_PIXELS = 0.1, 2.0
"""As for one player: a game blinks if in this share of its frames, and on the average, so many pixels alternate."""


def facts_of(title: str) -> dict[str, Any] | None:
    """Everything about one cartridge; None if nobody else can join in."""
    ale = new_shared_emulator(title)
    modes = {str(count): [int(mode) for mode in ale.getAvailableModes(count)] for count in _COUNTS}
    modes = {count: found for count, found in modes.items() if found}
    if not modes:
        return None
    names = {number: name for name, number in ACTION_IDS.items()}
    played = {count: _played(title, int(count), found[0]) for count, found in modes.items()}
    return {
        "actions": [names[int(action)] for action in ale.getMinimalActionSet()],
        "modes": modes,
        "difficulties": [int(difficulty) for difficulty in ale.getAvailableDifficulties()],
        "height": int(ale.getScreenDims()[1]),
        "blinks": {count: blinks for count, (blinks, _) in played.items()},
        "palette": next(palette for _, palette in played.values()),
    }


def _played(title: str, players: int, mode: int) -> tuple[bool, str]:
    """Whether things blink while all press at random, and whose colours are shown."""
    ale = new_shared_emulator(title)
    ale.setMode(mode)
    ale.reset_game()
    known = {name: np.frombuffer(colours(name), np.uint8).reshape(256, 3) for name in ("ntsc", "pal")}
    fitting = set(known)
    rng = random.Random(0)
    choices = [int(action) for action in ale.getMinimalActionSet()]
    last: list[np.ndarray] = []
    alternating = []
    pressed = np.zeros(players, np.intc)
    for frame in range(_FRAMES):
        if frame % 12 == 0:
            pressed[:] = [rng.choice(choices) for _ in range(players)]
            screen, shown = ale.getScreen(), ale.getScreenRGB().reshape(-1, 3)
            fitting -= {name for name in fitting if not np.array_equal(known[name][screen], shown)}
        ale.act(pressed)
        if ale.game_over():
            ale.reset_game()
        last = [*last[-5:], ale.getScreen().reshape(-1, WIDTH)]
        if len(last) == 6:
            odd = (last[0] == last[2]) & (last[2] == last[4])
            even = (last[1] == last[3]) & (last[3] == last[5])
            alternating.append(int((odd & even & (last[0] != last[1])).sum()))
    if len(fitting) != 1:
        raise RuntimeError(f"{title} shows colours that fit {' and '.join(fitting) or 'no palette'}")
    share = np.mean(np.array(alternating) >= 2 * _BLINKING_PIXELS)
    return bool(share >= _BLINKING_SHARE and np.mean(alternating) >= _BLINKING_PIXELS), fitting.pop()


_ASK = "import json; from grpo_arcade.games.atari.facts_together import facts_of; print(json.dumps(facts_of({!r})))"


def measured() -> dict[str, Any]:
    """What ``together.json`` holds. Each cartridge is asked about in a process of its own: some end theirs."""
    found = {}
    for title in installed_titles():
        asked = subprocess.run([sys.executable, "-c", _ASK.format(title)], capture_output=True, text=True, check=False)
        if asked.returncode == 0 and (facts := json.loads(asked.stdout.splitlines()[-1])) is not None:
            found[title] = facts
    command = "python -m grpo_arcade.games.atari.facts_together"
    return {"command": command, "multi-agent-ale-py": emulator_version(), "roms": found}


def main() -> int:
    """Ask, and write the file."""
    write_facts(measured(), "together.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
