"""One key makes one film of all that is shown, up to the present move, wherever games are watched."""

import pytest

from grpo_arcade.arcade.players.player import YOU
from grpo_arcade.arcade.window.replay.export import Export
from grpo_arcade.arcade.window.versus.match import Match
from grpo_arcade.arcade.window.watch.watch import WatchScene
from grpo_arcade.games.replay import beginning
from grpo_arcade.recordings import verify

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
