"""What surrounds the steps of a run: champion, evaluation, curriculum, alarms, falling back, commands, checkpoints.

The trainer calls :meth:`Session.begin` before a batch and :meth:`Session.after_step` after each step. All lasting state
is in the run folder, so a resumed session finds itself where the checkpoint left it. torch is not imported here.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.games import Game, make
from grpo_arcade.games.seeds import EVALUATION_SEEDS, training_seeds
from grpo_arcade.trainer import alarms
from grpo_arcade.trainer.champion import Crowned, Throne
from grpo_arcade.trainer.evaluate import Evaluation, baselines_on, derived_seed, evaluate_model, evaluate_source
from grpo_arcade.trainer.run_folder import RECORDINGS, RunReader, checkpoint_step, checkpoints
from grpo_arcade.trainer.scoring import Match

if TYPE_CHECKING:
    from grpo_arcade.games.players import MatchPool
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.curriculum import Curriculum
    from grpo_arcade.trainer.grpo_trainer import ArcadeTrainer
    from grpo_arcade.trainer.narration import Narrator
    from grpo_arcade.trainer.rewards import Reward
    from grpo_arcade.trainer.run_writer import RunWriter

MAX_FALLBACKS = 3
"""A run that collapses more often is stopped: something else is wrong."""
FALLBACK_FACTOR = 0.5
"""What the learning rate is multiplied by at each."""


class Session:
    """One run, from the first step to the last or to the one where it is stopped."""

    def __init__(
        self,
        config: TrainConfig,
        writer: RunWriter,
        pool: MatchPool,
        curriculum: Curriculum,
        rewards: Sequence[Reward],
        template: Mapping[str, Any],
        narrator: Narrator,
    ) -> None:
        """Take up the run where ``writer``'s folder stands."""
        self.config, self.writer, self.pool = config, writer, pool
        self.curriculum, self.rewards, self.template, self.narrator = curriculum, rewards, dict(template), narrator
        self.folder = writer.folder
        self.model_name = Path(config.model.rstrip("/")).name
        self.run_key = bytes.fromhex(config.run_key)
        self.stop_asked = ""
        """Why to stop after this step: "stopped" or "interrupted"; empty to go on."""
        with RunReader(self.folder) as run:
            self.steps = run.steps()
            self.evaluations = run.evaluations()
            self._on = {alarm.name for alarm in run.alarms()}
            self._falls = [event["step"] for event in run.events() if event["kind"] == "fallback"]
            self._baselines = dict(run.facts().get("baselines", {}))
            champions = run.query(
                "SELECT champions.*, source FROM champions JOIN strategies ON strategies.id = strategy_id "
                "JOIN sources ON sources.id = source_id WHERE champions.stage = ? ORDER BY champions.id DESC LIMIT 1",
                (curriculum.at,),
            )
        self._enter_stage()
        for row in champions:
            self.throne.holder = Crowned(row["source"], row["strategy_id"], tuple(json.loads(row["scores"])))

    def _enter_stage(self) -> None:
        options = self.curriculum.stage.options
        self.game: Game = make(self.config.game, **options)
        self.throne = Throne(self.pool, self.config.game, options, self.run_key)
        key = str(self.curriculum.at)
        if key not in self._baselines:
            stored = self.game.baseline_scores()
            seeds = EVALUATION_SEEDS if stored else self.eval_seeds
            self._baselines[key] = {name: kept["mean"] for name, kept in baselines_on(self.game, seeds).items()}
            self.writer.note(baselines=self._baselines)
        self.baselines: dict[str, float] = self._baselines[key]

    @property
    def eval_seeds(self) -> range:
        """The held-out seeds of this run."""
        return EVALUATION_SEEDS[: self.config.eval_seeds]

    def prompt(self) -> list[dict[str, str]]:
        """What the model is asked now."""
        return [{"role": "user", "content": self.game.prompt()}]

    def begin(self, step: int, completions: int) -> list[Match]:
        """What the completions of a step play: one match a completion, the same for all of a group."""
        size, count = self.config.num_generations, self.config.train_seeds
        groups = completions // size
        seeds = training_seeds(self.run_key, step, groups * count)
        matches = []
        for number in range(groups):
            mine = tuple(seeds[number * count : (number + 1) * count])
            self.writer.group(step, "training", number, self.curriculum.at, self.game.options, mine)
            holder = self.throne.holder
            to_beat = None if holder is None else holder.source
            match = Match(self.game.name, self.game.options, mine, self.baselines, to_beat)
            matches += [match] * size
        return matches

    def started(self, trainer: ArcadeTrainer) -> None:
        """Before the first step: the held-out score of the untrained model, and a checkpoint to fall back to."""
        self.writer.note(status="running")
        if not self.evaluations:
            self.evaluate(trainer)
            self._sound_alarms(0)
        if not checkpoints(self.folder):
            self._save(trainer)

    def stepped(self, row: dict[str, Any]) -> None:
        """Record a step."""
        self.steps.append(row)
        self.writer.step(row)
        self.narrator.step(row, self.evaluations[-1]["mean"] if self.evaluations else None)

    def after_step(self, trainer: ArcadeTrainer) -> bool:
        """Everything between two steps; whether to stop."""
        step, config = trainer.state.global_step, self.config
        last = step >= config.max_steps
        self._settle_champion(step)
        if last or (config.eval_steps and step % config.eval_steps == 0):
            self.evaluate(trainer)
        self._sound_alarms(step)
        fallen = config.fallback and self._fall_back_if_collapsed(trainer, step)
        self._obey(trainer, step)
        stop = bool(self.stop_asked)
        if last or stop or fallen or step % config.save_steps == 0:
            self._save(trainer)
        return stop

    def evaluate(self, trainer: ArcadeTrainer) -> None:
        """Measure the model on the held-out seeds and record it; at the curriculum's mark, go to the next stage."""
        step, started = trainer.state.global_step, time.time()
        model = trainer.accelerator.unwrap_model(trainer.model)
        training = model.training
        model.eval()
        with self.narrator.task("evaluating", self.config.eval_strategies) as progress:
            found = evaluate_model(
                model,
                trainer.processing_class,
                self.game,
                self.eval_seeds,
                pool=self.pool,
                player=f"{self.model_name} step {step}",
                strategies=self.config.eval_strategies,
                # The same draws at every evaluation: two of them differ by the model alone.
                seed=derived_seed(self.config.seed, "evaluation"),
                max_completion_length=self.config.max_completion_length,
                template=self.template,
                progress=progress,
            )
        model.train(training)
        row = self._record_evaluation(step, found, started)
        self.narrator.evaluation(row)
        if self.curriculum.promote(found.won):
            self._enter_stage()
            words = ", ".join(f"{name} {value}" for name, value in self.game.options.items())
            message = f"stage {self.curriculum.at + 1} of {len(self.curriculum.stages)}: {words}"
            self.writer.event("promoted", step, message, data={"stage": self.curriculum.at, "won": found.won})
            self.narrator.say(message)

    def _record_evaluation(self, step: int, found: Evaluation, started: float) -> dict[str, Any]:
        seeds = list(found.seeds)
        self.writer.group(step, "evaluation", 0, self.curriculum.at, found.options, seeds)
        for place, play in enumerate(found.plays):
            self.writer.strategy(step, "evaluation", place, 0, play, found.tokens[place], found.truncated[place])
        champion = None
        if self.throne.holder is not None:
            champion = evaluate_source(self.throne.holder.source, self.game, seeds, pool=self.pool).mean
        low, high = found.interval
        row = {
            "step": step,
            "time": time.time(),
            "stage": self.curriculum.at,
            "options": dict(found.options),
            "seeds": seeds,
            "strategies": len(found.plays),
            "mean": found.mean,
            "low": low,
            "high": high,
            "compiled": found.compiled,
            "won": found.won,
            "distinct_share": found.distinct_share,
            "outcomes": found.outcomes,
            "histogram": found.histogram(),
            "scores": found.scores,
            "baselines": {name: dict(kept) for name, kept in found.baselines.items()},
            "champion": champion,
            "seconds": time.time() - started,
        }
        self.writer.evaluation(row)
        self.evaluations = [*(kept for kept in self.evaluations if kept["step"] != step), row]
        if self.steps and self.steps[-1]["step"] == step:
            self.steps[-1]["evaluate_s"] += row["seconds"]
            self.writer.step(self.steps[-1])
        return row

    def _settle_champion(self, step: int) -> None:
        crowned = self.throne.settle()
        if crowned is None:
            return
        champion, before = crowned
        self.writer.champion(
            {
                "step": step,
                "strategy_id": champion.strategy_id,
                "time": time.time(),
                "stage": self.curriculum.at,
                "score": champion.score,
                "previous": before and before.score,
                "scores": list(champion.scores),
            }
        )
        message = f"a new champion scores {champion.score:,.0f}"
        self.writer.event("champion", step, message, data={"strategy_id": champion.strategy_id})

    def _sound_alarms(self, step: int) -> None:
        signs = alarms.signs(self._since_fall(), self.evaluations)
        now = {sign.name for sign in signs}
        for sign in signs:
            if sign.name not in self._on:
                self.writer.event("alarm", step, sign.message, name=sign.name, help=sign.help)
                self.narrator.warn(f"step {step}: {sign.message}; {sign.help}")
        for name in sorted(self._on - now):
            self.writer.event("alarm_over", step, f"{name.replace('_', ' ')} is over", name=name)
        self._on = now

    def _since_fall(self) -> list[dict[str, Any]]:
        fall = self._falls[-1] if self._falls else 0
        return [row for row in self.steps if row["step"] > fall]

    def _fall_back_if_collapsed(self, trainer: ArcadeTrainer, step: int) -> bool:
        why = alarms.collapsed(self._since_fall(), self.evaluations)
        if not why:
            return False
        good = self._good_checkpoint(step)
        if good is None or len(self._falls) >= MAX_FALLBACKS:
            message = f"stopped: {why}, for the {len(self._falls) + 1}. time; lower learning_rate and begin anew"
            self.writer.event("failed", step, message)
            self.narrator.warn(message)
            self.stop_asked = "failed"
            return False
        rate = trainer.fall_back(good, FALLBACK_FACTOR)
        self._falls.append(step)
        message = f"{why}; back to {good.name}, on with learning rate {rate:.3g}"
        data = {"checkpoint": checkpoint_step(good), "learning_rate": rate}
        self.writer.event("fallback", step, message, data=data)
        self.narrator.warn(f"step {step}: {message}")
        return True

    def _good_checkpoint(self, step: int) -> Path | None:
        """The newest checkpoint from before the trouble: at its step hardly more strategies failed than ever."""
        shares = {row["step"]: alarms.failing_share(row) for row in self._since_fall()}
        calm = min(shares.values(), default=0.0) + 0.15

        def healthy(at: int) -> bool:
            # Step at + 1 was written by the model of this checkpoint.
            around = [share for number, share in shares.items() if at - 2 < number <= at + 1]
            return at <= step - alarms.WINDOW and all(share <= calm for share in around)

        found = [path for path in checkpoints(self.folder) if healthy(checkpoint_step(path))]
        return found[-1] if found else None

    def _save(self, trainer: ArcadeTrainer) -> None:
        path = trainer.save()
        step = checkpoint_step(path)
        self.writer.event("checkpoint", step, f"saved {path.name}")
        # The best one, and the one to fall back to, outlive their turn.
        keep = {path, *checkpoints(self.folder)[-self.config.save_total_limit :]}
        best = max(self.evaluations, key=lambda row: (row["stage"], row["mean"]), default=None)
        keep |= {self.folder / f"checkpoint-{best['step']}"} if best else set()
        keep |= {good} if (good := self._good_checkpoint(step)) else set()
        for old in self.folder.glob("checkpoint-*"):
            if old not in keep:
                shutil.rmtree(old, ignore_errors=True)

    def state(self) -> dict[str, Any]:
        """What a checkpoint must hold beside what Hugging Face's does; the rest is in ``run.db``."""
        return {"stage": self.curriculum.at}

    def _obey(self, trainer: ArcadeTrainer, step: int) -> None:
        """Answer the commands that have come; while paused, wait for more."""
        paused: int | None = None
        while True:
            for command, name, argument in self.writer.asked():
                if name == "pause" and paused is None:
                    paused = command
                    self.writer.note(status="paused")
                    self.writer.answer(command, "accepted", "paused", step)
                elif name == "resume" and paused is not None:
                    self.writer.answer(paused, "done", "resumed", step)
                    self.writer.answer(command, "done", "goes on", step)
                    self.writer.note(status="running")
                    paused = None
                else:
                    status, answer = self._do(trainer, name, argument)
                    self.writer.answer(command, status, answer, step)
                    self.writer.event("command", step, answer, name=name)
            if paused is None or self.stop_asked:
                return
            time.sleep(0.1)

    def _do(self, trainer: ArcadeTrainer, name: str, argument: str) -> tuple[str, str]:
        if name == "stop":
            self.stop_asked = "stopped"
            return "done", f"stops after step {trainer.state.global_step} and saves"
        if name == "save":
            self._save(trainer)
            return "done", f"saved checkpoint-{trainer.state.global_step}"
        if name == "evaluate":
            self.evaluate(trainer)
            return "done", f"held-out score {self.evaluations[-1]['mean']:,.0f}"
        if name == "gif":
            return self._film_champion(argument)
        return "refused", f"nothing to {name}" if name in ("pause", "resume") else f"there is no command {name!r}"

    def _film_champion(self, argument: str) -> tuple[str, str]:
        from grpo_arcade.recordings import write_gif

        if self.throne.holder is None:
            return "refused", "there is no champion yet"
        with RunReader(self.folder) as run:
            episodes = run.episodes(self.throne.holder.strategy_id)
        best = max(episodes, key=lambda episode: episode.score)
        name = Path(argument).name or f"champion-step-{self.steps[-1]['step'] if self.steps else 0}.gif"
        path = self.folder / RECORDINGS / name
        write_gif([best], path)
        return "done", f"wrote {path}"
