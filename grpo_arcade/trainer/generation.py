"""Who writes the completions: the fast sampler in this process, or vLLM, here or on a server through TRL's client.

Each is called alike, ``generate(prompts_ids, first=…, seed=…, max_new_tokens=…, temperature=…, on_finished=…)``, and
returns the token ids of one completion a prompt and, where they are known, their log-probabilities. ``on_finished``
is called with (place, token ids) in this thread as each completion ends, while others are still being written. torch
is imported only where the sampler is called. vLLM in this process is :mod:`.vllm_here`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.models.loading import is_small
from grpo_arcade.trainer.models.machine import Machine, installed

_CONCURRENT = 256
"""Requests to a vLLM server at a time, of one process: what its scheduler can hold of itself."""

Completions = list[list[int]]
Logprobs = list[list[float | None]]
OnFinished = Callable[[int, list[int]], None]


class Generate(Protocol):
    """Writes one completion for each prompt."""

    def __call__(
        self,
        prompts_ids: Sequence[list[int]],
        *,
        first: int,
        seed: int,
        max_new_tokens: int,
        temperature: float,
        on_finished: OnFinished,
    ) -> tuple[Completions, Logprobs | None]:
        """Write.

        Args:
            prompts_ids: the prompts of this process.
            first: how many completions the processes before this one write: each draws what it would draw alone.
            seed: of the draws of all of them.
            max_new_tokens: at which a completion is cut off.
            temperature: of the sampling.
            on_finished: called with (place among these prompts, token ids).
        """


class Sampler:
    """The model in this process."""

    def __init__(self, model: Any, tokenizer: Any, low: bool = False) -> None:
        """Writes with ``model``, which may be on any device.

        With ``low`` it computes in bfloat16 under autocast, as it does while it learns: what is written is drawn from
        the distribution that is learnt from. Accelerate sees to that at every forward pass, too; from here the weights
        are rounded once for all tokens instead of once for each.
        """
        self._model, self._tokenizer, self._low = model, tokenizer, low

    def __call__(
        self,
        prompts_ids: Sequence[list[int]],
        *,
        first: int,
        seed: int,
        max_new_tokens: int,
        temperature: float,
        on_finished: OnFinished,
    ) -> tuple[Completions, None]:
        """As :class:`Generate` says; log-probabilities are not kept, since the learner computes the same."""
        import torch

        from grpo_arcade.trainer.models.sampler import sample

        generator = torch.Generator().manual_seed(seed)
        # The sampler draws a row for every completion; those before ours belong to other processes.
        torch.rand((first, max_new_tokens), generator=generator, dtype=torch.float64)
        with torch.autocast(self._model.device.type, torch.bfloat16, enabled=self._low):
            written = sample(
                self._model,
                self._tokenizer,
                prompts_ids,
                max_new_tokens=max_new_tokens,
                temperature=temperature,
                generator=generator,
                on_finished=on_finished,
            )
        return written, None


class VllmServer:
    """A vLLM server, asked through TRL's client for each completion by itself, so that each is played as it arrives.

    The server keeps the prompt's keys and values, which all of them share.
    """

    def __init__(self, client: Any) -> None:
        """``client``: a ``trl.generation.vllm_client.VLLMClient``, used from several threads as TRL does."""
        self._client = client

    def __call__(
        self,
        prompts_ids: Sequence[list[int]],
        *,
        first: int,
        seed: int,
        max_new_tokens: int,
        temperature: float,
        on_finished: OnFinished,
    ) -> tuple[Completions, Logprobs | None]:
        """As :class:`Generate` says: the same seed, the same draws; but a server's sums depend on what else it does."""

        def ask(place: int) -> dict[str, Any]:
            answer: dict[str, Any] = self._client.generate(
                prompts=[prompts_ids[place]],
                temperature=temperature,
                max_tokens=max_new_tokens,
                logprobs=0,
                generation_kwargs={"seed": (seed + first + place) % 2**63},
            )
            return answer

        completions: Completions = [[] for _ in prompts_ids]
        logprobs: Logprobs = [[] for _ in prompts_ids]
        with ThreadPoolExecutor(min(_CONCURRENT, max(1, len(prompts_ids)))) as threads:
            asked = {threads.submit(ask, place): place for place in range(len(prompts_ids))}
            try:
                for answered in as_completed(asked):
                    place, answer = asked[answered], answered.result()
                    completions[place] = answer["completion_ids"][0]
                    logprobs[place] = [likeliest[0] for likeliest in answer["logprobs"][0]]
                    on_finished(place, completions[place])
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                raise
        return completions, logprobs


@dataclass(frozen=True)
class Writer:
    """Who writes a run's completions, and why."""

    vllm: bool
    why: str
    """In half a sentence."""
    install: str = ""
    """What would be worth installing here; empty where nothing is."""

    @property
    def name(self) -> str:
        """What to call it."""
        return "vLLM" if self.vllm else "the sampler in this process"


def choose_writer(config: TrainConfig, machine: Machine | None = None) -> Writer:
    """VLLM where it was asked for, or where nobody said and it is installed, fits, and the model is not small.

    Raises:
        ImportError: it was asked for and is not installed, or was built for another torch.
        ConfigError: it was asked for, and there is no card to learn on or another setting forbids it.
    """
    if config.use_vllm is False:
        return Writer(False, "vLLM is switched off")
    if config.use_vllm is None and is_small(config.model):
        return Writer(False, f"{Path(config.model).name} is small")
    here = installed("vllm")
    if here is None:
        if config.use_vllm:
            raise ImportError(f"use_vllm needs vLLM here, also for sending it the weights: {_INSTALL}")
        return Writer(False, "vLLM is not installed", _INSTALL)
    from grpo_arcade.trainer.models.machine import this_machine

    machine = machine or this_machine()
    for hindrance, kind in _hindrances(config, machine, here):
        if config.use_vllm:
            raise kind(hindrance)
        return Writer(False, hindrance)
    where = "in this process" if config.vllm_mode == "colocate" else f"at {config.vllm_server_base_url}"
    return Writer(True, f"version {here}, {where}")


_INSTALL = 'pip install "trl[vllm]==1.14.0"'


def _hindrances(config: TrainConfig, machine: Machine, here: str) -> Iterator[tuple[str, type[Exception]]]:
    """Why vLLM cannot write for this run."""
    if not machine.has_card:
        yield "use_vllm needs a GPU to learn on, from which vLLM gets the weights; leave it out here", ConfigError
    if (wanted := _torch_of("vllm")) is not None and wanted != machine.torch.partition("+")[0]:
        yield (
            (
                f"vLLM {here} was built for torch {wanted}, and here is {machine.torch}: install the two that belong "
                "together, or --no-use-vllm"
            ),
            ImportError,
        )
    if config.backend == "unsloth":
        yield "vLLM gets no weights from Unsloth; --backend transformers, or --no-use-vllm", ConfigError
    if config.load_in_4bit and config.use_vllm is None:
        yield "a model in 4 bits is sampled by the process that trains it", ConfigError


def _torch_of(package: str) -> str | None:
    """The exact torch an installed package wants, if it wants one."""
    for needed in metadata.requires(package) or ():
        if found := re.match(r"torch\s*\(?==\s*([\d.]+)", needed):
            return found[1]
    return None
