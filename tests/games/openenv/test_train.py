"""Everything that we ship a spec for is trained on for real, by win, draw and loss alone; its games need no server to be shown."""

from __future__ import annotations

import pytest

from grpo_arcade import recordings
from grpo_arcade.games import make
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.config import TrainConfig
from tests.games.openenv.by_hand import STRATEGIES, elsewhere
from tests.trainer.conftest import make_tiny_model

LONG = [pytest.mark.soak, pytest.mark.timeout(1800)]
EACH = ["catch", *(pytest.param(each, marks=LONG) for each in STRATEGIES if each != "catch")]


@pytest.mark.parametrize("environment", EACH)
def test_a_server_is_trained_on_by_win_and_loss_alone(servers, environment, tmp_path):
    from grpo_arcade.trainer.grpo import train

    game = make(f"openenv:{servers}/{environment}")
    # Beside the strategy written by hand, the model knows one that never thinks.
    programs = (STRATEGIES[environment], f'\ndef strategy(_):\n    return "{game.actions[-1]}"\n')
    taught = [(game.prompt(), f"```python{program}```") for program in programs]
    config = TrainConfig(
        game=game.name, model=make_tiny_model(tmp_path / "model", 150, taught), rewards=("universal", "legal_actions"),
        output_dir=str(tmp_path / "outputs"), run_key="00" * 16, num_generations=4, per_device_train_batch_size=4,
        gradient_accumulation_steps=1, max_steps=3, max_completion_length=250, train_seeds=2, eval_steps=0,
        eval_strategies=4, eval_seeds=2, save_steps=3, threads=1, workers=1,
    )  # fmt: skip
    result = train(config, capture=True)
    assert (result.status, result.step) == ("finished", 3)
    with RunReader(result.folder) as run:
        rows = [row for step in (1, 2, 3) for row in run.strategies(step)]
        episodes = [episode for row in rows for episode in run.episodes(row["id"])]
        assert len(run.query("SELECT * FROM evaluations")) == 2
    assert {tuple(row["rewards"]) for row in rows} == {("universal", "legal_actions")}
    # Nobody wins at snake: by win and loss alone its programs are level, and nothing can be learnt from them.
    assert (len({row["reward"] for row in rows}) > 1) == (environment != "snake")
    assert len(episodes) == 24
    played = [episode for episode in episodes if episode.actions]
    assert len(played) >= 16
    for episode in played:
        assert episode.outcome.by_the_rules, episode
        end = recordings.verify(elsewhere(episode))
        assert (end.outcome, end.score) == (episode.outcome, episode.score)
