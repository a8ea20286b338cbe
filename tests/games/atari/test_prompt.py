"""A prompt names all that a strategy gets and may return, with its range, and its example is a strategy."""

import pytest

from grpo_arcade.games import make
from grpo_arcade.games.atari.titles import SYMBOLIC
from grpo_arcade.games.players import extract_source, play_match


@pytest.mark.parametrize("title", [*sorted(SYMBOLIC), "seaquest"])
def test_it_names_every_field_and_every_action(title):
    game = make(f"atari/{title}")
    game.reset(1)
    prompt = game.prompt()
    assert len(prompt) < 2_000
    for name in game.observation():
        assert f'"{name}"' in prompt
    for action in game.actions:
        assert f'"{action}"' in prompt
    if title in SYMBOLIC:
        for entry in SYMBOLIC[title].fields:
            assert f"{entry.low} to {entry.high}{' or -1' if entry.absent else ''})" in prompt
            assert entry.meaning in prompt


def test_it_says_how_time_passes():
    assert "every 4 frames" in make("atari/pong").prompt()
    assert "with probability 0.25" in make("atari/pong").prompt()
    patient = make("atari/pong", frame_skip=1, repeat_action_probability=0).prompt()
    assert "every frame" in patient
    assert "probability" not in patient


@pytest.mark.parametrize("title", ["pong", "boxing", "seaquest"])
def test_its_example_plays(title):
    found = extract_source(make(f"atari/{title}").prompt())
    result = play_match(found.source, f"atari/{title}", {"max_num_frames_per_episode": 200}, [1])
    assert result.error == ""
    assert len(set(result.episodes[0].actions)) == 2
