"""Films of episodes: frames under a strip that says who plays, written as GIF or MP4.

Knows games and episodes; nothing of how a recording is stored or checked.
"""

from grpo_arcade.recordings.films.canvas import Frame
from grpo_arcade.recordings.films.film import Film, FilmOptions
from grpo_arcade.recordings.films.gif import GifReport, write_frames, write_gif
from grpo_arcade.recordings.films.mp4 import Mp4Report, write_mp4

__all__ = ["Film", "FilmOptions", "Frame", "GifReport", "Mp4Report", "write_frames", "write_gif", "write_mp4"]
