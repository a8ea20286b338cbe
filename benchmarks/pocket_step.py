"""A step of the pocket model by arithmetic: seconds to write a group and to learn from it, in float32 and in bfloat16.

    .venv/bin/python benchmarks/pocket_step.py [--threads 1] [--repeats 4]

CPU seconds, the least of several repeats, everything in turn in one process. And how far the distributions are apart:
the log-probability of the tokens written, as they were drawn and as the learner has it.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any
from unittest import mock

import torch

from grpo_arcade.games import make
from grpo_arcade.trainer import shared_prompt
from grpo_arcade.trainer.models import decoding, load, sampler
from grpo_arcade.trainer.models.chat import prompt_ids
from grpo_arcade.trainer.models.sampler import sample

GROUP, LENGTH = 32, 128


def write(model: Any, tokenizer: Any, prompt: list[int], low: bool, fused: bool = True) -> list[list[int]]:
    """``fused``: as a run does; else by the model's own forward pass."""
    way: AbstractContextManager[Any] = nullcontext()
    if not fused:
        way = mock.patch.object(decoding, "is_fusible", return_value=False)
    with way, torch.autocast("cpu", torch.bfloat16, enabled=low):
        return sample(model, tokenizer, [prompt] * GROUP, max_new_tokens=LENGTH, seed=1)


def batch(completions: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and mask, (completions, tokens)."""
    longest = max(map(len, completions))
    ids = torch.tensor([each + [0] * (longest - len(each)) for each in completions])
    return ids, torch.tensor([[1] * len(each) + [0] * (longest - len(each)) for each in completions])


def learn(model: Any, prompt: list[int], completions: list[list[int]], size: int, low: bool) -> None:
    model.train()
    model.zero_grad()
    for start in range(0, GROUP, size):
        found, _ = logps(model, prompt, completions[start : start + size], low)
        found.sum().backward()


def logps(model: Any, prompt: list[int], completions: list[list[int]], low: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-probability of every token of the completions, and the mask of those that are there."""
    ids, mask = batch(completions)
    with torch.autocast("cpu", torch.bfloat16, enabled=low):
        found, _ = shared_prompt.logps_and_entropies(model, torch.tensor([prompt]), ids, mask, 1.0)
    return found, mask.bool()


def drawn(model: Any, tokenizer: Any, prompt: list[int], low: bool) -> tuple[list[list[int]], torch.Tensor]:
    """Completions, and the log-probability of each of their tokens as it was drawn, in the same order."""
    seen: list[torch.Tensor] = []
    choose = sampler._choose

    def watched(logits: torch.Tensor, *how: Any) -> torch.Tensor:
        chosen = choose(logits, *how)
        seen.append(logits.float().log_softmax(-1).gather(1, chosen[:, None])[:, 0])
        return chosen

    with mock.patch.object(sampler, "_choose", watched):
        completions = write(model, tokenizer, prompt, low)
    left = [iter([float(logp) for logp in now]) for now in seen]
    rows = [[next(left[at]) for at in range(len(each))] for each in completions]
    return completions, torch.tensor([logp for row in rows for logp in row])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=4)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model, tokenizer = load("pocket")
    prompt = prompt_ids(tokenizer, make("2048").prompt(), {})
    completions = sorted(write(model, tokenizer, prompt, False), key=len)
    print(f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, AMX {torch.cpu.get_capabilities().get('amx_bf16')}, "
          f"{args.threads} threads; {GROUP} completions, {sum(map(len, completions))} tokens")  # fmt: skip
    ways: dict[str, Callable[[], object]] = {
        "write, by its own forward pass": partial(write, model, tokenizer, prompt, False, False),
        "write, float32": partial(write, model, tokenizer, prompt, False),
        "write, bfloat16": partial(write, model, tokenizer, prompt, True),
    }
    for size in (8, 16, 32):
        for low, name in ((False, "float32"), (True, "bfloat16")):
            ways[f"learn, {name}, batches of {size}"] = partial(learn, model, prompt, completions, size, low)
    spent = dict.fromkeys(ways, float("inf"))
    for _ in range(args.repeats):
        for name, work in ways.items():
            started = time.process_time()
            work()
            spent[name] = min(spent[name], time.process_time() - started)
    for name, seconds in spent.items():
        usual = spent["write, by its own forward pass" if name.startswith("write") else "learn, float32, batches of 8"]
        print(f"  {name:32} {seconds:6.3f} s of CPU   {usual / seconds:5.2f} times as fast")
    model.eval()
    for low, name in ((False, "float32"), (True, "bfloat16")):
        written, as_drawn = drawn(model, tokenizer, prompt, low)
        for learning_low, learning in ((False, "float32"), (True, "bfloat16")):
            with torch.no_grad():
                found, mask = logps(model, prompt, written, learning_low)
            gap = found[mask] - as_drawn
            print(f"  log-probability a token, written in {name}, learnt in {learning}: mean difference "
                  f"{gap.abs().mean():.5f}, largest {gap.abs().max():.3f}, KL {(gap.exp() - 1 - gap).mean():.1e}")  # fmt: skip


if __name__ == "__main__":
    main()
