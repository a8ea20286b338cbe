"""Whoever plays is measured on the same held-out seeds, beside the same baselines, failures included."""

import pytest

from grpo_arcade.trainer import evaluate as evaluation
from grpo_arcade.trainer.evaluate import Evaluation, baselines_on, derived_seed, evaluate
from grpo_arcade.trainer.scoring import Rollout


def test_a_baseline_is_its_stored_scores():
    from grpo_arcade.games import make

    found = evaluate("greedy", seeds=range(5))
    stored = make("2048").baseline_scores()["greedy"]["scores"][:5]
    assert found.scores == [stored]
    assert found.mean == found.baselines["greedy"]["mean"]
    assert sum(found.outcomes.values()) == 5
    assert sum(found.histogram().values()) == 5


def test_baselines_are_played_where_nothing_is_stored():
    found = evaluate("random", options={"size": 3, "target": 64}, seeds=range(3))
    assert len(found.baselines["greedy"]["scores"]) == 3
    assert found.baselines["random"]["mean"] == pytest.approx(found.mean)


def test_a_baseline_plays_the_same_seeds_once_a_process():
    from grpo_arcade.games import make

    game = make("2048", size=3, target=32)
    first = baselines_on(game, range(3))
    played = evaluation._played.cache_info().misses
    assert baselines_on(make("2048", size=3, target=32), [0, 1, 2]) == first
    assert evaluation._played.cache_info().misses == played
    assert baselines_on(make("2048", size=3, target=64), range(3)) != first


def test_a_strategy_file_and_one_that_fails(tmp_path):
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text("def strategy(board):\n    return 'WASD'[sum(map(sum, board)) // 2 % 4]\n")
    bad.write_text("def strategy(board):\n    return board[7]\n")
    found = evaluate(str(good), seeds=range(4))
    assert found.mean > 0
    assert found.compiled == 1
    low, high = found.interval
    assert low < found.mean < high
    failed = evaluate(str(bad), seeds=range(4))
    assert failed.mean == 0
    assert failed.outcomes == {"crashed": 4}
    assert failed.to_dict()["baselines"]["random"]["mean"] > 0


def test_a_model_is_asked_for_many_strategies_and_repeats_itself(tiny_model):
    done = []
    first, second = (
        evaluate(
            tiny_model, seeds=range(2), strategies=5, max_completion_length=60, progress=lambda *at: done.append(at)
        )
        for _ in range(2)
    )
    assert first.scores == second.scores
    assert (len(first.scores), len(first.scores[0])) == (5, 2)
    assert sorted(done) == sorted([(count, 5) for count in range(1, 6)] * 2)
    assert len(first.tokens) == 5


def test_the_interval_is_over_strategies_where_there_are_several():
    from grpo_arcade.games import Episode, Outcome

    def rollout(*scores):
        return Rollout("", "", tuple(Episode("2048", {}, 0, b"", Outcome.LOST, score) for score in scores))

    same = Evaluation("x", "2048", {}, (0, 1), (rollout(100.0, 300.0), rollout(100.0, 300.0)))
    assert same.interval == (200.0, 200.0)
    apart = Evaluation("x", "2048", {}, (0, 1), (rollout(100.0, 100.0), rollout(300.0, 300.0)))
    assert apart.interval == pytest.approx((200 - 1.96 * 100, 200 + 1.96 * 100))


@pytest.mark.parametrize(
    ("player", "changes", "says"),
    [
        ("no-such-model", {}, "no-such-model is not on this machine"),
        ("greedy", {"seeds": ()}, "at least one seed"),
        ("greedy", {"strategies": 0}, "at least 1"),
        ("greedy", {"options": {"size": 1}}, "2 to 8"),
    ],
)
def test_nonsense_is_refused_in_one_line(player, changes, says):
    with pytest.raises(ValueError, match=says) as refusal:
        evaluate(player, **changes)
    assert "\n" not in str(refusal.value)


def test_seeds_of_different_purposes_and_steps_differ():
    seeds = {derived_seed(seed, purpose, step) for seed in (0, 1) for purpose in "ab" for step in (1, 11)}
    assert len(seeds) == 8
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_seeds_beyond_the_stored_ones_are_played():
    from grpo_arcade.games import make

    game = make("atari/kaboom")
    stored = game.baseline_scores()["random"]["scores"]
    seeds = [0, len(stored), 1]
    found = baselines_on(game, seeds)["random"]["scores"]
    (played,) = evaluation.evaluate("random", game="atari/kaboom", seeds=seeds[1:2]).scores
    assert found == [stored[0], *played, stored[1]]
