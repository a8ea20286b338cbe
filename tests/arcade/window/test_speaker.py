"""Sound through SDL's own drivers: without gaps while there is something to hear, and never in the way."""

import os
import subprocess
import sys
import time

import numpy as np
import pygame
import pytest

from grpo_arcade.arcade.window.play.opening import play
from grpo_arcade.arcade.window.play.speaker import Speaker

from .conftest import Hands
from .test_play_clock import frames, key

# Writes what a sound card would hear into a file; the card is a slow one, so that there is always something in store.
PLAYS = """
import sys, time
from grpo_arcade.arcade.window.play.speaker import Speaker
speaker = Speaker(False, print)
assert speaker.open(30720)
for frame in range(150):
    speaker.play(bytes(200 + (frame * 512 + i) // 64 % 40 for i in range(512)))
    time.sleep(1 / 60)
speaker.close()
"""


def test_what_a_sound_card_hears_has_no_gaps(tmp_path):
    heard = tmp_path / "heard.raw"
    driver = {"SDL_AUDIODRIVER": "disk", "SDL_DISKAUDIOFILE": str(heard), "SDL_DISKAUDIODELAY": "40"}
    subprocess.run([sys.executable, "-c", PLAYS], env={**os.environ, **driver}, check=True, capture_output=True)
    samples = np.frombuffer(heard.read_bytes(), np.uint8)
    sounding = np.flatnonzero(samples >= 190)
    assert sounding.size > 20_000
    between = samples[sounding[0] : sounding[-1] + 1]
    assert (between >= 190).mean() == 1.0


def test_the_samples_of_each_block_are_those_of_the_game_but_for_one_in_a_hundred():
    speaker = Speaker(False, print)
    ramp = bytes(i // 16 % 250 for i in range(40_000))
    for ahead in (0, 700, 2000):
        speaker._store[:] = ramp[: 1024 + ahead]
        block = speaker._block()
        assert len(block) == 1024
        used = 1024 + ahead - len(speaker._store)
        assert abs(used - 1024) <= 8
        steps = np.diff(np.frombuffer(block, np.uint8).astype(int))
        assert set(steps) <= {0, 1}


@pytest.fixture
def pong(app, hands):
    scene = play(app, "atari/pong", None)
    app.open(scene)
    key("space")
    frames(app, scene, 10)
    return scene


def test_a_game_is_heard_and_can_be_muted_which_is_remembered(app, hands, pong):
    assert pygame.mixer.get_init() == (30720, 8, 1)
    hands.until(lambda: pygame.mixer.get_busy())
    hands.press("m")
    assert hands.said[-1] == "Sound is off"
    assert not pygame.mixer.get_busy()
    frames(app, pong, 20)
    assert not pygame.mixer.get_busy()
    assert app.memory.get("muted", False)
    hands.press("m")
    hands.until(lambda: pygame.mixer.get_busy())


def test_a_paused_game_is_silent(app, hands, pong):
    hands.until(lambda: pygame.mixer.get_busy())
    hands.press("p")
    assert not pygame.mixer.get_busy()
    time.sleep(0.1)
    hands.turns(5)
    assert not pygame.mixer.get_busy()


def test_without_a_device_there_is_one_line_once_and_for_all_and_the_game_goes_on(app, hands, make_app, monkeypatch):
    pygame.mixer.quit()
    monkeypatch.setenv("SDL_AUDIODRIVER", "none-such")
    for seed in (1, 2):
        scene = play(app, "atari/pong", None)
        app.open(scene)
        scene._start(seed)
        key("space")
        frames(app, scene, 20)
        assert len(scene.session.actions) >= 20
    assert len([line for line in hands.said if line.startswith("there is no sound: ")]) == 1
    app.shut()
    another = make_app()  # the next day
    scene = play(another, "atari/pong", None)
    another.open(scene)
    Hands(another).turns(3)
    assert not [line for line in Hands(another).said if "no sound" in line]
