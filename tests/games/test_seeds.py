"""Training seeds are secret, reproducible, and disjoint from evaluation seeds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.games import make
from grpo_arcade.games.seeds import EVALUATION_SEEDS, training_seeds

keys = st.binary(min_size=1, max_size=64)


@given(keys, st.integers(0, 10**6), st.integers(0, 40))
def test_training_seeds_are_seeds_that_no_evaluation_uses(key, step, count):
    seeds = training_seeds(key, step, count)
    assert len(seeds) == count == len(set(seeds))
    assert all(2**32 <= seed < 2**63 for seed in seeds)
    assert not set(seeds) & set(EVALUATION_SEEDS)


@given(keys, st.integers(0, 10**6))
def test_training_seeds_depend_on_key_step_and_place_only(key, step):
    assert training_seeds(key, step, 8) == training_seeds(key, step, 8)
    assert training_seeds(key, step, 4) == training_seeds(key, step, 8)[:4]
    assert not set(training_seeds(key, step, 8)) & set(training_seeds(key, step + 1, 8))
    assert not set(training_seeds(key, step, 8)) & set(training_seeds(key + b"x", step, 8))


def test_a_known_key_gives_these_seeds_forever():
    assert training_seeds(b"a run's secret key", 3, 2) == [6606093717620064878, 5220483942586662775]


@pytest.mark.parametrize("seed", [*EVALUATION_SEEDS[:2], *training_seeds(b"k", 0, 2)])
def test_every_game_takes_them(seed):
    make("2048").reset(seed)


@pytest.mark.parametrize(("arguments", "says"), [((b"", 0, 1), "run_key"), ((b"k", -1, 1), "step")])
def test_bad_arguments_are_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        training_seeds(*arguments)
