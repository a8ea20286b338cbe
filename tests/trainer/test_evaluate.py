"""Whoever plays is measured on the same held-out seeds, beside the same baselines, failures included."""

import pytest

from grpo_arcade.games import make
from grpo_arcade.games.players import MatchPool
from grpo_arcade.trainer import evaluate as evaluation
from grpo_arcade.trainer.evaluate import (
    baselines_on,
    derived_seed,
    evaluate_baseline,
    evaluate_named_model,
    evaluate_source,
    evaluate_written,
)
from grpo_arcade.trainer.evaluation import Evaluation
from grpo_arcade.trainer.scoring import Rollout


def test_a_baseline_is_its_stored_scores():
    found = evaluate_baseline("greedy", make("2048"), range(5))
    stored = make("2048").baseline_scores()["greedy"]["scores"][:5]
    assert found.scores == [stored]
    assert found.mean == found.baselines["greedy"]["mean"]
    assert sum(found.outcomes.values()) == 5
    assert sum(found.histogram().values()) == 5


def test_baselines_are_played_where_nothing_is_stored():
    found = evaluate_baseline("random", make("2048", size=3, target=64), range(3))
    assert len(found.baselines["greedy"]["scores"]) == 3
    assert found.baselines["random"]["mean"] == pytest.approx(found.mean)


def test_a_baseline_plays_the_same_seeds_once_a_process():
    game = make("2048", size=3, target=32)
    first = baselines_on(game, range(3))
    played = evaluation._played.cache_info().misses
    assert baselines_on(make("2048", size=3, target=32), [0, 1, 2]) == first
    assert evaluation._played.cache_info().misses == played
    assert baselines_on(make("2048", size=3, target=64), range(3)) != first


@pytest.fixture(scope="module")
def pool():
    with MatchPool() as pool:
        yield pool


def test_a_strategy_and_one_that_fails(pool):
    good = "def strategy(board):\n    return 'WASD'[sum(map(sum, board)) // 2 % 4]\n"
    found = evaluate_source(good, make("2048"), range(4), pool=pool)
    assert found.mean > 0
    assert found.compiled == 1
    low, high = found.interval
    assert low < found.mean < high
    failed = evaluate_source("def strategy(board):\n    return board[7]\n", make("2048"), range(4), pool=pool)
    assert failed.mean == 0
    assert failed.outcomes == {"crashed": 4}
    assert failed.to_dict()["baselines"]["random"]["mean"] > 0


def test_a_model_is_asked_for_many_strategies_and_repeats_itself(tiny_model, pool):
    done = []
    first, second = (
        evaluate_named_model(
            tiny_model,
            make("2048"),
            range(2),
            pool=pool,
            player="tiny",
            strategies=5,
            max_completion_length=60,
            progress=lambda *at: done.append(at),
        )
        for _ in range(2)
    )
    assert first.scores == second.scores
    assert (len(first.scores), len(first.scores[0])) == (5, 2)
    assert sorted(done) == sorted([(count, 5) for count in range(1, 6)] * 2)
    assert all(rollout.tokens for rollout in first.rollouts)


def test_whoever_writes_is_asked_once_a_strategy_and_failures_stay_in_the_mean(pool):
    answers = ["```python\ndef strategy(board):\n    return 'W'\n```", "I will not."]
    done = []
    found = evaluate_written(
        answers.__getitem__,
        make("2048"),
        range(2),
        pool=pool,
        player="x",
        strategies=2,
        progress=lambda *at: done.append(at),
    )
    assert [rollout.completion for rollout in found.rollouts] == answers
    assert (found.compiled, found.outcomes["no_code"]) == (0.5, 2)
    assert done == [(1, 2), (2, 2)]


def test_the_interval_is_over_strategies_where_there_are_several():
    from grpo_arcade.games import Episode, Outcome

    def rollout(*scores):
        return Rollout("", "", tuple(Episode("2048", {}, 0, b"", Outcome.LOST, score) for score in scores))

    same = Evaluation("x", "2048", {}, (0, 1), (rollout(100.0, 300.0), rollout(100.0, 300.0)))
    assert same.interval == (200.0, 200.0)
    apart = Evaluation("x", "2048", {}, (0, 1), (rollout(100.0, 100.0), rollout(300.0, 300.0)))
    assert apart.interval == pytest.approx((200 - 1.96 * 100, 200 + 1.96 * 100))


def test_nonsense_is_refused_in_one_line(pool):
    def model(name="pocket", seeds=(0,), **changes):
        return evaluate_named_model(name, make("2048"), seeds, pool=pool, player="x", **changes)

    for refused, says in (
        (lambda: model("no-such-model"), "no-such-model is not on this machine"),
        (lambda: model(seeds=()), "at least one seed"),
        (lambda: model(strategies=0), "at least 1"),
        (lambda: evaluate_baseline("greedy", make("2048"), ()), "at least one seed"),
        (lambda: evaluate_source("", make("2048"), (), pool=pool), "at least one seed"),
    ):
        with pytest.raises(ValueError, match=says) as refusal:
            refused()
        assert "\n" not in str(refusal.value)


def test_seeds_of_different_purposes_and_steps_differ():
    seeds = {derived_seed(seed, purpose, step) for seed in (0, 1) for purpose in "ab" for step in (1, 11)}
    assert len(seeds) == 8
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_seeds_beyond_the_stored_ones_are_played():
    game = make("atari/kaboom")
    stored = game.baseline_scores()["random"]["scores"]
    seeds = [0, len(stored), 1]
    found = baselines_on(game, seeds)["random"]["scores"]
    (played,) = evaluate_baseline("random", game, seeds[1:2]).scores
    assert found == [stored[0], *played, stored[1]]
