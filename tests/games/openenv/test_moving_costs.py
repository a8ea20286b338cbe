"""Where every move costs points, who makes no possible move, or fails, earns less than the worst who plays."""

from concurrent.futures import Future
from dataclasses import replace

import pytest

from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.players import MatchPool, MatchResult
from grpo_arcade.trainer import rewards
from grpo_arcade.trainer.champion import ChampionKeeper
from grpo_arcade.trainer.config import REWARDS
from grpo_arcade.trainer.counting import counted_score, worst_played
from grpo_arcade.trainer.evaluate import evaluate_written
from grpo_arcade.trainer.improvement.population import Member, Population
from grpo_arcade.trainer.improvement.search import Search
from grpo_arcade.trainer.scoring import Rollout
from tests.games.openenv.by_hand import STRATEGIES

WALL = 'def strategy(state):\n    return "UP"\n'
SELDOM = """
count = [0]
def strategy(state):
    count[0] += 1
    walls = [a for a in ("UP", "LEFT", "DOWN", "RIGHT") if a not in state["possible"]]
    return walls[0] if walls and count[0] % 24 else state["possible"][count[0] % len(state["possible"])]
"""
LOST = """
count = [0]
def strategy(state):
    count[0] += 1
    return state["possible"][count[0] % len(state["possible"])]
"""
CRASHES = 'def strategy(state):\n    return state["nothing"]\n'
CHOSEN = rewards.load(REWARDS)


def total(rollout):
    return sum(each.weight * each.judge(rollout)[0] for each in CHOSEN)


def test_in_a_maze_a_wall_is_no_place_to_stay(servers):
    game = make(f"openenv:{servers}/maze")
    with MatchPool(1) as pool:
        programs = [f"```python\n{source}```" for source in (STRATEGIES["maze"], LOST, SELDOM, WALL, CRASHES)]
        found = evaluate_written(programs.__getitem__, game, [1], pool=pool, player="", strategies=len(programs))
    ends = [rollout.episodes[0].outcome for rollout in found.rollouts]
    assert ends == [Outcome.WON, Outcome.LOST, Outcome.CAPPED, Outcome.STUCK, Outcome.CRASHED]
    # The score itself is what the server says: nothing for one who never moved.
    assert found.rollouts[3].episodes[0].score == 0 > found.rollouts[1].episodes[0].score
    won, lost, seldom, wall, crashes = (total(rollout) for rollout in found.rollouts)
    assert won > lost > max(seldom, wall, crashes)
    # The held-out score and the champion go by the same.
    assert [row[0] for row in found.scores][2:] == [-33, -33, -33]
    assert found.scores[0] > found.scores[1] > [-33]


COSTS = {"action": {"field": "action", "names": ["a", "b"], "legal": "legal_actions"}, "see": {"x": {"field": "x"}}}


def episode(outcome, score, wasted=0):
    made = make("openenv:ws://localhost", spec=COSTS)
    assert made.failure_score == 0  # such a spec does not say how bad it can get
    return Episode(made.name, made.options, 1, bytes(40), outcome, score, wasted)


PLAYED = [episode(Outcome.LOST, -7.0), episode(Outcome.CAPPED, -40.0)]
NOT_PLAYED = [episode(Outcome.STUCK, 0.0, 32), episode(Outcome.STUCK, -0.1, 32), episode(Outcome.CAPPED, -1.0, 39)]
FAILED = [episode(outcome, 0.0) for outcome in (Outcome.CRASHED, Outcome.ILLEGAL, Outcome.TIMEOUT)]


@pytest.mark.parametrize("reward", ["progress", "gets_further", "beats_champion"])
def test_a_server_that_does_not_say_how_bad_it_gets_is_judged_by_who_played(reward):
    worst = worst_played([*PLAYED, *NOT_PLAYED, *FAILED])
    assert worst == -40
    [judge] = rewards.load([reward])
    champion = (episode(Outcome.LOST, -40.0),)

    def value(made):
        return judge.judge(Rollout("", "", (made,), champion=champion, worst=worst))[0]

    assert max(value(made) for made in (*NOT_PLAYED, *FAILED)) <= min(value(made) for made in PLAYED)


def test_where_nothing_costs_what_was_reached_counts():
    made = replace(episode(Outcome.STUCK, 500.0, 32), game="2048", options={})
    assert counted_score(made, worst_played([made])) == 500
    assert counted_score(replace(made, outcome=Outcome.CAPPED, score=0.0)) == 0


class PlayedBefore:
    """A pool in which a program's games are known."""

    def __init__(self, games):
        self.games = games

    def submit(self, source, game, options, seeds, player=""):
        match = Future()
        match.set_result(MatchResult((self.games[source],) * len(seeds)))
        return match


def test_who_makes_no_possible_move_is_no_champion_for_those_who_play():
    games = {"still": NOT_PLAYED[0], "plays": PLAYED[0]}
    keeper = ChampionKeeper(PlayedBefore(games), make("openenv:ws://localhost", spec=COSTS), 0, range(4))
    for step, source in enumerate(games):
        keeper.challenge([Rollout(source, source, (games[source],), worst=-40.0)], [step])
        keeper.settle(step)
    assert (keeper.holder.source, keeper.holder.score, keeper.holder.previous) == ("plays", -7, -40)


def test_a_search_does_not_rank_who_makes_no_possible_move_above_those_who_play():
    still, plays = (Member(at, name, 0, Outcome.LOST, "", "", [-50.0]) for at, name in enumerate(("still", "plays")))
    search = Search.__new__(Search)
    search.population, search.baselines = Population(1, 4, members=[still, plays]), {"random": -40.0}
    search._take_in({"still": MatchResult((NOT_PLAYED[0],)), "plays": MatchResult((PLAYED[0],))})
    assert still.mean < plays.mean
