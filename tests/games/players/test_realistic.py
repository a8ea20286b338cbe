"""What models really write runs unmodified, and plays the same twice."""

import pytest

from grpo_arcade.games.players import Limits, extract_source, play_match
from tests.games.players.realistic import REALISTIC

LIMITS = Limits(move_cpu_s=1.0, game_cpu_s=10, match_cpu_s=30)


@pytest.mark.parametrize("name", REALISTIC)
def test_it_runs_as_the_model_wrote_it(name):
    source = REALISTIC[name]
    found = extract_source(f"Here is my strategy.\n\n```python{source}```\nIt prefers corners.")
    assert (found.refusal, found.reason) == (None, "")
    assert found.source == source[1:]
    result = play_match(found.source, "2048", {"size": 3}, [1, 2, 3], limits=LIMITS)
    assert result.error == ""
    assert all(episode.outcome.by_the_rules for episode in result.episodes)
    assert result.episodes == play_match(found.source, "2048", {"size": 3}, [1, 2, 3], limits=LIMITS).episodes


def test_there_are_twenty():
    assert len(REALISTIC) >= 20
