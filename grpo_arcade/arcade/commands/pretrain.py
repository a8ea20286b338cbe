"""``arcade pretrain``: the pocket model's weights, by the command that made the shipped ones, or with one more game."""

from __future__ import annotations

from grpo_arcade.trainer.models.pocket.pretrain import PretrainConfig as Command
from grpo_arcade.trainer.models.pocket.pretrain import pretrain

__all__ = ["Command", "run"]


def run(command: Command) -> int:
    """0 when the weights were written."""
    pretrain(command)
    return 0
