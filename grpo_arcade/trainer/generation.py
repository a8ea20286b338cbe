"""Who writes the completions: the fast sampler in this process, or vLLM through TRL.

Each is called alike, ``generate(prompts_ids, first=…, seed=…, max_new_tokens=…, temperature=…, on_finished=…)``, and
returns the token ids of one completion a prompt and, where they are known, their log-probabilities. ``on_finished``
is called with (place, token ids) in this thread; by the sampler and a vLLM server as each completion ends, while
others are still being written. torch is imported only where the sampler is called.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, Protocol

from grpo_arcade.trainer.config import ConfigError, TrainConfig

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

    def __init__(self, model: Any, tokenizer: Any) -> None:
        """``model`` may be on any device."""
        self._model, self._tokenizer = model, tokenizer

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


class VllmHere:
    """vLLM on the card that learns, through TRL's ``VLLMGeneration``; all completions arrive at once."""

    def __init__(self, generation: Any) -> None:
        """``generation``: the trainer's, in the mode colocate."""
        self._generation = generation

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
        """As :class:`Generate` says; the draws are those of the engine, which each process seeds by its rank."""
        generation = self._generation
        generation.temperature, generation.max_completion_length = temperature, max_new_tokens
        _, completions, logprobs, _ = generation.generate(list(prompts_ids), None, 1)
        for place, ids in enumerate(completions):
            on_finished(place, ids)
        return completions, [[likeliest[0] for likeliest in each] for each in logprobs]


def check_vllm(config: TrainConfig) -> None:
    """Refuse ``use_vllm`` where it cannot work.

    Raises:
        ImportError: vLLM is not installed.
        ConfigError: there is no card to learn on.
    """
    if not config.use_vllm:
        return
    if importlib.util.find_spec("vllm") is None:
        raise ImportError('use_vllm needs vLLM here too, for sending it the weights: pip install "trl[vllm]==1.14.0"')
    import torch

    if not torch.cuda.is_available():
        raise ConfigError("use_vllm needs a GPU to learn on, from which vLLM gets the weights; leave it out here")
