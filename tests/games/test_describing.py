"""What a game says of an episode: short, in words and numbers, of every game, and never its seed."""

import random
import re

import pytest

from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.atari.account import times
from grpo_arcade.games.atari.titles import SYMBOLIC
from grpo_arcade.games.baseline_scores import play_baseline
from grpo_arcade.games.describing import LONGEST, describe, ending, seen
from grpo_arcade.games.episode import SeatResult
from grpo_arcade.games.game import Game
from grpo_arcade.games.players import Contender, play_seats

SEED = 2**32 + 12345
SHORT = {"max_num_frames_per_episode": 1200}
SECONDS = {"max_num_frames_per_episode": 400}


def played(name, player, **options):
    (episode,) = play_baseline(name, make(name, **options).options, player, [SEED])
    return episode


def by_actions(name, actions, outcome=Outcome.UNFINISHED, **options):
    game = make(name, **options)
    game.reset(SEED)
    made = bytearray()
    for action in actions:
        if game.outcome is not None:
            break
        game.step(action)
        made.append(action)
    return Episode(name, game.options, SEED, bytes(made), game.outcome or outcome, game.score, game.wasted)


@pytest.mark.parametrize("name", ["2048", "connect-four", "atari/seaquest", *(f"atari/{title}" for title in SYMBOLIC)])
def test_every_game_says_in_a_few_hundred_characters_what_happened_and_never_the_seed(name):
    words = describe(played(name, "random", **(SHORT if name.startswith("atari/") else {})))
    assert 40 < len(words) <= LONGEST
    assert words.isprintable()
    assert str(SEED) not in words
    if name.removeprefix("atari/") in SYMBOLIC:
        # Of these more is known than points and buttons, which are told after it.
        assert not words.split(". ")[1].startswith(("Points were", "No point", "Pressed"))
        assert "Pressed: " in words


def test_a_program_that_got_stuck_at_2048_is_told_which_moves_would_have_changed_something():
    stuck = by_actions("2048", [0] * 400)
    assert stuck.outcome is Outcome.STUCK
    words = describe(stuck)
    assert "32 answers, W at the end, changed nothing on [[" in words
    # The same board again, with moves that are not over.
    game = stuck.new_game()
    for action in stuck.actions[:-1]:
        game.step(action)
    legal = ", ".join(game.actions[action] for action in game.legal_actions())
    assert f"where {legal} would have." in words


def test_a_lost_game_of_2048_is_told_by_its_largest_tile_and_its_last_boards():
    lost = played("2048", "random")
    words = describe(lost)
    largest = max(map(max, _end(lost).observation()))
    assert f"Largest tile {largest}, made at move" in words
    assert str(_end(lost).observation()).replace(" ", "").replace("],[", "], [") in words


def _end(episode):
    game = episode.new_game()
    for action in episode.actions:
        game.step(action)
    return game


def test_a_paddle_is_told_that_it_never_moved_or_how_far_from_the_ball_it_was_and_how_the_last_miss_came():
    still = describe(by_actions("atari/pong", [0] * 600))
    assert "your paddle returned the ball 0 times. Your paddle never moved." in still
    game = make("atari/pong")
    up, down = game.aliases["UP"], game.aliases["DOWN"]
    words = describe(moving := by_actions("atari/pong", [up, up, down] * 200))
    assert re.search(r"the ball was typically \d+ pixels away \(.*\) from your paddle's middle\.", words)
    # What is told of the last miss is what the program saw then, and pressed.
    told = re.search(r"every 3 moves \(ball_x, ball_y, player_y → pressed\): (.*?)\. ", words)[1].split("; ")
    game.reset(SEED)
    saw = []
    for action in moving.actions:
        state = game.observation()
        saw.append(f"{state['ball_x']}, {state['ball_y']}, {state['player_y']} → {game.actions[action]}")
        game.step(action)
    assert len(told) == 4
    assert all(each in saw for each in told)


