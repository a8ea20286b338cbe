"""vLLM in the process that learns, on the same card: it takes the weights of the moment, writes, and gives memory back.

A LoRA adapter goes to it as an adapter. Added to weights of 16 bits, as TRL does it, most of what a few steps have
learnt is less than the rounding and never reaches who writes: on the layers of a real model, of an adapter's change
after one step at 5e-5 two fifths were left, of one after five steps nine tenths, under half as much noise. What vLLM
knows no adapter for is added to the weights, with that rounding.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from grpo_arcade.games.seeds import NUMPY_SEEDS
from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.models.card_memory import GB, CardMemory, card_memory
from grpo_arcade.trainer.models.files import ADAPTER_CONFIG
from grpo_arcade.trainer.models.loading import base_name, is_adapter, locate

if TYPE_CHECKING:
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.generation import Completions, Logprobs, OnFinished

RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""Ranks of adapters that vLLM has room for; a smaller one fits into the next."""
_BATCHED_TOKENS = 8192
"""Tokens of prompts it reads at a time. The prompt of a group is read once and kept."""
ALONE = 0.8
"""Share of the card's memory where nobody learns beside it."""
_OTHER_WORDS = 256
"""Tokens by which one prompt of a run may be longer than another."""
_BESIDE_CACHE = 3 * GB
"""What vLLM takes for its work, beside weights and cache, with prompts of this many tokens at a time: an estimate."""
_SHARE = "vllm_gpu_memory_utilization is its share"
_OF_FREE = 0.9
"""Share of the card's free memory that is asked for at most where nobody learns: what others take may grow."""


