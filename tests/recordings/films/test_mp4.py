import subprocess
import sys

import numpy as np
import pytest

from grpo_arcade.recordings import save
from grpo_arcade.recordings.films import Film, write_gif, write_mp4

imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")


def test_the_video_shows_the_film_at_its_pace(tmp_path, short):
    report = write_mp4(short, tmp_path / "game.mp4", size=99, frames_per_move=3, hold_s=1.0)
    reader = imageio_ffmpeg.read_frames(str(report.path))
    about = next(reader)
    assert about["size"] == (report.width, report.height)
    assert report.width % 2 == report.height % 2 == 0
    frames = [np.frombuffer(frame, np.uint8).reshape(report.height, report.width, 3) for frame in reader]
    assert len(frames) == report.frames
    film = list(Film(short, size=99, frames_per_move=3, hold_s=1.0))
    assert report.seconds == pytest.approx(sum(frame.hundredths for frame in film) / 100, abs=0.02)
    # Lossy, but close: the first and the last picture are what was drawn.
    for decoded, drawn in ((frames[0], film[0]), (frames[-1], film[-1])):
        assert np.abs(decoded.astype(int) - drawn.rgb()).mean() < 4
    assert [path.name for path in tmp_path.iterdir()] == ["game.mp4"]


def test_a_console_is_filmed_three_times_its_size_unless_asked_otherwise(tmp_path, second_of_pong):
    report = write_mp4(second_of_pong, tmp_path / "game.mp4", hold_s=0.1)
    assert report.width == 480
    frames = imageio_ffmpeg.read_frames(str(report.path))
    next(frames)
    *_, last = (np.frombuffer(frame, np.uint8).reshape(report.height, report.width, 3) for frame in frames)
    *_, drawn = Film(second_of_pong, size=480)
    assert np.abs(last.astype(int) - drawn.rgb()).mean() < 4
    assert write_mp4(second_of_pong, tmp_path / "small.mp4", size=160, hold_s=0.1).width == 160


def test_an_interrupted_video_leaves_no_file(tmp_path, short):
    def interrupt(done, total):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_mp4(short, tmp_path / "game.mp4", size=64, progress=interrupt)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("film", ["mp4", "gif"])
@pytest.mark.parametrize("missing", [1, 200, 9_000])
def test_a_disk_that_is_full_is_an_error_that_names_the_file_and_nothing_else(tmp_path, short, film, missing):
    """Whether the first bytes do not fit or the very last one: a limit on files' sizes stands for the disk."""
    write = {"mp4": write_mp4, "gif": write_gif}[film]
    whole = write(short, tmp_path / f"whole.{film}", size=99).bytes
    recording, path = save(short, tmp_path / "short.episode"), tmp_path / "films" / f"game.{film}"
    program = f"""
import os, resource
os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
from grpo_arcade.recordings import load
from grpo_arcade.recordings.films import {write.__name__}
resource.setrlimit(resource.RLIMIT_FSIZE, ({max(1, whole - missing)},) * 2)
try:
    {write.__name__}(load({str(recording)!r}), {str(path)!r}, size=99)
except OSError as error:
    print(error.filename, error.strerror)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (f"{path} File too large\n", "")
    assert list(path.parent.iterdir()) == []


def test_without_the_extra_the_error_names_the_install_line(tmp_path):
    program = """
import sys
sys.modules["imageio_ffmpeg"] = None  # what importing a package that is not installed comes to
from grpo_arcade.games import Episode, Outcome
from grpo_arcade.recordings import RecordingError
from grpo_arcade.recordings.films import write_mp4
try:
    write_mp4(Episode("2048", {}, 0, b"", Outcome.UNFINISHED, 0, versions={"rules": "1"}), "x.mp4")
except RecordingError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout == 'MP4 needs an extra: pip install "grpo-arcade[video]"\n'
