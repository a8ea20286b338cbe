"""Each alarm rings for its trouble and for nothing else; only a real collapse sends training back."""

import pytest

from grpo_arcade.trainer.alarms import WINDOW, collapsed, newest_good, signs, uses_random


def step(number, **changes):
    row = {
        "step": number, "stage": 0, "reward": 4.0, "frac_reward_zero_std": 0.0, "entropy": 0.5, "loss": 0.1,
        "grad_norm": 0.3, "completion_length": 40.0, "clipped_ratio": 0.0, "identical_share": 0.1,
        "outcomes": {"lost": 32}, "metrics": {"random_share": 0.1},
    }  # fmt: skip
    return {**row, **changes}


def healthy(count=20):
    return [step(number) for number in range(1, count + 1)]


def evaluation(step, mean, spread=100.0, **baselines):
    means = {"random": 1000.0, "greedy": 2000.0, "expectimax": 20000.0, **baselines}
    kept = {name: {"mean": value, "won": 0.0, "scores": [value]} for name, value in means.items()}
    return {"step": step, "stage": 0, "mean": mean, "low": mean - spread, "high": mean + spread, "baselines": kept}


def names(steps, evaluations=()):
    return {sign.name for sign in signs(steps, evaluations)}


def test_a_healthy_run_is_silent():
    assert names(healthy(), [evaluation(0, 2000.0), evaluation(10, 4000.0)]) == set()
    assert names([]) == set()
    assert names(healthy(2)) == set()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"identical_share": 0.9}, "identical_strategies"),
        ({"frac_reward_zero_std": 1.0}, "zero_spread"),
        ({"entropy": 0.02}, "entropy_collapse"),
        ({"completion_length": 9.0}, "length_collapse"),
        ({"clipped_ratio": 0.9}, "cut_off"),
        ({"metrics": {"random_share": 0.9}}, "uses_random"),
        ({"outcomes": {"timeout": 8, "lost": 24}}, "timeouts"),
        ({"outcomes": {"crashed": 30, "lost": 2}}, "failing_strategies"),
    ],
)
def test_each_trouble_rings_its_alarm_after_a_window_and_not_before(changes, name):
    once = [*healthy(), step(21, **changes)]
    assert names(once) == set()
    lasting = [*healthy(), *(step(20 + number, **changes) for number in range(1, WINDOW + 1))]
    found = signs(lasting)
    assert name in {sign.name for sign in found}
    for sign in found:
        assert sign.message
        assert sign.help
        assert "\n" not in sign.message + sign.help


def test_a_random_baseline_that_is_too_good_is_told_before_the_first_step():
    assert names([], [evaluation(0, 2000.0, random=19000.0)]) == {"random_baseline_too_good"}
    easy = evaluation(0, 2000.0)
    easy["baselines"]["random"]["won"] = 0.99
    assert names([], [easy]) == {"random_baseline_too_good"}


def test_held_out_falling_while_the_reward_rises():
    rising = [step(number, reward=number / 2) for number in range(1, 31)]
    good, bad = evaluation(10, 5000.0), evaluation(30, 3000.0)
    assert names(rising, [evaluation(0, 2000.0), good, bad]) == {"held_out_falls"}
    falling = [step(number, reward=-number) for number in range(1, 31)]
    assert names(falling, [evaluation(0, 2000.0), good, bad]) == set()
    unsure = evaluation(30, 4900.0, spread=500.0)
    assert names(rising, [good, unsure]) == set()


def test_only_a_lasting_loss_of_working_strategies_is_a_collapse():
    broken = {"outcomes": {"no_code": 31, "lost": 1}}
    assert collapsed(healthy()) == ""
    assert collapsed([*healthy(), step(21, **broken)]) == ""
    assert "fail" in collapsed([*healthy(), *(step(20 + number, **broken) for number in range(1, WINDOW + 1))])
    # A model that never could is not one that collapsed.
    assert collapsed([step(number, **broken) for number in range(1, 30)]) == ""
    # One whose first evaluation went well is, even if it broke at its first step.
    first = {**evaluation(0, 2000.0), "outcomes": {"lost": 60, "no_code": 4}}
    assert "fail" in collapsed([step(number, **broken) for number in range(1, WINDOW + 1)], [first])
    assert "not a number" in collapsed([*healthy(2), step(3, grad_norm=float("nan"))])


def test_training_falls_back_to_the_newest_checkpoint_from_before_the_trouble():
    broken = {"outcomes": {"no_code": 31, "lost": 1}}
    steps = [*healthy(12), *(step(number, **broken) for number in range(13, 21))]
    assert newest_good([0, 5, 10, 15], steps, [], 15) == 10
    # What was made of the broken weights stays bad after the fall; where it fell the good ones were saved again.
    steps += healthy(40)[20:22]
    assert newest_good([0, 15, 19], steps, [20], 21) == 0
    assert newest_good([0, 15, 20], steps, [20], 21) == 20
    # Before the first window is full there is the untrained model.
    assert newest_good([0], healthy(2), [], 1) == 0
    assert newest_good([0], [], [], -1) is None


def test_random_is_seen_as_a_word():
    assert uses_random("import random\ndef strategy(board): return random.choice('WASD')")
    assert not uses_random("def strategy(board): randomness = 1; return 'W'")
    assert not uses_random(None)