def test_no_more_shots_hit_than_went_up_and_whoever_is_pushed_back_was_hit():
    game = make("atari/space_invaders")
    words = describe(by_actions("atari/space_invaders", [game.aliases["FIRE"]] * 400))
    shots, hits = map(int, re.search(r"Shots: (\d+), hits: (\d+);", words).groups())
    assert shots > hits > 3
    words = describe(by_actions("atari/freeway", [1] * 150))
    assert "Crossings: 2, " in words or "Crossings: 3, " in words
    game = make("atari/freeway")
    game.reset(SEED)
    pushed, before = 0, 0
    for _ in range(150):
        y = game.observation()["player_y"]
        game.step(1)
        fell = 0 < game.observation()["player_y"] - y <= 16
        pushed += fell and not before
        before = fell
    assert pushed
    assert f"hit by a car {times(pushed)}, in lane " in words


def test_a_game_that_is_about_points_is_neither_won_nor_lost():
    def told(title, outcome, score):
        name = f"atari/{title}"
        return ending(Episode(name, {}, SEED, b"\0" * 2048, outcome, score), 0, make(name))

    less = "23 points; over after 2,048 moves, with less than the 29.6 of a human player."
    assert told("freeway", Outcome.LOST, 23.0) == less
    assert told("freeway", Outcome.WON, 30.0).endswith(
        "over after 2,048 moves, with at least the 29.6 of a human player."
    )
    assert told("pong", Outcome.WON, 21.0) == "21 points; won after 2,048 moves."


def test_a_program_that_failed_is_told_what_it_was_called_with():
    episode = by_actions("atari/breakout", [1] * 20, Outcome.CRASHED)
    words = describe(episode)
    saw = _end(episode).observation()
    assert words.startswith(
        "0 points; ended after 20 moves by an error of the program. It was called with {'player_x': "
    )
    for name, value in saw.items():
        assert f"'{name}': " in words
        assert name == "bricks" or f"'{name}': {value}" in words


def test_who_never_serves_is_told_so():
    words = describe(by_actions("atari/breakout", [0] * 400))
    assert "no ball was in play, because FIRE was not pressed" in words


def test_a_game_that_says_nothing_of_itself_is_told_by_its_actions_and_last_decisions(monkeypatch):
    monkeypatch.setattr(type(make("2048")), "describe", Game.describe)
    draw = random.Random(1)
    episode = by_actions("2048", [draw.randrange(4) for _ in range(50)])
    words = describe(episode)
    assert "Actions: " in words
    assert words.count("→") == 3


def test_an_episode_without_a_move_and_one_of_an_unknown_game_say_how_they_ended():
    crashed = by_actions("2048", [], Outcome.CRASHED)
    words = describe(crashed)
    assert words.startswith("0 points; ended at the first move by an error of the program. It was called with [[")
    assert str(_end(crashed).observation()) in words
    assert describe(Episode("nothing", {}, SEED, b"\0", Outcome.LOST, 3.0)) == "3 points; lost after 1 move."
    seats = SeatResult("a", Outcome.LOST, -3.0), SeatResult("b", Outcome.WON, 3.0)
    unknown = Episode("nothing", {}, SEED, b"\0", Outcome.LOST, -3.0, seats=seats)
    assert describe(unknown, 1) == "3 points; won after 1 move."


def met(name, players, seed=SEED, seats=2, **options):
    contenders = [Contender(str(n), **player) for n, player in enumerate(players)]
    options = {
        "players": seats,
        **(SHORT if name == "atari/pong" else SECONDS if name.startswith("atari/") else {}),
        **options,
    }
    (episode,) = play_seats(contenders, name, options, [seed], seatings=[tuple(range(seats))]).episodes
    return episode


RANDOM = {"baseline": "random"}
STILL = {"source": "def strategy(state):\n    return 'NOOP'"}


@pytest.mark.parametrize("title", ["pong", "boxing", "tennis", "combat"])
def test_a_game_of_several_is_told_as_the_asked_seat_has_it(title):
    episode = met(f"atari/{title}", [RANDOM, STILL])
    told = [describe(episode, seat) for seat in (0, 1)]
    names = episode.new_game().seats
    for seat, words in enumerate(told):
        assert 40 < len(words) <= LONGEST
        assert re.match(rf"{episode.seats[seat].score:g} points?; ", words)
        assert f"At the end you ({names[seat]}) had {episode.seats[seat].score:g}, {names[1 - seat]} " in words
        assert describe(episode, names[seat]) == words
        assert str(SEED) not in words
    assert "Pressed: NOOP 100%." in told[1]
    assert "Pressed: NOOP 100%." not in told[0]
    with pytest.raises(ValueError, match="has no seat 'middle'"):
        describe(episode, "middle")


