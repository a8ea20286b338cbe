"""A step of the pocket model by arithmetic: seconds to write a group and to learn from it, in float32 and in bfloat16.

    .venv/bin/python benchmarks/pocket_step.py [--threads 1] [--repeats 4]

CPU seconds, the least of several repeats, everything in turn in one process. And how far the distributions are apart:
the log-probability of the tokens written, by the arithmetic of the learner (autocast, float32 weights) and by others.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from grpo_arcade.games import make
from grpo_arcade.trainer import shared_prompt
from grpo_arcade.trainer.models import load
from grpo_arcade.trainer.models.chat import prompt_ids
from grpo_arcade.trainer.models.sampler import sample

GROUP, LENGTH = 32, 128


def write(model: Any, tokenizer: Any, prompt: list[int], low: bool) -> list[list[int]]:
    with torch.autocast("cpu", torch.bfloat16, enabled=low):
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
        ids, mask = batch(completions[start : start + size])
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            logps, _ = shared_prompt.logps_and_entropies(model, torch.tensor([prompt]), ids, mask, 1.0)
        logps.sum().backward()


def logps(model: Any, prompt: list[int], completions: list[list[int]], low: bool) -> torch.Tensor:
    """Log-probability of every token of the completions, one after another."""
    ids, mask = batch(completions)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=low):
        return shared_prompt.logps_and_entropies(model, torch.tensor([prompt]), ids, mask, 1.0)[0][mask.bool()].float()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=4)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    model, tokenizer = load("pocket")
    rounded = copy.deepcopy(model).to(torch.bfloat16)
    prompt = prompt_ids(tokenizer, make("2048").prompt(), {})
    completions = sorted(write(model, tokenizer, prompt, False), key=len)
    print(f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, AMX {torch.cpu.get_capabilities().get('amx_bf16')}, "
          f"{args.threads} threads; {GROUP} completions, {sum(map(len, completions))} tokens")  # fmt: skip
    ways: dict[str, Callable[[], object]] = {
        "write, float32": partial(write, model, tokenizer, prompt, False),
        "write, autocast": partial(write, model, tokenizer, prompt, True),
        "write, weights of bfloat16": partial(write, rounded, tokenizer, prompt, False),
    }
    for size in (8, 16, 32):
        for low, name in ((False, "float32"), (True, "autocast")):
            ways[f"learn, {name}, batches of {size}"] = partial(learn, model, prompt, completions, size, low)
    spent = dict.fromkeys(ways, float("inf"))
    for _ in range(args.repeats):
        for name, work in ways.items():
            started = time.process_time()
            work()
            spent[name] = min(spent[name], time.process_time() - started)
    for name, seconds in spent.items():
        usual = spent["write, float32" if name.startswith("write") else "learn, float32, batches of 8"]
        print(f"  {name:32} {seconds:6.3f} s of CPU   {usual / seconds:5.2f} times as fast")
    model.eval()
    learnt = logps(model, prompt, completions, True)
    for name, other in (
        ("float32", logps(model, prompt, completions, False)),
        ("weights of bfloat16", logps(rounded, prompt, completions, False)),
    ):
        gap = other - learnt
        print(f"  log-probability a token, {name} beside autocast: mean difference {gap.abs().mean():.5f}, "
              f"largest {gap.abs().max():.3f}, KL {(gap.exp() - 1 - gap).mean():.1e}")  # fmt: skip


if __name__ == "__main__":
    main()
