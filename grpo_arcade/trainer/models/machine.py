"""What models compute with on this machine: the card, its memory and its driver, and the packages that matter."""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING

from grpo_arcade.trainer.bounds import ConfigError

if TYPE_CHECKING:
    from grpo_arcade.trainer.config import TrainConfig

GPU_EXTRA = 'pip install "grpo-arcade[gpu]"'


@dataclass(frozen=True)
class Machine:
    """What torch finds here."""

    torch: str
    """Its version."""
    device: str = "cpu"
    """cuda (ROCm's too, which torch calls so), or cpu."""
    runtime: str = "CPU"
    """CPU, or for example CUDA 12.8 or ROCm 6.4."""
    name: str = "CPU"
    """Of the first card."""
    count: int = 0
    """Cards that are visible."""
    memory: int = 0
    """Bytes of the first card."""
    bfloat16: bool = False
    """Whether the card computes in bfloat16 by itself: NVIDIA since Ampere."""
    processor_bfloat16: bool = False
    """Whether the processor multiplies in bfloat16 by itself: by AMX, or AVX-512 with BF16."""
    problem: str = ""
    """Why a card that torch was built for cannot be used, in one line; empty where there is none to use."""
    threads: int = 0
    """Threads torch would compute with on the CPU."""

    @property
    def has_card(self) -> bool:
        """Whether there is a CUDA or ROCm card that works."""
        return self.device == "cuda"


def this_machine() -> Machine:
    """Ask torch."""
    import torch

    with warnings.catch_warnings():
        # What is wrong is told as `problem`.
        warnings.simplefilter("ignore")
        works = torch.cuda.is_available()
    if not works:
        knows = torch.cpu.get_capabilities()
        return Machine(
            torch.__version__,
            processor_bfloat16=bool(knows.get("amx_bf16") or knows.get("avx512_bf16")),
            problem=_problem(),
            threads=torch.get_num_threads(),
        )
    first = torch.cuda.get_device_properties(0)
    return Machine(
        torch.__version__,
        device="cuda",
        runtime=f"ROCm {torch.version.hip}" if torch.version.hip else f"CUDA {torch.version.cuda}",
        name=first.name,
        count=torch.cuda.device_count(),
        memory=first.total_memory,
        bfloat16=bool(torch.version.hip) or first.major >= 8,
        threads=torch.get_num_threads(),
    )


def _problem() -> str:
    import torch

    if not (torch.version.cuda or torch.version.hip):
        return ""
    try:
        torch.cuda.init()
    except Exception as error:  # torch has several ways to say it
        words = " ".join(str(error).split())
        if "too old" in words:
            return (
                f"the NVIDIA driver is too old for torch {torch.__version__} (CUDA {torch.version.cuda}): update the "
                "driver, or install the torch that is built for an older CUDA"
            )
        absent = ("no nvidia driver", "no cuda gpus", "no hip gpus", "cuda-capable device")
        return "" if any(sign in words.lower() for sign in absent) else f"the card cannot be used: {words[:200]}"
    return ""


def installed(package: str) -> str | None:
    """The version of a package; None where it is absent."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def may_have_card() -> bool:
    """Whether torch could compute on a card at all, without importing it: some builds know none."""
    return not (installed("torch") or "").endswith("+cpu")


def check_settings(config: TrainConfig, has_card: bool) -> None:
    """Refuse settings for which a card or a package is missing here, before anything is loaded.

    Raises:
        ValueError: without a card they make no sense, or not together.
        ImportError: a package is not installed.
    """
    eight = "8bit" in config.optim
    for wanted, setting, instead in (
        (config.load_in_4bit, "load_in_4bit", "--no-load-in-4bit"),
        (eight, f"optim {config.optim}", "--optim adamw_torch"),
    ):
        if wanted and not has_card:
            raise ConfigError(f"{setting} needs a CUDA or ROCm card, and there is none that works here; {instead}")
        if wanted and installed("bitsandbytes") is None:
            raise ImportError(f"{setting} needs bitsandbytes: {GPU_EXTRA} (or {instead})")
    if config.load_in_4bit and not config.lora_r:
        raise ConfigError("weights of 4 bits cannot learn; train an adapter on them, with lora_r 4 or more")
    if config.lora_r and installed("peft") is None:
        raise ImportError('LoRA needs peft: pip install "grpo-arcade[train]"')


def require_extra() -> None:
    """Refuse to train where the extra ``train`` is not installed.

    Raises:
        ImportError: in one line, what is missing and how to install it.
    """
    missing = [name for name in ("torch", "transformers", "trl", "datasets") if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(f'training needs {", ".join(missing)}: pip install "grpo-arcade[train]"')
