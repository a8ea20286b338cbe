"""Training the pocket model: corpus, tokenizer, weights, and the folder that is shipped; or teaching it one more game.

From scratch that takes minutes on a GPU and hours on a CPU; to go on from weights that know other games takes minutes
on a CPU. The model learns what programs of the grammars look like, good and bad ones in the proportions in which they
are drawn; getting better is left to reinforcement learning. Torch is imported only when a run starts, so that the
command line can show its help without it.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import platform
import shlex
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import Any

from grpo_arcade.progress import progress
from grpo_arcade.trainer.config import spare_threads
from grpo_arcade.trainer.models.pocket.grammar import GRAMMARS, draw, shares_of

_TOKENIZER_EXAMPLES = 20_000
_PROMPT_SHARE = 4
"""The tokenizer sees every fourth example's prompt: prompts hardly vary, and programs need the vocabulary more."""


@dataclass(frozen=True, slots=True)
class PretrainConfig:
    """How a pocket model is pretrained. The defaults made the shipped one."""

    output: str = "outputs/pocket"
    """Folder to write: a Hugging Face model folder, and pretrain.json which says how it was made."""
    model: str = ""
    """Weights to go on from, with their tokenizer: pocket, or a folder. From scratch when empty."""
    games: tuple[str, ...] = ()
    """What the examples are of, in equal parts, such as openenv:catch; all that the shipped weights know when empty.
    What is not among them is forgotten by and by."""
    seed: int = 1
    """Corpus, initial weights and order of the batches come from it."""
    corpus_size: int = 1_000_000
    """Examples drawn from the grammars."""
    steps: int = 4_000
    """Optimizer steps."""
    batch_size: int = 256
    """Examples a step."""
    learning_rate: float = 1e-3
    """Peak; warmed up over the first steps and brought to a tenth along a cosine."""
    warmup_steps: int = 100
    """Steps until the peak."""
    weight_decay: float = 0.05
    """Of AdamW, on matrices only."""
    vocab_size: int = 3072
    """Tokens at most, of a model from scratch."""
    hidden_size: int = 256
    """Width of a model from scratch."""
    num_hidden_layers: int = 6
    """Depth of a model from scratch."""
    device: str = "auto"
    """cpu, cuda, or auto: the first CUDA card, else the CPU."""
    samples: int = 512
    """Programs of 2048 sampled and played at the end for the acceptance figures, a quarter of it for each other game; 0
    skips that, and games that need a server are left out."""

    def __post_init__(self) -> None:
        shares_of(self.games)
        for name in ("corpus_size", "steps", "batch_size", "vocab_size", "hidden_size", "num_hidden_layers"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.vocab_size < 320:
            raise ValueError(f"vocab_size must be at least 320 (256 bytes and some merges), not {self.vocab_size}")
        if self.hidden_size % 64:
            raise ValueError(f"hidden_size must be a multiple of 64, not {self.hidden_size}")
        if not 0 < self.learning_rate <= 0.1:
            raise ValueError(f"learning_rate must be above 0 and at most 0.1, not {self.learning_rate}")


@dataclass(frozen=True, slots=True)
class PretrainResult:
    """What a run came to."""

    folder: Path
    steps: int
    """Steps done; fewer than asked for after Ctrl-C."""
    loss: float
    """Mean cross-entropy of a completion's tokens over the last steps, in nats a token."""
    interrupted: bool


def pretrain(config: PretrainConfig) -> PretrainResult:
    """Pretrain, write the folder, and measure what it writes. Ctrl-C writes the model as far as it has come.

    Raises:
        ValueError: a folder that holds something else, or a model or a device that is not there; before any work.
        ImportError: the extra ``train`` is not installed.
    """
    folder = Path(config.output)
    if folder.exists() and any(folder.iterdir()) and not (folder / "pretrain.json").is_file():
        raise ValueError(f"{folder} holds other files; name an empty folder with --output")
    try:
        import torch
        import transformers  # noqa: F401 - missing, it is better missed here than after the corpus has been drawn
    except ImportError as error:
        raise ImportError('pretraining needs torch and transformers: pip install "grpo-arcade[train]"') from error
    from rich.console import Console

    from grpo_arcade.trainer.models.loading import load, quiet

    if config.device not in ("auto", "cpu") and not torch.cuda.is_available():
        raise ValueError(f"there is no device {config.device!r} here; use --device cpu")
    device = torch.device(
        ("cuda" if torch.cuda.is_available() else "cpu") if config.device == "auto" else config.device
    )
    torch.set_num_threads(spare_threads())
    known = load(config.model, dtype="float32") if config.model else None
    folder.mkdir(parents=True, exist_ok=True)
    console = Console()
    started = time.monotonic()

    console.print(f"drawing {config.corpus_size:,} examples …")
    examples = _draw_corpus(config)
    model, tokenizer = known or _new_model(config, examples)
    model.to(device)
    sequences, prompt_lengths = _encode(tokenizer, examples)
    del examples
    parameters = sum(p.numel() for p in model.parameters())
    console.print(f"{parameters:,} parameters, {len(tokenizer):,} tokens, {config.steps:,} steps on {device}")
    steps, loss = _fit(config, model, sequences, prompt_lengths, tokenizer.pad_token_id, console)
    interrupted = steps < config.steps

    model.to(device="cpu", dtype=torch.bfloat16)
    with quiet():
        model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    _write_record(folder, config, device, parameters, steps, loss, time.monotonic() - started)
    console.print(f"loss {loss:.4f} after {steps:,} steps, {time.monotonic() - started:.0f} s; written to {folder}")
    measured = [game for game in config.games or GRAMMARS if game in GRAMMARS]
    if config.samples and measured and not interrupted:
        from grpo_arcade.trainer.models.pocket.acceptance import measure

        console.print(measure(folder, samples=config.samples, games=measured).summary())
    return PretrainResult(folder, steps, loss, interrupted)


def _new_model(config: PretrainConfig, examples: list[tuple[str, str]]) -> tuple[Any, Any]:
    """Random weights, and a tokenizer made from the first examples."""
    import torch
    import transformers

    from grpo_arcade.trainer.models.pocket.architecture import build_config
    from grpo_arcade.trainer.models.pocket.tokenizer import train_tokenizer

    sample = examples[:_TOKENIZER_EXAMPLES]
    tokenizer = train_tokenizer(
        chain((answer for _, answer in sample), (prompt for prompt, _ in sample[::_PROMPT_SHARE])), config.vocab_size
    )
    torch.manual_seed(config.seed)
    architecture = build_config(
        len(tokenizer),
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        hidden_size=config.hidden_size,
        num_hidden_layers=config.num_hidden_layers,
    )
    return transformers.Qwen3ForCausalLM(architecture), tokenizer


def _draw_corpus(config: PretrainConfig) -> list[tuple[str, str]]:
    """(prompt, completion) of every example, in order; drawn by all cores but one, the same for any number."""
    chunk, size = 5_000, config.corpus_size
    jobs = [(config.seed, config.games, start, min(start + chunk, size)) for start in range(0, size, chunk)]
    if len(jobs) < 4:
        return list(chain.from_iterable(map(_draw_chunk, jobs)))
    with ProcessPoolExecutor(spare_threads(), multiprocessing.get_context("spawn")) as pool:
        return list(chain.from_iterable(pool.map(_draw_chunk, jobs)))


def _draw_chunk(job: tuple[int, tuple[str, ...], int, int]) -> list[tuple[str, str]]:
    seed, games, start, stop = job
    shares = shares_of(games)
    examples = (draw(f"{seed}/{i}", shares) for i in range(start, stop))
    return [(example.prompt, example.completion) for example in examples]


def _encode(tokenizer: Any, examples: list[tuple[str, str]]) -> tuple[list[list[int]], list[int]]:
    """Token ids of every conversation, ended by the end token, and how many of them are its prompt."""
    prompts = {
        prompt: tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}], add_generation_prompt=True, return_dict=False
        )
        for prompt in {prompt for prompt, _ in examples}
    }
    end = tokenizer.eos_token_id
    sequences: list[list[int]] = []
    for start in range(0, len(examples), 10_000):
        part = examples[start : start + 10_000]
        answers = tokenizer([answer for _, answer in part], add_special_tokens=False)["input_ids"]
        sequences += [[*prompts[prompt], *ids, end] for (prompt, _), ids in zip(part, answers, strict=True)]
    return sequences, [len(prompts[prompt]) for prompt, _ in examples]


