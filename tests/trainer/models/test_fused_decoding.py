"""A small model's forward pass with fewer operations: the same distributions as transformers', row by row."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

from grpo_arcade.trainer.models.decoding import Growing, decoder
from grpo_arcade.trainer.models.fused_decoding import Fused, is_fusible

SHAPE = {
    "vocab_size": 97, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 128,
}  # fmt: skip


def model(kind=Qwen3ForCausalLM, config=Qwen3Config, **changed):
    torch.manual_seed(0)
    return kind(config(**SHAPE, **changed)).eval()


def distributions(writing, steps=9):
    """Of the next token of each row, by row: rows leave from the front, the middle and the end."""
    rows, found = list(range(5)), []
    leaving = {2: 0, 4: 3, 5: 4}
    for step in range(steps):
        if (gone := leaving.get(step)) in rows:
            places = [place for place, row in enumerate(rows) if row != gone]
            rows = [rows[place] for place in places]
            writing.keep(places)
        writing.step(torch.tensor([(7 * row + 3 * step) % 97 for row in rows]))
        found.append(writing.logits.float().log_softmax(-1))
    return found


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(("low", "apart"), [(False, 1e-5), (True, 0.03)])
def test_it_computes_what_transformers_does(tied, low, apart):
    learner = model(tie_word_embeddings=tied)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=low):
        fused = decoder(learner, [[3, 1, 4, 1]] * 5, 0, 9)
        assert isinstance(fused, Fused)
        for ours, theirs in zip(
            distributions(fused), distributions(Growing(learner, [[3, 1, 4, 1]] * 5, 0)), strict=True
        ):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=apart)


def test_weights_of_bfloat16_are_computed_with_as_they_are():
    learner = model().bfloat16()
    with torch.inference_mode():
        pairs = zip(
            distributions(decoder(learner, [[3, 1, 4]] * 5, 0, 9)),
            distributions(Growing(learner, [[3, 1, 4]] * 5, 0)),
            strict=True,
        )
        for ours, theirs in pairs:
            torch.testing.assert_close(ours, theirs, rtol=0, atol=0.05)


def test_other_models_prompts_of_several_lengths_and_what_may_grow_too_long_are_left_to_transformers():
    from peft import LoraConfig, get_peft_model

    assert is_fusible(model())
    assert not is_fusible(model(LlamaForCausalLM, LlamaConfig))
    assert not is_fusible(model(attention_bias=True))
    assert not is_fusible(model(hidden_act="gelu"))
    assert not is_fusible(get_peft_model(model(), LoraConfig(target_modules=["q_proj"])))
    with torch.inference_mode():
        assert isinstance(decoder(model(), [[1, 2], [1, 2, 3]], 0, 4), Growing)
        assert isinstance(decoder(model(), [[1, 2]], 0, 127), Growing)  # more than it has positions
