"""The sampler writes what the model believes: greedily what ``generate`` writes, by chance what the seed says."""

import pytest
import torch
from peft import get_peft_model

from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.models import decoding, fused_decoding
from grpo_arcade.trainer.models.backends import choose
from grpo_arcade.trainer.models.learner import open_learner
from grpo_arcade.trainer.models.loading import load
from grpo_arcade.trainer.models.sampler import _choose, sample
from grpo_arcade.trainer.models.transformers_backend import experts_folded


def generated(model, tokenizer, prompt, limit):
    """Greedy completion by the library's own loop."""
    out = model.generate(torch.tensor([prompt]), do_sample=False, max_new_tokens=limit)
    return out[0, len(prompt) :].tolist()


def test_greedy_is_what_generate_writes(pocket, prompt_ids):
    prompt = prompt_ids()
    completions = sample(*pocket, [prompt] * 3, max_new_tokens=60, temperature=0)
    assert completions == [generated(*pocket, prompt, 60)] * 3
    assert completions[0][-1] == pocket[1].eos_token_id


def test_prompts_of_different_lengths_share_a_batch_without_disturbing_each_other(pocket, prompt_ids):
    short = prompt_ids()
    model, tokenizer = pocket
    long = tokenizer("def strategy(board):\n" + "    # a comment nobody wrote before\n" * 3)["input_ids"]
    assert len(long) > len(short)
    prompts = [short, long, long, short]
    completions = sample(model, tokenizer, prompts, max_new_tokens=24, temperature=0)
    assert completions == [generated(model, tokenizer, prompt, 24) for prompt in prompts]


def test_a_seed_fixes_the_completions_in_any_batching(pocket, prompt_ids):
    prompts = [prompt_ids()] * 9
    first = sample(*pocket, prompts, max_new_tokens=80, seed=5)
    assert len(set(map(tuple, first))) > 4
    assert sample(*pocket, prompts, max_new_tokens=80, seed=5) == first
    assert sample(*pocket, prompts, max_new_tokens=80, seed=5, micro_batch=2) == first
    assert sample(*pocket, prompts, max_new_tokens=80, generator=torch.Generator().manual_seed(5)) == first
    assert sample(*pocket, prompts, max_new_tokens=80, seed=6) != first


def test_a_cache_of_fixed_size_gives_the_same_completions_whenever_rows_end(pocket, prompt_ids, monkeypatch):
    model, tokenizer = pocket
    long = tokenizer("def strategy(board):\n" + "    # a comment nobody wrote before\n" * 3)["input_ids"]
    prompts = [*[prompt_ids()] * 8, long, long]
    expected = sample(model, tokenizer, prompts, max_new_tokens=64, seed=5)
    assert len({len(each) for each in expected}) > 2, "the batch is to shrink more than once"
    sizes = []

    def fixed(*asked):
        growing = decoding.Growing(*asked)
        assert not growing.windowed
        made = decoding.Fixed(growing, 64, recorded=False)

        def recorded():
            sizes.append(len(made._ids))
            if len(sizes) == 1:
                raise RuntimeError("out of memory")

        monkeypatch.setattr(made, "_record", recorded)
        return made

    monkeypatch.setattr("grpo_arcade.trainer.models.sampler.decoder", lambda *asked: fixed(*asked[:3]))
    monkeypatch.setattr(decoding, "_UNRECORDED", set())
    with pytest.warns(RuntimeWarning, match="written without a CUDA graph"):
        assert sample(model, tokenizer, prompts, max_new_tokens=64, seed=5) == expected
    assert sizes
    assert max(sizes) <= 5, "rows that have ended are computed until half have"


def test_a_graph_is_for_large_models_whose_layers_see_all_tokens(pocket, gpt_oss, monkeypatch):
    assert not decoding.is_for_graphs(pocket[0])
    assert not decoding.replays(pocket[0])
    monkeypatch.setattr(fused_decoding, "_FEW_WEIGHTS", 1000)
    assert decoding.is_for_graphs(pocket[0])
    assert not decoding.replays(pocket[0]), "there is no card here"
    assert not decoding.is_for_graphs(load(gpt_oss)[0]), "half of its layers see a window"