class Engine:
    """Writes with the weights that :meth:`load` took last, or with those of the files it was started on.

    Called as :class:`~grpo_arcade.trainer.generation.Generate`.
    """

    def __init__(
        self,
        name: str,
        *,
        longest: int,
        sequences: int,
        memory_share: float,
        adapter_rank: int = 0,
        four_bits: bool = False,
        rests: bool = False,
        instead: str = "",
        seed: int = 0,
        rank: int = 0,
        local_rank: int = 0,
    ) -> None:
        """Start vLLM on the card of this process.

        Args:
            name: a folder or a hub name, of whole weights.
            longest: tokens of a prompt and its completion.
            sequences: how many are written at once.
            memory_share: of the card, from 0 to 1.
            adapter_rank: of the LoRA adapters it is to have room for; 0 for none.
            four_bits: keep the weights in 4 bits, as bitsandbytes does.
            rests: whether :meth:`rest` gives memory back.
            instead: what a person can ask for where there is no room for it.
            seed: of its draws.
            rank: of this process among all that learn.
            local_rank: of this process among those of this host.

        Raises:
            ConfigError: the card has too little memory for it, in one line.
        """
        from torch import distributed

        from grpo_arcade.trainer.models.machine import this_machine

        self._adapted, self._rests = bool(adapter_rank), rests
        self._asleep = False
        self._loads = 0
        self._request: Any = None
        self._folder = Path(tempfile.mkdtemp(prefix="adapter-"))
        self._remove = weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        # How torch.distributed is set up where one process of many starts an engine of its own.
        os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(local_rank)}
        for variable, value in (("WORLD_SIZE", "1"), ("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", str(_free_port()))):
            os.environ.setdefault(variable, value)
        more: dict[str, Any] = {}
        if adapter_rank:
            room = next(each for each in RANKS if each >= adapter_rank)
            more = {"enable_lora": True, "max_loras": 1, "max_lora_rank": room}
        memory = card_memory()
        if memory is not None and memory.others:
            cache = int(memory_share * memory.total) - _weight_bytes(Path(name)) - _BESIDE_CACHE
            if cache > 0:
                # vLLM would measure what is free, and fail as soon as another program takes or gives some meanwhile.
                more["kv_cache_memory_bytes"] = cache
        if not distributed.is_initialized():
            # vLLM begins a group of one process, and leaves its end to whoever ends the process.
            atexit.register(_leave_group)
        self._llm = _start(
            memory,
            instead,
            model=name,
            dtype="bfloat16" if this_machine().bfloat16 else "float16",
            gpu_memory_utilization=memory_share,
            max_model_len=longest,
            max_num_seqs=sequences,
            max_num_batched_tokens=_BATCHED_TOKENS,
            enable_sleep_mode=rests,
            enable_prefix_caching=True,
            distributed_executor_backend="external_launcher",
            quantization="bitsandbytes" if four_bits else None,
            # Without it log-probabilities would be those before the temperature.
            logprobs_mode="processed_logprobs",
            seed=(seed + rank) % NUMPY_SEEDS,
            **more,
        )

    @classmethod
    def beside(cls, model: Any, config: TrainConfig, prompt_tokens: int, *, rank: int = 0, local_rank: int = 0) -> Self:
        """The engine of a learner, ``model`` whole or under a LoRA adapter, whose weights it has yet to take."""
        adapter_rank = max(each.r for each in model.peft_config.values()) if takes_adapters(model) else 0
        return cls(
            str(locate(model.name_or_path)),
            # Later stages of a curriculum ask in other words.
            longest=prompt_tokens + config.max_completion_length + _OTHER_WORDS,
            sequences=min(256, max(config.generation_batch_size, config.eval_strategies)),
            memory_share=config.vllm_gpu_memory_utilization,
            adapter_rank=adapter_rank,
            four_bits=config.load_in_4bit,
            rests=config.vllm_enable_sleep_mode,
            instead=f"{_SHARE}, and --no-use-vllm does without",
            seed=config.seed,
            rank=rank,
            local_rank=local_rank,
        )

    @classmethod
    def of(cls, name: str, *, longest: int, sequences: int, seed: int = 0, memory_share: float | None = None) -> Self:
        """An engine that writes with a model as it lies there: whole, or as an adapter and its base.

        Without a ``memory_share`` it has most of the card, or of what other programs have left of it.
        """
        where = locate(name)
        instead = _SHARE
        if memory_share is None:
            instead = "fewer than 16 strategies are written without it"
            memory = card_memory()
            memory_share = ALONE if memory is None else min(ALONE, _OF_FREE * memory.free / memory.total)
        order: dict[str, Any] = {"longest": longest, "sequences": sequences, "seed": seed, "instead": instead}
        if not is_adapter(where):
            return cls(str(where), memory_share=memory_share, **order)
        from vllm.lora.request import LoRARequest

        kept = json.loads((Path(where) / ADAPTER_CONFIG).read_text(encoding="utf-8"))
        base = str(locate(base_name(str(kept["base_model_name_or_path"]))))
        made = cls(base, memory_share=memory_share, adapter_rank=int(kept["r"]), **order)
        made._request = LoRARequest("adapter", 1, str(where))
        return made

    def load(self, model: Any) -> None:
        """Take the weights of this moment."""
        self._wake()
        if self._adapted:
            self._loads += 1
            self._request = _adapter(model, self._folder, self._loads)
        else:
            inside = self._llm.llm_engine.model_executor.driver_worker.model_runner.model
            for name, weights in plain_weights(model):
                inside.load_weights([(name, weights)])
        self._llm.reset_prefix_cache()

    def rest(self) -> None:
        """Give the card's memory back until :meth:`load`, where that was asked for."""
        if self._rests and not self._asleep:
            try:
                # Level 1 keeps the weights in the machine's memory.
                self._llm.sleep(level=1)
            except AssertionError as error:
                if "increased after sleeping" not in str(error):
                    raise
                # It has given its memory back, and only then asked how much of the card is free: another program took
                # more meanwhile. All that it had left to do was to note that it sleeps, or it would never wake.
                executor = self._llm.llm_engine.model_executor
                executor.sleeping_tags, executor.is_sleeping = {"weights", "kv_cache"}, True
            self._asleep = True

    def _wake(self) -> None:
        if self._asleep:
            import torch

            torch.cuda.empty_cache()
            self._llm.wake_up()
            self._asleep = False

    def __call__(
        self,
        prompts_ids: Sequence[list[int]],
        *,
        first: int,
        seed: int,
        max_new_tokens: int,
        temperature: float,
        on_finished: OnFinished,
    ) -> tuple[Completions, Logprobs]:
        """As :class:`~grpo_arcade.trainer.generation.Generate` says, each completion as it ends.

        The draws are the engine's own, which each process seeds by its rank: a seed for every completion would have it
        draw them one by one.
        """
        from vllm import SamplingParams

        self._wake()
        # Words, and an object for every token's probability, made the writing of 256 cost twice what vLLM's own takes.
        order = SamplingParams(
            temperature=temperature, max_tokens=max_new_tokens, logprobs=0, flat_logprobs=True, detokenize=False
        )
        asked = [{"prompt_token_ids": list(ids)} for ids in prompts_ids]
        ids = self._llm.enqueue(asked, order, lora_request=self._request, use_tqdm=False)
        # What comes back carries the number that the id here begins with.
        places = {str(each).partition("-")[0]: place for place, each in enumerate(ids)}
        completions: Completions = [[] for _ in prompts_ids]
        logprobs: Logprobs = [[] for _ in prompts_ids]
        engine = self._llm.llm_engine
        try:
            while engine.has_unfinished_requests():
                for output in engine.step():
                    if not output.finished:
                        continue
                    place, (written,) = places[str(output.request_id).partition("-")[0]], output.outputs
                    completions[place] = list(written.token_ids)
                    logprobs[place] = list(written.logprobs.logprobs)  # of what was drawn, and of nothing else
                    on_finished(place, completions[place])
        except BaseException:
            engine.abort_request(list(ids), internal=True)
            raise
        return completions, logprobs


