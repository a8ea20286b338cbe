"""The loop, the keys and what lies over the scenes: with a real window under SDL's dummy driver."""

import os
import subprocess
import sys
import threading
import time

import pygame
import pytest

from grpo_arcade.arcade.settings import Settings, load_settings
from grpo_arcade.arcade.window.draw import paint
from grpo_arcade.arcade.window.shell.actions import ACTIONS, CONTEXTS, BindingError, Bindings
from grpo_arcade.arcade.window.shell.overlay import Help, _columned
from grpo_arcade.arcade.window.shell.pace import MOST_DT, Pace
from grpo_arcade.arcade.window.shell.scene import Act, Pointer, Typed

from .conftest import Hands, Probe


def acts(scene):
    return [event.id for event in scene.told if isinstance(event, Act)]


def test_an_idle_screen_is_not_drawn_again(app, hands, probe):
    before = probe.draws
    assert hands.turns(50) == 0
    assert probe.draws == before


def test_a_moving_screen_is_drawn_at_every_turn_and_its_frames_are_timed(app, hands, probe):
    probe.busy = True
    before = app.frames
    assert hands.turns(20) == 20
    assert app.frames == before + 20
    assert all(0 < seconds < 10 for seconds in app.frame_s)


def test_keys_become_actions_of_the_first_context_that_binds_them(app, hands, probe):
    hands.press("w", "up", "p", "return")
    assert acts(probe) == ["play.up", "play.up", "play.pause", "menu.choose"]


def test_gamepad_buttons_and_stick_become_actions_on_their_edges(app, hands, probe):
    hands.pad(pygame.CONTROLLER_BUTTON_START, pygame.CONTROLLER_BUTTON_DPAD_LEFT)
    for value in (0, 15000, 28000, 30000, 22000, 30000, 2000, -31000):
        event = pygame.event.Event(
            pygame.CONTROLLERAXISMOTION, axis=pygame.CONTROLLER_AXIS_LEFTX, value=value, instance_id=0
        )
        pygame.event.post(event)
        hands.turns()
    assert acts(probe) == ["play.pause", "play.left", "play.right", "play.left"]


def test_every_entry_of_the_bar_of_keys_can_be_clicked(app, hands, probe):
    height = app.surface.get_height()
    for x in range(0, app.surface.get_width(), 8):
        hands.click((x, height - 10))
        if app._help:
            hands.press("escape")
    assert {"play.pause", "play.new"} <= set(acts(probe))


def test_only_actions_that_say_so_repeat_while_held(app, hands, probe, monkeypatch):
    hands.press(".", up=False)
    hands.until(lambda: sum(id == "play.step" for id in acts(probe)) > 3)
    assert [event.repeated for event in probe.told if isinstance(event, Act)][:2] == [False, True]
    pygame.event.post(pygame.event.Event(pygame.KEYUP, key=pygame.K_PERIOD, mod=0))
    hands.turns(2)
    probe.told.clear()
    hands.press("w", up=False)
    time.sleep(0.5)
    hands.turns(5)
    assert acts(probe) == ["play.up"]


def test_the_help_shows_the_scenes_actions_and_swallows_its_keys(app, hands, probe):
    hands.press("h")
    drawn = probe.draws
    hands.press("w")  # any key closes it, and does nothing else
    assert acts(probe) == [] or "play.up" not in acts(probe)
    assert probe.draws == drawn + 1
    hands.press("w")
    assert acts(probe)[-1] == "play.up"


def test_every_action_belongs_to_a_context_and_every_default_binding_is_valid_and_unambiguous():
    assert {action.context for action in ACTIONS} == set(CONTEXTS)
    Bindings({action.id: action.bindings for action in ACTIONS})


def test_an_action_can_be_bound_to_other_keys(make_app):
    app = make_app(keys={"play.pause": ["x", "ctrl+p"], "play.hint": []})
    hands, scene = Hands(app), Probe(app)
    app.open(scene)
    hands.turns(2)
    hands.press("p", "x", "i")
    hands.press("p", mod=pygame.KMOD_LCTRL)
    assert acts(scene) == ["play.pause", "play.pause"]


@pytest.mark.parametrize(
    ("chosen", "says"),
    [
        ({"play.puase": ["p"]}, "did you mean 'play.pause'"),
        ({"play.pause": ["escap"]}, "did you mean 'escape'"),
        ({"play.pause": ["pad:q"]}, "'pad:q' is no key or button"),
        ({"play.pause": ["r"]}, "bound to both"),
    ],
)
def test_bindings_that_cannot_be_used_are_refused_with_what_would_work(chosen, says):
    with pytest.raises(BindingError, match=says) as refusal:
        Bindings(chosen)
    assert "\n" not in str(refusal.value)


