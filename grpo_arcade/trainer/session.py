"""What surrounds the steps of a run: champion, evaluation, curriculum, alarms, falling back, commands, checkpoints.

The trainer calls :meth:`Session.begin` before a batch and :meth:`Session.after_step` after each step. All lasting state
is in the run folder, so a resumed session finds itself where the checkpoint left it. Where a run has several processes
this is the first's: it decides, and tells the others what to do at the same time. torch is not imported here.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.games import make, score_text
from grpo_arcade.games.seeds import EVALUATION_SEEDS
from grpo_arcade.recordings.runs.folder import STATE, checkpoint_step, checkpoints, write_json, writing
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer import alarms
from grpo_arcade.trainer.champion import Champion, ChampionKeeper, champion_seeds
from grpo_arcade.trainer.evaluate import Evaluation, baselines_on, evaluate_source
from grpo_arcade.trainer.processes import ProcessLost
from grpo_arcade.trainer.share import Share
from grpo_arcade.trainer.tracking import Trackers, film_strategy

if TYPE_CHECKING:
    from grpo_arcade.games.players import Pool
    from grpo_arcade.recordings.runs.writer import RunWriter
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.curriculum import Curriculum
    from grpo_arcade.trainer.grpo_trainer import ArcadeTrainer
    from grpo_arcade.trainer.narration import Narrator
    from grpo_arcade.trainer.processes import Processes
    from grpo_arcade.trainer.rewards import Reward
    from grpo_arcade.trainer.scoring import Assignment, Played, Rollout

MAX_FALLBACKS = 3
"""A run that collapses more often is stopped: something else is wrong."""
FALLBACK_FACTOR = 0.5
"""What the learning rate is multiplied by at each."""
SAVING_SHARE = 0.05
"""Of the time since the last checkpoint, what the next one may cost to be made beside those of ``save_steps``."""


class Session(Share):
    """One run, from the first step to the last or to the one where it is stopped."""

    def __init__(
        self,
        config: TrainConfig,
        pool: Pool,
        curriculum: Curriculum,
        rewards: Sequence[Reward],
        template: Mapping[str, Any],
        processes: Processes,
        writer: RunWriter,
        narrator: Narrator,
    ) -> None:
        """Take up the run where ``writer``'s folder stands."""
        super().__init__(config, pool, curriculum, rewards, template, processes)
        self.writer, self.narrator, self.folder = writer, narrator, writer.folder
        self._ids: dict[int, int] = {}
        """Of the strategies of the step, by their place in it."""
        self._trackers = Trackers(writer.folder, narrator.warn)
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
            champions = [champion for champion in run.champions() if champion.stage == curriculum.at]
        self._enter_stage()
        for kept in champions[-1:]:
            self.keeper.holder = Champion(kept.source, kept.strategy_id, kept.scores)

    def _enter_stage(self) -> None:
        at = self.curriculum.at
        self.game = make(self.config.game, **self.curriculum.stage.options)
        seeds = champion_seeds(self.run_key, self.config.champion_seeds)
        self.keeper = ChampionKeeper(self.pool, self.config.game, self.game.options, seeds)
        if str(at) not in self._baselines:
            stored = self.game.baseline_scores()
            # Of a long game fewer than all are stored.
            known = min((len(kept["scores"]) for kept in stored.values()), default=0) if stored else 0
            held_out = EVALUATION_SEEDS[:known] or self.eval_seeds
            self._baselines[str(at)] = {name: kept["mean"] for name, kept in baselines_on(self.game, held_out).items()}
            self.writer.note(baselines=self._baselines)
        self.baselines = self._baselines[str(at)]
        self._tell("enter_stage", at, self.baselines)

    def _tell(self, order: str, *arguments: Any) -> None:
        """Let the other processes do what this one is about to do; see :class:`Follower`."""
        self.processes.broadcast((order, *arguments))

    def begin(self, step: int, completions: int) -> list[Assignment]:
        """What the ``completions`` of a step play, those of all processes."""
        holder = self.keeper.holder
        assignments = self.assignments(
            step, completions, self.processes.broadcast(None if holder is None else holder.source)
        )
        for number, assignment in enumerate(assignments[:: self.config.num_generations]):
            self.writer.group(step, "training", number, self.curriculum.at, assignment.options, assignment.seeds)
        self._ids.clear()
        return assignments

    def played(self, step: int, found: Played) -> None:
        """Record a completion of a step as soon as it is known what it did."""
        number = found.place // self.config.num_generations
        self._ids[found.place] = self.writer.strategy(
            step, "training", found.place, number, found.rollout, found.tokens, found.truncated
        )

    def judged(
        self,
        rollouts: Sequence[Rollout],
        splits: Sequence[Mapping[str, float]],
        totals: Sequence[float],
        advantages: Sequence[float],
    ) -> None:
        """Record what a step's completions earned, and let the best of them challenge the champion."""
        telling = [reward for reward in self.rewards if not reward.takes_batches]
        reasons = [{reward.name: reward.judge(rollout)[1] for reward in telling} for rollout in rollouts]
        ids = [self._ids[place] for place in range(len(rollouts))]
        self.writer.judged(ids, splits, reasons, totals, advantages)
        self.keeper.challenge(rollouts, ids)

    def started(self, trainer: ArcadeTrainer) -> None:
        """Before the first step: the held-out score of the untrained model, and a checkpoint to fall back to."""
        self.writer.note(status="running")
        if not self.evaluations:
            self.evaluate(trainer)
            self._sound_alarms(0)
        if not checkpoints(self.folder):
            self._save(trainer)
        self._tell("go_on", self.stop_asked)

    def stepped(self, row: dict[str, Any]) -> None:
        """Record a step."""
        self._saved = None
        self.steps.append(row)
        self.writer.step(row)
        self.narrator.step(row, self.evaluations[-1]["mean"] if self.evaluations else None)

    def after_step(self, trainer: ArcadeTrainer) -> bool:
        """Everything between two steps; whether to stop."""
        step = trainer.state.global_step
        if asked := next(filter(None, self.processes.gather(self.stop_asked)), ""):
            self.stop_asked = asked
        self._settle_champion(step)
        if step >= self.config.max_steps or (self.config.eval_steps and step % self.config.eval_steps == 0):
            self.evaluate(trainer)
        self._sound_alarms(step)
        # While half of a generation is still to be learnt from: no checkpoint holds it.
        stop = "" if step % self.config.steps_per_round else self._decide(trainer, step)
        self._tell("go_on", stop)
        return bool(stop)

    def _decide(self, trainer: ArcadeTrainer, step: int) -> str:
        """Fall back, obey and save, where that is called for; why to stop."""
        fallen = self.config.fallback and self._fall_back_if_collapsed(trainer, step)
        if self.stop_asked != "failed":
            self._obey(trainer, step)
            last, due = step >= self.config.max_steps, step % self.config.save_steps == 0
            if last or due or fallen or self.stop_asked or self._can_afford_to_save():
                self._save(trainer)
        return self.stop_asked

    def _can_afford_to_save(self) -> bool:
        return self._save_s <= SAVING_SHARE * (time.perf_counter() - self._saved_at)

    def evaluate(self, trainer: ArcadeTrainer) -> None:
        """Measure the model on the held-out seeds and record it; at the curriculum's mark, go to the next stage."""
        step, started = trainer.state.global_step, time.time()
        self._tell("evaluate")
        with self.narrator.task("evaluating", self.config.eval_strategies) as progress:
            found = self.ask(trainer, progress)
        row = self._record_evaluation(step, found, started)
        self.narrator.evaluation(row)
        if self.config.trackers:
            self._trackers.evaluated(trainer, row, self.keeper.holder)
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
        if self.keeper.holder is not None:
            champion = evaluate_source(self.keeper.holder.source, self.game, seeds, pool=self.pool).mean
        low, high = found.interval
        row = {
            "step": step,
            "time": time.time(),
            "stage": self.curriculum.at,
            "options": dict(found.options),
            "seeds": seeds,
            "strategies": len(found.rollouts),
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
            for place, rollout in enumerate(found.rollouts):
                self.writer.strategy(step, "evaluation", place, 0, rollout, found.tokens[place], found.truncated[place])
            self.writer.evaluation(row)
            if self.steps and self.steps[-1]["step"] == step:
                self.steps[-1]["evaluate_s"] += row["seconds"]
                self.writer.step(self.steps[-1])
        self.evaluations = [*(kept for kept in self.evaluations if kept["step"] != step), row]
        return row

    def _settle_champion(self, step: int) -> None:
        settled = self.keeper.settle()
        if settled is None:
            return
        champion, before = settled
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
        self._tell("fall_back", str(good.resolve()), FALLBACK_FACTOR)
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
            self._tell("save")
            try:
                with writing(self.folder, anything_but=ProcessLost):
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

    def _film_champion(self, argument: str = "") -> tuple[str, str]:
        if self.keeper.holder is None:
            return "refused", "there is no champion yet"
        name = Path(argument).name or f"champion-step-{self.steps[-1]['step'] if self.steps else 0}.gif"
        try:
            path = film_strategy(self.folder, self.keeper.holder.strategy_id, name)
        except (ValueError, OSError) as error:
            return "refused", " ".join(str(error).split())
        return "done", f"wrote {path}"
