"""Who writes fastest without vLLM, for a model under a LoRA adapter; each way is kept as it ends.

    python tests/gpu/writers.py MODEL OUT.json [--rows 64] [--tokens 384] [--ways graph grows …]

``graph`` and ``grows`` are our sampler, by CUDA graphs over a cache of fixed size and over one that grows (on a CPU only the
second is there); ``batching`` is transformers' continuous batching as TRL's trainer asks it, ``kept`` the same with its cache
and its graphs kept from one generation to the next; ``static`` is ``generate`` with its compiled static cache. The first run
of each has its beginnings in it. Greedy completions say how far each way agrees with the ways before it.
"""

import argparse
import json
import time
import traceback
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, GenerationConfig
from transformers.generation import ContinuousBatchingConfig

from grpo_arcade.games import make
from grpo_arcade.trainer.models import decoding
from grpo_arcade.trainer.models.chat import ending_tokens, prompt_ids
from grpo_arcade.trainer.models.loading import open_tokenizer
from grpo_arcade.trainer.models.sampler import sample

CARD = torch.cuda.is_available()
DEVICE = "cuda" if CARD else "cpu"
BLOCK = 256
"""Tokens of a block of continuous batching's cache."""


class Asked:
    """A model with an adapter that changes it, and a prompt."""

    def __init__(self, name, rows, tokens, words):
        dtype = torch.bfloat16 if CARD else torch.float32
        base = AutoModelForCausalLM.from_pretrained(name, dtype=dtype, device_map={"": DEVICE})
        order = LoraConfig(r=32, lora_alpha=64, target_modules="all-linear", task_type="CAUSAL_LM")
        self.model, self.tokenizer = get_peft_model(base, order).eval(), open_tokenizer(name)
        generator = torch.Generator(device=DEVICE).manual_seed(0)
        for label, weights in self.model.named_parameters():
            if "lora_B" in label:
                signs = torch.randint(0, 2, weights.shape, device=DEVICE, generator=generator) * 2 - 1
                weights.data = signs.to(weights.dtype) * 1e-4
        self.prompt = prompt_ids(self.tokenizer, make("2048", toolbox=True).prompt())[:words]
        self.ends = sorted(ending_tokens(self.model, self.tokenizer))
        self.rows, self.tokens = rows, tokens


def ours(asked, rows, temperature):
    """Our sampler, whichever way it goes."""
    with torch.autocast(DEVICE, torch.bfloat16, enabled=CARD):
        return sample(
            asked.model, asked.tokenizer, [asked.prompt] * rows, max_new_tokens=asked.tokens, temperature=temperature, seed=0
        )  # fmt: skip


def batching(asked, rows, temperature, kept=False):
    """Continuous batching, with a cache for these rows and no more."""
    inner = asked.model.get_base_model()
    order = GenerationConfig(
        do_sample=temperature > 0, temperature=temperature or 1.0, top_k=0, top_p=1.0, max_new_tokens=asked.tokens,
        eos_token_id=asked.ends, pad_token_id=asked.ends[0],
    )  # fmt: skip
    blocks = rows * (-(-(len(asked.prompt) + asked.tokens) // BLOCK) + 1)
    room = ContinuousBatchingConfig(num_blocks=blocks, max_batch_tokens=4096, seed=0, return_logprobs=True)
    found = inner.generate_batch(
        [asked.prompt] * rows, generation_config=order, continuous_batching_config=room, persistent_manager=kept
    )  # fmt: skip
    said = [each.error for each in found.values() if each.error]
    if said or len(found) < rows:
        raise RuntimeError(f"{len(found)} of {rows} came back; {said[:1]}")
    return [list(each.generated_tokens) for each in found.values()]


def kept(asked, rows, temperature):
    """Continuous batching whose manager stays."""
    return batching(asked, rows, temperature, kept=True)


def static(asked, rows, temperature):
    """``generate`` with a static cache, which it compiles."""
    ids = torch.tensor([asked.prompt] * rows, device=DEVICE)
    with torch.no_grad(), torch.autocast(DEVICE, torch.bfloat16, enabled=CARD):
        whole = asked.model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=temperature > 0, temperature=temperature or None,
            top_k=0, top_p=1.0, max_new_tokens=asked.tokens, eos_token_id=asked.ends, pad_token_id=asked.ends[0],
            cache_implementation="static",
        )  # fmt: skip
    written = []
    for row in whole[:, len(asked.prompt) :].tolist():
        end = next((at + 1 for at, token in enumerate(row) if token in asked.ends), len(row))
        written.append(row[:end])
    return written


WAYS = {"graph": ours, "grows": ours, "batching": batching, "kept": kept, "static": static}


def measured(way, asked):
    """Three runs of all rows, and the greedy completion of one."""
    decoding.replays = {"graph": lambda model: CARD, "grows": lambda model: False}.get(way, decoding.replays)
    write, runs = WAYS[way], []
    for _ in range(3):
        started = time.perf_counter()
        tokens = sum(map(len, write(asked, asked.rows, 1.0)))  # lists of numbers: the card has ended
        seconds = time.perf_counter() - started
        runs.append({"seconds": seconds, "tokens": tokens, "tokens_per_second": tokens / seconds})
        print(f"{way}: {seconds:.2f} s, {tokens} tokens, {tokens / seconds:,.0f} tokens/s", flush=True)
    memory = torch.cuda.max_memory_allocated() / 1e9 if CARD else None
    recorded = way == "graph" and asked.model not in decoding._UNRECORDED
    return {"runs": runs, "greedy": write(asked, 1, 0.0)[0], "peak_memory_gb": memory, "graphs": recorded}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("out", type=Path)
    parser.add_argument("--rows", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=384)
    parser.add_argument("--words", type=int, default=10_000, help="tokens of the prompt at most")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    given = parser.parse_args()
    asked = Asked(given.model, given.rows, given.tokens, given.words)
    told = {
        "model": Path(given.model).name,
        "rows": asked.rows,
        "tokens": asked.tokens,
        "prompt": len(asked.prompt),
        "ways": {},
    }
    for way in given.ways:
        try:
            found = told["ways"][way] = measured(way, asked)
            found["greedy_agrees_for"] = {
                other: next((at for at, pair in enumerate(zip(row["greedy"], found["greedy"], strict=False)) if len(set(pair)) > 1), "all")
                for other, row in told["ways"].items() if "greedy" in row
            }  # fmt: skip
        except Exception as error:
            traceback.print_exc()
            told["ways"][way] = {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"}
        if CARD:
            torch.cuda.reset_peak_memory_stats()
        told["attention"] = asked.model.get_base_model().config._attn_implementation
        given.out.write_text(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