def test_a_bad_binding_is_told_in_the_window_and_costs_no_other_key(make_app):
    app = make_app(keys={"play.puase": ["p"], "play.new": ["y"]})
    hands, scene = Hands(app), Probe(app)
    app.open(scene)
    hands.turns(2)
    hands.press("y")
    assert acts(scene) == ["play.new"]
    assert any("did you mean 'play.pause'" in line for line in hands.said)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("palette = 3", "must be"),
        ("palete = 'classic'", "did you mean 'palette'"),
        ("undo = 'yes'", "true or false"),
        ("gif-seconds = 0", "1 to 600"),
        ("keys = 3", "must be a table"),
        ("[keys]\n'play.pause' = 4", "must be a list of keys"),
        ("= broken", "not TOML"),
    ],
)
def test_a_settings_file_with_an_error_gives_one_line_and_the_defaults(tmp_path, text, says):
    file = tmp_path / "settings.toml"
    file.write_text(text)
    settings = load_settings(file)
    assert len(settings.problems) == 1
    assert says in settings.problems[0]
    assert "\n" not in settings.problems[0]
    assert settings == Settings(problems=settings.problems)
    assert file.read_text() == text


def test_good_settings_beside_a_bad_one_count(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text('undo = true\nfoo = 1\n[keys]\n"play.pause" = "x"\nplay.new = ["y", "pad:x"]\n')
    settings = load_settings(file)
    assert settings.undo
    assert settings.keys == {"play.pause": ["x"], "play.new": ["y", "pad:x"]}
    assert len(settings.problems) == 1


def test_no_settings_file_means_defaults(tmp_path):
    assert load_settings(tmp_path / "none.toml") == Settings()


def test_work_in_threads_and_processes_is_handed_over_in_the_apps_thread(app, hands, probe):
    seen = []

    def done(value):
        seen.append((value, threading.current_thread() is threading.main_thread()))

    app.background.thread(sum, [1, 2, 3], done=done)
    app.background.process(os.path.basename, "/a/b", done=done)
    app.background.thread(lambda emit: [emit(i) for i in range(3)], item=done, done=lambda _: None)
    app.background.process(int, "x", failed=lambda error: done(str(error)))
    hands.until(lambda: len(seen) == 6)
    assert all(in_main for _, in_main in seen)
    assert {value for value, _ in seen} >= {6, "b", 0, 1, 2}


def test_a_cancelled_task_is_never_heard_of(app, hands, probe):
    seen = []
    go = threading.Event()
    task = app.background.thread(lambda: go.wait(30), done=seen.append)
    child = app.background.process(time.sleep, 600, done=seen.append, failed=seen.append)
    task.cancel()
    child.cancel()
    go.set()
    time.sleep(0.2)
    hands.turns(5)
    assert seen == []


def test_a_sleeping_loop_wakes_for_a_result_at_once(app, hands, probe):
    app.background.thread(time.sleep, 0.2, done=lambda _: app.quit())
    end = time.monotonic() + 60
    while app.running:
        app.turn()  # sleeps: only the result can end it
        assert time.monotonic() < end


def test_time_that_was_slept_on_purpose_passes_for_the_scene_and_a_suspended_machine_s_does_not(
    app, probe, monkeypatch
):
    monkeypatch.setattr(pygame.event, "wait", lambda timeout: pygame.event.Event(pygame.NOEVENT))
    pace, now = Pace(), time.perf_counter()
    pace.passed(now)
    pace.events([0.4])
    assert pace.passed(now + 0.5) == pytest.approx(0.5)
    pace.events([2.0])
    assert pace.passed(now + 3600) == 2.0 + MOST_DT
    assert pace.passed(now + 7200) == MOST_DT
    pace.events([-1.0])  # what is overdue turns no time back
    assert pace.passed(now + 7300) == MOST_DT


def test_an_error_meant_for_people_is_one_line_and_the_scene_goes_on(app, hands, probe, monkeypatch):
    def fail(event):
        raise ValueError("that\ncannot be")

    monkeypatch.delenv("ARCADE_TRACEBACK", raising=False)
    monkeypatch.setattr(probe, "handle", fail)
    hands.press("w")
    assert hands.said == ["that cannot be"]
    assert app.running


def test_the_scene_on_top_is_left_and_entered_and_the_window_closes_with_the_last(app, hands, probe):
    other = Probe(app)
    app.open(other)
    hands.press("escape")
    assert app.scene is probe
    assert other.calls[-1] == "leave"
    assert probe.calls[-2:] == [("resized", probe.area.size), "enter"]
    app.close(probe)
    assert not app.running
    assert probe.calls[-1] == "leave"


def test_closing_the_window_leaves_the_scene(app, hands, probe):
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert app.run() == 0
    assert probe.calls[-1] == "leave"


@pytest.mark.parametrize("size", [(320, 240), (1280, 800), (3840, 2160)])
def test_a_scene_is_told_its_room_when_the_window_changes(app, hands, probe, size):
    hands.resize(size)
    assert probe.area.width == size[0]
    assert 0 < probe.area.height < size[1]
    assert app.surface.get_size() == size
    hands.press("h")  # the help too is drawn at any size


def test_a_screenshot_is_what_the_window_shows(app, hands, probe, tmp_path):
    hands.press("f12")
    (file,) = (tmp_path / "data" / "screenshots").glob("*.png")
    assert pygame.image.load(file).get_size() == app.surface.get_size()
    assert str(file) in hands.said[-1]


def test_text_goes_to_a_scene_that_wants_it_and_commands_still_work(app, hands, probe):
    probe.wants_text = True
    hands.press("h", "p", "backspace", "f12")
    assert [event.text for event in probe.told if isinstance(event, Typed)] == ["h", "p", "\b"]
    assert hands.said


def test_the_pointer_is_told_in_pixels_of_the_window(app, hands, probe):
    hands.click((100, 120))
    pointers = [event for event in probe.told if isinstance(event, Pointer)]
    assert [(p.kind, p.at) for p in pointers] == [("move", (100, 120)), ("down", (100, 120)), ("up", (100, 120))]


def test_choices_are_remembered_and_a_damaged_memory_is_put_aside(make_app, tmp_path):
    app = make_app()
    app.set_palette("colour-blind")
    app.shut()
    again = make_app()
    assert again.palette == "colour-blind"
    again.shut()
    file = tmp_path / "data" / "window.json"
    file.write_text("{torn")
    third = make_app()
    assert third.palette == "classic"
    assert any("damaged" in line for _, line in third.messages.history)
    assert [f.read_text() for f in file.parent.glob("window.json.damaged-*")] == ["{torn"]


def test_without_a_display_there_is_one_line_that_names_what_works():
    code = "from grpo_arcade.arcade.window import App, NoDisplayError\ntry:\n App()\nexcept NoDisplayError as e:\n print(e)"
    bare = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")}
    run = subprocess.run([sys.executable, "-c", code], env=bare, capture_output=True, text=True, check=True)
    assert "arcade play" in run.stdout
    assert run.stdout.count("\n") == 1


def test_the_window_imports_no_torch_and_no_textual():
    code = (
        "import sys, grpo_arcade.arcade.window\n"
        "print([name for name in ('torch', 'textual', 'transformers', 'trl') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_escape_goes_back_though_something_is_being_said(app, hands, probe):
    below, above = Probe(app), Probe(app)
    app.open(below)
    app.open(above)
    app.complain("the disk is full")
    hands.press("escape")
    assert app.scene is below
    assert not app.messages


@pytest.mark.parametrize("rows", range(3, 24))
def test_no_heading_of_the_help_stands_alone_at_the_foot_of_a_column(rows):
    bindings = Bindings({})
    lines = []
    for context, heading in CONTEXTS.items():
        lines += [(heading, None), *(("", action) for action in bindings.in_context(context))]
    placed = _columned(lines, rows)
    assert [line for line in placed if line != ("", None)] == lines
    assert all(not heading for heading, action in placed[rows - 1 :: rows] if action is None)


@pytest.mark.parametrize("size", [(320, 240), (640, 400), (1280, 800)])
def test_all_of_the_help_can_be_turned_to(make_app, size):
    app = make_app(size=size)
    shown = Help(tuple(CONTEXTS), "Keys")
    for _ in range(200):
        shown.draw(app.surface, app.theme, app.bindings)
        if not shown.turned(["down"]) or shown._first == shown._hidden:
            break
    assert shown._first == shown._hidden


def test_a_path_that_is_too_long_loses_its_middle_and_keeps_the_file_s_name():
    path = "/home/somebody/with/a/very/long/way/to/what/the/window/keeps/films/2048-versus-seed-1234.gif"
    for said in (f"Saved (1.4 MB): {path}", path):
        for room in (300, 400, 600):
            (line,) = paint.wrapped(said, room, 11)[-1:]
            assert line.endswith("…/2048-versus-seed-1234.gif")
            assert paint.text_width(line, 11) <= room
    assert paint.wrapped("atari/pong is a name and no path at all, and long", 120, 11)[-1].endswith("long")
    assert paint.wrapped(path, 60, 11)[0].endswith("…")


def test_full_screen_and_back_leaves_the_window_as_large_as_it_was(app, hands, probe):
    before = app.surface.get_size()
    hands.press("f11")
    hands.turns(2)
    assert app.surface.get_size() == pygame.display.get_desktop_sizes()[0]
    assert app.surface is pygame.display.get_surface()
    hands.press("f11")
    hands.turns(2)
    assert app.surface.get_size() == before


def test_a_window_whose_surface_was_lost_is_painted_anew_though_its_size_is_the_same(app, hands, probe):
    size = app.surface.get_size()
    for kind in (pygame.VIDEORESIZE, pygame.WINDOWFOCUSGAINED):
        app.surface.fill(0)
        pygame.event.post(pygame.event.Event(kind, size=size, w=size[0], h=size[1]))
        hands.turns()
        assert app.surface.get_at((5, 5))[:3] != (0, 0, 0)
