"""Sampling many completions of few prompts, the way a training step needs it.

What it does that ``model.generate`` does not: the keys and values of a prompt are computed once however many
completions it gets, a sequence that ends leaves the batch at once and is handed over while the others go on, and every
completion has its own random numbers, so that the same seed gives the same completions in any batching. It works with
any Hugging Face causal language model whose cache is a ``DynamicCache``. How one token follows another is
:mod:`.decoding`'s.

benchmarks/test_sampler_speed.py sets it beside ``generate``. Small micro-batches are slow on a CPU, bfloat16 is
slower than float32 where the processor only emulates it, and a second thread is better left to the matches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from grpo_arcade.games.seeds import check_seed
from grpo_arcade.trainer.models.chat import ending_tokens
from grpo_arcade.trainer.models.decoding import decoder
from grpo_arcade.trainer.models.transformers_backend import experts_folded
from grpo_arcade.trainer.models.unsloth_backend import writing

if TYPE_CHECKING:
    import torch

MICRO_BATCH = 64
"""Rows decoded together on a CPU. Past it a laptop gains little, and nobody waits longer for the first completion."""


def sample(
    model: Any,
    tokenizer: Any,
    prompts_ids: Sequence[Sequence[int]],
    *,
    max_new_tokens: int,
    temperature: float = 1.0,
    seed: int | None = None,
    generator: torch.Generator | None = None,
    micro_batch: int | None = None,
    on_finished: Callable[[int, list[int]], None] | None = None,
    on_token: Callable[[int, int], None] | None = None,
) -> list[list[int]]:
    """One completion for every prompt, in order: token ids, the end token included where the model reached it.

    Args:
        model: a causal language model, on any device; it is put into evaluation mode while this runs.
        tokenizer: says which token ends a completion and which one pads.
        prompts_ids: one list of token ids for every completion wanted: a group of 32 is the same list 32 times. Equal
            prompts that stand side by side share their prefill.
        max_new_tokens: at which a completion is cut off, 1 or more.
        temperature: 0 takes the likeliest token each time; 1 is what the model believes.
        seed: of a fresh generator; the same seed gives the same completions (with the same threads: sums round alike).
        generator: a CPU generator to draw from instead, which moves on by one draw for every possible token.
        micro_batch: rows decoded together. None: 64 on a CPU, all of them elsewhere.
        on_finished: called with (index, token ids) as soon as a completion ends, in this thread, while the others
            still run: the place to submit a match.
        on_token: called with (index, token id) for every token as it is chosen, for somebody who watches.

    Raises:
        ValueError: an empty prompt, or a parameter out of range.
    """
    import torch

    _check(prompts_ids, max_new_tokens, temperature, micro_batch)
    if seed is not None:
        check_seed(seed)
    if generator is None:
        generator = torch.Generator()
        if seed is None:
            generator.seed()
        else:
            generator.manual_seed(seed)
    # Drawn up front, a row for every completion: what a completion becomes does not depend on its neighbours.
    uniforms = torch.rand((len(prompts_ids), max_new_tokens), generator=generator, dtype=torch.float64)
    ends = ending_tokens(model, tokenizer)
    if micro_batch is None:
        micro_batch = MICRO_BATCH if model.device.type == "cpu" else max(1, len(prompts_ids))

    completions: list[list[int]] = [[] for _ in prompts_ids]
    was_training = model.training
    try:
        with writing(model), experts_folded(model), torch.inference_mode():
            model.eval()
            for start in range(0, len(prompts_ids), micro_batch):
                rows = list(range(start, min(start + micro_batch, len(prompts_ids))))
                _decode(
                    model,
                    [list(prompts_ids[row]) for row in rows],
                    rows,
                    completions,
                    uniforms,
                    temperature,
                    ends,
                    tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0,
                    on_finished,
                    on_token,
                )
    finally:
        model.train(was_training)
    return completions


def _check(
    prompts_ids: Sequence[Sequence[int]],
    max_new_tokens: int,
    temperature: float,
    micro_batch: int | None,
) -> None:
    if not all(prompts_ids):
        raise ValueError("every prompt needs at least one token")
    if max_new_tokens < 1:
        raise ValueError(f"max_new_tokens must be at least 1, not {max_new_tokens}")
    if not temperature >= 0:
        raise ValueError(f"temperature must be 0 or more, not {temperature}")
    if micro_batch is not None and micro_batch < 1:
        raise ValueError(f"micro_batch must be at least 1, not {micro_batch}")


def _decode(
    model: Any,
    prompts: list[list[int]],
    rows: list[int],
    completions: list[list[int]],
    uniforms: torch.Tensor,
    temperature: float,
    ends: frozenset[int],
    pad: int,
    on_finished: Callable[[int, list[int]], None] | None,
    on_token: Callable[[int, int], None] | None,
) -> None:
    """Fill ``completions[row]`` for every row of ``rows``; ``prompts`` are theirs, in the same order."""
    import torch

    device = model.device
    writing_on = decoder(model, prompts, pad, uniforms.shape[1])
    longest = uniforms.shape[1]
    for step in range(longest):
        chosen = _choose(writing_on.logits, uniforms[rows, step].to(device), temperature)
        keep = []
        for place, (row, token) in enumerate(zip(rows, chosen.tolist(), strict=True)):
            completions[row].append(token)
            if on_token is not None:
                on_token(row, token)
            if token in ends or step + 1 == longest:
                if on_finished is not None:
                    on_finished(row, completions[row])
            else:
                keep.append(place)
        if not keep:
            return
        if len(keep) < len(rows):
            rows = [rows[place] for place in keep]
            writing_on.keep(keep)
            chosen = chosen[torch.tensor(keep, device=device)]
        writing_on.step(chosen)


def _choose(logits: torch.Tensor, draws: torch.Tensor, temperature: float) -> torch.Tensor:
    """The token of every row: ``logits`` (rows, tokens), ``draws`` (rows,) in [0, 1), result (rows,)."""
    import torch

    if temperature == 0:
        return logits.argmax(dim=-1)
    cumulative = torch.softmax(logits.double() / temperature, dim=-1).cumsum(dim=-1)
    # The first token whose cumulative probability exceeds the draw; the total is not exactly 1 after rounding.
    chosen = torch.searchsorted(cumulative, (draws * cumulative[:, -1])[:, None], right=True)
    return chosen.clamp(max=logits.shape[-1] - 1)[:, 0]
