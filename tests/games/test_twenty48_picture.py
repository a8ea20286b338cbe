import hashlib
import random
from importlib.resources import as_file, files
from itertools import pairwise

import numpy as np
import pygame
import pytest

from grpo_arcade.games import fonts, make
from grpo_arcade.games.fonts import letters
from grpo_arcade.games.twenty48 import Twenty48View
from grpo_arcade.games.twenty48.picture import PALETTES, Twenty48Picture, _label, _readable

TILES = [2**power for power in range(1, 18)]


def drawn(picture, view, size, progress=1.0):
    surface = pygame.Surface(size, 0, 32)
    surface.fill(0xFF00FF)
    picture.draw(surface, view, progress)
    return pygame.surfarray.array2d(surface).T


def resting(cells):
    return Twenty48View(len(cells), 2048, cells, cells, (), None, 0, None, 0)


def played(moves=60, **options):
    game = make("2048", **options)
    game.reset(4)
    rng = random.Random(4)
    for _ in range(moves):
        if game.outcome is None:
            game.step(game.baselines["random"](game, rng))
    return game


@pytest.mark.parametrize("side", [1, 2, 5, 12, 16, 17, 30, 48, 104, 240, 500])
@pytest.mark.parametrize("value", TILES)
def test_a_number_never_overflows_its_tile(value, side):
    text, height = _label(value, side)
    if not text:
        assert side < 16
        return
    glyphs = fonts.coverage(text, height)
    assert glyphs.shape[1] <= max(side * 0.86, side - 1)
    assert height <= side * 0.4
    inked = np.flatnonzero(glyphs.any(axis=1))
    assert inked[-1] - inked[0] + 1 <= side


def test_a_shortened_number_says_the_same():
    assert _label(131072, 30)[0] == "128K"
    assert _label(131072, 120)[0] == "131072"
    assert _label(2048, 18)[0] == "2K"


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize("size", [(320, 240), (80, 80), (240, 240), (240, 700), (1280, 800), (1, 1), (7, 3)])
def test_the_surface_is_filled_at_any_size_and_the_board_is_in_the_middle(palette, size):
    pixels = drawn(Twenty48Picture(4, palette), resting(((2, 4, 8, 16),) * 4), size)
    assert not (pixels == 0xFF00FF).any()
    if min(size) >= 80:
        board = pixels != PALETTES[palette].page
        columns, rows = np.flatnonzero(board.any(axis=0)), np.flatnonzero(board.any(axis=1))
        assert abs(columns[0] - (size[0] - 1 - columns[-1])) <= 1
        assert abs(rows[0] - (size[1] - 1 - rows[-1])) <= 1
        assert columns[-1] - columns[0] >= 0.85 * min(size)


@pytest.mark.parametrize("board", range(2, 9))
def test_every_board_size_is_drawn_at_every_moment(board):
    picture = Twenty48Picture(board, "classic")
    view = played(size=board).view()
    for progress in (0.0, 0.3, 0.5, 0.75, 1.0):
        assert not (drawn(picture, view, (200, 200), progress) == 0xFF00FF).any()


def test_progress_goes_from_the_position_before_to_the_position_after():
    picture = Twenty48Picture(4, "classic")
    game = played(30)
    before = drawn(picture, game.view(), (160, 160))
    game.step(game.legal_actions()[0])
    view = game.view()
    assert np.array_equal(drawn(picture, view, (160, 160), 0.0), before)
    assert np.array_equal(drawn(picture, view, (160, 160), 1.0), drawn(picture, resting(view.cells), (160, 160)))
    assert np.array_equal(drawn(picture, view, (160, 160), 7.0), drawn(picture, view, (160, 160), 1.0))
    moments = [drawn(picture, view, (160, 160), step / 10).tobytes() for step in range(11)]
    assert len(set(moments)) >= 8


def test_a_position_without_a_move_looks_the_same_at_every_moment():
    game = make("2048")
    game.reset(9)
    picture = game.picture()
    assert len({drawn(picture, game.view(), (90, 90), step / 4).tobytes() for step in range(5)}) == 1


def test_the_middle_of_a_tile_has_the_colour_of_its_value():
    for palette, look in PALETTES.items():
        picture = Twenty48Picture(4, palette)
        for value, colour in zip(TILES, look.tiles, strict=False):
            pixels = drawn(picture, resting(((value, 0, 0, 0), *((0,) * 4,) * 3)), (240, 240))
            assert (pixels == colour).sum() > 500


