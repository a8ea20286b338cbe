"""Our sampler beside ``model.generate``: a group of 32 completions of the pocket model, dtypes, threads, micro-batches."""

import time
from collections.abc import Callable
from functools import partial
from itertools import product

import pytest

from grpo_arcade.games.registry import make
from grpo_arcade.trainer.models import load
from grpo_arcade.trainer.models.sampler import sample

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.benchmark

GROUP = 32
LIMIT = 96


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
    models = {dtype: load("pocket", dtype=dtype) for dtype in ("float32", "bfloat16")}
    question = [{"role": "user", "content": make("2048").prompt()}]
    tokenizer = models["float32"][1]
    prompt = tokenizer.apply_chat_template(question, add_generation_prompt=True, return_dict=False)

    def show(line: str) -> None:
        with capsys.disabled():
            print(line, flush=True)

    show(f"\n{'dtype':9} threads {'way':16} {'per s':>7} {'ms each':>8} {'speed':>6}")
    try:
        for threads, (dtype, (model, _)) in product((1, 2), models.items()):
            torch.set_num_threads(threads)
            theirs = None
            for way, work in {
                "generate": partial(generate, model, prompt),
                "sample, 8 rows": partial(ours, model, tokenizer, prompt, 8),
                "sample, 32 rows": partial(ours, model, tokenizer, prompt, 32),
            }.items():
                spent = best_seconds(work)
                theirs = theirs or spent
                speed = f"{GROUP / spent:7.1f} {1000 * spent / GROUP:8.1f} {theirs / spent:6.2f}"
                show(f"{dtype:9} {threads:7} {way:16} {speed}")
    finally:
        torch.set_num_threads(before)
