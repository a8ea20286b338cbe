"""Stages of one game from easy to hard; a stage ends when enough held-out games are won.

Knows options and marks only: the trainer tells it what an evaluation found, and asks which game is played now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.config import parse_options

if TYPE_CHECKING:
    from grpo_arcade.trainer.config import TrainConfig


@dataclass(frozen=True)
class Stage:
    """One version of the game."""

    options: Mapping[str, Any]
    """The game's resolved options."""
    promote_at: float
    """Share of held-out games won at which the next stage begins; the last stage has no next."""


@dataclass
class Curriculum:
    """The stages, and which one is on."""

    stages: tuple[Stage, ...]
    at: int = field(default=0)

    @classmethod
    def of(cls, config: TrainConfig, at: int = 0) -> Curriculum:
        """The curriculum a configuration asks for, at stage ``at``; one stage when it asks for none.

        Raises:
            ValueError: options the game refuses, or a stage that cannot be read.
        """
        from grpo_arcade.games import make

        common = config.options
        if not config.curriculum:
            return cls((Stage(make(config.game, **common).options, config.promote_at),), at)
        stages = []
        for text in config.curriculum:
            words, _, mark = text.partition("@")
            try:
                promote_at = float(mark) if mark else config.promote_at
            except ValueError:
                promote_at = -1.0
            if not 0 <= promote_at <= 1:
                raise ConfigError(f"curriculum: what follows @ in {text!r} must be a share from 0 to 1")
            options = parse_options(tuple(words.split(",")), "curriculum")
            stages.append(Stage(make(config.game, **{**common, **options}).options, promote_at))
        return cls(tuple(stages), at)

    @property
    def stage(self) -> Stage:
        """The stage that is on."""
        return self.stages[self.at]

    def promote(self, share_won: float) -> bool:
        """Go to the next stage if ``share_won`` of the held-out games suffices; whether it did."""
        if self.at + 1 < len(self.stages) and share_won >= self.stage.promote_at:
            self.at += 1
            return True
        return False
