"""Connect Four: stones fall and win as on a real board, its players keep their promises, its picture shows what is there."""

import random
from dataclasses import replace

import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.games import Outcome, make
from grpo_arcade.games.conformance import check_game
from grpo_arcade.games.connect_four import rules, toolbox
from grpo_arcade.games.connect_four.baselines import alpha_beta_column, one_ply_column
from grpo_arcade.games.connect_four.picture import PALETTES
from grpo_arcade.games.episode import ending_text
from grpo_arcade.games.players import Contender, play_match, play_seats
from grpo_arcade.recordings import ForgedEpisodeError, verify
from grpo_arcade.trainer.models.pocket.grammar import draw_for

columns = st.lists(st.integers(0, 6), max_size=60)


def stacked(moves):
    """The columns from the bottom, of the moves that fit, until somebody has four: an independent set of rules."""
    stacks = [[] for _ in range(7)]
    turn, made = 1, []
    for column in moves:
        if len(stacks[column]) < 6:
            stacks[column].append(turn)
            made.append(column)
            if four(stacks, turn):
                return stacks, made, turn
            turn = -turn
    return stacks, made, 0


def four(stacks, player):
    cells = {(c, r) for c, stack in enumerate(stacks) for r, stone in enumerate(stack) if stone == player}
    return any(
        all((c + i * right, r + i * up) in cells for i in range(4))
        for c, r in cells
        for right, up in ((1, 0), (0, 1), (1, 1), (1, -1))
    )


def bits(moves):
    stones = [0, 0]
    for ply, column in enumerate(moves):
        stones[ply % 2] |= rules.landing(stones[0] | stones[1], column)
    return stones


@given(columns)
def test_stones_fall_and_win_as_on_a_board_of_stacks(moves):
    stacks, made, winner = stacked(moves)
    first, second = bits(made)
    board = rules.board(first, second)
    assert board == [[stacks[c][r] if r < len(stacks[c]) else 0 for c in range(7)] for r in reversed(range(6))]
    assert rules.has_four(first) == (winner == 1)
    assert rules.has_four(second) == (winner == -1)
    assert rules.open_columns(first | second) == tuple(c for c in range(7) if len(stacks[c]) < 6)
    won = rules.winning_cells(first if winner == 1 else second) if winner else frozenset()
    assert all(stacks[c][r] == winner for c, r in won)
    assert (len(won) >= 4) == bool(winner)


@given(columns)
def test_the_toolbox_knows_the_same_rules(moves):
    _, made, winner = stacked(moves)
    board = [[0] * 7 for _ in range(6)]
    for ply, column in enumerate(made):
        assert column in toolbox.open_columns(board)
        before = [list(row) for row in board]
        after = toolbox.drop(board, column, 1 - 2 * (ply % 2))
        assert board == before
        board = after
    assert board == rules.board(*bits(made))
    assert [toolbox.wins(board, 1), toolbox.wins(board, -1)] == [winner == 1, winner == -1]
    assert len(toolbox.lines(board)) == len(rules.LINES) == 69


@given(columns, st.integers(0, 2**32))
def test_one_ply_takes_a_win_and_else_keeps_the_other_from_one(moves, seed):
    _, made, winner = stacked(moves)
    first, second = bits(made)
    mine, theirs = (second, first) if len(made) % 2 else (first, second)
    if winner or first | second == rules.FULL:
        return
    taken = mine | theirs
    choice = one_ply_column(mine, theirs, random.Random(seed))
    wins = [c for c in rules.open_columns(taken) if rules.has_four(mine | rules.landing(taken, c))]
    threats = [c for c in rules.open_columns(taken) if rules.has_four(theirs | rules.landing(taken, c))]
    assert choice in (wins or threats or rules.open_columns(taken))


def test_alpha_beta_makes_two_threats_at_once_and_stops_the_others():
    # Two in the middle of the bottom row and nothing beside them: a third makes two ends to win at.
    mine, theirs = bits([2, 2, 3, 3])
    assert alpha_beta_column(mine, theirs, random.Random(0)) in (1, 4)
    mine, theirs = bits([2, 2, 3])[::-1]
    assert alpha_beta_column(mine, theirs, random.Random(0)) in (1, 4, 5)


@given(st.integers(0, 2**63 - 1), st.sampled_from(("random", "one-ply")), st.lists(st.integers(0, 6), max_size=200))
def test_a_game_ends_as_its_board_says(seed, opponent, moves):
    game = make("connect-four", opponent=opponent)
    game.reset(seed)
    assert abs(sum(map(sum, game.observation()))) <= 1
    idle = 0
    for column in moves:
        if game.outcome is not None:
            break
        idle = 0 if column in game.legal_actions() else idle + 1
        game.step(column)
    board = game.observation()
    wins = toolbox.wins(board, 1), toolbox.wins(board, -1)
    full = all(board[0])
    expected = Outcome.WON if wins[0] else Outcome.LOST if wins[1] else Outcome.DRAWN if full else None
    assert game.outcome == (Outcome.STUCK if idle == 8 else expected)
    assert game.score == {Outcome.WON: 1, Outcome.LOST: -1, Outcome.STUCK: -1}.get(game.outcome, 0)


