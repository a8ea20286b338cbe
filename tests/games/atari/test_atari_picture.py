"""The picture is the console's own screen: every pixel a square, every colour the emulator's."""

import pickle

import numpy as np
import pygame
import pytest

from grpo_arcade.games import PixelPicture, make
from grpo_arcade.games.atari.picture import AtariView, luminance
from grpo_arcade.games.atari.roms import colours


def played(title, steps=40, **options):
    game = make(f"atari/{title}", **options)
    game.reset(3)
    game.view()
    for step in range(steps):
        game.step(step // 3 % len(game.actions))
    return game


def drawn(game, size, fill="magenta"):
    surface = pygame.Surface(size)
    surface.fill(fill)
    game.picture().draw(surface, game.view())
    return np.frombuffer(pygame.image.tobytes(surface, "RGB"), np.uint8).reshape(size[1], size[0], 3)


def emulators_own(game):
    return game._console._ale.getScreenRGB()


@pytest.mark.parametrize("title", ["pong", "ms_pacman", "pooyan", "air_raid", "king_kong"])
def test_pixels_are_the_emulators_at_natural_size(title):
    game = played(title)
    height = len(emulators_own(game))
    assert game.picture().natural_size == (160, height)
    assert (drawn(game, (160, height)) == emulators_own(game)).all()


@pytest.mark.parametrize(("size", "scale"), [((480, 630), 3), ((1920, 1080), 5), ((500, 440), 2), ((161, 419), 1)])
def test_every_pixel_is_a_square_and_the_rest_is_black(size, scale):
    game = played("breakout")
    picture = drawn(game, size)
    left, top = (size[0] - 160 * scale) // 2, (size[1] - 210 * scale) // 2
    inner = picture[top : top + 210 * scale, left : left + 160 * scale]
    assert (inner == emulators_own(game).repeat(scale, 0).repeat(scale, 1)).all()
    assert picture.sum(dtype=np.int64) == inner.sum(dtype=np.int64)


@pytest.mark.parametrize("size", [(97, 61), (40, 300), (1, 1), (159, 210)])
def test_where_the_screen_does_not_fit_it_is_made_smaller(size):
    game = played("pong")
    picture = drawn(game, size)
    assert (picture == drawn(game, size, "green")).all()
    assert {tuple(colour) for colour in picture.reshape(-1, 3).tolist()} <= {
        (0, 0, 0),
        *map(tuple, emulators_own(game).reshape(-1, 3).tolist()),
    }


def test_colour_numbers_and_colours_say_the_same_as_the_picture():
    for title in ("pong", "air_raid"):
        game = played(title)
        picture = game.picture()
        assert isinstance(picture, PixelPicture)
        numbers = picture.indices(game.view())
        table = np.array([[c >> 16, c >> 8 & 255, c & 255] for c in picture.colours], np.uint8)
        assert (table[numbers] == emulators_own(game)).all()
        assert colours(game.view().palette) == table.tobytes()


def test_the_frame_before_the_last_is_kept():
    # One decision of four frames shows the last two of them; decisions of one frame show them all.
    once, each = played("asteroids", 0), played("asteroids", 0, frame_skip=1)
    assert once.view().previous == once.view().screen
    for step in range(30):
        once.step(step // 5 % 3)
        screens = []
        for frame in range(4):
            # Sticky actions are drawn by the frame, so both stick alike.
            each.step(step // 5 % 3)
            screens.append(each.view().screen)
            if frame:
                assert each.view().previous == screens[-2]
        assert (once.view().previous, once.view().screen) == tuple(screens[-2:])


def test_what_blinks_is_seen_in_a_picture_safe_from_flicker():
    game = played("asteroids", 60)
    picture, view = game.picture(), game.view()
    assert picture.blinks
    assert not make("atari/pong").picture().blinks
    bright = luminance("ntsc")
    now, before = (np.frombuffer(screen, np.uint8).reshape(210, 160) for screen in (view.screen, view.previous))
    safe = picture.indices(view, flicker_safe=True)
    assert (bright[safe] == np.maximum(bright[now], bright[before])).all()
    assert ((safe == now) | (safe == before)).all()
    assert (safe != picture.indices(view)).sum() > 50


def test_a_view_travels():
    view = played("pong").view()
    assert pickle.loads(pickle.dumps(view)) == view
    assert isinstance(view, AtariView)
    assert len(view.screen) == len(view.previous) == view.width * view.height
    with pytest.raises(AttributeError):
        view.score = 3


def test_only_the_consoles_own_palette_exists():
    with pytest.raises(ValueError, match="palette must be one of classic"):
        make("atari/pong").picture("neon")
