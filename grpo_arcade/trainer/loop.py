"""The loop around TRL's steps, the same on every rank: what a step's completions play, and all that follows a step.

Rank 0 decides and records. Each :class:`Decision` is broadcast and applied by every rank alike, so no two can come to
differ. All lasting state is in the run folder: a resumed run finds itself where its checkpoint left it. torch and TRL
are not imported here; the model that learns is a :class:`Policy`.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from grpo_arcade.games import Game, make, score_text
from grpo_arcade.games.seeds import EVALUATION_SEEDS, training_seeds
from grpo_arcade.recordings.runs.folder import checkpoint_step, checkpoints
from grpo_arcade.trainer import alarms
from grpo_arcade.trainer.champion import ChampionKeeper, champion_seeds
from grpo_arcade.trainer.checkpoints import Checkpoints
from grpo_arcade.trainer.commands import filmed, waiting
from grpo_arcade.trainer.curriculum import Curriculum
from grpo_arcade.trainer.evaluate import derived_seed, evaluate_source, published_means
from grpo_arcade.trainer.evaluation import Evaluation
from grpo_arcade.trainer.feedback import Asked, Feedback, lineage_rows
from grpo_arcade.trainer.question import question
from grpo_arcade.trainer.scoring import Assignment
from grpo_arcade.trainer.self_play.contest import Contest
from grpo_arcade.trainer.self_play.court import court_options
from grpo_arcade.trainer.self_play.league import League
from grpo_arcade.trainer.self_play.signs import signs as league_signs
from grpo_arcade.trainer.tracking import evaluation_values, film_strategy

if TYPE_CHECKING:
    from grpo_arcade.games.players import Pool
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.generation import Writer
    from grpo_arcade.trainer.judging import Judged, Reward
    from grpo_arcade.trainer.processes import Processes
    from grpo_arcade.trainer.recorder import Command, Recorder

MAX_FALLBACKS = 3
"""A run that collapses more often is stopped: something else is wrong."""
FALLBACK_FACTOR = 0.5
"""What the learning rate is multiplied by at each."""


@dataclass(frozen=True)
class Start:
    """Where a run begins, as rank 0 has resolved it for all."""

    config: TrainConfig
    folder: Path
    checkpoint: Path | None
    """To go on from."""
    stage: int
    """Of the curriculum."""
    writer: Writer
    """Who writes the completions."""

    def from_anywhere(self) -> Start:
        """The same for a rank that has been started in another directory."""
        return replace(self, folder=self.folder.resolve(), checkpoint=self.checkpoint and self.checkpoint.resolve())


@dataclass(frozen=True)
class Decision:
    """One thing that every rank does between two steps."""

    stage: int | None = None
    """Go to this stage of the curriculum …"""
    baselines: Mapping[str, float] | None = None
    """… in which the baselines score so on the held-out seeds."""
    evaluate: bool = False
    """Let the model write for the held-out seeds, all ranks together."""
    fall_back: Path | None = None
    """Take weights and optimizer from this checkpoint, and go on with a lower learning rate."""
    save: bool = False
    """Make a checkpoint of this moment."""
    stop: str = ""
    """Why to end the run: stopped (a command), interrupted (a signal) or failed."""


class Policy(Protocol):
    """The model that learns; all ranks call each method together, but for ``tell_trackers``."""

    @property
    def step(self) -> int:
        """Optimizer steps made so far."""

    def evaluation(self, game: Game, seeds: Sequence[int], **settings: Any) -> Evaluation:
        """:func:`~grpo_arcade.trainer.evaluate.evaluate_model` of the weights of this moment."""

    def save(self) -> None:
        """Write ``checkpoint-N`` into the run folder; on return every rank has written its part."""

    def fall_back(self, checkpoint: Path, factor: float) -> float:
        """Take weights and optimizer from a checkpoint; the new learning rate, ``factor`` times the present one."""

    def tell_trackers(self, values: Mapping[str, float], film: Callable[[], Path] | None) -> None:
        """Send numbers to experiment trackers, and to those that show pictures the GIF that ``film`` makes."""


class Loop:
    """One rank's context: what the run is, who takes part, and where it stands."""

    def __init__(
        self,
        start: Start,
        processes: Processes,
        pool: Pool,
        rewards: Sequence[Reward],
        template: Mapping[str, Any],
        recorder: Recorder,
    ) -> None:
        """``template`` goes to the chat template; ``recorder`` writes the run folder, on rank 0."""
        self.config, self.processes, self.pool = start.config, processes, pool
        self.rewards, self.template, self.recorder = rewards, dict(template), recorder
        self.curriculum = Curriculum.of(start.config, start.stage)
        self.checkpoints = Checkpoints(start.folder, start.config, recorder.history)
        self.model_name = Path(start.config.model.rstrip("/")).name
        self.stop_asked = ""
        """Why to stop after this step, as :attr:`Decision.stop`; empty to go on."""
        self._run_key = bytes.fromhex(start.config.run_key)
        self._evaluation: Evaluation
        self._asked: Sequence[Asked] = ()
        self._rate = 0.0
        self._enter(start.stage, {})

    def _enter(self, stage: int, baselines: Mapping[str, float]) -> None:
        self.curriculum.at, self.baselines = stage, baselines
        self.game = make(self.config.game, **self.curriculum.stage.options)
        seeds = champion_seeds(self._run_key, self.config.champion_seeds)
        holder = self.recorder.history.champions.get(stage)
        self.champion: ChampionKeeper | Contest
        if self.config.self_play:
            self._court = court_options(self.game, self.config.training_options)
            league = League(self._run_key, self.config.league_baselines, self.recorder)
            whole = court_options(self.game, {})
            self.champion = Contest(self.pool, self.game.name, whole, seeds, league, holder)
        else:
            self.champion = ChampionKeeper(self.pool, self.game, stage, seeds, holder)

    # ---- A step's completions -------------------------------------------------------------------------------------

    def prompt(self) -> list[dict[str, str]]:
        """What the model is asked now."""
        return [{"role": "user", "content": question(self.game, self.config.prompt)}]

    def wordings(self, step: int, completions: int) -> list[tuple[str, ...]]:
        """What each completion of a step, of all ranks, is asked, the fullest wording first; alike in a group."""
        plain = self.prompt()[0]["content"]
        if not self.config.feedback:
            return [(plain,)] * completions
        groups = self._groups(step, completions)
        feedback = Feedback(self.config.feedback, self.config.seed, self.pool, self.recorder.history.hall)
        leads = self.processes.rank == 0
        here = feedback.asked(step, self.curriculum.at, plain, groups, self.baselines) if leads else []
        self._asked = self.processes.broadcast(here)
        return [group.wordings for group in self._asked for _ in range(self.config.num_generations)]

    def assignments(self, step: int, completions: int) -> list[Assignment]:
        """What the ``completions`` of a step play, those of all ranks: the same seeds for all of a group."""
        groups = self._groups(step, completions)
        self.recorder.begin(step, self.curriculum.at, groups)
        return [group for group in groups for _ in range(self.config.num_generations)]

    def _groups(self, step: int, completions: int) -> list[Assignment]:
        """What each group of a step plays."""
        self._playing = step
        size, count = self.config.num_generations, self.config.train_seeds
        seeds = training_seeds(self._run_key, step, completions // size * count)
        shares = [tuple(seeds[first : first + count]) for first in range(0, len(seeds), count)]
        if isinstance(self.champion, Contest):
            league, most = self.champion.league, self.config.league_opponents
            met = self.processes.broadcast([league.opponents(step, group, most) for group in range(len(shares))])
            groups = [
                Assignment(self.game.name, self._court, mine, self.baselines, opponents=opponents)
                for mine, opponents in zip(shares, met, strict=True)
            ]
        else:
            to_beat = self.processes.broadcast(self.champion.source)
            options = {**self.game.options, **self.config.training_options}
            groups = [
                Assignment(self.game.name, options, mine, self.baselines, self.game.human_score, to_beat)
                for mine in shares
            ]
        return groups

    def gather(self, step: int, mine: list[Judged]) -> list[Judged]:
        """The rollouts of all ranks with what each has earned, on rank 0, which records those that it has not yet."""
        batch = [judged for part in self.processes.gather(mine) for judged in part]
        for place in range(len(mine), len(batch)):
            self.recorder.rollout(step, place, batch[place].rollout)
        return batch

    def judged(self, batch: Sequence[Judged], totals: Sequence[float], advantages: Sequence[float]) -> None:
        """Record what a step's completions earned, and let the best of them challenge the champion."""
        ids = self.recorder.judged(batch, totals, advantages)
        rollouts = [judged.rollout for judged in batch]
        if self.config.feedback and ids:
            plain, size = self.prompt()[0]["content"], self.config.num_generations
            self.recorder.lineage(lineage_rows(ids, size, self._asked, plain, self.model_name, rollouts))
        if isinstance(self.champion, Contest):
            self.champion.league.played(self._playing, rollouts)
        self.champion.challenge(rollouts, ids)

    # ---- Between two steps ----------------------------------------------------------------------------------------

    def before_first_step(self, policy: Policy) -> None:
        """The held-out score of the untrained model, and a checkpoint to fall back to."""
        self._apply(self._begin(policy), policy)

    def after_step(self, policy: Policy) -> bool:
        """Everything between two steps; whether to stop."""
        # A signal may have reached any of the ranks.
        self.stop_asked = next(filter(None, self.processes.gather(self.stop_asked)), self.stop_asked)
        return self._apply(self._decide(policy), policy)

    @contextlib.contextmanager
    def saved_if_it_fails(self, policy: Policy) -> Iterator[None]:
        """A step, before which the weights are saved if it cannot be made; one of several processes cannot do so."""
        try:
            yield
        except Exception:
            if self.processes.count == 1 and policy.step % self.config.steps_per_round == 0:
                self.checkpoints.rescue(policy.step, policy.save, self._state())
            raise

    def _apply(self, decisions: Iterator[Decision], policy: Policy) -> bool:
        """Do what rank 0 decides; whether the run ends."""
        ends = False
        for decision in self.processes.follow(decisions):
            if decision.stage is not None:
                self._enter(decision.stage, decision.baselines or {})
            if decision.evaluate:
                self._evaluation = self._evaluated(policy)
            if decision.fall_back is not None:
                self._rate = policy.fall_back(decision.fall_back, FALLBACK_FACTOR)
            if decision.save:
                with self.checkpoints.making(policy.step):
                    policy.save()
            if decision.stop:
                self.stop_asked, ends = decision.stop, True
        return ends

    def _begin(self, policy: Policy) -> Iterator[Decision]:
        """Rank 0's decisions before the first step."""
        self.recorder.note(status="running")
        yield self._to_stage(self.curriculum.at)
        if not self.recorder.history.evaluations:
            yield from self._evaluate(policy)
            self._sound_alarms(policy.step)
        if not checkpoints(self.checkpoints.folder):
            yield from self._save(policy)

    def _decide(self, policy: Policy) -> Iterator[Decision]:
        """Rank 0's decisions after a step: champion, evaluation, alarms, falling back, commands, checkpoint."""
        config, step = self.config, policy.step
        last = step >= config.max_steps
        self.checkpoints.current = None
        if (settled := self.champion.settle(step)) is not None:
            self.recorder.champion(settled)
        if last or (config.eval_steps and step % config.eval_steps == 0):
            yield from self._evaluate(policy)
        self._sound_alarms(step)
        if step % config.steps_per_round:
            return  # half of a generation is still to be learnt from, which no checkpoint holds
        fallen = config.fallback and (yield from self._fall_back_if_collapsed(policy))
        if self.stop_asked != "failed":
            for command in waiting(self.recorder, step, lambda: self.stop_asked):
                status, answer = yield from self._obey(command, policy)
                self.recorder.answer(command.id, status, answer, step)
                self.recorder.event("command", step, answer, name=command.name)
            due = last or fallen or self.stop_asked or step % config.save_steps == 0
            if due or self.checkpoints.can_afford_one():
                yield from self._save(policy)
        if self.stop_asked:
            yield Decision(stop=self.stop_asked)

    def _to_stage(self, stage: int) -> Decision:
        known = self.recorder.history.baselines
        if str(stage) not in known:
            game = make(self.config.game, **self.curriculum.stages[stage].options)
            known[str(stage)] = published_means(game, self.config.eval_seeds)
            self.recorder.note(baselines=known)
        return Decision(stage=stage, baselines=known[str(stage)])

    @property
    def _eval_seeds(self) -> range:
        return EVALUATION_SEEDS[: self.config.eval_seeds]

    def _evaluated(self, policy: Policy) -> Evaluation:
        """The held-out score, all ranks together; on rank 0 the whole of it."""
        with self.recorder.evaluating(self.config.eval_strategies) as progress:
            return policy.evaluation(
                self.game,
                self._eval_seeds,
                pool=self.pool,
                player=f"{self.model_name} step {policy.step}",
                strategies=self.config.eval_strategies,
                # The same draws at every evaluation: two of them differ by the model alone.
                seed=derived_seed(self.config.seed, "evaluation"),
                max_completion_length=self.config.max_completion_length,
                template=self.template,
                prompt=self.config.prompt,
                progress=progress,
                processes=self.processes,
            )

    def _evaluate(self, policy: Policy) -> Iterator[Decision]:
        """Measure the model on the held-out seeds and record it; at the curriculum's mark, go to the next stage."""
        step, started = policy.step, time.time()
        yield Decision(evaluate=True)
        found, champion, beside = self._evaluation, self.champion.holder, None
        if champion is not None:
            beside = evaluate_source(champion.source, self.game, list(found.seeds), pool=self.pool).mean
        row = self.recorder.evaluation(step, self.curriculum.at, found, beside, started)
        if self.config.trackers:
            film = None
            if champion is not None and self.recorder.shows_first_time(champion):
                film = functools.partial(self._film, champion.strategy_id, f"champion-step-{step}.gif")
            policy.tell_trackers(evaluation_values(row), film)
        if self.curriculum.promote(found.won):
            yield self._to_stage(self.curriculum.at)
            words = ", ".join(f"{name} {value}" for name, value in self.game.options.items())
            message = f"stage {self.curriculum.at + 1} of {len(self.curriculum.stages)}: {words}"
            self.recorder.event("promoted", step, message, data={"stage": self.curriculum.at, "won": found.won})
            self.recorder.say(message)
            self.checkpoints.complete(self._state())

    def _sound_alarms(self, step: int) -> None:
        history = self.recorder.history
        found = alarms.signs(history.since_fall(), history.evaluations)
        if self.config.self_play:
            found += league_signs(history.league, history.meetings, history.evaluations)
        self.recorder.sound(step, found)

    def _fall_back_if_collapsed(self, policy: Policy) -> Generator[Decision, None, bool]:
        step, history = policy.step, self.recorder.history
        recent = history.since_fall()
        why = alarms.collapsed(recent, history.evaluations)
        if not why:
            return False
        # A step whose loss is not finite did the damage itself; failing strategies have been on their way.
        good = self.checkpoints.good(step - 1 if not alarms.finite(recent[-1]) else step - alarms.WINDOW)
        if good is None or len(history.falls) >= MAX_FALLBACKS:
            often = f"; {len(history.falls)} returns to an earlier checkpoint have not helped" if good else ""
            message = f"training collapsed for good: {why}{often}"
            self.recorder.event("failed", step, message, help="start a new run with a lower learning_rate")
            self.stop_asked = "failed"
            if good is not None:
                self.checkpoints.remove_after(good)  # what is left is from before the trouble
            return False
        yield Decision(fall_back=good)
        message = f"{why}; back to {good.name}, on with learning rate {self._rate:.3g}"
        data = {"checkpoint": checkpoint_step(good), "learning_rate": self._rate}
        self.recorder.event("fallback", step, message, data=data)
        self.recorder.warn(f"step {step}: {message}")
        history.falls.append(step)
        return True

    def _obey(self, command: Command, policy: Policy) -> Generator[Decision, None, tuple[str, str]]:
        """Do what somebody asked; how it went, and an answer in words."""
        step, evaluations = policy.step, self.recorder.history.evaluations
        if command.name == "stop":
            self.stop_asked = "stopped"
            return "done", f"stops after step {step} and saves"
        if command.name == "save":
            yield from self._save(policy, asked=True)
            return "done", f"saved checkpoint-{step}"
        if command.name == "evaluate":
            if (evaluations[-1]["step"], evaluations[-1]["stage"]) != (step, self.curriculum.at):
                yield from self._evaluate(policy)
            return "done", f"held-out score {score_text(evaluations[-1]['mean'])}"
        if command.name == "gif":
            if self.champion.holder is None:
                return "refused", "there is no champion yet"
            name = Path(command.argument).name or f"champion-step-{step}.gif"
            return filmed(functools.partial(self._film, self.champion.holder.strategy_id, name))
        return "refused", f"there is no command {command.name!r}"

    def _film(self, strategy_id: int, name: str) -> Path:
        return film_strategy(self.checkpoints.folder, strategy_id, name)

    def _save(self, policy: Policy, *, asked: bool = False) -> Iterator[Decision]:
        """Make a checkpoint of this moment, if there is none yet, and remove those whose turn is over."""
        if self.checkpoints.current is None:
            yield Decision(save=True)
            self.checkpoints.complete(self._state())
        if asked or policy.step % self.config.save_steps == 0:
            self.recorder.checkpoint(policy.step, asked=asked)
        self.checkpoints.remove_old(policy.step)

    def _state(self) -> dict[str, Any]:
        """What a checkpoint must hold beside what Hugging Face's does; the rest is in ``run.db``."""
        return {"stage": self.curriculum.at}
