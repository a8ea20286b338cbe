"""Frame times of Watch with 16 boards and of Versus, at 1280×800 with the software renderer.

A frame is timed from the first event handled to the picture handed to the screen. All rows are measured in one run: an
ended run at several speeds, a run to which a strategy is added ten times a second, and a real training of the pocket
model that is watched on the same cores.
"""

import importlib.util
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.benchmark

SIZE = 1280, 800
SECONDS = float(os.environ.get("ARCADE_BENCHMARK_SECONDS", "8"))
_spec = importlib.util.spec_from_file_location(
    "made_runs", Path(__file__).parents[1] / "tests" / "arcade" / "window" / "made_runs.py"
)
made_runs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made_runs)


@pytest.fixture
def app(monkeypatch, tmp_path):
    if not os.environ.get("DISPLAY"):
        monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    from grpo_arcade.arcade.settings import Settings
    from grpo_arcade.arcade.window.shell.app import App

    app = App(Settings(folder=str(tmp_path / "data"), outputs=str(tmp_path / "outputs")), size=SIZE)
    yield app
    app.shut()


def go(app, seconds):
    import pygame

    from grpo_arcade.arcade.window.shell.app import WAKE

    app.frame_s.clear()
    pygame.time.set_timer(WAKE, 100)  # an idle window must find out that the time is over
    cpu, began = time.process_time(), time.perf_counter()
    while time.perf_counter() - began < seconds:
        app.turn()
    took = time.perf_counter() - began
    pygame.time.set_timer(WAKE, 0)
    return sorted(app.frame_s), (time.process_time() - cpu) / took, len(app.frame_s) / took


def until(app, condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        app.turn(wait=False)
        time.sleep(0.002)


def row(name, app, seconds=SECONDS):
    go(app, 1.5)
    frames, cpu, rate = go(app, seconds)
    times = [1000 * frames[int((len(frames) - 1) * share)] if frames else 0.0 for share in (0.5, 0.99, 1.0)]
    print(f"{name:<34}{times[0]:>8.2f}{times[1]:>8.2f}{times[2]:>10.2f}{rate:>10.1f}{cpu:>15.1%}")
    return times[1]


def head():
    print(f"\n{'':<34}{'p50 ms':>8}{'p99 ms':>8}{'worst ms':>10}{'frames/s':>10}{'CPU of a core':>15}")


def test_sixteen_boards(app, tmp_path):
    from grpo_arcade.arcade.window.watch.watch import WatchScene

    with made_runs.MadeRun(tmp_path / "outputs", max_steps=50) as run:
        for step in (1, 2, 3):
            run.step(step)
        scene = WatchScene(app, run.folder)
        app.open(scene)
        until(app, lambda: len(scene.tiles) == 16)
        head()
        results = []
        for speed in (1.0, 4.0, 16.0, 64.0):
            scene.speed = speed
            for tile in scene.tiles:
                tile.show_game(0)
            results.append(row(f"16 boards, {speed:g}x", app))
        scene.speed = 4.0
        stop = threading.Event()

        def train():
            step = 4
            while not stop.is_set():
                run.begin(step)
                for text in made_runs.completions(16, step):
                    run.strategy(step, text)
                    if stop.wait(0.1):
                        return
                run.judge()
                step += 1

        trainer = threading.Thread(target=train)
        trainer.start()
        try:
            row("16 boards, 10 strategies/s arrive", app)
        finally:
            stop.set()
            trainer.join()
        scene.paused = True
        row("paused", app)
    assert max(results) <= 16.7


def test_sixteen_consoles(app, tmp_path):
    from grpo_arcade.arcade.window.watch.watch import WatchScene

    options = {"max_num_frames_per_episode": 6000}
    with made_runs.MadeRun(tmp_path / "outputs", game="atari/pong", options=options, max_steps=1) as run:
        run.step(1, made_runs.paddles(16))
        run.writer.note(status="finished")
    scene = WatchScene(app, run.folder)
    app.open(scene)
    until(app, lambda: len(scene.tiles) == 16)
    until(app, lambda: all(tile.playback.view is not None for tile in scene.tiles))
    head()
    results = []
    for speed in (1.0, 4.0, 16.0):
        scene.speed = speed
        for tile in scene.tiles:
            tile.show_game(0)
        before = [tile.playback.ply for tile in scene.tiles]
        began = time.perf_counter()
        results.append(row(f"16 consoles, {speed:g}x", app))
        moves = sum(tile.playback.ply - ply for tile, ply in zip(scene.tiles, before, strict=True))
        asked = 14 * 15 * speed * (time.perf_counter() - began)
        print(f"{'':<34}{min(1.0, moves / asked):>7.0%} of the speed asked for")
    assert max(results) <= 16.7


def test_a_person_against_a_strategy_on_a_console(app, tmp_path):
    from grpo_arcade.arcade.window.versus.match import YOU, Match

    file = tmp_path / "follow.py"
    file.write_text(made_runs.PADDLE.format(aim="- 6", wait=20))
    scene = Match(app, "atari/pong", {}, [YOU, str(file)], seed=4)
    app.open(scene)
    until(app, lambda: scene.ready)
    scene._person_presses("up")
    head()
    assert row("versus Pong, person and strategy", app) <= 16.7


def test_matches(app):
    from grpo_arcade.arcade.window.versus.match import Match

    head()
    for players in (["random", "expectimax"], ["random", "greedy", "expectimax"] * 2):
        scene = Match(app, "2048", {}, players, seed=4)
        app.open(scene)
        until(app, lambda scene=scene: scene.ready)
        for speed in (1.0, 8.0):
            scene._do_restart()
            scene.speed = speed
            row(f"versus, {len(players)} players, {speed:g}x", app)


def test_a_real_training_is_watched_on_the_same_cores(app, tmp_path):
    pytest.importorskip("trl", reason='needs pip install "grpo-arcade[train]"')
    from grpo_arcade.arcade.window.watch.watch import WatchScene

    outputs = tmp_path / "outputs"
    command = [sys.executable, "-m", "grpo_arcade.arcade.cli", "train", "--output-dir", str(outputs)]
    with (tmp_path / "train.log").open("wb") as log:
        trainer = subprocess.Popen([*command, "--max-steps", "1000"], stdout=log, stderr=log)
        try:
            until(app, lambda: list(outputs.glob("*/run.db")) or trainer.poll() is not None, 180)
            assert trainer.poll() is None, (tmp_path / "train.log").read_text()
            scene = WatchScene(app, next(outputs.glob("*/run.db")).parent)
            app.open(scene)
            until(app, lambda: len(scene.tiles) >= 16, 400)
            head()
            row("a pocket training, 16 boards, 4x", app, 2 * SECONDS)
        finally:
            trainer.terminate()
            try:
                trainer.wait(60)
            except subprocess.TimeoutExpired:
                trainer.kill()
