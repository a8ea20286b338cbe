"""Every game can be lost or capped, some can be won, and the goals say which, with the words of the prompt."""

import pytest

from grpo_arcade.games import Outcome, make
from grpo_arcade.games.atari import playable_titles
from grpo_arcade.games.atari.goals import Goal, Kind
from grpo_arcade.games.atari.roms import HUMAN_SCORES, rom
from grpo_arcade.games.atari.titles import cartridge_of


def goal(title):
    return cartridge_of(title).aim(rom(title).human_score)


def idle(title, **options):
    """The game after doing nothing until it ends."""
    game = make(f"atari/{title}", **options)
    game.reset(1)
    while game.outcome is None:
        game.step(0)
    return game


def poked(title, bytes_, **options):
    """The game two seconds after its memory was written to, or at its end."""
    game = make(f"atari/{title}", **options)
    game.reset(1)
    for step in range(60):
        game.step(1 if step == 30 else 0)
    for address, value in bytes_.items():
        game._console._ale.setRAM(address, value)
    for _ in range(30):
        if game.outcome is None:
            game.step(0)
    return game


@pytest.mark.parametrize("title", playable_titles())
def test_every_game_has_a_goal_and_a_bottom(title):
    aim, game = goal(title), make(f"atari/{title}")
    assert aim.meaning.endswith(".")
    assert aim.meaning in game.prompt()
    assert game.failure_score <= aim.worst <= 0
    assert aim.at_the_end(aim.worst) in (Outcome.LOST, Outcome.DRAWN)
    if aim.kind is Kind.DUEL:
        assert aim.worst < 0
    elif aim.target is not None:
        assert aim.at_the_end(aim.target) is Outcome.WON
        assert aim.target > aim.worst
    else:
        assert title not in HUMAN_SCORES
        assert aim.at_the_end(10**9) is Outcome.LOST
    if aim.kind is Kind.RECORD and title in HUMAN_SCORES:
        assert aim.target == rom(title).human_score == game.human_score


@pytest.mark.parametrize(
    ("title", "score", "at_the_end", "at_the_cap"),
    [
        ("pong", 1, "won", "capped"),
        ("pong", -1, "lost", "capped"),
        ("pong", 0, "drawn", "capped"),
        ("breakout", 30, "lost", "capped"),
        ("breakout", 31, "won", "won"),
        ("freeway", 30, "won", "won"),
        ("skiing", -4336, "won", "capped"),
        ("skiing", -4337, "lost", "capped"),
        ("kaboom", 5000, "lost", "capped"),
        ("adventure", 1, "won", "won"),
        ("adventure", 0, "lost", "capped"),
        ("haunted_house", 97, "won", "won"),
        ("miniature_golf", 0, "won", "capped"),
    ],
)
def test_the_end_is_judged_by_the_kind_of_goal(title, score, at_the_end, at_the_cap):
    assert (goal(title).at_the_end(score), goal(title).at_the_cap(score)) == (at_the_end, at_the_cap)


@pytest.mark.parametrize(
    ("title", "outcome", "score"), [("pong", "lost", -21), ("freeway", "lost", 0), ("entombed", "lost", 3)]
)
def test_doing_nothing_loses(title, outcome, score):
    game = idle(title)
    assert (game.outcome, game.score) == (outcome, score)


@pytest.mark.parametrize(("title", "seconds"), [("breakout", 30), ("kaboom", 30)])
def test_a_game_that_is_never_begun_is_stuck(title, seconds):
    game = idle(title)
    assert (game.outcome, game.plies, game.score) == (Outcome.STUCK, seconds * 15, 0)
    assert idle(title, frame_skip=1, max_num_frames_per_episode=900).plies == 90


def test_points_and_lost_lives_keep_a_game_from_being_stuck():
    game = make("atari/breakout")
    game.reset(2)
    longest = since = 0
    while game.outcome is None:
        lives, score = game.view().lives, game.score
        game.step(1)
        since = 0 if (game.view().lives, game.score) != (lives, score) else since + 1
        longest = max(longest, since)
    assert game.outcome is Outcome.LOST
    assert longest < 450


def test_a_game_that_waits_for_ever_is_capped():
    game = idle("adventure", max_num_frames_per_episode=403)
    assert (game.outcome, game.plies) == (Outcome.CAPPED, 101)


@pytest.mark.parametrize(
    ("title", "bytes_", "outcome", "score"),
    [
        ("pong", {14: 21, 13: 19}, "won", 2),
        ("pong", {14: 3, 13: 21}, "lost", -18),
        ("boxing", {18: 0x20, 19: 0x15, 16: 0, 17: 1}, "won", 5),
        ("boxing", {18: 0x15, 19: 0x15, 16: 0, 17: 1}, "drawn", 0),
        ("boxing", {18: 0xC0, 19: 0}, "won", 100),
        ("breakout", {76: 0, 77: 0x31, 57: 0}, "won", 31),
        ("breakout", {76: 0, 77: 0x30, 57: 0}, "lost", 30),
        ("tennis", {71: 6, 72: 2}, "won", 4),
        ("video_cube", {}, None, 0),
    ],
)
def test_the_console_ends_a_game_and_the_goal_says_who_won(title, bytes_, outcome, score):
    game = poked(title, bytes_)
    assert (game.outcome, game.score) == (outcome, score)
    if outcome is not None:
        assert game.legal_actions() == ()


def test_a_record_beaten_counts_when_time_runs_out():
    game = make("atari/freeway", max_num_frames_per_episode=400)
    game.reset(0)
    for _ in range(50):
        game.step(0)
    # The console counts a crossing at a time.
    for crossings in range(1, 31):
        game._console._ale.setRAM(103, crossings // 10 * 16 + crossings % 10)
        game.step(0)
    assert game.score == 30
    while game.outcome is None:
        game.step(0)
    assert (game.outcome, game.plies) == (Outcome.WON, 100)


def test_the_clock_counts_against_who_fails_at_skiing():
    assert make("atari/skiing", max_num_frames_per_episode=6000).failure_score == -20_000
    assert make("atari/pong", max_num_frames_per_episode=6000).failure_score == -21


def test_in_another_mode_no_human_score_is_there_to_be_beaten():
    game = poked("breakout", {76: 0, 77: 0x99, 57: 0}, mode=4)
    assert (game.outcome, game.human_score) == (Outcome.LOST, None)
    assert poked("pong", {14: 21}, mode=1).outcome is Outcome.WON


def test_failing_is_as_bad_as_the_game_can_go():
    bottoms = {
        title: make(f"atari/{title}").failure_score for title in ("pong", "boxing", "tennis", "breakout", "skiing")
    }
    assert bottoms == {"pong": -21.0, "boxing": -100.0, "tennis": -24.0, "breakout": 0.0, "skiing": -40_000.0}


def test_a_goal_without_a_target_is_never_won():
    assert Goal(Kind.RECORD, "").at_the_end(1e9) is Outcome.LOST
    assert Goal(Kind.RECORD, "").at_the_cap(1e9) is Outcome.CAPPED
