"""Training the pocket model: corpus, tokenizer, weights, and the folder that is shipped; or teaching it one more game.

From scratch that takes minutes on a GPU and hours on a CPU; to go on from weights that know other games takes minutes
on a CPU. The model learns what programs of the grammars look like, good and bad ones in the proportions in which they
are drawn; getting better is left to reinforcement learning. Torch is imported only when a run starts, so that the
command line can show its help without it.
"""

from __future__ import annotations

import copy
import json
import math
import os
import platform
import re
import shlex
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Interval

from grpo_arcade.games.seeds import check_seed
from grpo_arcade.progress import progress
from grpo_arcade.trainer.bounds import MOST_AT_ONCE, Hint, refusal
from grpo_arcade.trainer.config import spare_threads
from grpo_arcade.trainer.models.pocket.batches import Corpus, batches
from grpo_arcade.trainer.models.pocket.corpus import drawn
from grpo_arcade.trainer.models.pocket.grammar import GRAMMARS, shares_of
from grpo_arcade.trainer.models.pocket.packing import loss_of_batch

_TOKENIZER_GROUPS, _TOKENIZER_ANSWERS = 5_000, 4
"""Of so many groups the tokenizer sees the prompt and the first answers."""
_PROBED = 200
"""Steps of which the time is taken, over and over, to tell how many more there is time for. The first few hundred are
slower: the processes that draw the examples are still starting."""


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
    corpus_size: Annotated[int, Interval(ge=1, le=10**9)] = 16_000_000
    """Examples drawn from the grammars; after the last the first comes again. The shipped weights were not shown one
    twice: their steps took 4.6 million."""
    answers: Annotated[int, Interval(ge=1, le=1024)] = 8
    """Examples with one prompt; they stand together in a batch, and their prompt goes through the model once."""
    steps: Annotated[int, Interval(ge=1, le=10**9)] = 8_918
    """Optimizer steps: what nine and a half minutes of a busy card came to. The loss had stopped falling, with the
    learning rate; of programs for made-up games with names easily confused 89 % are without a fault after these."""
    batch_size: Annotated[int, Interval(ge=1, le=2**16)] = 512
    """Examples a step."""
    learning_rate: Annotated[float, Interval(gt=0, le=0.1)] = 1.5e-3
    """Peak; warmed up over the first steps and brought down along a cosine."""
    final_share: Annotated[float, Interval(ge=0, le=1)] = 0.02
    """Of the peak: the learning rate of the last step."""
    warmup_steps: Annotated[int, Ge(0)] = 200
    """Steps until the peak."""
    weight_decay: Annotated[float, Interval(ge=0, le=1)] = 0.05
    """Of AdamW, on matrices only."""
    vocab_size: Annotated[int, Interval(ge=320, le=2**18), Hint("256 bytes and some merges")] = 3584
    """Tokens at most, of a model from scratch."""
    hidden_size: Annotated[int, Interval(ge=64, le=2**13)] = 256
    """Width of a model from scratch."""
    num_hidden_layers: Annotated[int, Interval(ge=1, le=128)] = 6
    """Depth of a model from scratch."""
    minutes: Annotated[float, Ge(0)] = 0.0
    """Minutes that the steps may take: if those asked for would take longer, fewer are made, and the learning rate
    comes down accordingly; how many is reckoned anew every 200 steps. 0: as long as they take."""
    save_steps: Annotated[int, Ge(0)] = 0
    """Steps between writings of the folder as the model then is; 0 writes it at the end only."""
    device: str = "auto"
    """cpu, cuda, or auto: the first CUDA card, else the CPU."""
    samples: Annotated[int, Interval(ge=0, le=MOST_AT_ONCE)] = 512
    """Programs of 2048 sampled and played at the end for the acceptance figures, a quarter of it for each other game; 0
    skips that, and games that need a server are left out."""

    def __post_init__(self) -> None:
        shares_of(self.games)
        check_seed(self.seed)
        if wrong := refusal(self):
            raise ValueError(wrong)
        for name in ("corpus_size", "batch_size"):
            if getattr(self, name) % self.answers:
                raise ValueError(f"{name} must be a multiple of answers, {self.answers}, not {getattr(self, name)}")
        if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", self.device):
            raise ValueError(f"there is no device {self.device!r}; there are auto, cpu, cuda and cuda:1")
        if self.hidden_size % 64:
            raise ValueError(f"hidden_size must be a multiple of 64, not {self.hidden_size}")


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
    from grpo_arcade.trainer.models.loading import check, load, quiet

    if config.model:
        check(config.model)
    try:
        import torch
        import transformers  # noqa: F401 - missing, it is better missed here than after the tokenizer was made
    except ImportError as error:
        raise ImportError('pretraining needs torch and transformers: pip install "grpo-arcade[train]"') from error
    from rich.console import Console

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

    if known is None:
        console.print(f"making the tokenizer from {_TOKENIZER_GROUPS:,} prompts …")
    model, tokenizer = known or _new_model(config)
    model.to(device)
    parameters = sum(p.numel() for p in model.parameters())
    console.print(f"{parameters:,} parameters, {len(tokenizer):,} tokens, {config.steps:,} steps on {device}")

    def write(steps: int, total: int, loss: float) -> None:
        shipped = copy.deepcopy(model).to(device="cpu", dtype=torch.bfloat16)
        with quiet():
            shipped.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        made = replace(config, steps=total, minutes=0.0)
        _write_record(folder, made, device, parameters, steps, loss, time.monotonic() - started)

    steps, total, loss = _fit(config, model, tokenizer, console, write)
    interrupted = steps < total
    write(steps, total, loss)
    console.print(f"loss {loss:.4f} after {steps:,} steps, {time.monotonic() - started:.0f} s; written to {folder}")
    measured = [game for game in config.games or GRAMMARS if game in GRAMMARS]
    if config.samples and measured and not interrupted:
        from grpo_arcade.trainer.models.pocket.acceptance import measure

        console.print(measure(folder, samples=config.samples, games=measured).summary())
    return PretrainResult(folder, steps, loss, interrupted)


