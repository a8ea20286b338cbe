"""What every process of a run does alike: it plays its share of a step's completions and of an evaluation's.

Process 0's is the :class:`~grpo_arcade.trainer.session.Session`, which decides and records; the others'
:class:`~grpo_arcade.trainer.follower.Follower` do as they are told. torch is not imported here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.games import Game
from grpo_arcade.games.seeds import EVALUATION_SEEDS, training_seeds
from grpo_arcade.trainer.evaluate import Evaluation, derived_seed, evaluate_model
from grpo_arcade.trainer.question import question
from grpo_arcade.trainer.scoring import Assignment

if TYPE_CHECKING:
    from grpo_arcade.games.players import Pool
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.curriculum import Curriculum
    from grpo_arcade.trainer.grpo_trainer import ArcadeTrainer
    from grpo_arcade.trainer.processes import Processes
    from grpo_arcade.trainer.rewards import Reward


class Share(ABC):
    """One process's part of a run."""

    def __init__(
        self,
        config: TrainConfig,
        pool: Pool,
        curriculum: Curriculum,
        rewards: Sequence[Reward],
        template: Mapping[str, Any],
        processes: Processes,
    ) -> None:
        """Take a seat."""
        self.config, self.pool, self.curriculum, self.rewards = config, pool, curriculum, rewards
        self.template, self.processes = dict(template), processes
        self.model_name = Path(config.model.rstrip("/")).name
        self.run_key = bytes.fromhex(config.run_key)
        self.stop_asked = ""
        """Why to stop after this step: "stopped", "interrupted" or "failed"; empty to go on."""
        self.game: Game
        """The stage's."""
        self.baselines: Mapping[str, float]
        """How they score there on the held-out seeds."""

    @property
    def eval_seeds(self) -> range:
        """The held-out seeds of this run."""
        return EVALUATION_SEEDS[: self.config.eval_seeds]

    def prompt(self) -> list[dict[str, str]]:
        """What the model is asked now."""
        return [{"role": "user", "content": question(self.game, self.config.prompt)}]

    @abstractmethod
    def begin(self, step: int, completions: int) -> list[Assignment]:
        """What the ``completions`` of a step play, those of all processes."""

    @abstractmethod
    def started(self, trainer: ArcadeTrainer) -> None:
        """Before the first step."""

    @abstractmethod
    def after_step(self, trainer: ArcadeTrainer) -> bool:
        """Everything between two steps; whether to stop."""

    def assignments(self, step: int, completions: int, to_beat: str | None) -> list[Assignment]:
        """One match a completion, the same for all of a group; ``to_beat`` is the champion's source."""
        size, count = self.config.num_generations, self.config.train_seeds
        groups = completions // size
        seeds = training_seeds(self.run_key, step, groups * count)
        options = {**self.game.options, **self.config.training_options}
        assignments = []
        for number in range(groups):
            mine = tuple(seeds[number * count : (number + 1) * count])
            assignment = Assignment(self.game.name, options, mine, self.baselines, self.game.human_score, to_beat)
            assignments += [assignment] * size
        return assignments

    def ask(self, trainer: ArcadeTrainer, progress: Callable[[int, int], None] | None = None) -> Evaluation:
        """Let the model write for the held-out seeds, all processes together; on process 0 the whole of it."""
        model = trainer.accelerator.unwrap_model(trainer.model)
        training = model.training
        model.eval()
        found = evaluate_model(
            model,
            trainer.processing_class,
            self.game,
            self.eval_seeds,
            pool=self.pool,
            player=f"{self.model_name} step {trainer.state.global_step}",
            strategies=self.config.eval_strategies,
            # The same draws at every evaluation: two of them differ by the model alone.
            seed=derived_seed(self.config.seed, "evaluation"),
            max_completion_length=self.config.max_completion_length,
            template=self.template,
            prompt=self.config.prompt,
            progress=progress,
            generate=trainer.generator(),
            processes=self.processes,
        )
        model.train(training)
        return found
