"""A run's verdict: made runs of each kind, their noise that of real ones."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grpo_arcade.recordings.runs.records import HeldOut
from grpo_arcade.recordings.runs.verdict import Kind, judge, score_trend

BASELINES = {"random": 1090.0, "greedy": 2520.0, "expectimax": 21000.0}


def evaluation(step, mean, half=150.0, stage=0, baselines=BASELINES):
    return HeldOut(step, stage, mean, mean - half, mean + half, 0.0, 1.0, 0.9, 16, 32, {}, None, baselines)


def run(score, reward, steps=100, every=10, seed=0, noise=60.0):
    """Evaluations and rewards along two curves, with the noise that sampling has."""
    rng = random.Random(seed)
    held_out = [evaluation(step, score(step) + rng.gauss(0, noise)) for step in range(0, steps + 1, every)]
    return [(step, reward(step) + rng.gauss(0, 0.4)) for step in range(1, steps + 1)], held_out


def rising(step):
    return 1800 + 20 * step


KINDS = {
    Kind.LEARNING: (rising, lambda step: 2 + 0.05 * step),
    Kind.LEVEL: (lambda step: 1800, lambda step: 2.0),
    Kind.HACKING: (lambda step: 1800, lambda step: 2 + 0.08 * step),
    Kind.COLLAPSING: (
        lambda step: rising(step) if step < 50 else 600,
        lambda step: 3 + 0.05 * step if step < 50 else 0,
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_of_each_kind_is_told_whatever_its_noise(kind):
    kinds = [judge(*run(*KINDS[kind], seed=seed)).kind for seed in range(40)]
    # The interval is one of 95 %: of runs that do not change, some seem to.
    assert kinds.count(kind) >= (32 if kind is Kind.LEVEL else 38), kinds


def test_a_falling_score_under_a_rising_reward_is_hacking_and_not_learning_from_before():
    verdict = judge(*run(lambda step: rising(min(step, 50)) - 25 * max(0, step - 50), lambda step: 2 + 0.06 * step))
    assert verdict.kind is Kind.HACKING
    assert "the held-out score falls" in verdict.line
    assert "since step" in verdict.line


def test_learning_is_told_with_slope_interval_and_the_baselines_around():
    verdict = judge(*run(rising, lambda step: 2 + 0.05 * step, noise=0.0))
    assert verdict.kind is Kind.LEARNING
    assert verdict.line.startswith("learning: held-out +2,000 per 100 steps (95 %: +")
    assert "3,800 is above greedy (2,520), below expectimax (21,000)" in verdict.line
    assert any("1,280 above greedy (2,520)" in line for line in verdict.evidence)
    assert judge(*run(rising, lambda step: 2.0, noise=0.0), live=False).line.startswith("learnt: ")


def test_before_two_evaluations_it_waits():
    rewards, held_out = run(rising, lambda step: 2.0)
    for few in ([], held_out[:1]):
        verdict = judge(rewards[:12], few)
        assert verdict.kind is Kind.WAITING
        assert "12 steps so far" in verdict.line
    assert judge([], []).kind is Kind.WAITING


def test_a_run_that_failed_for_good_says_why():
    verdict = judge(*run(rising, lambda step: 2.0), failure="the loss is not a number")
    assert (verdict.kind, verdict.line) == (Kind.COLLAPSING, "collapsed: the loss is not a number")


def test_a_reward_that_falls_below_where_it_began_needs_no_evaluation_to_be_seen():
    rewards, _ = run(rising, lambda step: 2 + 0.1 * step if step < 40 else -2.0, steps=70)
    verdict = judge(rewards, [evaluation(0, 1800.0)])
    assert verdict.kind is Kind.COLLAPSING
    assert "at first it was" in verdict.line


def test_a_new_stage_of_a_curriculum_is_judged_by_itself():
    _, before = run(rising, lambda step: 2.0)
    after = [evaluation(110, 300.0, stage=1), evaluation(120, 320.0, stage=1)]
    assert judge([], [*before, *after]).kind is Kind.LEVEL


numbers = st.floats(-1e6, 1e6)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(numbers, st.floats(0, 1e5)), max_size=8), st.lists(st.floats(), max_size=60))
def test_any_run_gets_one_line(means, rewards):
    held_out = [evaluation(10 * place, mean, half, baselines={}) for place, (mean, half) in enumerate(means)]
    verdict = judge(list(enumerate(rewards, 1)), held_out)
    assert "\n" not in verdict.line
    assert "nan" not in verdict.line
    assert verdict.line.startswith(("waiting", "learning", "no clear change", "hacking", "collapsing"))


@settings(max_examples=60, deadline=None)
@given(st.lists(numbers, min_size=2, max_size=12), st.floats(-1000, 1000))
def test_a_slope_of_all_scores_alike_moves_with_the_scores(means, slope):
    flat = [evaluation(10 * place, mean) for place, mean in enumerate(means)]
    tilted = [evaluation(10 * place, mean + slope * 10 * place) for place, mean in enumerate(means)]
    assert score_trend(tilted).slope - score_trend(flat).slope == pytest.approx(slope, abs=max(200.0, 0.2 * abs(slope)))
