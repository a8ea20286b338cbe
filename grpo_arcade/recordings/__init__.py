"""Episodes kept, trusted and shown: their file, the check that one is genuine, films of them, GIF and MP4.

This room must not know: torch, textual, trainer, arcade.
"""

from grpo_arcade.recordings.canvas import Frame
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
from grpo_arcade.recordings.film import Film, FilmOptions
from grpo_arcade.recordings.gif import GifReport, write_frames, write_gif
from grpo_arcade.recordings.mp4 import Mp4Report, write_mp4
from grpo_arcade.recordings.verify import ForgedEpisodeError, UnverifiableEpisodeError, verify

__all__ = [
    "SUFFIX",
    "Film",
    "FilmOptions",
    "ForgedEpisodeError",
    "Frame",
    "GifReport",
    "Loaded",
    "Mp4Report",
    "RecordingError",
    "UnverifiableEpisodeError",
    "append",
    "from_bytes",
    "load",
    "load_all",
    "save",
    "to_bytes",
    "verify",
    "write_frames",
    "write_gif",
    "write_mp4",
]
