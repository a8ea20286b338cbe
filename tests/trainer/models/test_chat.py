"""A completion is the same text wherever a model is asked: ended by any of its ending tokens, its channels kept."""

import copy

import pytest

from grpo_arcade.trainer.models.chat import completion_text, ending_tokens, is_cut_off, prompt_ids
from grpo_arcade.trainer.models.sampler import sample


def test_a_prompt_ends_where_the_answer_begins(pocket):
    _, tokenizer = pocket
    assert tokenizer.decode(prompt_ids(tokenizer, "Q")) == "<|user|>Q<|assistant|>"


def test_every_ending_token_of_a_chat_model_ends_a_completion(pocket):
    model, tokenizer = pocket
    assert ending_tokens(model, tokenizer) == {tokenizer.eos_token_id}
    several = copy.deepcopy(model)
    other = tokenizer.convert_tokens_to_ids("<|user|>")
    several.generation_config.eos_token_id = [tokenizer.eos_token_id, other]
    ends = ending_tokens(several, tokenizer)
    assert ends == {tokenizer.eos_token_id, other}
    ids = tokenizer("def strategy(board):")["input_ids"]
    for end in ends:
        assert completion_text(tokenizer, [*ids, end], ends) == "def strategy(board):"
        assert not is_cut_off([*ids, end], ends)
    assert is_cut_off(ids, ends)
    assert is_cut_off([], ends)
    assert completion_text(tokenizer, [tokenizer.eos_token_id], ends) == ""


def test_the_sampler_stops_at_the_tokens_that_end_a_completion(pocket, prompt_ids):
    model, tokenizer = pocket
    [whole] = sample(model, tokenizer, [prompt_ids()], max_new_tokens=20, temperature=0)
    several = copy.deepcopy(model)
    several.generation_config.eos_token_id = [tokenizer.eos_token_id, whole[3]]
    [short] = sample(several, tokenizer, [prompt_ids()], max_new_tokens=20, temperature=0)
    assert short == whole[: whole.index(whole[3]) + 1]


def test_markers_of_channels_stay_in_the_text(pocket):
    model, tokenizer = pocket
    ids = tokenizer("<|assistant|>thinking<|user|>answer<|end|>", add_special_tokens=False)["input_ids"]
    text = completion_text(tokenizer, ids, ending_tokens(model, tokenizer))
    assert text == "<|assistant|>thinking<|user|>answer"


def test_a_thought_that_the_template_begins_is_part_of_the_text(pocket):
    _, tokenizer = pocket
    thinks = copy.deepcopy(tokenizer)
    thinks.chat_template += "<think>"
    ids, ends = tokenizer("no\n</think>yes")["input_ids"], frozenset({tokenizer.eos_token_id})
    assert completion_text(thinks, ids, ends, prompt_ids(thinks, "Q")) == "<think>no\n</think>yes"
    assert completion_text(tokenizer, ids, ends, prompt_ids(tokenizer, "Q")) == "no\n</think>yes"


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{{ raise_exception('Conversations begin\n with a system message') }}", "begin with a system message"),
        ("{% for message in messages %}{{ message['content']['text'] }}{% endfor %}{{ nothing.there }}", "undefined"),
        ("{% if messages %}", "Unexpected end"),
        ("{{ raise_exception('\x1b[2Jgone') }}", "gone"),
    ],
)
def test_a_template_that_fails_is_one_line_that_names_the_model(pocket, template, says):
    _, tokenizer = pocket
    fails = copy.deepcopy(tokenizer)
    fails.chat_template = template
    with pytest.raises(ValueError, match=r"chat_template\.jinja") as refused:
        prompt_ids(fails, "Q")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "\x1b" not in str(refused.value)