@given(st.integers(0, 2**63 - 1), st.lists(st.integers(0, 6), max_size=200))
def test_two_seats_see_the_same_board_each_its_own_way(seed, moves):
    game = make("connect-four", players=2)
    game.reset(seed)
    assert game.to_move == seed % 2
    for column in moves:
        if game.outcome is not None:
            break
        mover, before, idle = game.to_move, game.observation(), column not in game.legal_actions()
        assert sum(map(sum, before)) in (0, -1)
        game.step(column)
        assert (game.to_move == mover) == (idle and game.outcome is None) or game.outcome is not None
        if game.outcome is None and not idle:
            expected = toolbox.drop(before, column, 1)
            assert game.observation() == [[-stone for stone in row] for row in expected]
    assert game.seat_wasted(0) + game.seat_wasted(1) == game.wasted
    outcomes = {game.seat_outcome(0), game.seat_outcome(1)}
    assert outcomes in ({None}, {"won", "lost"}, {"drawn"}, {"won", "stuck"})
    assert game.seat_score(0) == -game.seat_score(1)


@pytest.mark.parametrize("stuck", [0, 1])
def test_who_drops_into_full_columns_again_and_again_has_lost_and_the_other_has_won(stuck):
    always_one = Contender("always one", "def strategy(board):\n    return 0")
    # Six in one column are full; nobody has four in a row before that.
    first = Contender("first", "def strategy(board):\n    return next(c for c in range(7) if board[0][c] == 0)")
    options = {"players": 2, "opening": 0}
    seating = (0, 1) if stuck == 0 else (1, 0)
    result = play_seats([always_one, first], "connect-four", options, [3], seatings=[seating])
    assert [result.results(who) for who in (0, 1)] == [[Outcome.STUCK], [Outcome.WON]]
    assert (result.points(0), result.points(1)) == (0, 1)
    (episode,) = result.episodes
    verify(episode)
    assert ending_text(episode) == "first won"
    if stuck == 0:
        # Recordings made before said it of both.
        seats = tuple(replace(seat, outcome=Outcome.STUCK) for seat in episode.seats)
        verify(replace(episode, seats=seats))
    seats = tuple(replace(seat, outcome=Outcome.WON) for seat in episode.seats)
    with pytest.raises(ForgedEpisodeError):
        verify(replace(episode, seats=seats))


def test_the_game_for_two_meets_the_contract():
    check_game(lambda: make("connect-four", players=2))


def test_who_begins_and_the_opening_come_from_the_seed():
    empty, opened = make("connect-four", opening=0), make("connect-four", opening=4)
    for seed in range(20):
        empty.reset(seed)
        opened.reset(seed)
        stones = [sum(map(abs, row)) for row in empty.observation()]
        assert sum(stones) == seed % 2
        assert sum(sum(map(abs, row)) for row in opened.observation()) == 4 + seed % 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"opponent": "perfect"}, "opponent must be one of random, one-ply, alpha-beta, not 'perfect'"),
        ({"opening": 3}, "opening must be 0, 2, 4 or 6, not 3"),
        ({"players": 3}, "players must be 1 or 2, not 3"),
        ({"players": 2, "opponent": "random"}, "opponent is for a game of one player"),
    ],
)
def test_a_bad_option_is_refused_in_words(options, said):
    with pytest.raises(ValueError, match=said):
        make("connect-four", **options)


def test_the_picture_shows_every_stone_and_knows_its_columns():
    for palette, look in PALETTES.items():
        game = make("connect-four")
        game.reset(5)
        rng = random.Random(5)
        while game.outcome is None:
            game.step(game.baselines["one-ply"](game, rng))
        picture, view = game.picture(palette), game.view()
        surface = pygame.Surface(picture.natural_size)
        picture.draw(surface, view)
        for row, cells in enumerate(game.observation()):
            for column, stone in enumerate(cells):
                at = 8 + 40 * column + 20, 8 + 40 * row + 8
                assert picture.action_at(picture.natural_size, view, at) == column
                colour = surface.get_at(at)[:3]
                shown = {1: look.stones[0], -1: look.stones[1], 0: look.hole}[stone]
                assert int.from_bytes(bytes(colour)) == shown
        assert picture.action_at(picture.natural_size, view, (2, 100)) is None
        assert picture.action_at(picture.natural_size, view, (100, 2)) is None


def test_a_falling_stone_is_on_its_way_and_the_second_waits_for_the_first():
    game = make("connect-four", opening=0)
    game.reset(0)
    game.step(3)
    picture, view = game.picture(), game.view()
    assert [stone[2] for stone in view.dropped] == [0, 1]
    drawn = []
    for progress in (0.0, 0.3, 0.5, 0.8, 1.0):
        surface = pygame.Surface(picture.natural_size)
        picture.draw(surface, view, progress)
        drawn.append(pygame.image.tobytes(surface, "RGB"))
    assert len(set(drawn)) == 5


def test_programs_of_the_grammar_play_to_an_end_the_rules_know():
    good = 0
    for i in range(30):
        program = draw_for("connect-four", random.Random(i)).completion.removeprefix("```python\n")[:-3]
        match = play_match(program, "connect-four", {"opponent": "random"}, range(4))
        assert {episode.outcome for episode in match.episodes} <= {"won", "lost", "drawn", "stuck"}, match.error
        good += match.mean_score == 1
    assert 0 < good < 20
