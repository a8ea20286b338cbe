"""Episodes kept, trusted and shown: their file, the check that one is genuine; films of them; training runs.

``films`` and ``runs`` are folders of their own, imported where they are used: what reads a run draws nothing.
This room must not know: torch, textual, trainer, arcade.
"""

from grpo_arcade.recordings.file import (
    SUFFIX,
    Loaded,
    RecordingError,
    append,
    from_bytes,
    load,
    load_all,
    save,
    to_bytes,
)
from grpo_arcade.recordings.served import episode_of_state
from grpo_arcade.recordings.verify import ForgedEpisodeError, UnverifiableEpisodeError, verify

__all__ = [
    "SUFFIX",
    "ForgedEpisodeError",
    "Loaded",
    "RecordingError",
    "UnverifiableEpisodeError",
    "append",
    "episode_of_state",
    "from_bytes",
    "load",
    "load_all",
    "save",
    "to_bytes",
    "verify",
]
