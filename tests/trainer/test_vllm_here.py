"""vLLM in the process that learns: which weights reach it, and how its completions come back.

vLLM itself needs a card (``tests/gpu``). Here a module of its name keeps what it is given, in the calls it knows.
"""

import sys
import types
from pathlib import Path

import pytest
import torch

from grpo_arcade.trainer import vllm_here
from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.models import load
from grpo_arcade.trainer.models.card_memory import GB, CardMemory
from grpo_arcade.trainer.vllm_here import Engine, plain_weights, takes_adapters


@pytest.fixture
def adapted(tiny_model):
    """A bfloat16 model under a LoRA adapter whose change is smaller than the rounding of most weights."""
    from peft import LoraConfig, get_peft_model

    base, _ = load(tiny_model, dtype="bfloat16")
    model = get_peft_model(base, LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM"))
    torch.manual_seed(0)
    for name, weights in model.named_parameters():
        if "lora_B" in name:
            weights.data = torch.randn_like(weights).sign() * 5e-5
    return model


def test_what_an_adapter_has_learnt_reaches_the_plain_weights_unrounded(adapted, tiny_model):
    base, _ = load(tiny_model, dtype="bfloat16")
    before = {name: weights.clone() for name, weights in adapted.named_parameters()}
    plain = dict(plain_weights(adapted))
    assert set(plain) == {name for name, _ in base.named_parameters()}
    changed = 0
    for name, weights in base.named_parameters():
        if ".self_attn.q_proj." in name or ".mlp." in name:
            layer = adapted.base_model.model.get_submodule(name.removesuffix(".weight"))
            change = layer.get_delta_weight("default").float()
            assert torch.equal(plain[name], weights.data.float() + change)
            # Added in 16 bits most of it would be lost.
            rounded = (weights.data + change.bfloat16()).float() - weights.data.float()
            assert (rounded - change).norm() > 0.5 * change.norm()
            changed += 1
    assert changed > 3
    assert all(torch.equal(weights, before[name]) for name, weights in adapted.named_parameters())


def test_adapters_that_vllm_cannot_have_are_added_to_the_weights(adapted, tiny_model):
    assert takes_adapters(adapted)
    assert not takes_adapters(load(tiny_model)[0])
    adapted.peft_config["default"].target_parameters = ["experts.gate_up_proj"]
    assert not takes_adapters(adapted)


class StandIn:
    """Keeps its orders; answers the second request first, in two steps of the engine."""

    made = None

    def __init__(self, **order):
        if order["gpu_memory_utilization"] == 0.7:
            raise AssertionError("Error in memory profiling. Initial free memory 62.02 GiB, current 100.87 GiB.")
        if order["gpu_memory_utilization"] > 0.9:
            raise ValueError("Free memory on device (3.1/79.1 GiB) on startup is less than desired\nGPU memory")
        if order["gpu_memory_utilization"] == 0.05:
            raise ValueError(
                "No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing "
                "the engine (this flag also controls CPU memory reservation on the CPU backend, despite its name)."
            )
        StandIn.made, self.order, self.llm_engine, self.log = self, order, self, []
        self.waiting, self.loaded, self.card_fills = [], [], False
        inside = types.SimpleNamespace(load_weights=lambda pairs: self.loaded.extend(name for name, _ in pairs))
        runner = types.SimpleNamespace(model_runner=types.SimpleNamespace(model=inside))
        self.model_executor = types.SimpleNamespace(driver_worker=runner, is_sleeping=False, sleeping_tags=set())

    def enqueue(self, prompts, params, lora_request, use_tqdm):
        self.log.append(("enqueue", len(prompts), vars(params), lora_request))
        self.waiting = [(str(7 + place), prompt["prompt_token_ids"]) for place, prompt in enumerate(prompts)]
        return [f"{number}-1f2e3d4c" for number, _ in self.waiting]

    def has_unfinished_requests(self):
        return bool(self.waiting)

    def step(self):
        number, ids = self.waiting.pop()
        tokens = [*ids, 99]
        probabilities = types.SimpleNamespace(logprobs=[-token / 100 for token in tokens])
        written = types.SimpleNamespace(token_ids=tokens, logprobs=probabilities)
        going_on = types.SimpleNamespace(finished=False, request_id=number, outputs=[])
        return [going_on, types.SimpleNamespace(finished=True, request_id=number, outputs=[written])]

    def abort_request(self, ids, internal):
        self.log.append(("abort", tuple(ids)))
        self.waiting = []

    def sleep(self, level):
        """As vLLM 0.24 does: memory given back, the card asked, and only then noted that it sleeps."""
        if self.model_executor.is_sleeping:
            return
        self.log.append(("sleep", level))
        assert not self.card_fills, "Memory usage increased after sleeping."
        self.model_executor.sleeping_tags, self.model_executor.is_sleeping = {"weights", "kv_cache"}, True

    def wake_up(self):
        if not self.model_executor.is_sleeping:
            return
        self.log.append(("wake",))
        self.model_executor.sleeping_tags.clear()
        self.model_executor.is_sleeping = False

    def reset_prefix_cache(self):
        self.log.append(("reset",))


@pytest.fixture
def vllm(monkeypatch):
    """The module that stands in for vLLM."""

    def keeps(**values):
        return types.SimpleNamespace(**values)

    request = types.SimpleNamespace(LoRARequest=lambda name, number, path: (name, number, path))
    monkeypatch.setitem(sys.modules, "vllm", types.SimpleNamespace(LLM=StandIn, SamplingParams=keeps))
    monkeypatch.setitem(sys.modules, "vllm.lora", types.SimpleNamespace(request=request))
    monkeypatch.setitem(sys.modules, "vllm.lora.request", request)
    monkeypatch.setattr("torch.cuda.empty_cache", lambda: None)
    for variable in ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        # What the engine sets for itself is gone after the test.
        monkeypatch.setenv(variable, "1")


ORDER = {"first": 0, "seed": 1, "max_new_tokens": 5, "temperature": 0.7}


def test_an_adapter_goes_over_as_it_is_and_completions_come_as_they_end(adapted, vllm, tmp_path):
    from safetensors.torch import load_file

    engine = Engine.beside(adapted, TrainConfig(lora_r=4).resolved(), 300)
    made = StandIn.made
    assert (made.order["enable_lora"], made.order["max_lora_rank"], made.order["max_loras"]) == (True, 8, 1)
    assert made.order["max_model_len"] >= 300 + 128
    for number in (1, 2):
        engine.load(adapted)
        seen = {}
        completions, logprobs = engine([[1], [2, 3]], on_finished=seen.__setitem__, **ORDER)
        assert list(seen.items()) == [(1, [2, 3, 99]), (0, [1, 99])]
        assert completions == [[1, 99], [2, 3, 99]]
        assert logprobs == [[-0.01, -0.99], [-0.02, -0.03, -0.99]]
        _, count, params, (_, again, folder) = made.log[-1]
        assert (count, again, params["temperature"], params["max_tokens"]) == (2, number, 0.7, 5)
        kept = load_file(Path(folder) / "adapter_model.safetensors")
        own = {name.replace(".default", ""): weights for name, weights in adapted.named_parameters() if "lora_" in name}
        assert set(kept) == set(own)
        assert all(torch.equal(kept[name], own[name]) for name in kept)
        engine.rest()
        assert made.log[-1] == ("sleep", 1)
        assert not made.loaded
    assert made.log.count(("wake",)) == 1
    assert [path.name for path in Path(folder).parent.iterdir()] == ["2"]


def test_whole_weights_go_over_by_name(tiny_model, vllm):
    model, _ = load(tiny_model)
    engine = Engine.beside(model, TrainConfig(vllm_enable_sleep_mode=False).resolved(), 300)
    engine.load(model)
    assert "enable_lora" not in StandIn.made.order
    assert StandIn.made.loaded == [name for name, _ in model.named_parameters()]
    engine.rest()
    assert ("sleep", 1) not in StandIn.made.log


def test_a_saved_adapter_is_asked_on_its_base(adapted, tiny_model, vllm, tmp_path):
    from grpo_arcade.trainer.models.loading import open_generation_config

    adapted.save_pretrained(tmp_path)
    engine = Engine.of(str(tmp_path), longest=300, sequences=8)
    assert (StandIn.made.order["model"], StandIn.made.order["max_lora_rank"]) == (tiny_model, 8)
    engine([[1]], on_finished=lambda place, ids: None, **ORDER)
    assert StandIn.made.log[-1][-1] == ("adapter", 1, str(tmp_path))
    Engine.of(tiny_model, longest=300, sequences=8)
    assert "enable_lora" not in StandIn.made.order
    eos = load(tiny_model)[0].generation_config.eos_token_id
    assert open_generation_config(str(tmp_path)).eos_token_id == eos


def test_an_interrupted_step_leaves_nothing_under_way(tiny_model, vllm):
    model, _ = load(tiny_model)
    engine = Engine.beside(model, TrainConfig().resolved(), 300)

    def stop(place, ids):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine([[1], [2]], on_finished=stop, **ORDER)
    assert StandIn.made.log[-1] == ("abort", ("7-1f2e3d4c", "8-1f2e3d4c"))


def test_another_program_that_takes_memory_while_it_goes_to_sleep_changes_nothing(adapted, vllm):
    engine = Engine.beside(adapted, TrainConfig(lora_r=4).resolved(), 300)
    made = StandIn.made
    for _ in range(2):
        made.card_fills = True
        engine.load(adapted)
        engine.rest()
        engine.rest()
        assert made.model_executor.is_sleeping
        made.card_fills = False
        engine.load(adapted)
        completions, _ = engine([[1], [2, 3]], on_finished=lambda place, ids: None, **ORDER)
        assert completions == [[1, 99], [2, 3, 99]]
    assert made.log.count(("sleep", 1)) == made.log.count(("wake",)) == 2


def test_what_else_fails_while_it_goes_to_sleep_is_an_error(adapted, vllm, monkeypatch):
    engine = Engine.beside(adapted, TrainConfig(lora_r=4).resolved(), 300)

    def fails(self, level):
        raise AssertionError("something else")

    monkeypatch.setattr(StandIn, "sleep", fails)
    with pytest.raises(AssertionError, match="something else"):
        engine.rest()


def test_a_card_whose_memory_moves_while_vllm_starts_is_one_line(tiny_model, vllm):
    model, _ = load(tiny_model)
    with pytest.raises(ConfigError, match="another program on this card") as refusal:
        Engine.beside(model, TrainConfig(vllm_gpu_memory_utilization=0.7).resolved(), 300)
    assert "\n" not in str(refusal.value)


def test_too_little_memory_for_both_is_one_line_with_the_setting_to_change(tiny_model, vllm):
    model, _ = load(tiny_model)
    with pytest.raises(ConfigError, match="vllm_gpu_memory_utilization") as refusal:
        Engine.beside(model, TrainConfig(vllm_gpu_memory_utilization=0.95).resolved(), 300)
    assert "\n" not in str(refusal.value)


def card(others, free, own=5):
    """A card of which other programs hold so many GB, and this process so many."""
    return CardMemory(round(free * GB), round((others + free + own + 1) * GB), own * GB)


@pytest.mark.parametrize(
    ("share", "before", "after", "said"),
    [
        (
            0.05,
            card(0, 130),
            card(0, 120),
            r"5% of the card, 7 GB, .* a share up to 0.86, a lower max_completion_length",
        ),
        (0.05, card(90, 44), card(90, 40), r"other programs hold 90: a share up to 0.28"),
        (0.05, card(0, 130), card(60, 60), r"another program took 60 GB of this card while vLLM started"),
        (
            0.95,
            card(0, 120, 20),
            card(0, 120),
            r"120 of this card's 141 GB are free; .* 95% .*: at most 0.77 \(.*--no-use-vllm",
        ),
        (0.95, card(90, 40), card(90, 40), r"40 of .*136 GB.*other programs hold 90; .*at most 0.26, or wait until"),
        (0.7, card(90, 40), card(0, 130), r"gave memory back or took some while vLLM measured"),
    ],
)
def test_an_engine_that_does_not_start_says_who_holds_the_card_and_what_would_work(
    tiny_model, vllm, monkeypatch, share, before, after, said
):
    model, _ = load(tiny_model)
    moments = iter((before, after))
    monkeypatch.setattr(vllm_here, "card_memory", lambda: next(moments))
    with pytest.raises(ConfigError, match=said) as refusal:
        Engine.beside(model, TrainConfig(vllm_gpu_memory_utilization=share).resolved(), 300)
    assert "\n" not in str(refusal.value)


def test_on_a_card_that_others_use_vllm_is_given_its_cache_and_does_not_measure(tiny_model, vllm, monkeypatch):
    model, _ = load(tiny_model)
    weights = sum(path.stat().st_size for path in Path(tiny_model).glob("*.safetensors"))
    for memory, cache in ((card(0, 130), None), (card(90, 40), round(0.12 * 136 * GB) - weights - 3 * GB)):
        monkeypatch.setattr(vllm_here, "card_memory", lambda memory=memory: memory)
        Engine.beside(model, TrainConfig(vllm_gpu_memory_utilization=0.12).resolved(), 300)
        assert StandIn.made.order.get("kv_cache_memory_bytes") == pytest.approx(cache)


def test_an_engine_that_writes_alone_takes_what_others_left(tiny_model, vllm, monkeypatch):
    for memory, share in ((None, 0.8), (card(0, 130, 0), 0.8), (card(90, 45, 0), 0.9 * 45 / 136)):
        monkeypatch.setattr(vllm_here, "card_memory", lambda memory=memory: memory)
        Engine.of(tiny_model, longest=300, sequences=8)
        assert StandIn.made.order["gpu_memory_utilization"] == pytest.approx(share)
    # What is advised is there where it is said: evaluations know no share and have no --no-use-vllm.
    with pytest.raises(ConfigError, match="95%") as refusal:
        Engine.of(tiny_model, longest=300, sequences=8, memory_share=0.95)
    assert "vllm_gpu_memory_utilization" in str(refusal.value)
    assert "no-use-vllm" not in str(refusal.value)


def test_the_group_that_vllm_began_is_ended_with_the_process(vllm, monkeypatch):
    """A warning of NCCL's was the last line of every run. A group of the launcher's is the launcher's to end."""
    from torch import distributed

    class Beginning(StandIn):
        def __init__(self, **order):
            super().__init__(**order)
            if not distributed.is_initialized():
                distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)

    at_the_end = []
    monkeypatch.setattr(sys.modules["vllm"], "LLM", Beginning)
    monkeypatch.setattr("atexit.register", at_the_end.append)
    try:
        for _ in range(2):
            Engine("x", longest=8, sequences=1, memory_share=0.1)
            assert distributed.is_initialized()
            assert len(at_the_end) == 1
        at_the_end[0]()
        assert not distributed.is_initialized()
        at_the_end[0]()
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()
