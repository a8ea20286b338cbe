"""How long a GIF takes and how large it becomes, beside plain imageio and ffmpeg's palette filters, on the same frames."""

import random
import subprocess
import time

import imageio.v3 as imageio
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from rich.table import Table

from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.recordings.films import Film, write_gif

pytestmark = pytest.mark.benchmark

SIZE = 160


def episode(moves):
    game = make("2048", target=131072)
    game.reset(0)
    rng = random.Random(0)
    actions = bytearray()
    while game.outcome is None and len(actions) < moves:
        actions.append(game.baselines["expectimax"](game, rng))
        game.step(actions[-1])
    outcome = game.outcome or Outcome.UNFINISHED
    versions = {"rules": str(game.rules_version)}
    return Episode(
        "2048", game.options, 0, bytes(actions), outcome, game.score, game.wasted, "expectimax", "", versions
    )


def wrong_pixels(path, frames):
    """Share of pixels that a decoder shows otherwise than they were drawn."""
    wrong = 0
    with Image.open(path) as image:
        # Writers merge equal frames, so frames are matched by time.
        ends, clock = [], 0.0
        for number in range(image.n_frames):
            image.seek(number)
            clock += image.info["duration"]
            ends.append(clock)
        at, clock = 0, 0.0
        image.seek(0)
        for frame in frames:
            middle = clock + frame.hundredths * 5
            while at < len(ends) - 1 and ends[at] <= middle:
                at += 1
            image.seek(at)
            wrong += (np.asarray(image.convert("RGB")) != frame.rgb()).any(axis=2).sum()
            clock += frame.hundredths * 10
    return wrong / (len(frames) * frames[0].pixels.size)


def ours(frames, played, path):
    write_gif(played, path, size=SIZE)


def plain_imageio(frames, played, path):
    durations = [frame.hundredths * 10 for frame in frames]
    imageio.imwrite(path, [frame.rgb() for frame in frames], plugin="pillow", duration=durations, loop=0)


def ffmpeg(frames, played, path):
    height, width = frames[0].pixels.shape
    # Delays differ by a hundredth between frames; ffmpeg is given the mean rate.
    rate = len(frames) / sum(frame.hundredths for frame in frames) * 100
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += ["-s", f"{width}x{height}", "-r", f"{rate:.5f}", "-i", "-", "-filter_complex"]
    command += ["split[a][b];[a]palettegen=stats_mode=full[p];[b][p]paletteuse=dither=none:diff_mode=rectangle"]
    subprocess.run([*command, str(path)], input=b"".join(frame.rgb().tobytes() for frame in frames), check=True)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("moves", [200, 1000])
def test_a_gif_beside_plain_imageio_and_ffmpeg(tmp_path, moves):
    played = episode(moves)
    started = time.perf_counter()
    frames = list(Film(played, size=SIZE))
    drawing = time.perf_counter() - started
    table = Table(title=f"{moves} moves, {len(frames)} frames of {SIZE} px boards; drawing alone {drawing:.2f} s")
    for column in ("writer", "seconds", "time / ours", "bytes", "bytes / ours", "wrong pixels"):
        table.add_column(column, justify="left" if column == "writer" else "right")
    base = None
    for name, write in (("ours, drawing included", ours), ("plain imageio", plain_imageio), ("ffmpeg palette", ffmpeg)):
        path = tmp_path / "film.gif"
        best = float("inf")
        for _ in range(3 if write is ours else 1):
            started = time.perf_counter()
            write(frames, played, path)
            best = min(best, time.perf_counter() - started)
        size = path.stat().st_size
        base = base or (best, size)
        # ffmpeg's clock is not the film's, so its frames cannot be matched by time.
        wrong = f"{wrong_pixels(path, frames):.4%}" if write is not ffmpeg else "–"
        table.add_row(name, f"{best:.2f}", f"{best / base[0]:.2f}", f"{size:,}", f"{size / base[1]:.2f}", wrong)
        if write is ours:
            assert wrong == "0.0000%"
    Console(width=110).print(table)
