"""With feedback the model is shown the champion and how its games went, in that share of the groups, and no held-out game."""

from dataclasses import replace

import pytest

from grpo_arcade.games import make
from grpo_arcade.recordings.runs.lineage import line_of
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.grpo import train
from grpo_arcade.trainer.plan import check


def test_groups_are_shown_the_champion_and_descend_from_it(tiny_config):
    folder = train(replace(tiny_config, feedback=1.0)).folder
    with RunReader(folder) as run:
        assert run.status() == "finished"
        champions = {champion.strategy_id: champion for champion in run.champions()}
        rows = run.query("SELECT lineage.*, step FROM lineage JOIN strategies ON strategies.id = strategy_id")
        seeds = {seed for step in (1, 2, 3) for group in run.groups(step) for seed in group["seeds"]}
        crowned = min(champion.step for champion in champions.values())
        assert {row["step"] for row in rows} == {step for step in (1, 2, 3) if step > crowned}
        for row in rows:
            champion = champions[row["parent_id"]]
            assert champion.step < row["step"]
            assert champion.source.strip() in row["asked"]
            assert "on average" in row["asked"]
            assert not any(str(seed) in row["asked"] for seed in seeds)
            assert line_of(run, row["strategy_id"]).parent.id == champion.strategy_id
    assert make("2048").prompt() not in rows[0]["asked"]


def test_without_feedback_nothing_descends(tiny_config):
    assert tiny_config.feedback == 0
    with pytest.raises(ConfigError, match="feedback must be between 0"):
        check(replace(tiny_config, feedback=1.5))
