"""2048 against an independent slow oracle: tiles that walk one cell at a time, values instead of exponents."""

import marshal
import pickle
import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grpo_arcade.games import Outcome, make
from grpo_arcade.games.twenty48 import Twenty48, most_moves, rules
from grpo_arcade.games.twenty48.packed import packed_boards

STEPS = {0: (-1, 0), 1: (0, 1), 2: (1, 0), 3: (0, -1)}


def oracle_slide(tiles, action):
    """Each tile, those nearest the wall first, walks until something stops it; returns tiles, score, and the walks."""
    size = len(tiles)
    dr, dc = STEPS[action]
    board = {(r, c): tiles[r][c] for r in range(size) for c in range(size) if tiles[r][c]}
    made = {}
    score = 0
    walks = {}
    for r, c in sorted(board, key=lambda cell: -(cell[0] * dr + cell[1] * dc)):
        value = board.pop((r, c))
        at = r, c
        while True:
            ahead = at[0] + dr, at[1] + dc
            if not (0 <= ahead[0] < size and 0 <= ahead[1] < size):
                break
            if ahead not in board:
                at = ahead
                continue
            if board[ahead] == value and ahead not in made:
                at = ahead
                value *= 2
                made[at] = (r, c)
                score += value
            break
        board[at] = value
        walks[r, c] = at
    return [[board.get((r, c), 0) for c in range(size)] for r in range(size)], score, walks