def _fit(
    config: PretrainConfig,
    model: Any,
    sequences: list[list[int]],
    prompt_lengths: list[int],
    pad: int,
    console: Any,
) -> tuple[int, float]:
    """Train ``model`` in place; the steps done and the mean loss of the last hundred."""
    import torch

    device = model.device
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": config.weight_decay}, {"params": vectors, "weight_decay": 0.0}],
        lr=config.learning_rate,
        betas=(0.9, 0.95),
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _learning_rate_share(config, step))
    recent: list[Any] = []
    done = 0
    model.train()
    with progress(console=console) as shown:
        bar = shown.add_task("pretraining", total=config.steps)
        try:
            for batch in _batches(config, len(sequences)):
                with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                    loss = _loss(model, [sequences[i] for i in batch], [prompt_lengths[i] for i in batch], pad)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad(set_to_none=True)
                recent = [*recent[-99:], loss.detach()]
                done += 1
                shown.update(bar, advance=1)
                if done % 50 == 0 or done == config.steps:
                    shown.update(bar, description=f"loss {loss.item():.4f}")
                if done % max(1, config.steps // 10) == 0:
                    console.print(f"step {done:,}: loss {torch.stack(recent).mean().item():.4f}")
        except KeyboardInterrupt:
            console.print(f"interrupted after {done:,} steps; writing the model as it is")
    model.eval()
    return done, torch.stack(recent).mean().item() if recent else math.nan


def _loss(model: Any, sequences: list[list[int]], prompt_lengths: list[int], pad: int) -> Any:
    """Mean cross-entropy of the completions' tokens, in nats."""
    from grpo_arcade.trainer.shared_prompt import logps_and_entropies

    device, prompt = model.device, sequences[0][: prompt_lengths[0]]
    ids, labels = (each.to(device) for each in _collate(sequences, prompt_lengths, pad))
    if all(sequence[: len(prompt)] == prompt for sequence in sequences):
        # One prompt for all, often three times as long as what is learnt, goes through once.
        asked, answers, counted = ids[:1, : len(prompt)], ids[:, len(prompt) :], labels[:, len(prompt) :] >= 0
        logps, _ = logps_and_entropies(model, asked, answers, counted, 1.0)
        return -logps.sum() / counted.sum()
    # Padding is on the right, where causal attention never looks: no mask is needed.
    return model(input_ids=ids, labels=labels, use_cache=False).loss


def _learning_rate_share(config: PretrainConfig, step: int) -> float:
    if step < config.warmup_steps:
        return (step + 1) / config.warmup_steps
    gone = (step - config.warmup_steps) / max(1, config.steps - config.warmup_steps)
    return 0.1 + 0.45 * (1 + math.cos(math.pi * min(1.0, gone)))


def _batches(config: PretrainConfig, examples: int) -> Iterator[list[int]]:
    """Indices of every step's examples: one shuffled pass over the corpus after another."""
    import torch

    generator = torch.Generator().manual_seed(config.seed)
    waiting: list[int] = []
    for _ in range(config.steps):
        while len(waiting) < config.batch_size:
            waiting += torch.randperm(examples, generator=generator).tolist()
        yield waiting[: config.batch_size]
        waiting = waiting[config.batch_size :]


def _collate(sequences: list[list[int]], prompt_lengths: list[int], pad: int) -> tuple[Any, Any]:
    """Ids padded on the right, and labels that count the completion and its end only; both (batch, longest)."""
    import torch

    longest = max(map(len, sequences))
    ids = torch.tensor([sequence + [pad] * (longest - len(sequence)) for sequence in sequences])
    labels = torch.tensor(
        [
            [-100] * prompt + sequence[prompt:] + [-100] * (longest - len(sequence))
            for sequence, prompt in zip(sequences, prompt_lengths, strict=True)
        ]
    )
    return ids, labels


def _write_record(
    folder: Path, config: PretrainConfig, device: Any, parameters: int, steps: int, loss: float, seconds: float
) -> None:
    """pretrain.json: everything needed to make the same model again, and on what it was made."""
    import torch

    defaults = PretrainConfig()
    changed = {f.name: getattr(config, f.name) for f in fields(config) if f.name not in ("output", "samples")}
    changed = {name: value for name, value in changed.items() if value != getattr(defaults, name) or name == "seed"}
    options = chain.from_iterable(
        (f"--{name.replace('_', '-')}", *map(str, value if isinstance(value, tuple) else (value,)))
        for name, value in changed.items()
    )
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or platform.machine()
    record = {
        "command": shlex.join(["arcade", "pretrain", *options]),
        "config": {name: value for name, value in asdict(config).items() if name != "output"},
        "versions": {
            "grpo-arcade": _version("grpo-arcade"),
            "python": sys.version.split()[0],
            **{name: _version(name) for name in ("torch", "transformers", "tokenizers")},
        },
        "hardware": f"{card}, {os.cpu_count()} cores",
        "parameters": parameters,
        "steps": steps,
        "interrupted": steps < config.steps,
        "loss": round(loss, 5) if math.isfinite(loss) else None,
        "seconds": round(seconds, 1),
    }
    (folder / "pretrain.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
