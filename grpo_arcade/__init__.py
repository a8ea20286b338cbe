"""GRPO Arcade: a desktop arcade whose second player is a language model that learns while you watch.

Four rooms, and imports run one way: ``games`` ← ``recordings`` ← ``trainer`` ← ``arcade``. The names that programs use
most stand here too, each imported when it is first used; docs/python.md tells what they are for, and the types are in
``__init__.pyi``.
"""

import os
from importlib import import_module

# Pygame greets on stdout when it is imported, and stdout is data.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

__version__ = "0.1.0"
"""The version, said here and nowhere else: the package's metadata are made from it."""

_PLACES = {
    "Contender": "games.players",
    "Episode": "games",
    "Game": "games",
    "Limits": "games.players",
    "MatchPool": "games.players",
    "MatchResult": "games.players",
    "Outcome": "games",
    "Rollout": "trainer.scoring",
    "RunReader": "recordings.runs.reader",
    "SandboxError": "games.players",
    "SeatsResult": "games.players",
    "StrategyError": "games.players",
    "StrategyPolicy": "games.players",
    "TrainConfig": "trainer.config",
    "extract_source": "games.players",
    "game_names": "games",
    "load": "recordings",
    "make": "games",
    "play_match": "games.players",
    "play_seats": "games.players",
    "save": "recordings",
    "train": "trainer.grpo",
    "trl_rewards": "trainer.rewards",
    "verify": "recordings",
    "write_gif": "recordings.films",
    "write_mp4": "recordings.films",
}
__all__ = ["__version__", *_PLACES]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
