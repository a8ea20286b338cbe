"""Any text can be painted: a name of a megabyte, halves of characters, what a terminal would obey."""

import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.arcade.window.draw import paint
from grpo_arcade.arcade.window.draw.code_view import CodeView
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.games import Outcome, fonts
from grpo_arcade.recordings.films.strip import TitleStrip

HARD = ["", "\x00", "a\x1b[2K\rb\nc\x07", "\ud800\udfff", "\u202eabc\u200b", "x" * 1_000_000, "word " * 200_000,
        "e" + "\u0301" * 100_000, "\U0010ffff\ue000", "\n" * 100_000, "\t" * 5_000, "مرحبا " * 3_000]  # fmt: skip


@pytest.fixture(scope="module")
def surface():
    return pygame.Surface((640, 360))


def painted(surface, words):
    paint.text(surface, words, (10, 20), 12, 0xFFFFFF)
    assert paint.text(surface, words, (10, 20), 12, 0xFFFFFF, room=200).width <= 200
    assert len(paint.wrapped(words, 200, 12)) <= 1 + len(words)
    view = CodeView()
    view.rect = pygame.Rect(0, 0, 400, 300)
    view.show(words)
    view.draw(surface, Theme((640, 360)))
    assert fonts.coverage(fonts.elided(words, 150, 10), 10).shape[1] <= 150
    assert TitleStrip(320).pixels(words, "2048", 1, 2.0, Outcome.WON).shape[1] == 320


@pytest.mark.parametrize("words", HARD, ids=range(len(HARD)))
def test_hard_words_are_painted(surface, words):
    painted(surface, words)


@given(st.text(max_size=40) | st.text(st.characters(), max_size=12))
def test_any_words_are_painted(words):
    painted(pygame.Surface((640, 360)), words)
