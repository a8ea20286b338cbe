"""Settings and keys are changed in the window, hold at once, and stand in the person's file beside what they wrote."""

import pygame
import pytest

from grpo_arcade.arcade.settings import Settings, load_settings, save_setting
from grpo_arcade.arcade.window.play.turns import TurnPlay
from grpo_arcade.arcade.window.settings.keys import KeysScene
from grpo_arcade.arcade.window.settings.settings import SettingsScene
from grpo_arcade.arcade.window.shell.scene import Act

from .conftest import Hands, Probe

WRITTEN = """# mine
palette = "classic"  # the usual one
gif-seconds = 20

[keys]
"play.new" = ["y"]
"""


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "config" / "settings.toml"
    monkeypatch.setenv("ARCADE_SETTINGS", str(path))
    return path


def opened(app, hands):
    probe = Probe(app)
    app.open(probe)
    hands.turns(2)
    hands.press(pygame.K_F3)
    assert isinstance(app.scene, SettingsScene)
    hands.turns(2)
    return app.scene


def row(scene, hands, key):
    for _ in scene._focus.items:
        if scene._focus.item.key == key:
            return scene._focus.item
        hands.press("down")
    raise AssertionError(key)


def test_each_setting_holds_at_once_and_is_read_again_from_the_file(app, hands, file):
    scene = opened(app, hands)
    for key, value in (("palette", "colour-blind"), ("undo", "on"), ("full_screen", "on"), ("hint", "random")):
        row(scene, hands, key)
        hands.press("right")
        assert scene._focus.item.value == value
    assert app.palette == "colour-blind"
    row(scene, hands, "gif_seconds")
    hands.press("left")
    read = load_settings(file)
    assert not read.problems
    assert (read.palette, read.undo, read.full_screen, read.hint) == ("colour-blind", True, True, "random")
    assert read.gif_seconds == app.settings.gif_seconds == 10.0
    row(scene, hands, "sound")
    hands.press("right")
    assert app.speaker.muted
    hands.press(pygame.K_F3)  # once is enough
    assert [type(each) for each in app.scenes].count(SettingsScene) == 1
    hands.press("escape")
    play = TurnPlay(app, options={"size": 3, "target": 64})
    app.open(play)
    assert play.hint_player.name == "random"
    assert "play.undo" in tuple(play.keys())


def test_what_the_person_wrote_stays_as_it_stands(file):
    file.parent.mkdir()
    file.write_text(WRITTEN)
    save_setting("palette", "colour-blind")
    save_setting("gif_seconds", 5.0)
    save_setting("undo", True)
    assert file.read_text() == WRITTEN.replace('"classic"', '"colour-blind"').replace("= 20\n", "= 5.0\nundo = true\n")
    save_setting("keys", {})
    assert load_settings(file) == Settings(palette="colour-blind", gif_seconds=5.0, undo=True)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("palette", "pink", "must be"),
        ("gif_seconds", 0.0, "1 to 600"),
        ("problems", "x", "no setting"),
        ("keys", 3, "must be a table"),
    ],
)
def test_what_is_no_setting_is_not_written(file, name, value, says):
    with pytest.raises(ValueError, match=says):
        save_setting(name, value)
    assert not file.exists()


def test_a_file_that_is_no_toml_is_one_line_and_stays(app, hands, file):
    file.parent.mkdir()
    file.write_text("= broken")
    scene = opened(app, hands)
    row(scene, hands, "undo")
    hands.press("right")
    assert "is not TOML" in hands.said[-1]
    assert not app.settings.undo
    assert file.read_text() == "= broken"


def test_a_key_is_changed_by_pressing_it_and_set_back(app, hands, file):
    opened(app, hands)
    keys = KeysScene(app)
    app.open(keys)
    hands.turns(2)

    def change(id, *presses, **how):
        for _ in keys._entries():  # round and round
            if keys._focus.item.key != id:
                keys.handle(Act("menu.down"))
        hands.press("return")
        assert keys.waiting == id
        hands.press(*presses, **how)
        assert keys.waiting is None

    change("play.pause", "x", mod=pygame.KMOD_CTRL)
    assert app.bindings.bindings("play.pause") == ("ctrl+x", "pad:start")
    assert load_settings(file).keys == {"play.pause": ["ctrl+x", "pad:start"]}
    change("play.new", "r")  # that is another action's
    assert "is bound to both" in hands.said[-1]
    assert app.bindings.bindings("play.new") == ("n",)
    change("play.new", "escape")
    change("play.pause", "backspace")
    assert app.bindings.bindings("play.pause") == ("p", "pad:start")
    assert "keys" not in file.read_text()
    change("play.pause", "q")
    hands.press("escape", "escape")
    probe = app.scene
    probe.told.clear()
    hands.press("q", "p")
    assert [event.id for event in probe.told if isinstance(event, Act)] == ["play.pause"]


@pytest.mark.parametrize("size", [(320, 240), (1280, 800)])
def test_rows_stay_in_the_window_and_all_actions_can_be_reached(make_app, file, size):
    app = make_app(size)
    hands = Hands(app)
    scene = opened(app, hands)
    assert all(scene.area.contains(item.rect) for item in scene._focus.items)
    keys = KeysScene(app)
    app.open(keys)
    hands.turns(1)
    seen = set()
    for _ in keys._entries():
        seen.add(keys._focus.item.key)
        assert all(keys.area.contains(item.rect) for item in keys._focus.items)
        keys.handle(Act("menu.down"))
    assert len(seen) == len(keys._entries())
