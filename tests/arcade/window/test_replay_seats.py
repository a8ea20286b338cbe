"""A recording of two on one court is shown, wound, judged and filmed in the window as any other."""

import pytest

from grpo_arcade.arcade.window.replay.replay import ReplayScene
from grpo_arcade.games.players import Contender, play_seats


@pytest.fixture(scope="module")
def match():
    options = {"players": 2, "max_num_frames_per_episode": 480}
    contenders = [Contender("scripted", baseline="scripted"), Contender("noop", baseline="noop")]
    return play_seats(contenders, "atari/pong", options, [3], seatings=[(0, 1)]).episodes[0]


def test_it_is_shown_to_its_end_and_found_genuine(app, hands, match):
    scene = ReplayScene(app, [match], "")
    app.open(scene)
    scene.playing = False
    hands.turns(2)
    hands.until(lambda: scene.replay.verdict is not None)
    assert scene.replay.verdict.genuine
    assert scene.length == match.moves
    hands.press("end")
    hands.until(lambda: scene.ply == match.moves)
    assert scene.replay.score == match.score
    hands.press("home", "right")
    hands.until(lambda: scene.ply == 1)