def _new_model(config: PretrainConfig) -> tuple[Any, Any]:
    """Random weights, and a tokenizer made from the first groups."""
    import torch
    import transformers

    from grpo_arcade.trainer.models.pocket.architecture import build_config
    from grpo_arcade.trainer.models.pocket.tokenizer import train_tokenizer

    tokenizer = train_tokenizer(tokenizer_texts(config), config.vocab_size)
    torch.manual_seed(config.seed)
    architecture = build_config(
        len(tokenizer),
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        hidden_size=config.hidden_size,
        num_hidden_layers=config.num_hidden_layers,
    )
    return transformers.Qwen3ForCausalLM(architecture), tokenizer


def tokenizer_texts(config: PretrainConfig) -> Iterator[str]:
    """What the tokenizer of a model from scratch is made from: prompts and programs of the corpus's beginning."""
    number = min(_TOKENIZER_GROUPS, config.corpus_size // config.answers)
    for examples in drawn(config.seed, config.games, range(number), min(_TOKENIZER_ANSWERS, config.answers)):
        yield examples[0].prompt
        yield from (example.completion for example in examples)


def _fit(
    config: PretrainConfig, model: Any, tokenizer: Any, console: Any, write: Callable[[int, int, float], None]
) -> tuple[int, int, float]:
    """Train ``model`` in place; the steps done, those there was time for, and the mean loss of the last hundred."""
    import torch

    device = model.device
    matrices = [p for p in model.parameters() if p.ndim > 1]
    vectors = [p for p in model.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": config.weight_decay}, {"params": vectors, "weight_decay": 0.0}],
        lr=config.learning_rate,
        betas=(0.9, 0.95),
        fused=device.type == "cuda",
    )
    total = config.steps
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _learning_rate_share(config, step, total))
    number, size = config.corpus_size // config.answers, config.batch_size // config.answers
    corpus = Corpus(config.seed, config.games, number, config.answers, size)
    recent: deque[Any] = deque(maxlen=100)
    done, began = 0, time.monotonic()
    timed = began

    def mean() -> float:
        return float(torch.stack(list(recent)).mean()) if recent else math.nan

    model.train()
    with progress(console=console) as shown:
        bar = shown.add_task("pretraining", total=config.steps)
        try:
            for batch in batches(tokenizer, corpus, config.steps):
                if config.minutes and done and done % _PROBED == 0:
                    now = time.monotonic()
                    left = 60 * config.minutes - (now - began)
                    total = min(config.steps, done + max(0, int(left * _PROBED / (now - timed))))
                    timed = now
                    shown.update(bar, total=total)
                if done == total:
                    break
                with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                    loss = loss_of_batch(model, batch)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad(set_to_none=True)
                recent.append(loss.detach())
                done += 1
                shown.update(bar, advance=1)
                if done % 50 == 0 or done == total:
                    shown.update(bar, description=f"loss {loss.item():.4f}")
                if done % min(500, max(1, config.steps // 20)) == 0:
                    console.print(f"step {done:,}: loss {mean():.4f}, {time.monotonic() - began:.0f} s")
                if config.save_steps and done % config.save_steps == 0 and done < total:
                    write(done, total, mean())
        except KeyboardInterrupt:
            console.print(f"interrupted after {done:,} steps; writing the model as it is")
    model.eval()
    return done, total, mean()


def _learning_rate_share(config: PretrainConfig, step: int, total: int) -> float:
    if step < config.warmup_steps:
        return (step + 1) / config.warmup_steps
    gone = (step - config.warmup_steps) / max(1, total - config.warmup_steps)
    return config.final_share + (1 - config.final_share) * 0.5 * (1 + math.cos(math.pi * min(1.0, gone)))


def _write_record(
    folder: Path, config: PretrainConfig, device: Any, parameters: int, steps: int, loss: float, seconds: float
) -> None:
    """pretrain.json: everything needed to make the same model again, and on what it was made."""
    import torch

    defaults = PretrainConfig()
    changed = {
        f.name: getattr(config, f.name)
        for f in fields(config)
        if f.name not in ("output", "samples", "save_steps", "minutes")
    }
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
