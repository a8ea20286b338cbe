"""Text for pictures: what was kept open to draw it faster is never seen, nor touched when pygame was quit meanwhile."""

import subprocess
import sys
import threading

import numpy as np
import pygame
import pytest

from grpo_arcade.games import fonts

LINES = [
    (text, height, weight) for text in ("2,048", "Ångström…") for height in (9, 47, 60) for weight in fonts._WEIGHTS
]


def drawn():
    fonts.coverage.cache_clear()
    return [fonts.coverage(*line) for line in LINES]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("quit", [pygame.quit, pygame.font.quit])
def test_pixels_are_the_same_after_pygame_was_quit(quit):
    before = drawn()
    for _ in range(2):
        quit()
        assert same(drawn(), before)
    assert same(drawn(), before)


def test_pixels_do_not_depend_on_what_was_drawn_before():
    before = drawn()
    for height in range(5, 5 + 2 * fonts._KEPT):
        fonts.coverage("W", height)
    assert len(fonts._open) <= fonts._KEPT
    assert same(drawn(), before)


def test_several_threads_draw_the_same_pixels():
    before, results = drawn(), []
    threads = [
        threading.Thread(target=lambda: results.append([fonts.coverage.__wrapped__(*line) for line in LINES]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(same(result, before) for result in results)


def test_a_process_that_drew_ends_well():
    program = (
        "from grpo_arcade.games import fonts; fonts.coverage('a', 20); import pygame; pygame.quit(); pygame.init()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