def test_points_for_one_paddle_are_points_against_the_other():
    follow = "def strategy(state):\n    return 'UP' if state['ball_y'] < state['player_y'] + 6 else 'DOWN'"
    episode = met("atari/pong", [{"source": follow}, STILL])
    won = int(episode.score)
    assert won > 0
    assert "The opponent scored 0 times" in describe(episode, "right")
    assert "you 0 times" in describe(episode, "left")
    assert "Your paddle never moved." in describe(episode, "left")
    assert "when you missed" not in describe(episode, "right").lower()


def test_connect_four_for_two_is_told_with_the_columns_and_stones_of_the_asked_seat():
    one, other = ({"source": f"def strategy(board):\n    return {column}"} for column in (1, 5))
    episode = met("connect-four", [one, other], seed=4, opening=0)
    red, yellow = describe(episode, "red"), describe(episode, "yellow")
    assert "won after 7 moves" in red
    assert "Your columns: 1 1 1 1. The board" in red
    assert red.endswith(" / .X...O. / .X...O. / .X...O..")
    assert "lost after 7 moves" in yellow
    assert "Your columns: 5 5 5. At your last move they threatened column 1, and you chose 5. " in yellow
    assert yellow.endswith(" / .O...X. / .O...X. / .O...X..")


def test_connect_four_is_told_what_was_overlooked():
    full = by_actions("connect-four", [3] * 13, opening=0, opponent="random")
    assert full.outcome is Outcome.STUCK
    assert "Your last answers were column 3, which is full." in describe(full)
    # Three upright in column 2, and then another column.
    count = "def strategy(board):\n    own = sum(row.count(1) for row in board)\n"
    player = (
        {"source": f"{count}    return (2, 2, 2, 0)[min(own, 3)]"},
        {"source": f"{count}    return (6, 4)[own % 2]"},
    )
    missed = met("connect-four", player, opening=0)
    assert "At your move 4 column 2 would have won, and you chose 0." in describe(missed, "red")


def test_a_grid_is_told_row_by_row_and_what_is_too_long_by_its_beginning_and_end():
    grid = [[0, 1], [2, 0], [0, 0]]
    assert seen(grid) == str(grid)
    assert seen(grid, 20) == "rows 01 20 00"
    assert seen([[0, -1], [2, 0], [0, 0]], 20) == "[[0, -1],  … 0, 0]]"
    words = seen([[each % 10] * 20 for each in range(20)], 100)
    assert words.startswith("rows 0000")
    assert words.endswith("9" * 20)
    assert len(words) <= 100
    assert seen({"a": 0.123456, "b": list(range(100))}).endswith("98, 99]}")


def test_a_game_of_several_without_words_of_its_own_is_told_by_what_the_asked_seat_saw_and_did(
    seated_games_plugged_in,
):
    for name in ("sticks", "coins"):
        both = [Contender(who, baseline="random") for who in "ab"]
        (episode,) = play_seats(both, name, {}, [3], seatings=[(0, 1)]).episodes
        for seat in (0, 1):
            game, own = episode.new_game(), []
            for at in range(episode.moves):
                each = episode.actions[at * episode.per_step : (at + 1) * episode.per_step]
                if seat in game.acting():
                    own.append((game.seat_observation(seat), game.actions[each[game.acting().index(seat)]]))
                game.step_seats(each)
            seen, action = own[-1]
            assert f"{seen} → {action}" in describe(episode, seat)
    failed = met("connect-four", [{"source": "def strategy(board):\n    return 1 // 0"}, RANDOM])
    assert "won after 1 move, because the program of another player failed" in describe(failed, 1)
    assert "by an error of the program" in describe(failed, 0)
