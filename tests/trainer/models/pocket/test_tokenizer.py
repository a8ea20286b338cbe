"""The tokenizer keeps any text, spends few tokens on what is always the same, and is the one this code trains."""

import json
import re
from random import Random
from statistics import fmean

from hypothesis import given, settings
from hypothesis import strategies as st

from grpo_arcade.games.registry import make
from grpo_arcade.trainer.models import POCKET, load
from grpo_arcade.trainer.models.pocket.acceptance import KNOWN
from grpo_arcade.trainer.models.pocket.grammar import answers_for, draw
from grpo_arcade.trainer.models.pocket.pretrain import PretrainConfig, tokenizer_texts
from grpo_arcade.trainer.models.pocket.tokenizer import train_tokenizer

TOKENIZER = load("pocket")[1]


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_comes_back(text):
    ids = TOKENIZER(text, add_special_tokens=False)["input_ids"]
    specials = set(TOKENIZER.all_special_tokens)
    if not any(token in text for token in specials):
        assert TOKENIZER.decode(ids) == text


def test_every_example_comes_back_byte_for_byte():
    for i in range(300):
        completion = draw(f"round trip/{i}").completion
        assert TOKENIZER.decode(TOKENIZER(completion)["input_ids"]) == completion


def test_the_prompt_and_a_program_are_short():
    lengths = [len(TOKENIZER(draw(f"length/{i}").completion)["input_ids"]) for i in range(300)]
    assert fmean(lengths) < 60
    assert max(lengths) <= 200
    for game in KNOWN:
        assert len(TOKENIZER(make(game).prompt())["input_ids"]) < 280, game


def test_a_name_is_the_same_tokens_in_the_prompt_and_in_the_program():
    copied = 0
    for number in range(60):
        example = answers_for("made-up", Random(f"names/{number}"), 1)[0]
        asked, written = (quoted(text) for text in (example.prompt, example.completion))
        for name in written.keys() & asked.keys():
            assert asked[name] == written[name], name
            assert len(asked[name]) == 1, name
            copied += 1
    assert copied > 100


def quoted(text):
    """Each name in quotes with its tokens, the quote before it included, and nothing but them."""
    encoding = TOKENIZER(text, add_special_tokens=False, return_offsets_mapping=True)
    tokens = list(zip(encoding["input_ids"], encoding["offset_mapping"], strict=True))
    found = {}
    for match in re.finditer(r'"([^"\n]+)"', text):
        begin, end = match.start(), match.end(1)
        inside = tuple(token for token, (start, stop) in tokens if begin <= start < stop <= end)
        if TOKENIZER.decode(inside) == text[begin:end]:
            found.setdefault(match[1], set()).add(inside)
    return found


def test_the_chat_template_ends_where_the_answer_begins():
    question = [{"role": "user", "content": "Q"}]
    assert (
        TOKENIZER.apply_chat_template(question, add_generation_prompt=True, tokenize=False) == "<|user|>Q<|assistant|>"
    )
    answered = [*question, {"role": "assistant", "content": "A"}]
    assert TOKENIZER.apply_chat_template(answered, tokenize=False) == "<|user|>Q<|assistant|>A<|end|>"


def test_the_shipped_tokenizer_is_the_one_this_code_trains():
    config = json.loads((POCKET / "pretrain.json").read_text())["config"]
    trained = train_tokenizer(tokenizer_texts(PretrainConfig(seed=config["seed"])), config["vocab_size"])
    assert json.loads(trained.backend_tokenizer.to_str()) == json.loads((POCKET / "tokenizer.json").read_text())
