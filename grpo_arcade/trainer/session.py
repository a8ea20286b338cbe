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

from grpo_arcade.games import Game, make, score_text
from grpo_arcade.games.seeds import EVALUATION_SEEDS, training_seeds
from grpo_arcade.trainer import alarms
from grpo_arcade.trainer.champion import Crowned, Throne
from grpo_arcade.trainer.evaluate import Evaluation, baselines_on, derived_seed, evaluate_model, evaluate_source
from grpo_arcade.trainer.run_folder import RECORDINGS, STATE, RunReader, checkpoint_step, checkpoints, write_json
from grpo_arcade.trainer.run_writer import writing
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
SAVING_SHARE = 0.05
"""Of the time since the last checkpoint, what the next one may cost to be made beside those of ``save_steps``."""


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
        """Why to stop after this step: "stopped", "interrupted" or "failed"; empty to go on."""
        self._saved: Path | None = None
        """The checkpoint of this moment, if there is one."""
        self._saved_at, self._save_s = time.perf_counter(), 0.0
        """When the last checkpoint was complete, and what it cost in seconds."""
        with RunReader(self.folder) as run:
            self.steps = run.steps()
            self.evaluations = run.evaluations()
            self._on = {alarm.name for alarm in run.alarms()}
            self._falls = [event["step"] for event in run.events() if event["kind"] == "fallback"]
            self._asked = {event["step"] for event in run.events() if event["data"].get("asked")}
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
            # Of a long game fewer than all are stored.
            known = min((len(kept["scores"]) for kept in stored.values()), default=0) if stored else 0
            seeds = EVALUATION_SEEDS[:known] or self.eval_seeds
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
            match = Match(self.game.name, self.game.options, mine, self.baselines, self.game.human_score, to_beat)
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
        self._saved = None
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
        if step % config.steps_per_round:
            # Half of a generation is still to be learnt from, and no checkpoint holds it.
            return False
        fallen = config.fallback and self._fall_back_if_collapsed(trainer, step)
        if self.stop_asked != "failed":
            self._obey(trainer, step)
            if last or fallen or self.stop_asked or step % config.save_steps == 0 or self._can_afford_to_save():
                self._save(trainer)
        return bool(self.stop_asked)

    def _can_afford_to_save(self) -> bool:
        return self._save_s <= SAVING_SHARE * (time.perf_counter() - self._saved_at)

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
            if self._saved is not None:
                with writing(self.folder):
                    write_json(self._saved / STATE, self.state())

    def _record_evaluation(self, step: int, found: Evaluation, started: float) -> dict[str, Any]:
        seeds = list(found.seeds)
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
        with self.writer.together():
            # There is one already if the stage has changed since, and somebody asks for another.
            self.writer.drop_evaluation(step)
            self.writer.group(step, "evaluation", 0, self.curriculum.at, found.options, seeds)
            for place, play in enumerate(found.plays):
                self.writer.strategy(step, "evaluation", place, 0, play, found.tokens[place], found.truncated[place])
            self.writer.evaluation(row)
            if self.steps and self.steps[-1]["step"] == step:
                self.steps[-1]["evaluate_s"] += row["seconds"]
                self.writer.step(self.steps[-1])
        self.evaluations = [*(kept for kept in self.evaluations if kept["step"] != step), row]
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
        message = f"a new champion scores {score_text(champion.score)}"
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
        recent = self._since_fall()
        why = alarms.collapsed(recent, self.evaluations)
        if not why:
            return False
        # A number that is none is the fault of the step that made it; failing strategies have been on their way.
        latest = step - 1 if not alarms.finite(recent[-1]) else step - alarms.WINDOW
        good = self._good_checkpoint(latest)
        if good is None or len(self._falls) >= MAX_FALLBACKS:
            message = f"training collapsed for good: {why}" + (
                f", for the {len(self._falls) + 1}. time" if good else ""
            )
            self.writer.event("failed", step, message, help="begin anew with a lower learning_rate")
            self.stop_asked = "failed"
            # What is left to play with is from before the trouble.
            for path in checkpoints(self.folder):
                if good is not None and checkpoint_step(path) > checkpoint_step(good):
                    shutil.rmtree(path, ignore_errors=True)
            return False
        rate = trainer.fall_back(good, FALLBACK_FACTOR)
        self._falls.append(step)
        self._saved = None
        message = f"{why}; back to {good.name}, on with learning rate {rate:.3g}"
        data = {"checkpoint": checkpoint_step(good), "learning_rate": rate}
        self.writer.event("fallback", step, message, data=data)
        self.narrator.warn(f"step {step}: {message}")
        return True

    def _good_checkpoint(self, latest: int) -> Path | None:
        found = {checkpoint_step(path): path for path in self._kept_checkpoints()}
        good = alarms.newest_good(sorted(found), self.steps, self._falls, latest)
        return None if good is None else found[good]

    def _kept_checkpoints(self) -> list[Path]:
        """Those made every ``save_steps`` or when somebody asked; which others there are depends on the clock."""
        found = checkpoints(self.folder)
        return [
            path for path in found if (at := checkpoint_step(path)) % self.config.save_steps == 0 or at in self._asked
        ]

    def _save(self, trainer: ArcadeTrainer, *, asked: bool = False) -> None:
        """Make a checkpoint of this moment, if there is none yet, and remove those whose turn is over."""
        step = trainer.state.global_step
        if self._saved is None:
            started = time.perf_counter()
            try:
                with writing(self.folder, anything=True):
                    self._saved = trainer.save()
            except BaseException:
                # Half a checkpoint is of no use, and its room may be what is missing.
                shutil.rmtree(self.folder / f"checkpoint-{step}", ignore_errors=True)
                raise
            self._saved_at = time.perf_counter()
            self._save_s = self._saved_at - started
        if asked or step % self.config.save_steps == 0:
            self._asked |= {step} if asked else set()
            self.writer.event("checkpoint", step, f"saved {self._saved.name}", data={"asked": asked})
        kept = self._kept_checkpoints()
        # The best one, and the one to fall back to, outlive their turn.
        keep = {self._saved, *kept[-self.config.save_total_limit :], self._good_checkpoint(step - alarms.WINDOW)}
        best = max(self.evaluations, key=lambda row: (row["stage"], row["mean"]), default=None)
        keep |= {self.folder / f"checkpoint-{best['step']}"} if best else set()
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
            self._save(trainer, asked=True)
            return "done", f"saved checkpoint-{trainer.state.global_step}"
        if name == "evaluate":
            last = self.evaluations[-1]
            if (last["step"], last["stage"]) != (trainer.state.global_step, self.curriculum.at):
                self.evaluate(trainer)
            return "done", f"held-out score {score_text(self.evaluations[-1]['mean'])}"
        if name == "gif":
            return self._film_champion(argument)
        return "refused", f"nothing to {name}" if name in ("pause", "resume") else f"there is no command {name!r}"

    def _film_champion(self, argument: str) -> tuple[str, str]:
        from grpo_arcade.recordings import RecordingError, write_gif

        if self.throne.holder is None:
            return "refused", "there is no champion yet"
        with RunReader(self.folder) as run:
            episodes = run.episodes(self.throne.holder.strategy_id)
        best = max(episodes, key=lambda episode: episode.score)
        name = Path(argument).name or f"champion-step-{self.steps[-1]['step'] if self.steps else 0}.gif"
        path = self.folder / RECORDINGS / name
        try:
            write_gif([best], path)
        except (RecordingError, OSError) as error:
            return "refused", " ".join(str(error).split())
        return "done", f"wrote {path}"
