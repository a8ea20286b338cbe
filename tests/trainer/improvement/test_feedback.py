"""What a model is told of an earlier program: each thing once, and a failure by its reason."""

from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.players import MatchPool
from grpo_arcade.trainer.improvement.feedback import Shown, Wish, wordings

SEEDS = [2**32 + 1, 2**32 + 2, 2**32 + 3]


def told(source, game="connect-four", **options):
    with MatchPool(workers=1) as pool:
        result = pool.submit(source, game, make(game, **options).options, SEEDS).result()
    mean = sum(episode.score for episode in result.episodes) / len(result.episodes)
    shown = Shown(source, result.episodes, mean, result.error)
    return wordings("OWN", [shown], {"random": 1.0}, Wish())[0]


def test_a_program_that_fails_in_every_game_is_told_of_one_with_the_words_of_the_prompt():
    words = told("def strategy(state):\n    return 'up'", "atari/pong")
    error = "'up', which is no action; the actions are 'NOOP', 'FIRE', 'UP', 'DOWN', 'UPFIRE', 'DOWNFIRE'\n"
    assert f"It failed: the strategy returned {error}" in words
    assert "So did all of its last 3 games; one of them:\n- 0 points; ended at the first move" in words
    assert words.count("It was called with {'player_y': ") == 1
    crashed = told("def strategy(board):\n    return board[9]")
    assert "It failed: it crashed: IndexError: list index out of range (line 2)\n" in crashed
    assert crashed.count("\n- ") == 1


def test_games_that_went_alike_are_told_once_and_others_by_which_they_are():
    same = Episode("nothing", {}, 1, b"\0", Outcome.LOST, 3.0)
    better = Episode("nothing", {}, 2, b"\0\0", Outcome.WON, 5.0)
    shown = [Shown("def strategy(board):\n    return 0", games, 3.0) for games in ([same] * 3, [same, better, same])]
    alike, apart = (wordings("OWN", [each], {}, Wish())[0] for each in shown)
    assert "Its last 3 games scored 3, 3, 3:\n- they went alike: 3 points; lost after 1 move.\n" in alike
    worst = "- the worst and the middle one: 3 points; lost after 1 move.\n"
    assert f"{worst}- the best: 5 points; won after 2 moves.\n" in apart


def test_a_program_that_failed_in_some_games_is_told_the_scores_of_the_others():
    options = make("2048", size=2, target=16).options
    outcomes = (Outcome.CRASHED, 0.0), (Outcome.LOST, 12.0), (Outcome.LOST, 8.0)
    games = [Episode("2048", options, seed, b"", outcome, score) for seed, (outcome, score) in enumerate(outcomes)]
    some = wordings("OWN", [Shown("x = 1", games, 10.0, "ValueError: here (line 1)")], {}, Wish())[0]
    assert "Some of its games failed: ValueError: here (line 1)\n" in some
    assert "Its last 3 games scored nothing (failed), 12, 8:\n" in some


def test_where_points_are_lost_a_game_that_failed_before_it_lost_any_is_not_the_best():
    failed = Episode("2048", make("2048").options, 1, b"\0", Outcome.CRASHED, 0.0)
    lost = [Episode("nothing", {}, seed, b"\0\0", Outcome.LOST, score) for seed, score in ((2, -5.0), (3, -9.0))]
    told = wordings("OWN", [Shown("x = 1", [failed, *lost], -7.0, "ValueError: here (line 1)")], {}, Wish())[0]
    assert "- the best: -5 points; lost after 2 moves.\n" in told


def test_what_a_program_wrote_again_of_the_toolbox_is_shown_only_where_an_error_may_name_its_line():
    game = make("2048", toolbox=True)
    source = "def slide(board, move):\n    return board, 0\n\ndef strategy(board):\n    return 'W'\n"
    episode = Episode("2048", game.options, 1, b"", Outcome.LOST, 8.0)
    works, failed = (
        wordings("OWN", [Shown(source, [episode], 8.0, error)] * 2, {}, Wish(), lent=game.lent)[0]
        for error in ("", "ValueError: here (line 5)")
    )
    assert works.count("def strategy") == 2
    assert "def slide" not in works
    assert failed.count("def slide") == 2
