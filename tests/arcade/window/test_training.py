"""Trainings from the window: chosen on a game's card, a process of its own, asked and heard from Home."""

import dataclasses
import json
import sys
from pathlib import Path

import pygame
import pytest

from grpo_arcade.arcade.cli import main
from grpo_arcade.arcade.window.home import trainings
from grpo_arcade.arcade.window.home.home import Home
from grpo_arcade.arcade.window.home.live_run import LiveRun, about, draw_card, facts, read_live
from grpo_arcade.arcade.window.home.train import TrainScene, learners
from grpo_arcade.arcade.window.home.trainings import Plan, arguments
from grpo_arcade.recordings.runs.reader import RunReader

from .made_runs import MadeRun
from .test_home import home, words

MADE_RUNS = Path(__file__).with_name("made_runs.py")


def commands(folder):
    with RunReader(folder) as run:
        return [command["name"] for command in run.commands()]


def choose(scene, hands, key, *presses):
    while scene._focus.item.key != key:
        hands.press("up")
    hands.press(*presses)


def test_a_training_is_chosen_on_a_games_card_and_started_as_the_command_would(app, hands, monkeypatch, capsys):
    scene = home(app, hands)
    hands.press("right", "t")  # the card beside the first: 2048 on 3×3
    train = app.scene
    assert isinstance(train, TrainScene)
    hands.turns(2)
    started = []
    monkeypatch.setattr(trainings, "Trainer", lambda order: started.append(order))
    monkeypatch.setattr(scene.trainings, "starting", lambda known: [])
    choose(train, hands, "steps", "right")
    while train._focus.item.key != "start":
        hands.press("down")
    hands.press("return")
    assert app.scene is scene
    (order,) = started
    assert order[0] == sys.executable
    words = order[order.index("train") :]
    # The same words on the command line mean this very training.
    assert main([*words, "--dry-run", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["config"]["game_options"] == ["size=3", "target=256"]
    assert (told["config"]["max_steps"], told["config"]["model"], told["config"]["game"]) == (150, "pocket", "2048")
    scene.trainings._started.clear()


def test_runs_that_were_broken_off_go_on_and_what_runs_have_learnt_learns_on(tmp_path):
    with MadeRun(tmp_path, name="stopped", max_steps=9) as run:
        run.writer.note(status="stopped", step=4)
        checkpoint = run.folder / "checkpoint-4"
        checkpoint.mkdir()
        (checkpoint / "arcade_state.json").write_text("{}")
    pocket, resumed, learnt = learners(str(tmp_path), "2048")
    assert pocket.words == "pocket: the built-in 5 M model"
    assert (resumed.words, resumed.resume) == ("go on with stopped, step 4 of 9", run.folder)
    assert learnt.model == str(checkpoint)
    assert len(learners(str(tmp_path), "atari/pong")) == 1
    said = arguments(Plan("2048", {}, resume=resumed.resume), "out", "x")
    assert said == ["train", "--resume", str(run.folder), "--output-dir", "out"]


def test_a_training_that_cannot_begin_is_one_line_and_one_that_does_gets_the_focus(app, hands, monkeypatch):
    scene = home(app, hands)
    scene._train(Plan("2048", {}, model="/nowhere/at/all"))
    assert any("starting…" in line for line in words(scene))
    hands.until(lambda: any("no such model folder" in line for line in hands.said))
    assert not any("starting…" in line for line in words(scene))

    def order(plan, outputs, name):
        return ["-c", "", outputs, name]

    monkeypatch.setattr(trainings, "arguments", order)
    kept = [sys.executable, str(MADE_RUNS), app.settings.outputs, "live-run", "2048"]
    monkeypatch.setattr(trainings, "Trainer", lambda _: real([sys.executable, "-c", WRITES_ON, *kept[1:]]))
    real = _Trainer
    scene._train(Plan("2048", {}, resume=Path(app.settings.outputs, "live-run")))
    hands.until(lambda: scene._shelf.live and scene._focus.item.key == scene._shelf.live[0].summary.path)
    assert scene.trainings.going_on()
    assert scene.keys()[1:4] == ("home.pause", "home.stop", "home.evaluate")
    trainer = scene.trainings._started[-1].trainer
    trainer.stop()
    hands.until(lambda: trainer.code is not None)
    scene._look_in = 0.0
    hands.until(lambda: not scene._shelf.live)


_Trainer = trainings.Trainer
WRITES_ON = """
import runpy, sys, time
folder, outputs, name, game = sys.argv[1:]
made = runpy.run_path(folder)["MadeRun"]
with made(outputs, name=name, group=2, max_steps=50) as run:
    run.step(1, ["```python\\ndef strategy(board):\\n    return 'W'\\n```"] * 2)
    time.sleep(300)
"""


def test_a_run_that_goes_on_is_paused_resumed_evaluated_and_stopped_on_a_second_press(app, hands, run_folder):
    scene = home(app, hands)
    hands.press("p")  # the only one that goes on need not be chosen
    hands.until(lambda: commands(run_folder.folder) == ["pause"])
    run_folder.answer(1, "accepted", "paused", 41)
    run_folder.note(status="paused")
    scene._look_in = 0.0
    hands.until(lambda: "pause: accepted: paused" in hands.said)
    hands.press("p", "e")
    hands.until(lambda: sorted(commands(run_folder.folder)) == ["evaluate", "pause", "resume"])
    hands.press("s")
    assert "S again stops pocket-run" in hands.said[-1]
    hands.turns(5)
    assert "stop" not in commands(run_folder.folder)
    hands.press("s")
    hands.until(lambda: "stop" in commands(run_folder.folder))


def test_what_a_card_asks_by_the_mouse_is_what_its_keys_ask_and_the_keys_keep_the_focus(app, hands, run_folder):
    scene = home(app, hands)
    focused = scene._focus.item.key
    button = next(i for i in scene._focus.items if isinstance(i.key, tuple) and i.key[0] == "evaluate")
    hands.click(button.rect.center)
    hands.until(lambda: commands(run_folder.folder) == ["evaluate"])
    assert app.scene is scene
    assert scene._focus.item.key == focused
    hands.press(*["tab"] * len(scene._focus.items))
    assert not scene._focus.item.pointer_only
    train = next(item for item in scene._focus.items if item.key == ("train", 1))
    hands.click(train.rect.center)
    assert isinstance(app.scene, TrainScene)
    assert app.scene.plan.options == {"size": 3, "target": 256}


def test_nobody_to_ask_is_said(app, hands):
    home(app, hands)
    hands.press("e")
    assert "no training is chosen that goes on" in hands.said[-1]


def test_a_card_tells_how_far_a_run_is_and_its_curve_is_of_scores_as_soon_as_there_are_two(run_folder):
    with RunReader(run_folder.folder) as run:
        live = read_live(run.summary())
    assert (live.scores, live.curve, live.left_s) == (False, (), None)
    assert facts(live) == "step 41 of 60"
    live = dataclasses.replace(live, seconds_a_step=9.0)
    assert facts(live) == "step 41 of 60 · 9 s a step · 3 min left"
    assert [about(s) for s in (40, 130, 7800)] == ["40 s", "2 min", "2 h 10 min"]


@pytest.mark.parametrize("curve", [(), ((1, 5.0),), ((1, 5.0), (2, 5.0)), ((0, -3.0), (500, 1e6))])
@pytest.mark.parametrize("size", [(320, 240), (1280, 800), (1920, 1080)])
def test_a_card_stays_inside_its_place(make_app, size, curve, run_folder):
    app = make_app(size)
    with RunReader(run_folder.folder) as run:
        live = LiveRun(run.summary(), curve, True, (1.0, 21000.0), 9.0)
    surface = pygame.Surface(size)
    box = pygame.Rect(10, 10, size[0] // 2, app.theme.px(92))
    draw_card(surface, app.theme, box, live, False)
    surface.fill(0, box)
    assert pygame.transform.average_color(surface)[:3] == (0, 0, 0)


def test_a_training_outlives_the_window_and_is_named_when_it_closes(app, hands, monkeypatch, capsys):
    scene = Home(app)
    app.open(scene)
    monkeypatch.setattr(scene.trainings, "going_on", lambda: [(77, Path("outputs/run"))])
    scene.trainings.tell_going_on()
    assert capsys.readouterr().err == "training continues (process 77); watch it again with: arcade watch outputs/run\n"


def test_a_game_of_the_list_of_all_is_trained_by_a_key_that_types_nothing(app, hands):
    scene = home(app, hands)
    scene._open_library()
    library = app.scene
    hands.press("q", "b", "e", "r")
    assert library.found == ["qbert"]
    hands.press(pygame.K_F4)
    assert isinstance(app.scene, TrainScene)
    assert app.scene.plan.game == "atari/qbert"
    hands.press("escape")
    assert (app.scene, library.typed) == (library, "qber")
