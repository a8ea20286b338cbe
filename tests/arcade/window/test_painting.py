"""What is painted in parts is what painting everything gives: nothing torn, nothing left over, nothing missing."""

import numpy as np
import pygame
import pytest

from grpo_arcade.arcade.players.player import YOU
from grpo_arcade.arcade.window.play.opening import play
from grpo_arcade.arcade.window.versus.match import Match
from grpo_arcade.arcade.window.watch.watch import WatchScene

from .conftest import Hands
from .made_runs import MadeRun, completions


def pixels(app):
    return pygame.surfarray.array3d(app.surface)


def assert_as_if_painted_whole(app, apart_from=()):
    before = pixels(app)
    app.redraw()
    app._draw(app.scene)  # a turn would take in what has come in the meantime
    differs = (before != pixels(app)).any(axis=2)
    for rect in apart_from:
        differs[rect.left : rect.right, rect.top : rect.bottom] = False
    columns, rows = np.nonzero(differs)
    assert not columns.size, f"differs in {columns.min()}–{columns.max()} × {rows.min()}–{rows.max()}"


def settled(hands, scene):
    hands.until(lambda: not scene.view.stale and not any(tile.dirty for tile in scene.view.playing()))
    hands.turns(3)


@pytest.fixture
def live(tmp_path):
    with MadeRun(tmp_path / "outputs", group=6) as run:
        yield run


def test_strategies_that_come_one_by_one_are_all_told_with_score_and_reward(app, hands, live):
    texts = completions(6, 1)
    live.begin(1)
    live.strategy(1, texts[0])
    scene = WatchScene(app, live.folder)
    app.open(scene)
    hands.until(lambda: len(scene.tiles) == 1)
    hands.press("p")
    for count, text in enumerate(texts[1:], 2):
        live.strategy(1, text)
        hands.until(lambda count=count: len(scene.tiles) == count)
        settled(hands, scene)
        assert_as_if_painted_whole(app)
    live.judge()
    hands.until(lambda: all(tile.entrant.reward is not None for tile in scene.tiles))
    settled(hands, scene)
    assert_as_if_painted_whole(app)


def test_a_source_stays_open_while_the_run_goes_on_until_another_step_is_asked_for(app, hands, live):
    live.step(1)
    scene = WatchScene(app, live.folder)
    app.open(scene)
    hands.until(lambda: len(scene.tiles) == 6)
    hands.press("p", "return")
    read = scene.spotlight
    text = read.code.text
    live.step(2)
    hands.until(lambda: scene.news.shown == 2)
    settled(hands, scene)
    assert scene.spotlight is read
    assert read.code.text == text
    assert "reading step 1" in scene.view.status_words()
    assert {"menu.left"} <= set(scene.keys())
    assert_as_if_painted_whole(app)
    hands.press(",")
    assert scene.spotlight is None
    hands.until(lambda: scene.news.shown == 1)
    settled(hands, scene)
    assert_as_if_painted_whole(app)


def test_a_message_stays_whole_over_a_board_that_moves(app, hands):
    scene = play(app, "2048")
    app.open(scene)
    hands.turns(2)
    app.say("Saved (1.4 MB): " + "a long path that reaches across the board " * 6)
    hands.turns(2)
    (box,) = app._frame._boxes
    assert box.colliderect(scene._board)
    said = pixels(app)[box.left : box.right, box.top : box.bottom]
    hands.press("tab")
    hands.press("=", "=", "=")
    for _ in range(30):
        hands.turns(1)
        now = pixels(app)[box.left : box.right, box.top : box.bottom]
        # The corners are round: through them one sees what moves.
        assert (now[20:-20] == said[20:-20]).all()
    assert len(scene.session.actions) > 0
    hands.press("tab")
    hands.until(lambda: scene._progress >= 1.0)
    hands.turns(2)
    assert_as_if_painted_whole(app)
    app.messages.dismiss()
    app.redraw()
    hands.turns(1)
    assert_as_if_painted_whole(app)


@pytest.mark.parametrize("size", [(320, 240), (1280, 800)])
def test_a_match_on_a_console_keeps_off_the_bar_and_the_code(make_app, tmp_path, size):
    file = tmp_path / "follow.py"
    file.write_text("def strategy(state):\n    return 'UP' if state['ball_y'] < state['player_y'] else 'DOWN'\n")
    app = make_app(size)
    hands = Hands(app)
    scene = Match(app, "atari/pong", {"max_num_frames_per_episode": 400}, [YOU, str(file)], seed=3)
    app.open(scene)
    hands.until(lambda: scene.ready)
    hands.press("c", "c")
    hands.until(lambda: not scene.view.stale)
    for place in scene.view.places:
        assert scene.area.contains(place.rect)
    assert_as_if_painted_whole(app)


def test_the_bar_of_keys_follows_what_can_be_done(app, hands):
    scene = play(app, "2048", {"size": 2, "target": 8})
    app.open(scene)
    hands.turns(2)
    for press in range(400):
        if scene.game.outcome is not None:
            break
        hands.press(("up", "right", "down", "left")[press % 4])
    hands.until(lambda: scene.next_update() is None)
    app.messages.dismiss()
    assert app._frame._keys == tuple(scene.keys())
    assert_as_if_painted_whole(app)