@pytest.mark.parametrize("palette", PALETTES)
def test_a_game_with_all_tiles_in_all_moments_needs_fewer_than_256_colours(palette):
    picture = Twenty48Picture(4, palette)
    colours = set()
    for size in (80, 240, 501):
        for start in range(0, 17, 4):
            row = tuple((TILES + [2**18] * 4)[start : start + 4])
            merged = tuple((0, column, 0, column, value // 2, True) for column, value in enumerate(row))
            cells = (row, *((0,) * 4,) * 3)
            view = Twenty48View(4, 2048, cells, cells, merged, (3, 3, 2), 0, None, 1)
            for progress in (0.6, 0.75, 0.9, 1.0):
                colours |= set(np.unique(drawn(picture, view, (size, size), progress)).tolist())
        for moves in range(1, 120, 7):
            for progress in (0.1, 0.25, 0.4):
                colours |= set(np.unique(drawn(picture, played(moves).view(), (size, size), progress)).tolist())
    assert len(colours) <= 255


def test_the_same_arguments_give_the_same_pixels_from_a_fresh_and_a_used_picture():
    used = Twenty48Picture(4, "classic")
    game = played(40)
    for size in ((500, 500), (64, 64)):
        for progress in (0.2, 0.7, 1.0):
            drawn(used, game.view(), size, progress)
    for progress in (0.2, 0.7, 1.0):
        fresh = drawn(Twenty48Picture(4, "classic"), game.view(), (240, 240), progress)
        assert np.array_equal(drawn(used, game.view(), (240, 240), progress), fresh)


def test_pictures_survive_pygame_being_quit():
    picture = Twenty48Picture(4, "classic")
    before = drawn(picture, resting(((2, 4, 8, 16),) * 4), (100, 100))
    pygame.quit()
    fonts.coverage.cache_clear()
    assert np.array_equal(drawn(picture, resting(((2, 4, 8, 16),) * 4), (100, 100)), before)
    fresh = drawn(Twenty48Picture(4, "classic"), resting(((2, 4, 8, 16),) * 4), (101, 101))
    assert np.array_equal(drawn(picture, resting(((2, 4, 8, 16),) * 4), (101, 101)), fresh)


def test_any_kind_of_surface_may_be_drawn_on():
    picture = Twenty48Picture(4, "classic")
    view = resting(((2, 4, 8, 16), (32, 64, 128, 256), (0, 0, 0, 512), (0, 0, 2048, 1024)))
    kinds = [pygame.Surface((120, 120), flags, depth) for flags, depth in ((0, 24), (0, 32), (pygame.SRCALPHA, 32))]
    for surface in kinds:
        picture.draw(surface, view)
    assert len({hashlib.sha256(pygame.surfarray.array3d(surface).tobytes()).hexdigest() for surface in kinds}) == 1
    assert (pygame.surfarray.array_alpha(kinds[2]) == 255).all()


def test_colour_blind_tiles_get_darker_at_every_step():
    from grpo_arcade.games.twenty48.picture import _luminance

    tiles = [_luminance(colour) for colour in PALETTES["colour-blind"].tiles]
    assert all(lighter > darker for lighter, darker in pairwise(tiles))
    # Neighbours can be told apart side by side by lightness alone.
    assert min(_readable(*pair) for pair in pairwise(PALETTES["colour-blind"].tiles)) > 1.09


def test_memory_for_sprites_is_bounded():
    picture = Twenty48Picture(2, "classic")
    for value in TILES:
        for progress in (0.55, 0.6, 0.7, 0.75, 1.0):
            cells = ((value, value), (value, 0))
            view = Twenty48View(2, 2048, cells, cells, ((0, 0, 0, 0, value, True),), (1, 1, 2), 0, None, 1)
            drawn(picture, view, (1600, 1600), progress)
    assert sum(4 * side * side for _, side in picture._sprites) == picture._sprite_bytes <= 64 << 20


def test_unknown_palettes_are_refused():
    with pytest.raises(ValueError, match="classic, colour-blind"):
        Twenty48Picture(4, "sepia")


def test_the_game_offers_exactly_the_palettes_there_are():
    assert make("2048").palettes == tuple(PALETTES)


def test_text_that_is_too_long_is_elided_and_unknown_letters_become_question_marks():
    assert fonts.elided("expectimax", 500, 12) == "expectimax"
    shortened = fonts.elided("expectimax", 60, 12)
    assert shortened.endswith("…")
    assert shortened.startswith("e")
    assert fonts.coverage(shortened, 12).shape[1] <= 60
    assert fonts.elided("expectimax", 3, 12) == ""
    assert fonts.coverage("", 20).shape[1] == 0
    assert fonts.coverage(" \t ", 20).shape[1] == 0
    assert np.array_equal(fonts.coverage("a\x00b", 20), fonts.coverage("aU+0000b", 20))


@pytest.mark.parametrize("weight", ["bold", "medium"])
def test_every_letter_that_may_be_written_is_in_the_font(weight):
    with as_file(files(fonts) / f"Rubik-{fonts._WEIGHTS[weight]}.ttf") as path:
        pygame.font.init()
        font = pygame.font.Font(path, 40)
    missing = pygame.surfarray.array_alpha(font.render("\ufffe", True, (0, 0, 0)))
    for letter in letters.LATIN - {" "}:
        drawn = pygame.surfarray.array_alpha(font.render(letter, True, (0, 0, 0)))
        assert drawn.any()
        assert not np.array_equal(drawn, missing)
