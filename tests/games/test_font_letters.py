"""Every name can be read in a picture: letters of the whole world, signs, and a number for what no font has."""

import unicodedata

import numpy as np
import pygame
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from grpo_arcade.games import fonts
from grpo_arcade.games.fonts import letters, pixels
from grpo_arcade.recordings.films.strip import TitleStrip

WHOLE = {
    "Latin": (*range(0xC0, 0xD7), *range(0x100, 0x180), *range(0x1E00, 0x1F00)),
    "Greek": tuple(code for code in range(0x370, 0x3E2) if unicodedata.category(chr(code)) != "Cn"),
    "Cyrillic": (*range(0x400, 0x483), *range(0x48A, 0x530)),
    "Hebrew": tuple(range(0x5D0, 0x5EB)),
}
"""Scripts that are drawn in both weights."""
IN_PIXELS = "策略戦略ストラテジーすとらてじ전략กลยุทธ์रणनीति🎮😀🚀∑≠←♥★"


@pytest.mark.parametrize("script", WHOLE)
@pytest.mark.parametrize("weight", fonts._WEIGHTS)
def test_scripts_of_europe_are_whole_in_both_weights(script, weight):
    for code in WHOLE[script]:
        [(font, piece)] = letters.pieces(chr(code))
        assert font != letters.UNIFONT
        assert fonts.coverage(piece, 20, weight).any()


def test_what_is_said_to_be_in_a_font_is_in_its_files():
    pygame.font.init()
    for name, (starts, ends) in letters._ranges().items():
        for weight in fonts._WEIGHTS.values():
            font = pygame.font.Font(str(fonts.files(fonts.__name__) / f"{name}-{weight}.ttf"), 20)
            missing = pygame.surfarray.array_alpha(font.render("\uffff", True, (0, 0, 0)))
            for first, last in zip(starts, ends, strict=True):
                for code in range(first, last + 1):
                    drawn = pygame.surfarray.array_alpha(font.render(chr(code), True, (0, 0, 0)))
                    assert not np.array_equal(drawn, missing), hex(code)


@pytest.mark.parametrize("character", IN_PIXELS)
def test_all_other_scripts_and_signs_are_drawn_in_pixels(character):
    [(font, piece)] = letters.pieces(character)
    assert (font, piece) == (letters.UNIFONT, character)


def test_names_of_the_whole_world_differ_in_a_picture():
    names = ["策略", "戦略", "战略", "стратегия", "стратегии", "στρατηγική", "אסטרטגיה", "전략", "😀", "😁"]
    pictures = {fonts.coverage(name, 12, "bold").tobytes() for name in names}
    assert len(pictures) == len(names)
    assert fonts.coverage("??", 12, "bold").tobytes() not in pictures


@pytest.mark.parametrize("text", ["\U00012000", "\0", "\udc80", "\U000e1234", "\ue000"])
def test_what_no_font_has_is_told_by_its_number(text):
    assert letters.pieces(f"a{text}b") == [(letters.RUBIK, f"aU+{ord(text):04X}b")]


def test_what_has_no_width_is_left_out_and_composed_letters_are_one():
    assert letters.pieces("a\u200bb\ufe0f\u202ec") == [(letters.RUBIK, "abc")]
    assert letters.pieces("e\u0301") == [(letters.RUBIK, "é")]


def test_words_from_right_to_left_are_turned_around_and_others_are_not():
    assert letters.pieces("run שלום עולם 7") == [
        (letters.RUBIK, "run "),
        (letters.RUBIK_MORE, "םלוע"),
        (letters.RUBIK, " "),
        (letters.RUBIK_MORE, "םולש"),
        (letters.RUBIK, " 7"),
    ]


@given(st.text(max_size=30), st.sampled_from([6, 11, 50, 130]), st.sampled_from(list(fonts._WEIGHTS)))
@example("10s", 11, "bold")
def test_any_text_is_drawn_on_a_line_of_its_height(text, height, weight):
    drawn = fonts.coverage(text, height, weight)
    assert drawn.shape[0] == height + 2 * fonts.margin(height)
    if drawn.shape[1]:
        assert drawn[:, 0].any()
        assert drawn[:, -1].any()


def test_letters_of_every_font_stand_on_one_baseline_and_are_about_as_tall():
    for text in "EЕΕ":  # Latin, Cyrillic, Greek
        rows = np.flatnonzero(fonts.coverage(text, 40).max(axis=1) > 127)
        assert abs(rows[0] - fonts.margin(40)) <= 1
        assert abs(rows[-1] + 1 - fonts.margin(40) - 40) <= 1
    rows = np.flatnonzero(fonts._enlarged(pixels.line("E"), 40, "medium")[0].any(axis=1))
    assert rows[-1] + 1 - rows[0] == 40


@pytest.fixture
def groups():
    generator = np.random.default_rng(0)

    def group(codes, columns):
        return pixels.Group(
            np.array(codes, np.uint32), generator.integers(0, 256, (len(codes), pixels.ROWS, columns), np.uint8)
        )

    return group([65, 66, 0x401], 1), group([0x7B56, 0x1F600], 2), group([], 2)


def test_packed_glyphs_come_back(groups):
    for one, other in zip(groups, pixels.unpacked(pixels.packed(groups)), strict=True):
        assert np.array_equal(one.codes, other.codes)
        assert np.array_equal(one.glyphs, other.glyphs)


def test_the_title_of_a_film_names_its_player_in_any_script():
    strip = TitleStrip(400)
    names = ["策略", "стратегия", "Στρατηγική", "😀", "??"]
    assert len({strip.pixels(name, "2048", 7, 128.0, None).tobytes() for name in names}) == len(names)