def oracle_draw(seed, number):
    wrap = 1 << 64
    z = (seed + 0x9E3779B97F4A7C15 * (number + 1)) % wrap
    z = (z ^ (z // 2**30)) * 0xBF58476D1CE4E5B9 % wrap
    z = (z ^ (z // 2**27)) * 0x94D049BB133111EB % wrap
    return z ^ (z // 2**31)


class Oracle:
    def __init__(self, size, target, probability_fours, seed):
        self.target, self.probability, self.seed = target, probability_fours, seed
        self.tiles = [[0] * size for _ in range(size)]
        self.score = self.plies = self.wasted = self.idle = 0
        self.outcome = None
        self.spawn(0)
        self.spawn(1)

    def spawn(self, number):
        draw = oracle_draw(self.seed, number)
        empty = [(r, c) for r, row in enumerate(self.tiles) for c, value in enumerate(row) if value == 0]
        r, c = empty[(draw // 2**32) * len(empty) // 2**32]
        self.tiles[r][c] = 4 if draw % 2**32 < round(self.probability * 2**32) else 2

    def legal(self):
        if self.outcome:
            return ()
        return tuple(action for action in range(4) if oracle_slide(self.tiles, action)[0] != self.tiles)

    def step(self, action):
        self.plies += 1
        tiles, gain, _ = oracle_slide(self.tiles, action)
        if tiles == self.tiles:
            self.wasted += 1
            self.idle += 1
            if self.idle == 32:
                self.outcome = "stuck"
            return
        self.idle = 0
        self.tiles = tiles
        self.score += gain
        won = any(value >= self.target for row in tiles for value in row)
        self.spawn(self.plies + 1)
        if won:
            self.outcome = "won"
        elif not self.legal():
            self.outcome = "lost"


sizes = st.integers(2, 8)
seeds = st.integers(0, 2**63 - 1)
actions = st.integers(0, 3)


@st.composite
def boards(draw):
    size = draw(sizes)
    # Few kinds of tiles, so that merges, chains and full rows are common.
    kinds = draw(st.sampled_from([[0, 2], [2, 4], [0, 2, 4, 8], [0, 2, 4, 8, 16, 65536]]))
    return [[draw(st.sampled_from(kinds)) for _ in range(size)] for _ in range(size)]


@given(boards(), actions)
def test_a_move_slides_merges_and_scores_as_walking_tiles_do(tiles, action):
    grid = rules.grid(len(tiles))
    board = rules.board_of(tiles)
    expected, score, _ = oracle_slide(tiles, action)
    shifted = grid.shift(board, action)
    assert grid.tiles(shifted) == expected
    assert grid.gain(board, shifted) == score


@pytest.mark.parametrize(
    ("row", "left", "right"),
    [
        ([2, 2, 2, 2], [4, 4, 0, 0], [0, 0, 4, 4]),
        ([4, 2, 2, 0], [4, 4, 0, 0], [0, 0, 4, 4]),
        ([2, 2, 2, 0], [4, 2, 0, 0], [0, 0, 2, 4]),
        ([2, 2, 4, 8], [4, 4, 8, 0], [0, 4, 4, 8]),
        ([2, 0, 0, 2], [4, 0, 0, 0], [0, 0, 0, 4]),
        ([8, 4, 4, 8], [8, 8, 8, 0], [0, 8, 8, 8]),
        ([0, 2, 4, 2], [2, 4, 2, 0], [0, 2, 4, 2]),
    ],
)
def test_pairs_nearest_the_wall_merge_first_and_once_a_move(row, left, right):
    grid = rules.grid(4)
    board = rules.board_of([row, [0] * 4, [0] * 4, [0] * 4])
    assert grid.tiles(grid.shift(board, rules.LEFT))[0] == left
    assert grid.tiles(grid.shift(board, rules.RIGHT))[0] == right
    columns = rules.board_of([[value, 0, 0, 0] for value in row])
    assert [r[0] for r in grid.tiles(grid.shift(columns, rules.UP))] == left
    assert [r[0] for r in grid.tiles(grid.shift(columns, rules.DOWN))] == right


@given(boards())
def test_legal_moves_are_those_that_change_the_board(tiles):
    grid = rules.grid(len(tiles))
    expected = tuple(action for action in range(4) if oracle_slide(tiles, action)[0] != tiles)
    assert grid.legal(rules.board_of(tiles)) == expected
    assert grid.can_move(rules.board_of(tiles)) == bool(expected)


@given(boards(), actions)
def test_slides_lead_every_tile_where_it_walks(tiles, action):
    slides = rules.grid(len(tiles)).slides(rules.board_of(tiles), action)
    _, _, walks = oracle_slide(tiles, action)
    assert {(r, c): (to_r, to_c) for r, c, to_r, to_c, _, _ in slides} == walks
    assert [slide[:2] for slide in slides] == sorted(walks)
    arrivals = Counter(walks.values())
    for r, c, to_r, to_c, value, merged in slides:
        assert value == tiles[r][c]
        assert merged == (arrivals[to_r, to_c] == 2)


@given(seeds, st.integers(0, 200))
def test_draws_are_splitmix64_by_the_written_formula(seed, block):
    expected = [oracle_draw(seed, block * rules.BLOCK + i) for i in range(rules.BLOCK)]
    assert rules.draws(seed, block) == expected


def test_draws_match_the_published_output_of_splitmix64():
    # The first outputs for seed 1234567, as the reference implementation prints them.
    assert rules.draws(1234567, 0)[:3] == [6457827717110365317, 3203168211198807973, 9817491932198370423]


episode_choices = st.tuples(
    sizes,
    st.sampled_from([8, 16, 64, 2048]),
    st.floats(0, 1),
    seeds,
    st.integers(0, 2**32),
    st.sampled_from([0.0, 0.2, 0.9]),
)


def agree_for_a_whole_episode(size, target, probability_fours, seed, player, carelessness):
    game = Twenty48(size=size, target=target, probability_fours=probability_fours)
    game.reset(seed)
    oracle = Oracle(size, target, probability_fours, seed)
    rng = random.Random(player)
    for _ in range(400):
        assert game.observation() == oracle.tiles
        assert game.legal_actions() == oracle.legal()
        assert (game.score, game.plies, game.wasted) == (oracle.score, oracle.plies, oracle.wasted)
        assert game.outcome == oracle.outcome
        if oracle.outcome:
            break
        action = rng.randrange(4) if rng.random() < carelessness else rng.choice(oracle.legal())
        game.step(action)
        oracle.step(action)


@settings(max_examples=60, deadline=None)
@given(episode_choices)
def test_whole_episodes_agree_with_the_oracle(choices):
    agree_for_a_whole_episode(*choices)


@pytest.mark.soak
@settings(max_examples=20_000, deadline=None)
@given(episode_choices)
def test_very_many_episodes_agree_with_the_oracle(choices):
    agree_for_a_whole_episode(*choices)


@settings(max_examples=60, deadline=None)
@given(sizes, seeds, st.lists(actions, max_size=60))
def test_the_view_tells_the_whole_transition(size, seed, moves):
    game = Twenty48(size=size)
    game.reset(seed)
    first = game.view()
    assert first.before == first.cells
    assert first.spawn is None
    for action in moves:
        if game.outcome:
            break
        before = game.observation()
        game.step(action)
        view = game.view()
        assert [list(row) for row in view.before] == before
        assert [list(row) for row in view.cells] == game.observation()
        assert (view.score, view.plies, view.outcome) == (game.score, game.plies, game.outcome)
        assert (view.size, view.target) == (size, 2048)
        landed = [[0] * size for _ in range(size)]
        for _, _, r, c, value, _ in view.slides:
            landed[r][c] += value
        assert sum(value > 0 for row in before for value in row) == len(view.slides)
        if view.spawn:
            r, c, value = view.spawn
            assert landed[r][c] == 0
            assert value in (2, 4)
            landed[r][c] = value
        else:
            assert view.before == view.cells
        assert [list(row) for row in view.cells] == landed
        assert pickle.loads(pickle.dumps(view)) == view


def test_new_tiles_are_spread_evenly_and_fours_have_their_share():
    size, episodes = 3, 4000
    cells, fours = Counter(), 0
    for seed in range(episodes):
        board = rules.spawn(bytes(size * size), rules.draws(seed, 0)[0], round(0.25 * 2**32))
        (cell,) = (i for i, tile in enumerate(board) if tile)
        cells[cell] += 1
        fours += board[cell] == 2
    expected = episodes / size**2
    chi_squared = sum((cells[cell] - expected) ** 2 / expected for cell in range(size * size))
    assert chi_squared < 26.1, "8 degrees of freedom: 1 in 1000"
    assert abs(fours / episodes - 0.25) < 3.3 * (0.25 * 0.75 / episodes) ** 0.5


@pytest.mark.parametrize(("probability", "tiles"), [(0, {2}), (1, {4})])
def test_the_extreme_shares_of_fours_are_exact(probability, tiles):
    game = Twenty48(size=8, probability_fours=probability)
    for seed in range(50):
        game.reset(seed)
        assert {value for row in game.observation() for value in row} - {0} == tiles


def test_thirty_two_moves_in_a_row_that_change_nothing_end_the_episode():
    game = make("2048")
    game.reset(5)
    while 3 in game.legal_actions():
        game.step(3)
    plies, score, board = game.plies, game.score, game.observation()
    for n in range(32):
        assert game.outcome is None
        game.step(3)
        assert game.wasted == n + 1
    assert game.outcome is Outcome.STUCK
    assert (game.plies, game.score, game.observation()) == (plies + 32, score, board)


def test_a_move_that_changes_something_forgives_the_wasted_ones_before_it():
    game = make("2048")
    game.reset(5)
    while 3 in game.legal_actions():
        game.step(3)
    for _ in range(31):
        game.step(3)
    game.step(game.legal_actions()[0])
    while 3 in game.legal_actions():
        game.step(3)
    for _ in range(31):
        game.step(3)
    assert game.outcome is None
    assert game.wasted == 62


@pytest.mark.parametrize("size", range(2, 9))
@pytest.mark.parametrize("target", [8, 256, 131072])
def test_no_game_of_legal_moves_can_reach_the_step_cap(size, target):
    # The bound is proved in most_moves(); here its parts are checked against the largest board the rules allow.
    cells = size * size
    largest = [min(2 ** (cells + 1 - i), target // 2) for i in range(cells)]
    assert sum(largest) <= 2 * most_moves(size, target)
    assert Twenty48(size=size, target=target).step_cap >= 2 * most_moves(size, target) > 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"size": 1}, "2 to 8"),
        ({"size": 9}, "2 to 8"),
        ({"size": 4.0}, "whole number"),
        ({"size": True}, "whole number"),
        ({"size": "4"}, "whole number"),
        ({"target": 4}, "power of two from 8"),
        ({"target": 2**18}, "131072"),
        ({"target": 100}, "power of two"),
        ({"target": -8}, "power of two"),
        ({"probability_fours": -0.1}, "0 to 1"),
        ({"probability_fours": 1.1}, "0 to 1"),
        ({"probability_fours": float("nan")}, "0 to 1"),
        ({"probability_fours": "0.1"}, "0 to 1"),
        ({"colour": "red"}, "no option 'colour'"),
    ],
)
def test_bad_options_are_refused_in_one_line_that_says_what_would_work(options, says):
    with pytest.raises(ValueError, match=says) as refused:
        make("2048", **options)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.0, "1", None, True])
def test_bad_seeds_are_refused(seed):
    with pytest.raises(ValueError, match="seed must be"):
        make("2048").reset(seed)


def test_a_row_table_forgets_before_it_eats_the_memory(monkeypatch):
    monkeypatch.setattr(rules, "_TABLE_LIMIT", 10)
    table = rules.RowTable(rules.slide_left)
    rows = [bytes([a, b]) for a in range(6) for b in range(6)]
    assert [table[row] for row in rows] == [rules.slide_left(row) for row in rows]
    assert len(table) <= 10


def test_both_vocabularies_of_the_public_notebooks_name_the_same_moves():
    game = make("2048")
    game.reset(0)
    for letter, number in zip("WDSA", range(4), strict=True):
        assert game.aliases[letter] == game.aliases[number] == game.aliases[str(number)] == number
    assert set(game.aliases) == {*"WDSA", *"0123", 0, 1, 2, 3}


def test_up_moves_tiles_up_and_right_moves_them_right():
    for before, action, after in [
        ([[0, 0], [2, 4]], "W", [[2, 4], [0, 0]]),
        ([[2, 0], [4, 0]], "D", [[0, 2], [0, 4]]),
        ([[2, 4], [0, 0]], "S", [[0, 0], [2, 4]]),
        ([[0, 2], [0, 4]], "A", [[2, 0], [4, 0]]),
    ]:
        grid = rules.grid(2)
        assert grid.tiles(grid.shift(rules.board_of(before), Twenty48.aliases[action])) == after


def test_the_winning_move_also_brings_a_tile():
    game = Twenty48(size=4, target=8)
    game.reset(1)
    rng = random.Random(1)
    while game.outcome is None:
        game.step(rng.choice(game.legal_actions()))
    assert game.outcome is Outcome.WON
    assert game.view().spawn is not None
    assert max(max(row) for row in game.observation()) == 8
    assert game.legal_actions() == ()


def test_scores_only_grow_and_by_what_the_move_gains():
    game = make("2048")
    game.reset(11)
    rng = random.Random(0)
    scores = [0]
    while game.outcome is None:
        game.step(rng.choice(game.legal_actions()))
        scores.append(game.score)
    assert all(later >= earlier and (later - earlier) % 4 == 0 for earlier, later in pairwise(scores))


@given(st.integers(2, 8), st.integers(0, 70), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_boards_are_packed_as_marshal_writes_their_lists(size, count, random):
    boards = [bytes(random.choice((0, 0, 1, 2, 5, 17)) for _ in range(size * size)) for _ in range(count)]
    grid = rules.grid(size)
    assert packed_boards(size).pack(boards) == marshal.dumps([grid.tiles(board) for board in boards], 2)


@given(st.integers(2, 8), st.integers(1, 70), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_boards_shift_together_as_one_by_one(size, count, random):
    boards = [bytes(random.choice((0, 0, 1, 1, 2, 17)) for _ in range(size * size)) for _ in range(count)]
    actions = bytes(random.randrange(4) for _ in boards)
    grid = rules.grid(size)
    one_by_one = [grid.shift(board, action) for board, action in zip(boards, actions, strict=True)]
    assert grid.shift_together(boards, actions) == one_by_one


@given(
    st.integers(2, 6),
    st.sampled_from((8, 64, 2048)),
    st.sampled_from((1, 15, 16, 40)),  # where there are few each board slides alone
    st.randoms(use_true_random=False),
)
@settings(max_examples=20)
def test_games_step_together_as_one_by_one(size, target, count, random):
    seeds = [random.randrange(2**63) for _ in range(count)]
    together, alone = ([make("2048", size=size, target=target) for _ in seeds] for _ in range(2))
    for seed, *games in zip(seeds, together, alone, strict=True):
        for game in games:
            game.reset(seed)
    wanted = random.choice((0, 1, 2, 3))
    for _ in range(60):
        if not together:
            break
        # Some ask for the same again and again, so that moves are wasted and games get stuck.
        actions = bytes(wanted if at % 3 == 0 else random.randrange(4) for at in range(len(together)))
        for game, action in zip(alone, actions, strict=True):
            game.step(action)
        assert type(together[0]).step_together(together, actions) is any(game.outcome is not None for game in alone)
        assert [_state(game) for game in together] == [_state(game) for game in alone]
        together, alone = ([game for game in games if game.outcome is None] for games in (together, alone))


def _state(game):
    return game.view(), game.score, game.wasted, game.plies, game.outcome, game.observation()


def test_games_that_cannot_step_together_say_so():
    games = [make("2048") for _ in range(20)]
    with pytest.raises(ValueError, match="not 4"):
        Twenty48.step_together(games, bytes([0] * 19 + [4]))
    while games[3].outcome is None:
        games[3].step(0)
    with pytest.raises(ValueError, match="ended"):
        Twenty48.step_together(games, bytes(20))
