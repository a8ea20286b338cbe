"""The hand-written players are what a model could have written: the sandbox plays them, to the same moves."""

import inspect

import pytest

from grpo_arcade.games import make
from grpo_arcade.games.atari.titles import CARTRIDGES, SYMBOLIC
from grpo_arcade.games.baseline_scores import play_baseline
from grpo_arcade.games.players import check_source, play_match

SCRIPTED = {title: found.scripted for title, found in CARTRIDGES.items() if found.scripted}
SHORT = {"max_num_frames_per_episode": 800}


def as_a_model_writes_it(title):
    source = inspect.getsource(SCRIPTED[title])
    return source.replace("def scripted(state: State) -> str:", "def strategy(state):")


def test_every_game_with_a_symbolic_observation_has_one():
    assert set(SCRIPTED) == set(SYMBOLIC)
    for title in SYMBOLIC:
        assert list(make(f"atari/{title}").baselines) == ["noop", "random", "scripted"]
    assert list(make("atari/seaquest").baselines) == ["noop", "random"]


@pytest.mark.parametrize("title", sorted(SCRIPTED))
def test_they_are_short_and_allowed(title):
    source = as_a_model_writes_it(title)
    assert source.startswith("def strategy(state):")
    assert check_source(source) is None
    assert len(source.splitlines()) <= 32


@pytest.mark.parametrize("title", sorted(SCRIPTED))
def test_the_sandbox_plays_them_as_trusted_code_does(title):
    trusted = play_baseline(f"atari/{title}", SHORT, "scripted", [3, 4])
    result = play_match(as_a_model_writes_it(title), f"atari/{title}", SHORT, [3, 4])
    assert result.error == ""
    for played, expected in zip(result.episodes, trusted, strict=True):
        assert (played.actions, played.score, played.outcome) == (expected.actions, expected.score, expected.outcome)
