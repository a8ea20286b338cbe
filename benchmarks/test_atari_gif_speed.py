"""How fast a console's screens become a GIF and how large it is, beside the usual ways, on the same frames in one run.

gifsicle is measured if it is on the PATH (``apt install gifsicle``); it only makes other GIFs smaller, here Pillow's.
"""

import hashlib
import random
import shutil
import subprocess
import time
from dataclasses import dataclass

import imageio.v3 as imageio
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from rich.table import Table

from grpo_arcade.games import make
from grpo_arcade.recordings.films import Frame, write_frames

pytestmark = pytest.mark.benchmark

FRAMES = 3000
MOST_BYTES = {("pong", "tracking"): 140, ("pong", "scripted"): 140, ("breakout", "scripted"): 105}
"""Of a frame, at the console's own size and 15 frames a second.

How players move decides, in every writer: a frame's changes span one rectangle, and n codes of GIF's compression reach
over at most n²/2 pixels of one colour. Pong at random, whose paddle is often far from the ball, has no limit: its
rectangles, 8,100 pixels on average, would take 111 bytes were each of one colour, and take about 154.
"""


@dataclass
class Played:
    screens: np.ndarray
    """Palette indices (frame, row, column)."""
    rgb: np.ndarray
    """Of each palette index, uint8 (256, 3)."""
    hundredths: list[int]

    def pictures(self):
        return (self.rgb[screen] for screen in self.screens)


def tracking(game, rng):
    """Keeps Pong's paddle, 16 pixels tall, at the height of the ball, give or take four pixels."""
    state = game.observation()
    above = state["player_y"] + 8 - (state["ball_y"] + 2)
    if state["ball_y"] < 0 or abs(above) <= 4:
        return game.aliases["NOOP"]
    return game.aliases["UP" if above > 0 else "DOWN"]


def played(title, player):
    game = make(f"atari/{title}")
    choose = tracking if player == "tracking" else game.baselines[player]
    picture = game.picture()
    screens = []
    seed = 0
    rng = random.Random(0)
    while len(screens) < FRAMES:
        game.reset(seed)
        seed += 1
        while game.outcome is None and len(screens) < FRAMES:
            game.step(choose(game, rng))
            screens.append(picture.indices(game.view()))
    colours = np.array(picture.colours)
    ends = [round(100 * (i + 1) / 15) for i in range(FRAMES)]
    delays = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    return Played(
        np.stack(screens), np.stack([colours >> 16, colours >> 8 & 255, colours & 255], 1).astype(np.uint8), delays
    )


def ours(film, path):
    colours = film.rgb.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    write_frames(
        (Frame(screen, delay, 0, colours) for screen, delay in zip(film.screens, film.hundredths, strict=True)), path
    )


def pillow(film, path):
    images = [Image.fromarray(screen) for screen in film.screens]
    for image in images:
        image.putpalette(film.rgb.tobytes())
    images[0].save(path, save_all=True, append_images=images[1:], duration=[10 * d for d in film.hundredths], loop=0)


def plain_imageio(film, path):
    durations = [10 * delay for delay in film.hundredths]
    imageio.imwrite(path, list(film.pictures()), plugin="pillow", duration=durations, loop=0)


def ffmpeg(film, path):
    height, width = film.screens.shape[1:]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += ["-s", f"{width}x{height}", "-r", "15", "-i", "-", "-filter_complex"]
    command += ["split[a][b];[a]palettegen=stats_mode=full[p];[b][p]paletteuse=dither=none:diff_mode=rectangle"]
    with subprocess.Popen([*command, str(path)], stdin=subprocess.PIPE) as process:
        for picture in film.pictures():
            process.stdin.write(picture.tobytes())
        process.stdin.close()
    assert process.returncode == 0


def gifsicle(film, path):
    """Of what ``pillow`` wrote to ``path``."""
    subprocess.run(["gifsicle", "-O3", "--batch", str(path)], check=True)


def wrong_frames(film, path):
    """Share of frames that ffmpeg, which decodes GIFs with code of its own, shows otherwise than the console did."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-min_delay", "0", "-i", str(path)]
    command += ["-fps_mode", "passthrough", "-enc_time_base", "1:100", "-pix_fmt", "rgb24", "-f", "framemd5", "-"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "#tb 0: 1/100" in lines
    shown = [
        (int(fields[2]), fields[5]) for line in lines if line[0] != "#" for fields in [line.replace(" ", "").split(",")]
    ]
    wrong = at = clock = 0
    for picture, delay in zip(film.pictures(), film.hundredths, strict=True):
        # Equal neighbours may have become one frame, and a clock may be a hundredth off: the middle counts.
        while at + 1 < len(shown) and shown[at + 1][0] <= clock + delay / 2:
            at += 1
        wrong += shown[at][1] != hashlib.md5(picture.tobytes()).hexdigest()
        clock += delay
    return wrong / len(film.screens)


WRITERS = {
    "ours": ours,
    "Pillow, from indices": pillow,
    "… then gifsicle -O3": gifsicle,
    "imageio, from RGB": plain_imageio,
    "ffmpeg palettegen": ffmpeg,
}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("title", "player"), [("pong", "tracking"), ("pong", "scripted"), ("pong", "random"), ("breakout", "scripted")]
)
def test_a_gif_of_a_console_beside_the_usual_ways(tmp_path, title, player):
    film = played(title, player)
    changed = 1 + sum((a != b).any() for a, b in zip(film.screens, film.screens[1:], strict=False))
    table = Table(title=f"{title}, {player} play, {FRAMES} frames of 160×210 ({changed} differ from the one before)")
    for column in ("writer", "frames/s", "speed / ours", "bytes/frame", "bytes / ours", "wrong frames"):
        table.add_column(column, justify="left" if column == "writer" else "right")
    path = tmp_path / "film.gif"
    base = None
    for name, write in WRITERS.items():
        if write is gifsicle and not shutil.which("gifsicle"):
            table.add_row(name, "not installed", *["–"] * 4)
            continue
        best = float("inf")
        for _ in range(5 if write is ours else 1):
            started = time.perf_counter()
            write(film, path)
            best = min(best, time.perf_counter() - started)
        rate, size = FRAMES / best, path.stat().st_size / FRAMES
        base = base or (rate, size)
        wrong = wrong_frames(film, path)
        table.add_row(
            name, f"{rate:,.0f}", f"{rate / base[0]:.3f}", f"{size:.1f}", f"{size / base[1]:.2f}", f"{wrong:.2%}"
        )
        if write is ours:
            assert wrong == 0
            assert size <= MOST_BYTES.get((title, player), float("inf"))
    Console(width=110).print(table)
