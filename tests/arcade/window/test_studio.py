"""What is taped beside the window is what the game shows, at any place; work nobody waits for is not done."""

import dataclasses
import gc
import multiprocessing
import os
import signal

import pytest

from grpo_arcade.arcade.settings import Settings
from grpo_arcade.arcade.window.background.studio import Sample, _work
from grpo_arcade.arcade.window.replay.playback import Playback, replay_of
from grpo_arcade.arcade.window.shell.app import App
from grpo_arcade.games.episode import Verdict
from grpo_arcade.games.replay import TapedReplay

from .made_runs import unfinished


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """One window for all of these tests, so that its process starts once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SDL_VIDEODRIVER", os.environ.get("ARCADE_TEST_SCREEN", "dummy"))
        app = App(Settings(folder=str(tmp_path_factory.mktemp("data"))))
        yield app
        app.shut()


@pytest.fixture(scope="module")
def episode():
    """A hundred moves of Pong."""
    return unfinished("atari/pong", 100)


def views(episode):
    game = episode.new_game()
    yield game.score, game.view()
    for action in episode.actions:
        game.step(action)
        yield game.score, game.view()


def test_a_tape_shows_exactly_what_the_game_does_and_verifies_on_the_way(app, hands, episode):
    tape = app.studio.episode(episode)
    tape.want(0, len(episode.actions) + 1)
    hands.until(lambda: tape.verdict)
    assert tape.verdict == Verdict(True)
    assert len(tape) - 1 == tape.expected == len(episode.actions) == 100
    for place, seen in enumerate(views(episode)):
        assert tape.at(place) == seen


def test_no_more_is_taped_than_somebody_wants(app, hands, episode):
    tape = app.studio.episode(episode)
    hands.until(lambda: len(tape) - 1 >= 60)
    other = app.studio.sample(Sample("atari/pong", {}, "noop", 1, 5, 10))
    hands.until(lambda: other.verdict)
    assert len(tape) - 1 == 60
    assert not tape.verdict
    tape.want(50, 90)
    hands.until(lambda: len(tape) - 1 == 90)


def test_an_episode_that_was_opened_does_not_wait_for_previews(episode):
    class Enough(Exception):
        pass

    def emit(made):
        order.append(made.number)
        if len(order) == 3:
            raise Enough

    order = []
    ours, theirs = multiprocessing.Pipe()
    for number in (1, 2):
        ours.send(("make", number, Sample("atari/pong", {}, "noop", 1, 5, 10), 60))
    ours.send(("make", 3, episode, 1))
    with pytest.raises(Enough):
        _work(heard=theirs, emit=emit)
    assert order == [3, 3, 1], "the start alone, the first move, then who was asked first"


@pytest.mark.parametrize(
    ("change", "genuine", "says", "moves"),
    [
        ({"score": 7.0}, False, "the recording says the score is 7.0", 100),
        ({"actions": b"\1" * 20 + b"\xc8"}, False, "move 21 is action 200", 20),
        ({"versions": {"grpo-arcade": "0", "rules": "1", "ale-py": "0.1"}}, None, "version 0.1 of ale-py", 100),
        ({"game": "atari/no_such"}, None, "no Atari game is called", 0),
    ],
)
def test_what_is_not_genuine_is_shown_as_far_as_it_goes_and_told(app, hands, episode, change, genuine, says, moves):
    tape = app.studio.episode(dataclasses.replace(episode, **change))
    tape.want(0, 101)
    hands.until(lambda: tape.verdict)
    assert tape.verdict.genuine is genuine
    assert says in tape.verdict.problem
    assert tape.expected == moves


def test_a_taped_replay_shows_the_nearest_there_is_and_catches_up(app, hands, episode):
    replay = TapedReplay(episode, app.studio.episode(episode))
    replay.check()
    assert replay.view is None
    replay.seek(80)
    assert replay.ply == 0
    hands.until(lambda: replay.catch_up() and replay.ply == 80)
    assert (replay.score, replay.view) == list(views(episode))[80]
    hands.until(lambda: replay.verdict)
    for ply in (3, 99, 41, 40, 100):
        replay.seek(ply)
        assert (replay.score, replay.view) == list(views(episode))[ply]
    assert replay.ended


def test_playback_waits_for_its_tape_and_goes_at_its_pace(app, hands, episode):
    playback = Playback(replay_of(episode, app.studio))
    assert playback.view is None
    assert not playback.ended
    hands.until(lambda: playback.advance(0.0, 15.0) or playback.view is not None)
    assert playback.ply == 0
    hands.until(lambda: playback.replay.ready >= 60)
    for _ in range(60):
        playback.advance(1 / 60, 15.0)
    assert playback.ply == 15
    assert playback.progress == 1.0
    hands.until(lambda: playback.advance(1.0, 60.0) and playback.ended)
    assert (playback.score, playback.view.outcome) == (episode.score, None)


def test_letting_go_of_a_recording_ends_the_work_on_it(app, hands, episode):
    gc.collect()
    before = set(app.studio._open)

    def begun():
        tape = app.studio.episode(episode)
        hands.until(lambda: len(tape) - 1 >= 0)
        return set(app.studio._open) - before

    numbers = begun()
    gc.collect()
    assert numbers
    assert not numbers & set(app.studio._open)
    other = app.studio.episode(episode)
    other.want(0, 101)
    hands.until(lambda: other.verdict)


def test_if_its_process_dies_that_is_told_and_the_next_tape_starts_another(app, hands, episode):
    tape = app.studio.episode(episode)
    hands.until(lambda: len(tape) - 1 >= 60)
    os.kill(app.studio._task._kill.__self__.pid, signal.SIGKILL)
    hands.until(lambda: tape.verdict)
    assert tape.at(60)
    assert "has ended" in hands.said[-1]
    again = app.studio.episode(episode)
    again.want(0, 101)
    hands.until(lambda: again.verdict)
    assert again.verdict.genuine
