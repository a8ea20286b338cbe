"""Our sampler beside ``model.generate``: a group of 32 completions of the pocket model, dtypes, threads, micro-batches."""

import time
from collections.abc import Callable
from functools import partial

import pytest

from grpo_arcade.games.registry import make
from grpo_arcade.trainer.models import load
from grpo_arcade.trainer.models.sampler import sample

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.benchmark

GROUP = 32
LIMIT = 160


def best_seconds(work: Callable[[int], object], repeats: int = 2) -> float:
    work(0)
    seconds = []
    for repeat in range(repeats):
        started = time.perf_counter()
        work(repeat)
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def generate(model, prompt, seed):
    torch.manual_seed(seed)
    model.generate(torch.tensor([prompt] * GROUP), do_sample=True, temperature=1.0, top_k=0, max_new_tokens=LIMIT)


def ours(model, tokenizer, prompt, micro_batch, seed):
    sample(model, tokenizer, [prompt] * GROUP, max_new_tokens=LIMIT, seed=seed, micro_batch=micro_batch)


def test_sampler_against_generate(capsys):
    before = torch.get_num_threads()
    lines = [f"{'dtype':9} threads {'way':16} {'per s':>7} {'ms each':>8} {'speed':>6}"]
    try:
        for dtype in ("float32", "bfloat16"):
            model, tokenizer = load("pocket", dtype=dtype)
            question = [{"role": "user", "content": make("2048").prompt()}]
            prompt = tokenizer.apply_chat_template(question, add_generation_prompt=True, return_dict=False)
            for threads in (1, 2):
                torch.set_num_threads(threads)
                theirs = best_seconds(partial(generate, model, prompt))
                times = {"generate": theirs}
                for rows in (8, 16, 32):
                    times[f"sample, {rows} rows"] = best_seconds(partial(ours, model, tokenizer, prompt, rows))
                lines += [
                    f"{dtype:9} {threads:7} {way:16} {GROUP / spent:7.1f} {1000 * spent / GROUP:8.1f} {theirs / spent:6.2f}"
                    for way, spent in times.items()
                ]
    finally:
        torch.set_num_threads(before)
    with capsys.disabled():
        print("", *lines, sep="\n")
