"""What default training does to the probability of each kind of answer: the right ones become likelier, failures rarer.

The model is tiny and knows four answers by heart, one of each kind a weak model gives; all of them begin alike likely.
Only a real GRPO run on real games says which is which.
"""

import math
import statistics

import pytest
import torch

from grpo_arcade.games import make
from grpo_arcade.games.twenty48.toolbox import TOOLBOX
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.grpo import train
from grpo_arcade.trainer.models import load
from grpo_arcade.trainer.models.chat import prompt_ids
from tests.trainer.conftest import PROGRAM, make_tiny_model

ANSWERS = {
    "plays": PROGRAM.format(order="WASD"),
    "gets stuck": '```python\ndef strategy(board):\n    return "W"\n```',
    "crashes": "```python\ndef strategy(board):\n    return board[9][0]\n```",
    "is no program": "First, let us think about what a good move would be.",
}
"""From best to worst."""


@pytest.fixture(scope="module")
def undecided(tmp_path_factory):
    """A model that gives each answer one time in four."""
    taught = [(make("2048").prompt(), answer) for answer in ANSWERS.values()]
    return make_tiny_model(tmp_path_factory.mktemp("undecided"), train_steps=150, taught=taught)


def log_probabilities(folder, asked=None, answers=ANSWERS):
    """Of each answer, whole."""
    model, tokenizer = load(folder)
    prompt = prompt_ids(tokenizer, asked or make("2048").prompt())
    found = {}
    for kind, answer in answers.items():
        ids = tokenizer(answer, add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1]
        steps = torch.log_softmax(logits.double(), -1)
        found[kind] = float(steps[range(len(ids)), ids].sum())
    return found


def test_default_rewards_make_the_right_answers_likelier(undecided, tmp_path):
    config = TrainConfig(
        model=undecided, output_dir=str(tmp_path), run_key="00" * 16, num_generations=16,
        per_device_train_batch_size=8, gradient_accumulation_steps=2, max_steps=16, max_completion_length=320,
        train_seeds=2, eval_steps=0, eval_strategies=1, eval_seeds=1, save_steps=16, learning_rate=1e-3, warmup_steps=0,
        threads=1, workers=1,
    )  # fmt: skip
    before = log_probabilities(undecided)
    assert min(before.values()) > math.log(0.1)
    result = train(config)
    with RunReader(result.folder) as run:
        rows = [row for step in range(1, 4) for row in run.strategies(step)]
    earned = {
        outcome: statistics.fmean(row["reward"] for row in rows if row["outcome"] == outcome)
        for outcome in ("lost", "stuck", "crashed", "no_code")
    }
    assert list(earned) == sorted(earned, key=earned.__getitem__, reverse=True)
    after = log_probabilities(str(result.folder / "checkpoint-16"))
    gain = {kind: after[kind] - before[kind] for kind in ANSWERS}
    assert gain["plays"] > max(0.5, gain["gets stuck"])
    assert max(gain["crashes"], gain["is no program"]) < -1


def test_answers_that_end_by_another_token_than_the_tokenizers_are_learnt_from(tiny_model, tmp_path):
    """A chat model's turn often ends by a token of its own; taken for cut off, all of them would be left out."""
    import shutil

    folder = tmp_path / "chat"
    shutil.copytree(tiny_model, folder)
    model, tokenizer = load(str(folder))
    turn_ends = tokenizer.eos_token_id
    model.generation_config.eos_token_id = turn_ends
    model.generation_config.save_pretrained(folder)
    tokenizer.eos_token = tokenizer.convert_ids_to_tokens(5)
    tokenizer.save_pretrained(folder)
    config = TrainConfig(
        model=str(folder), output_dir=str(tmp_path), run_key="00" * 16, num_generations=8,
        per_device_train_batch_size=8, gradient_accumulation_steps=1, max_steps=2, max_completion_length=120,
        train_seeds=1, eval_steps=0, eval_strategies=1, eval_seeds=1, learning_rate=1e-4, threads=1, workers=1,
    )  # fmt: skip
    result = train(config)
    with RunReader(result.folder) as run:
        steps = run.steps()
    assert max(row["clipped_ratio"] for row in steps) < 1
    assert all(row["grad_norm"] > 0 and row["entropy"] > 0 for row in steps if row["reward_std"] > 0)
    assert any(row["reward_std"] > 0 for row in steps)


PLAIN = f"```python\n{TOOLBOX.example.strip()}\n```"
BETTER = PLAIN.replace(
    "value = points", "value = points + max([slide(new_board, m)[1] for m in legal_moves(new_board)], default=0)"
)
ASKED = "Write a strategy.\n"


@pytest.fixture(scope="module")
def one_sided(tmp_path_factory):
    """A model that mostly writes the prompt's example, and one time in four a program that scores twice as much."""
    taught = [(ASKED, answer) for answer in [PLAIN] * 5 + [BETTER] * 2 + [ANSWERS["crashes"]]]
    return make_tiny_model(tmp_path_factory.mktemp("one-sided"), train_steps=200, taught=taught)


def test_where_copies_share_the_better_program_grows_and_not_the_copies(one_sided, tmp_path):
    """As GRPO has it both grow, and the copies are ahead."""
    before = log_probabilities(one_sided, ASKED, {"copies": PLAIN, "better": BETTER})
    assert math.log(0.4) < before["copies"]
    assert math.log(0.05) < before["better"] < math.log(0.35)
    config = TrainConfig(
        model=one_sided, output_dir=str(tmp_path), run_key="00" * 16, toolbox=True, prompt=ASKED, copies="shared",
        risk_seeking=1.0, num_generations=32, per_device_train_batch_size=16, gradient_accumulation_steps=2, max_steps=5,
        max_completion_length=200, train_seeds=1, eval_steps=0, eval_strategies=1, eval_seeds=1, save_steps=5,
        learning_rate=3e-4, warmup_steps=0, threads=1, workers=1, beta=0.0,
    )  # fmt: skip
    result = train(config)
    with RunReader(result.folder) as run:
        for step in range(1, 6):
            plays = [row for row in run.strategies(step) if row["outcome"] == "lost"]
            best, least = max(row["score"] for row in plays), min(row["score"] for row in plays)
            of_copies = [row["advantage"] for row in plays if row["score"] == least]
            assert sum(of_copies) < sum(row["advantage"] for row in plays if row["score"] == best)
    after = log_probabilities(str(result.folder / "checkpoint-5"), ASKED, {"copies": PLAIN, "better": BETTER})
    assert after["better"] > before["better"] + 0.1
    assert after["copies"] < before["copies"]
