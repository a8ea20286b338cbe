"""What a served game is called in OpenEnv's world, and the folder that ``openenv push`` takes to a Space.

Knows OpenEnv's file formats, and not ``openenv``.
"""

from __future__ import annotations

import re

from grpo_arcade.games.game import Game


def environment_name(game: Game) -> str:
    """The environment's name for OpenEnv: ``arcade_2048``, ``arcade_atari_pong``."""
    return "arcade_" + re.sub(r"[^a-z0-9]+", "_", game.name.lower()).strip("_")


def summary(game: Game) -> str:
    """One sentence about the served environment."""
    options = ", ".join(f"{name} {value}" for name, value in game.options.items())
    return f"The game {game.name}{f' ({options})' if options else ''}, played move by move; from GRPO Arcade"
