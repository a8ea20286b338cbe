"""Ways of asking, by simulated writers: what pays is done more, and nothing is lost where showing programs does not pay."""

import json
import random
import statistics

import pytest

from grpo_arcade.games import Outcome
from grpo_arcade.trainer.improvement.config import ImproveConfig
from grpo_arcade.trainer.improvement.population import Member, Population
from grpo_arcade.trainer.improvement.search import Search
from grpo_arcade.trainer.improvement.ways import Way, Ways, tunable

TOKENS = {Way.FRESH: 700, Way.BETTER: 1300, Way.NUMBERS: 1100, Way.OTHERWISE: 1500}
"""An answer with its question, as a model of half a billion parameters had them in 2048."""
BUDGET = 60_000


def fresh(draw):
    """Of three answers two play, some by far better than others."""
    return draw.lognormvariate(7.3, 0.5) if draw.random() < 0.67 else None


def copier(way, parent, draw):
    """Mostly the program it was shown, or a broken one."""
    return fresh(draw) if draw.random() < 0.15 else None


def improver(way, parent, draw):
    """Better by a tenth now and then, if it is told what to change."""
    if way is Way.OTHERWISE:
        return fresh(draw)
    return parent * draw.lognormvariate(0.1, 0.2) if draw.random() < 0.6 else None


def search(writer, seed, ways):
    """The best program of as many answers as the tokens buy, and how each was asked for; all fresh without ``ways``."""
    draw, best, spent, asked = random.Random(seed), 0.0, 0, []
    while spent < BUDGET:
        answers = []
        for _ in range(8):
            way = Way.FRESH if ways is None or not best else ways.draw(tuple(Way), draw)
            quality = fresh(draw) if way is Way.FRESH else writer(way, best, draw)
            answers.append((way, quality, TOKENS[way]))
            spent += TOKENS[way]
        asked += [way for way, _, _ in answers]
        best = max([best, *(quality for _, quality, _ in answers if quality is not None)])
        if ways is not None:
            ways.learn(answers)
    return best, asked


def mean_of(writer, adaptive):
    return statistics.fmean(search(writer, seed, Ways() if adaptive else None)[0] for seed in range(40))


def share(writer, way):
    asked = [way for seed in range(20) for way in search(writer, seed, Ways())[1][-16:]]
    return asked.count(way) / len(asked)


def test_a_model_that_only_gives_programs_back_loses_little_by_being_shown_them():
    assert mean_of(copier, adaptive=True) > 0.95 * mean_of(copier, adaptive=False)
    assert share(copier, Way.FRESH) > 0.8


def test_a_model_that_improves_what_it_is_shown_gets_further_than_the_best_of_as_many_tokens():
    assert mean_of(improver, adaptive=True) > 2 * mean_of(improver, adaptive=False)
    assert share(improver, Way.BETTER) + share(improver, Way.NUMBERS) > 0.6


def test_what_was_learnt_survives_being_written_down():
    ways, draw = Ways(), random.Random(1)
    for _ in range(5):
        ways.learn([(way, draw.random(), 100) for way in Way])
    again = Ways.of(json.loads(json.dumps(ways.state())))
    assert again == ways
    assert [again.draw(tuple(Way), random.Random(seed)) for seed in range(20)] == [
        ways.draw(tuple(Way), random.Random(seed)) for seed in range(20)
    ]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def strategy(board):\n    return 'W'\n", False),
        ("def strategy(board):\n    return board[0][1] + 2\n", False),
        ("def strategy(board):\n    return 1.5 * board[0][0] + 0.25 * board[0][1]\n", True),
        ("def strategy(board:\n", False),
    ],
)
def test_numbers_are_only_asked_for_where_there_are_some(source, found):
    assert tunable(source) is found


class Author:
    name, follows = "tiny", True


@pytest.mark.parametrize("outcome", [Outcome.CRASHED, Outcome.LOST])
def test_who_wants_nothing_written_anew_gets_nothing_written_anew(outcome):
    search = Search.__new__(Search)
    fails = Member(1, "def strategy(board):\n    return 1\n", 0, outcome, "", "", [0.0])
    search.config, search.population, search.ways = ImproveConfig(fresh=0.0), Population(1, 4, members=[fails]), {}
    draw = random.Random(1)
    assert Way.FRESH not in {search._way(Author, [fails], draw) for _ in range(30)}
