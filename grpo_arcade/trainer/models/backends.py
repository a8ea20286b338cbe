"""Which library makes the model learn: transformers, or Unsloth where it is worth it.

Both give the trainer the same :class:`~grpo_arcade.trainer.models.learner.Learner`. This module only chooses; it has to
be asked before transformers, TRL or PEFT are imported, because Unsloth patches them as they come.
``python -m grpo_arcade.trainer.models.backends MODEL`` prints as JSON what this machine has, the backend that would
train MODEL and who would write its completions, for those who must not import torch.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from grpo_arcade.trainer.models.loading import SMALL, ModelError, is_small
from grpo_arcade.trainer.models.machine import GPU_EXTRA, Machine, installed, this_machine

if TYPE_CHECKING:
    from grpo_arcade.trainer.config import TrainConfig


@dataclass(frozen=True)
class Backend:
    """A choice, with its reason."""

    name: str
    """transformers or unsloth."""
    why: str
    install: str = ""
    """What would be worth installing here; empty where nothing is."""

    def prepare(self) -> None:
        """Everything that must happen before transformers, TRL and PEFT are imported."""
        if self.name == "unsloth":
            from grpo_arcade.trainer.models import unsloth_backend

            unsloth_backend.prepare()


def choose(config: TrainConfig, machine: Machine | None = None) -> Backend:
    """The backend of a run. ``auto`` is Unsloth where it is installed, there is a card, and the model is not small.

    Raises:
        ModelError: the card's driver is too old, or there is no such model.
        ImportError: Unsloth was asked for and is not installed.
    """
    machine = machine or this_machine()
    here = installed("unsloth")
    small = is_small(config.model)
    if config.backend == "unsloth" and here is None:
        raise ImportError(f"backend unsloth is not installed: {GPU_EXTRA} (or --backend transformers)")
    if machine.problem and not small:
        raise ModelError(f"{machine.problem}; to compute on the CPU all the same, set CUDA_VISIBLE_DEVICES=-1")
    if config.backend != "auto":
        return Backend(config.backend, "it was asked for")
    if small:
        return Backend("transformers", f"{Path(config.model).name} is small, of at most {SMALL >> 20} MiB")
    if not machine.has_card:
        return Backend("transformers", "there is no CUDA or ROCm card that works")
    if here is None:
        return Backend("transformers", "unsloth is not installed", GPU_EXTRA)
    if config.use_vllm:
        return Backend("transformers", "vLLM takes its weights from TRL, not from Unsloth")
    return Backend("unsloth", f"unsloth {here} is installed and there is a card")


def main() -> None:
    """Print the facts about this machine, and the backends and the writer it would choose."""
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.generation import choose_writer

    machine = this_machine()
    # What it would be if the card worked is of no use; what is wrong with it is told beside.
    working = replace(machine, problem="")
    large = TrainConfig(model=sys.argv[1], lora_r=4)
    writer = choose_writer(large, working)
    runs = {"pocket": TrainConfig(), "large": replace(large, use_vllm=writer.vllm)}
    choices = {name: asdict(choose(config, working)) for name, config in runs.items()}
    graphs = " by CUDA graphs" if working.has_card and not writer.vllm else ""
    told = {"name": f"{writer.name}{graphs}", **asdict(writer)}
    print(json.dumps({**asdict(machine), "backends": choices, "writer": told}))


if __name__ == "__main__":
    main()
