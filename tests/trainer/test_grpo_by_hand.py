"""The example that does GRPO by hand: its parts are TRL's, and its score on held-out seeds rises."""

import importlib.util
import math
from pathlib import Path

import pytest
import torch

from grpo_arcade.games import make
from tests.trainer.conftest import make_tiny_model

EXAMPLE = Path(__file__).parents[2] / "examples" / "grpo_by_hand.py"
ANYWHERE = '```python\nimport random\ndef strategy(board):\n    return random.choice("WASD")\n```'
STUCK = '```python\ndef strategy(board):\n    return "W"\n```'


@pytest.fixture(scope="module")
def by_hand():
    spec = importlib.util.spec_from_file_location("grpo_by_hand", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_can_be_read_at_a_sitting():
    source = EXAMPLE.read_text()
    assert len(source.splitlines()) <= 150
    assert "trl" not in [
        line.split()[1].split(".")[0] for line in source.splitlines() if line.startswith(("import", "from"))
    ]


def test_a_model_that_knows_a_good_program_and_a_bad_one_comes_to_prefer_the_good(by_hand, tmp_path, capsys):
    prompt = make("2048").prompt()
    model = make_tiny_model(tmp_path / "model", 160, [(prompt, ANYWHERE), *[(prompt, STUCK)] * 3])
    torch.set_num_threads(1)
    order = ["--model", model, "--steps", "6", "--group", "12", "--games", "1", "--held-out", "12", "--length", "60"]
    before, after = by_hand.main([*order, "--learning-rate", "3e-4", "--key", "00" * 8])
    assert after > 1.3 * before > 0, capsys.readouterr().out


def test_completions_that_fail_earn_nothing_and_the_others_their_mean_score(by_hand):
    options, seeds = make("2048").options, [0, 1]
    assert by_hand.reward("I cannot.", options, seeds) == 0
    assert by_hand.reward("```python\ndef strategy(board):\n    return board[9]\n```", options, seeds) == 0
    assert 300 < by_hand.reward(ANYWHERE, options, seeds) < 4000


def test_the_advantages_of_a_group_have_no_sum_and_one_of_equals_teaches_nothing(by_hand):
    found = by_hand.advantages([1.0, 2.0, 6.0])
    assert found.sum().item() == pytest.approx(0, abs=1e-5)
    assert (found > 0).tolist() == [False, False, True]
    assert by_hand.advantages([5.0, 5.0, 5.0]).tolist() == [0, 0, 0]


def test_the_loss_makes_likelier_what_did_better_and_stops_where_the_ratio_is_clipped(by_hand):
    then = torch.log(torch.tensor([[0.5, 0.5], [0.5, 0.5]]))
    mask = torch.tensor([[1.0, 1.0], [1.0, 0.0]])
    better = torch.tensor([1.0, -1.0])
    now = then.clone().requires_grad_()
    by_hand.loss(now, then, then, mask, better).backward()
    # Each of the three tokens by a third; what is padding counts for nothing.
    assert now.grad.tolist() == [pytest.approx([-1 / 3, -1 / 3]), pytest.approx([1 / 3, 0])]
    far = (then + math.log(1.3)).requires_grad_()
    by_hand.loss(far, then, far.detach(), mask, better).backward()
    assert far.grad[0].tolist() == pytest.approx([0, 0], abs=1e-6)
    assert far.grad[1, 0] > 0


def test_the_divergence_pulls_back_to_the_model_before_training(by_hand):
    reference = torch.log(torch.tensor([[0.5]]))
    now = torch.log(torch.tensor([[0.8]])).requires_grad_()
    by_hand.loss(now, now.detach(), reference, torch.ones(1, 1), torch.zeros(1)).backward()
    # Gradient descent lowers the log-probability that has risen.
    assert now.grad.item() > 0
