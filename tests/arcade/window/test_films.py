"""One key makes one film of all that is shown, up to the present move, wherever games are watched."""

import pygame
import pytest

from grpo_arcade.arcade.players.player import YOU
from grpo_arcade.arcade.window.replay.export import Export
from grpo_arcade.arcade.window.shell import saved
from grpo_arcade.arcade.window.shell.clipboard import pasted
from grpo_arcade.arcade.window.versus.match import Match
from grpo_arcade.arcade.window.watch.watch import WatchScene
from grpo_arcade.games.baseline_scores import play_baseline
from grpo_arcade.games.replay import beginning
from grpo_arcade.recordings import verify

from .conftest import Probe
from .made_runs import MadeRun


def film_of(app, hands):
    hands.press("g")
    scene = app.scene
    assert isinstance(scene, Export), hands.said
    hands.until(lambda: scene.filmed is not None or scene.problem)
    assert not scene.problem
    plan = scene.plan()
    return [beginning(*each) for each in zip(plan.episodes, plan.moves, strict=True)]


def test_a_match_is_one_film_up_to_the_present_move(app, hands):
    scene = Match(app, "2048", {}, [YOU, "greedy"], seed=11)
    app.open(scene)
    hands.until(lambda: scene.ready)
    press = 0
    while len(scene.person.session.actions) < 5:
        hands.press(("up", "right", "down", "left")[press % 4])
        press += 1
    hands.until(lambda: scene.next_update() is None)
    mine, theirs = film_of(app, hands)
    assert (len(mine.actions), len(theirs.actions)) == (5, 5)
    for episode in (mine, theirs):
        verify(episode)


def test_a_match_nobody_has_moved_in_is_no_film(app, hands):
    scene = Match(app, "2048", {}, [YOU, "greedy"], seed=11)
    app.open(scene)
    hands.until(lambda: scene.ready)
    hands.press("g")
    assert app.scene is scene
    assert "nobody has made a move yet" in hands.said


@pytest.mark.parametrize("enlarged", [False, True])
def test_boards_of_a_step_are_one_film_or_the_enlarged_one_is(app, hands, tmp_path, enlarged):
    with MadeRun(tmp_path / "outputs", group=8) as run:
        run.step(1)
    scene = WatchScene(app, run.folder)
    app.open(scene)
    hands.until(lambda: len(scene.tiles) == 8)
    hands.until(lambda: all(tile.playback.ply > 2 or not tile.episodes[0].actions for tile in scene.grid.visible()))
    hands.press("p")
    if enlarged:
        hands.press("return")
    episodes = film_of(app, hands)
    assert len(episodes) <= (1 if enlarged else 6)
    for episode in episodes:
        verify(episode)


def test_a_film_is_cut_to_a_range_which_the_preview_plays(app, hands):
    episode = play_baseline("2048", {"size": 3}, "greedy", [5])[0]
    scene = Export(app, [episode])
    app.open(scene)
    hands.until(lambda: scene.filmed is not None)
    whole = scene.filmed.seconds
    while scene._focus.item.label != "From move":
        hands.press("up")
    hands.press("right", "right", "right")
    while scene._focus.item.label != "To move":
        hands.press("down")
    hands.press("left", "left")
    leap = episode.moves // 20
    assert (scene.start, scene.end) == (3 * leap, episode.moves - 2 * leap)
    hands.until(lambda: scene.filmed is not None)
    assert scene.filmed.seconds < whole
    (board,) = scene._preview._boards
    seen = set()

    def played():
        seen.add(board.ply)
        return scene.end in seen

    scene.speed = 64.0
    hands.until(played)
    hands.until(lambda: board.ply < scene.end)  # and again from its beginning
    assert min(seen) >= 3 * leap
    for _ in range(30):
        scene._change_start(1)
        scene._change_end(-1)
    assert scene.start < scene.end


def test_the_folder_is_opened_and_the_path_copied_of_what_was_saved_last(app, hands, monkeypatch):
    app.open(Probe(app))
    scene = Export(app, [play_baseline("2048", {"size": 3, "target": 64}, "random", [5])[0]])
    app.open(scene)
    hands.press("c", mod=pygame.KMOD_CTRL)
    assert "nothing has been saved here yet" in hands.said[-1]
    hands.until(lambda: scene.filmed is not None)
    hands.press("return")
    path = app.files.newest
    assert f"{path} · Ctrl+O opens its folder, Ctrl+C copies its path" in hands.said[-1]
    asked = []
    monkeypatch.setattr(saved.subprocess, "Popen", lambda order, **how: asked.append(order))
    hands.press("o", mod=pygame.KMOD_CTRL)
    hands.press("c", mod=pygame.KMOD_CTRL)
    assert asked == [saved.opening(path)]
    assert str(path.parent) in asked[0][-1]
    assert pasted() == str(path)

    def nobody(order, **how):
        raise FileNotFoundError(order[0])

    monkeypatch.setattr(saved.subprocess, "Popen", nobody)
    hands.press("o", mod=pygame.KMOD_CTRL)
    assert hands.said[-1] == f"no program here opens folders; the file is {path}"
