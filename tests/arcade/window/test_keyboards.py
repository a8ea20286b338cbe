"""Every keyboard plays: keys go by their letter, and by their place where that says nothing."""

import pygame
import pytest

from grpo_arcade.arcade.settings import load_settings
from grpo_arcade.arcade.window.shell.actions import ACTIONS, Bindings, binding_label
from grpo_arcade.arcade.window.shell.scene import Act, Typed

from .conftest import Hands
from .test_shell import Probe, acts

# What the keys of W, A, S, D, N, P and . of an American keyboard send on others.
LAYOUTS = {
    "American": "wasdnp.",
    "Russian": "цфывтзю",
    "Ukrainian": "цфівтзю",
    "Greek": "ςασδνπ.",
    "Hebrew": "'שדגמפץ",
    "Arabic": "صشسيىحز",
    "AZERTY": "zqsdnp:",
}
PLACES = [getattr(pygame, f"KSCAN_{name}") for name in ("W", "A", "S", "D", "N", "P", "PERIOD")]
DOES = ["play.up", "play.left", "play.down", "play.right", "play.new", "play.pause", "play.step"]


def press(app, letter, place, mod=0, typed=None):
    typed = letter if typed is None else typed
    key = {"key": ord(letter), "mod": mod, "scancode": place}
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, unicode=typed, **key))
    pygame.event.post(pygame.event.Event(pygame.KEYUP, **key))
    app.turn(wait=False)


@pytest.fixture
def opened(app):
    scene = Probe(app)
    app.open(scene)
    Hands(app).turns(2)
    scene.told.clear()
    return scene


@pytest.mark.parametrize("layout", LAYOUTS)
def test_letters_of_any_alphabet_do_what_their_place_says(app, opened, layout):
    for letter, place in zip(LAYOUTS[layout], PLACES, strict=True):
        press(app, letter, place)
    assert acts(opened) == DOES


def test_a_letter_that_says_something_is_heard_before_its_place(app, opened):
    press(app, "a", pygame.KSCAN_Q)  # AZERTY
    press(app, "w", pygame.KSCAN_Z)
    press(app, "o", pygame.KSCAN_S)  # Dvorak
    assert acts(opened) == ["play.left", "play.up", "play.options"]


def test_what_is_held_with_ctrl_goes_by_place_only_where_the_letter_is_not_latin(app, opened):
    press(app, "a", pygame.KSCAN_Q, pygame.KMOD_LCTRL, "")  # AZERTY: where Q is elsewhere
    assert app.running
    press(app, "й", pygame.KSCAN_Q, pygame.KMOD_LCTRL, "")
    assert not app.running


def test_a_key_is_let_go_though_the_layout_has_changed_meanwhile(app, opened):
    opened.holds = True
    app.turn(wait=False)
    down = {"key": pygame.K_w, "unicode": "w", "mod": 0, "scancode": pygame.KSCAN_W}
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, **down))
    pygame.event.post(pygame.event.Event(pygame.KEYUP, key=ord("ц"), mod=0, scancode=pygame.KSCAN_W))
    Hands(app).turns(2)
    assert [type(event).__name__ for event in opened.told][-2:] == ["Act", "Released"]


def test_the_settings_take_what_a_keyboard_sends(make_app, tmp_path):
    file = tmp_path / "settings.toml"
    file.write_bytes('[keys]\r\n"play.pause" = ["ц", "ctrl+ы"]\r\n"play.hint" = ["é"]\r\n'.encode("utf-8-sig"))
    settings = load_settings(file)
    assert settings.problems == ()
    app = make_app(keys=settings.keys)
    scene = Probe(app)
    app.open(scene)
    Hands(app).turns(2)
    scene.told.clear()
    press(app, "ц", pygame.KSCAN_W)
    press(app, "ы", pygame.KSCAN_S, pygame.KMOD_LCTRL, "")
    press(app, "é", pygame.KSCAN_2)
    assert acts(scene) == ["play.pause", "play.pause", "play.hint"]
    assert binding_label("ctrl+ы") == "Ctrl+Ы"
    assert Bindings({"play.pause": ["Ц", "e\u0301"]}).bindings("play.pause") == ("ц", "é")


def test_a_sign_that_needs_altgr_is_typed_like_any_other(app, opened):
    opened.contexts = ("watch",)
    press(app, "8", pygame.KSCAN_8, pygame.KMOD_RALT, "[")  # German
    assert acts(opened) == ["watch.earlier"]


def test_text_is_typed_in_any_alphabet(app, opened):
    opened.wants_text = True
    press(app, "ц", pygame.KSCAN_W)
    press(app, "м", pygame.KSCAN_V, pygame.KMOD_LCTRL, "")
    assert [event.text for event in opened.told if isinstance(event, Typed)] == ["ц"]
    assert Hands(app).said[-1] == "There is no text to paste"
    assert not any(isinstance(event, Act) for event in opened.told)


def test_every_letter_key_that_is_bound_has_a_place():
    from grpo_arcade.arcade.window.shell import actions

    letters = {word for action in ACTIONS for word in action.bindings if len(word) == 1 and word.isalpha()}
    assert letters <= set(actions._PLACES.values())