def test_a_cache_for_which_there_is_little_room_grows(pocket, prompt_ids, monkeypatch):
    growing = decoding.Growing(pocket[0], [prompt_ids()] * 3, 0)
    each = pocket[0].config.get_text_config()
    heads = getattr(each, "num_key_value_heads", each.num_attention_heads)
    wanted = 3 * 100 * heads * (each.hidden_size // each.num_attention_heads) * 2 * 4 * each.num_hidden_layers
    assert growing.nbytes(100) == wanted
    monkeypatch.setattr(decoding, "_free", lambda: 2 * growing.nbytes(growing.width + 8) - 1)
    assert decoding._replayed(growing, 8) is growing


def test_what_cannot_be_recorded_is_written_as_elsewhere_and_tried_once(pocket, prompt_ids, monkeypatch):
    tried = []

    def refused(*asked, **settings):
        tried.append(asked)
        raise RuntimeError("operation not permitted when stream is capturing")

    expected = sample(*pocket, [prompt_ids()], max_new_tokens=8, temperature=0)
    monkeypatch.setattr(decoding, "_UNRECORDED", set())
    monkeypatch.setattr(decoding, "replays", lambda model: model not in decoding._UNRECORDED)
    monkeypatch.setattr(decoding, "_free", lambda: 2**30)
    monkeypatch.setattr(decoding, "Fixed", refused)
    with pytest.warns(RuntimeWarning, match="written without a CUDA graph, .* not permitted"):
        assert sample(*pocket, [prompt_ids()], max_new_tokens=8, temperature=0) == expected
    assert sample(*pocket, [prompt_ids()], max_new_tokens=8, temperature=0) == expected
    assert len(tried) == 1


def test_nobody_elses_randomness_is_touched(pocket, prompt_ids):
    before = torch.get_rng_state()
    sample(*pocket, [prompt_ids()], max_new_tokens=5)
    assert torch.equal(before, torch.get_rng_state())


def test_a_training_model_is_given_back_as_it_came(pocket, prompt_ids):
    model, tokenizer = pocket
    model.train()
    try:
        sample(model, tokenizer, [prompt_ids()], max_new_tokens=2)
        assert model.training
        assert all(p.requires_grad and not p.is_inference() for p in model.parameters())
    finally:
        model.eval()


def test_a_completion_is_handed_over_while_the_others_still_run(pocket, prompt_ids):
    events = []
    completions = sample(
        *pocket,
        [prompt_ids()] * 12,
        max_new_tokens=100,
        seed=3,
        on_finished=lambda index, ids: events.append(("end", index, tuple(ids))),
        on_token=lambda index, token: events.append(("token", index, token)),
    )
    ends = [event for event in events if event[0] == "end"]
    assert sorted(index for _, index, _ in ends) == list(range(12))
    assert all(tuple(completions[index]) == ids for _, index, ids in ends)
    assert [len(ids) for *_, ids in ends] == sorted(len(ids) for *_, ids in ends)
    shortest = events.index(ends[0])
    assert any(kind == "token" for kind, *_ in events[shortest:])
    for index in range(12):
        assert [token for kind, row, token in events if kind == "token" and row == index] == completions[index]


def test_a_completion_is_cut_off_at_the_limit(pocket, prompt_ids):
    finished = []
    [ids] = sample(*pocket, [prompt_ids()], max_new_tokens=4, on_finished=lambda *event: finished.append(event))
    assert len(ids) == 4
    assert finished == [(0, ids)]


def test_tokens_come_as_often_as_the_model_believes():
    logits = torch.tensor([2.0, 0.0, -1.0, 1.0])
    draws = (torch.arange(10_000, dtype=torch.float64) + 0.5) / 10_000
    for temperature in (1.0, 0.5, 2.0):
        wanted = torch.softmax(logits.double() / temperature, dim=0)
        chosen = _choose(logits.expand(10_000, 4), draws, temperature)
        assert torch.allclose(torch.bincount(chosen, minlength=4).double() / 10_000, wanted, atol=2e-4)


def test_the_largest_draw_still_gives_a_token():
    logits = torch.zeros(1, 5)
    assert _choose(logits, torch.tensor([1 - 2**-53], dtype=torch.float64), 1.0).tolist() == [4]


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_new_tokens": 0},
        {"temperature": -1},
        {"temperature": float("nan")},
        {"micro_batch": 0},
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(pocket, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        sample(*pocket, [[5]], **{"max_new_tokens": 3, **wrong})


def test_an_empty_prompt_is_refused(pocket):
    with pytest.raises(ValueError, match="at least one token"):
        sample(*pocket, [[5], []], max_new_tokens=3)


def test_no_prompts_give_no_completions(pocket):
    assert sample(*pocket, [], max_new_tokens=3) == []


def test_adapters_on_experts_are_folded_in_while_sampling_and_no_weight_changes(gpt_oss):
    learner = open_learner(TrainConfig(model=gpt_oss, lora_r=2), choose(TrainConfig(backend="transformers")))
    model = get_peft_model(learner.model, learner.peft_config).eval()
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "lora_B" in name:
                weights.normal_(std=0.3)
    prompt = learner.tokenizer("def strategy(board):\n")["input_ids"]
    with model.disable_adapter():
        without = generated(model, learner.tokenizer, prompt, 12)
    before = {name: weights.clone() for name, weights in model.named_parameters()}
    passes = []
    experts = next(part for part in model.modules() if type(part).__name__ == "GptOssExperts")
    experts.register_forward_pre_hook(lambda part, _: passes.append(torch.nn.utils.parametrize.is_parametrized(part)))

    ours = sample(model, learner.tokenizer, [prompt] * 2, max_new_tokens=12, temperature=0)
    assert passes
    assert not any(passes)
    assert ours == [generated(model, learner.tokenizer, prompt, 12)] * 2 != [without] * 2
    assert any(passes)  # by itself the adapter is added again at every pass

    with pytest.raises(InterruptedError), experts_folded(model):
        raise InterruptedError
    assert all(torch.equal(weights, before[name]) for name, weights in model.named_parameters())