def takes_adapters(model: Any) -> bool:
    """Whether a model is under an adapter that vLLM can have as one: on layers, and on nothing else."""
    adapters = getattr(model, "peft_config", None)
    if not adapters:
        return False
    return all(
        not getattr(each, "target_parameters", None) and not each.modules_to_save and each.bias == "none"
        and not getattr(each, "use_dora", False) and each.r <= RANKS[-1]
        for each in adapters.values()
    )  # fmt: skip


def plain_weights(model: Any) -> Iterator[tuple[str, Any]]:
    """Names and weights as the model without an adapter has them; an adapter's part is added in 32 bits.

    The learner's weights stay as they are: what is added and taken away again in 16 bits need not be what it was.
    """
    from grpo_arcade.trainer.models.transformers_backend import experts_folded

    layers: dict[str, Any] = {}
    if hasattr(model, "peft_config"):
        from peft.tuners.lora import Linear

        layers = {name: module for name, module in model.named_modules() if isinstance(module, Linear)}
    prefix = getattr(model, "prefix", "lora_")
    with experts_folded(model):
        for name, weights in model.named_parameters():
            if layers and (prefix in name or "original_module" in name):
                continue
            data = weights.data
            where = name.removesuffix(".base_layer.weight")
            if where in layers:
                change = sum(layers[where].get_delta_weight(each) for each in layers[where].active_adapters)
                data = data.float() + change.float()
            plain = name.removeprefix("base_model.model.").replace(".base_layer", "")
            yield plain.replace("modules_to_save.default.", ""), data


def _free_port() -> int:
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        return int(port.getsockname()[1])


def _adapter(model: Any, folder: Path, number: int) -> Any:
    """The model's adapter, written where vLLM reads it; it takes each number for another adapter."""
    from vllm.lora.request import LoRARequest

    for old in folder.iterdir():
        shutil.rmtree(old)
    model.save_pretrained(folder / str(number), save_embedding_layers=False)
    return LoRARequest(f"step-{number}", number, str(folder / str(number)))


def _weight_bytes(folder: Path) -> int:
    """Of the weights of a model's folder; 0 where they are not known."""
    return sum(path.stat().st_size for path in folder.glob("*.safetensors")) if folder.is_dir() else 0


def _leave_group() -> None:
    from torch import distributed

    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


def _start(before: CardMemory | None, instead: str, **order: Any) -> Any:
    """A vLLM with these settings; ``ConfigError`` where the card has no room for it. ``before``: the card's memory."""
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    from vllm import LLM

    try:
        return LLM(**order)
    except (ValueError, RuntimeError, AssertionError) as error:
        words = " ".join(str(error).split())
        if (said := _refusal(words, before, order["gpu_memory_utilization"], instead)) is None:
            raise
        raise ConfigError(said) from error


def _refusal(words: str, before: CardMemory | None, share: float, instead: str) -> str | None:
    """What to tell of an engine that did not start, and what would work; None where memory is not why."""
    again = f"start again when the other one is writing or learning ({instead})"
    if "memory profiling" in words:
        return f"another program on this card gave memory back or took some while vLLM measured what is free: {again}"
    if not any(sign in words.lower() for sign in ("memory", "cache blocks", "kv cache")):
        return None
    wanted = f"vLLM was to have {share:.0%} of the card"
    if before is None:
        return f"the card has too little memory for all that is on it; {wanted} ({instead}). vLLM said: {words[:200]}"
    asked, most = share * before.total, _OF_FREE * before.free / before.total
    wanted += f", {asked / GB:.0f} GB"
    if asked > before.free:
        when = ", or wait until the others have ended" if before.others else ""
        return f"{before.words}; {wanted}: at most {most:.2f}{when} ({instead})"
    after = card_memory()
    taken = 0 if after is None else after.others - before.others
    if taken > 0:
        return f"another program took {taken / GB:.0f} GB of this card while vLLM started: {again}"
    more = f"a share up to {most:.2f}, " if most > share else ""
    return (
        f"{wanted}, too little for its weights, its work and its cache; {before.words}: {more}a lower "
        f"max_completion_length, or a smaller model ({instead}). vLLM said: {words[:200]}"
    )
