"""Who becomes champion, and how many games that takes."""

import dataclasses

import pytest

from grpo_arcade.games import make
from grpo_arcade.games.players import MatchPool
from grpo_arcade.trainer.champion import ChampionKeeper, champion_seeds
from grpo_arcade.trainer.scoring import Rollout

BOARD = make("2048", size=3, target=64)
GAME, OPTIONS = BOARD.name, BOARD.options
CYCLE = 'def strategy(board):\n    return "WASD"[sum(map(sum, board)) // 2 % 4]\n'
CORNER = """def strategy(board):
    def key(way):
        rows = board if way in "AD" else [list(row) for row in zip(*board)]
        rows = [list(row)[::-1] if way in "DS" else list(row) for row in rows]
        return any((not a and b) or (a and a == b) for row in rows for a, b in zip(row, row[1:]))
    return next((way for way in "AWDS" if key(way)), "A")
"""


class CountingPool(MatchPool):
    """Remembers the seeds that were asked for."""

    def __init__(self):
        super().__init__(workers=1)
        self.asked = []

    def submit(self, source, game, options, seeds, player=""):
        self.asked += [(source, seed) for seed in seeds]
        return super().submit(source, game, options, seeds, player=player)


@pytest.fixture(scope="module")
def pool():
    with CountingPool() as pool:
        yield pool


def rollouts(pool, *sources):
    return [Rollout(each, each, pool.submit(each, GAME, OPTIONS, range(8)).result().episodes) for each in sources]


def test_the_best_of_a_step_is_the_first_champion_over_all_its_seeds(pool):
    keeper = ChampionKeeper(pool, BOARD, 0, champion_seeds(b"key", 8))
    keeper.challenge(rollouts(pool, CYCLE, CORNER), [1, 2])
    champion = keeper.settle(1)
    assert (champion.source, champion.strategy_id, champion.previous) == (CORNER, 2, None)
    assert len(champion.scores) == 8
    alone = pool.submit(CORNER, GAME, OPTIONS, keeper.seeds).result()
    assert champion.scores == tuple(episode.score for episode in alone.episodes)
    assert keeper.settle(1) is None


def test_a_challenger_who_falls_behind_is_spared_the_rest_and_a_second_try(pool):
    keeper = ChampionKeeper(pool, BOARD, 0, champion_seeds(b"key", 8))
    keeper.challenge(rollouts(pool, CORNER), [1])
    keeper.settle(1)
    weaker = rollouts(pool, CYCLE)
    pool.asked.clear()
    keeper.challenge(weaker, [2])
    assert keeper.settle(1) is None
    assert keeper.holder.source == CORNER
    assert pool.asked == [(CYCLE, seed) for seed in keeper.seeds[:2]]
    keeper.challenge(weaker, [3])
    assert keeper.settle(1) is None
    assert len(pool.asked) == 2


def test_who_is_behind_by_less_than_luck_plays_on_and_may_win(pool):
    """A champion is chosen, so its first games were lucky ones."""
    keeper = ChampionKeeper(pool, BOARD, 0, champion_seeds(b"key", 8))
    keeper.challenge(rollouts(pool, CORNER), [1])
    true = keeper.settle(1)
    first, second, *rest = true.scores
    keeper.holder = dataclasses.replace(
        true, source=CYCLE, scores=(first + 200, second - 4, *(each / 2 for each in rest))
    )
    keeper.challenge(rollouts(pool, CORNER), [2])
    assert sum(true.scores[:2]) < sum(keeper.holder.scores[:2])
    assert keeper.settle(2).source == CORNER


def test_who_does_better_on_all_seeds_follows(pool):
    keeper = ChampionKeeper(pool, BOARD, 0, champion_seeds(b"key", 5))
    keeper.challenge(rollouts(pool, CYCLE), [1])
    before = keeper.settle(1)
    keeper.challenge(rollouts(pool, CORNER), [2])
    champion = keeper.settle(2)
    assert (champion.source, before.source) == (CORNER, CYCLE)
    assert champion.score > before.score == champion.previous


def test_who_is_level_in_training_may_challenge_and_who_is_worse_may_not(pool):
    keeper = ChampionKeeper(pool, BOARD, 0, champion_seeds(b"key", 4))
    keeper.challenge(rollouts(pool, CYCLE), [1])
    keeper.settle(1)
    (cycle, corner) = rollouts(pool, CYCLE, CORNER)
    assert corner.score > cycle.score
    keeper.challenge([dataclasses.replace(cycle, source=CORNER, champion=corner.episodes)], [2])
    assert keeper.settle(1) is None
    level = dataclasses.replace(cycle, source=CORNER, champion=cycle.episodes)
    keeper.challenge([dataclasses.replace(cycle, champion=cycle.episodes), level], [3, 4])
    champion = keeper.settle(1)
    assert (champion.source, champion.strategy_id) == (CORNER, 4)


def test_a_strategy_that_fails_is_no_challenger(pool):
    keeper = ChampionKeeper(pool, BOARD, 0, champion_seeds(b"key", 1))
    keeper.challenge(rollouts(pool, "def strategy(board):\n    return 9\n"), [1])
    assert keeper.settle(1) is None


def test_champion_seeds_come_from_the_runs_key_alone():
    assert champion_seeds(b"key", 4) == champion_seeds(b"key", 16)[:4]
    assert not set(champion_seeds(b"key", 16)) & set(champion_seeds(b"other", 16))
