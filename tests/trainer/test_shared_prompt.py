"""Computing a group's log-probabilities with one pass over the prompt gives TRL's numbers and TRL's gradient."""

import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM
from trl.trainer.utils import selective_log_softmax_and_entropy

from grpo_arcade.trainer import shared_prompt


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=97, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=8, max_position_embeddings=128, tie_word_embeddings=True,
    )  # fmt: skip
    return Qwen3ForCausalLM(config)


def _as_trl(model, prompt, completions, mask, temperature):
    rows, length = completions.shape
    ids = torch.cat([prompt.expand(rows, -1), completions], dim=1)
    attention = torch.cat([torch.ones(rows, prompt.shape[1], dtype=torch.long), mask], dim=1)
    logits = model(input_ids=ids, attention_mask=attention, logits_to_keep=length + 1, use_cache=False).logits[:, :-1]
    return selective_log_softmax_and_entropy(
        logits, completions, entropy_requires_grad=False, temperature=temperature, row_mask=mask
    )


@pytest.mark.parametrize("length", [1, 2, 13])
@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_values_and_gradients_are_those_of_the_whole_sequence(model, length, temperature):
    torch.manual_seed(length)
    # More than go through at once, and two of which nothing is learnt.
    prompt, completions = torch.randint(0, 97, (1, 11)), torch.randint(0, 97, (21, length))
    lengths = torch.cat([torch.tensor([length, 1, 0, 0]), torch.randint(1, length + 1, (17,))])
    mask = (torch.arange(length) < lengths[:, None]).long()
    weights = torch.randn(21, length)
    found = []
    for way in (_as_trl, lambda *arguments: shared_prompt.logps_and_entropies(*arguments)):
        model.zero_grad()
        logps, entropies = way(model, prompt, completions, mask, temperature)
        (logps * weights).sum().backward()
        gradient = torch.cat([weight.grad.flatten() for weight in model.parameters()])
        found.append((logps.detach(), entropies.detach(), gradient))
    for trl, ours in zip(*found, strict=True):
        torch.testing.assert_close(ours, trl, rtol=1e-4, atol=1e-5)


def test_in_bfloat16_the_gradient_points_the_same_way(model):
    torch.manual_seed(3)
    prompt, completions = torch.randint(0, 97, (1, 11)), torch.randint(0, 97, (21, 9))
    mask, weights, found = torch.ones(21, 9, dtype=torch.long), torch.randn(21, 1), []
    for low in (False, True):
        model.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            logps, _ = shared_prompt.logps_and_entropies(model, prompt, completions, mask, 1.0)
        (logps * weights).sum().backward()
        found.append(torch.cat([weight.grad.flatten() for weight in model.parameters()]).double())
    assert (found[1] - found[0]).norm() < 0.03 * found[0].norm()


def test_it_stands_aside_where_prompts_differ_are_padded_or_attention_is_not_plain(model):
    same, mask = torch.ones(3, 4, dtype=torch.long), torch.ones(3, 4, dtype=torch.long)
    assert shared_prompt.applies(model, same, mask)
    different = same.clone()
    different[1, 0] = 2
    assert not shared_prompt.applies(model, different, mask)
    padded = mask.clone()
    padded[0, 0] = 0
    assert not shared_prompt.applies(model, same, padded)
    model.config.sliding_window = 4
    try:
        assert not shared_prompt.applies(model, same, mask)
    finally:
        model.config.sliding_window = None
