"""A model in this process goes on from an earlier program's first lines, and a search by it can be taken up exactly."""

import dataclasses

import pytest

from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.improvement.asking import LocalAuthor, Question
from grpo_arcade.trainer.improvement.config import ImproveConfig
from grpo_arcade.trainer.improvement.run import improve, resumed_config


def author(model, **more):
    how = {"temperature": 1.0, "max_tokens": 120, "context": None, "threads": 1, "memory_share": 0.5}
    return LocalAuthor(model, **(how | more))


@pytest.fixture
def config(tiny_model, tmp_path):
    return ImproveConfig(
        model=(tiny_model,), rounds=2, candidates=4, max_completion_length=120, train_seeds=1, eval_steps=0, eval_seeds=1,
        champion_seeds=2, workers=1, threads=1, run_key="00" * 16, output_dir=str(tmp_path), run_name="run",
    )  # fmt: skip


def told(folder):
    with RunReader(folder) as run:
        rows = [(row["step"], row["source"], row["score"]) for step in (1, 2) for row in run.strategies(step)]
        places = {row["id"]: (step, row["position"]) for step in (1, 2) for row in run.strategies(step)}
        parents = {places[row["strategy_id"]]: row["parent_id"] for row in run.query("SELECT * FROM lineage")}
        return rows, [parents[place] and places[parents[place]] for place in sorted(parents)]


def test_a_small_model_goes_on_from_its_parents_first_lines_and_a_resumed_search_is_the_same(
    config, tiny_model, tmp_path
):
    whole = improve(config, [author(tiny_model)])
    assert whole.status == "finished"
    assert whole.champion is not None
    rows, parents = told(whole.folder)
    with RunReader(whole.folder) as run:
        sources = {row["id"]: row["source"] for step in (1, 2) for row in run.strategies(step)}
        for row in run.query("SELECT * FROM lineage WHERE parent_id IS NOT NULL"):
            first = sources[row["parent_id"]].splitlines()[0]
            assert run.strategy(row["strategy_id"])["text"].startswith(f"```python\n{first}\n")
            assert row["asked"] == ""
    assert parents[:4] == [None] * 4
    assert any(parents[4:7])
    assert parents[7] is None  # one of four is asked anew, whatever has paid

    begun = improve(dataclasses.replace(config, run_name="begun", rounds=1), [author(tiny_model)])
    again = dataclasses.replace(resumed_config(begun.folder), rounds=2)
    assert improve(again, [author(tiny_model)], resume=begun.folder).status == "finished"
    assert told(begun.folder) == (rows, parents)
    with pytest.raises(ConfigError, match="candidates is 5 now and was 4"):
        improve(dataclasses.replace(again, candidates=5, rounds=3), [author(tiny_model)], resume=begun.folder)


def test_a_prompt_that_has_no_room_is_put_shorter(tiny_model):
    answers = {}
    asked = [
        Question(("again " * 2000, "again " * 400, "Write."), ""),
        Question(("Write.",), "```python\ndef strategy"),
    ]
    author(tiny_model, context=600, max_tokens=40).write(asked, 0, answers.__setitem__, lambda: False)
    assert answers[0].asked != asked[0].wordings[0]
    assert answers[0].tokens_in < 600
    assert answers[1].text.startswith("```python\ndef strategy")
    assert answers[1].tokens_out <= 40
    with pytest.raises(ValueError, match="has room for 260 tokens"):
        author(tiny_model, context=260).write([Question(("again " * 2000,))], 0, answers.__setitem__, lambda: False)
