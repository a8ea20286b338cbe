"""Train a model by GRPO, from a configuration or from where a run was left.

    result = train(TrainConfig(max_steps=20))
    result = train(resume=result.folder)

From here the way goes to :mod:`~grpo_arcade.trainer.loop`, which says what is played and what follows a step, and to
:mod:`~grpo_arcade.trainer.trl_adapter`, where TRL makes the steps. No torch is imported until :func:`train` is called.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import socket
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.games import make
from grpo_arcade.recordings.runs.folder import LOG, STATE, checkpoint_step, checkpoints
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.writer import RunWriter
from grpo_arcade.trainer import processes
from grpo_arcade.trainer import rewards as reward_functions
from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.curriculum import Curriculum
from grpo_arcade.trainer.ending import TrainingError, explained, has_ended, recorded
from grpo_arcade.trainer.loop import Loop, Start
from grpo_arcade.trainer.models.machine import require_extra
from grpo_arcade.trainer.narration import Narrator, captured, quieten
from grpo_arcade.trainer.own_rewards import try_out
from grpo_arcade.trainer.plan import check, check_here
from grpo_arcade.trainer.processes import Left, Processes, ProcessLost
from grpo_arcade.trainer.recorder import Recorder, RunRecorder
from grpo_arcade.trainer.resuming import (
    check_checkpoint,
    check_rules,
    checked_against,
    refusing_foreign_checkpoints,
    start_again,
)
from grpo_arcade.trainer.signals import stopping

if TYPE_CHECKING:
    from grpo_arcade.trainer.models.learner import Learner


@dataclass(frozen=True)
class TrainResult:
    """How a call of :func:`train` ended."""

    folder: Path
    status: str
    """finished, stopped (a command), interrupted (Ctrl-C), or failed (training collapsed for good)."""
    step: int
    """The last step made."""


def train(config: TrainConfig | None = None, *, resume: str | Path | None = None, capture: bool = False) -> TrainResult:
    """Train until ``max_steps``, a stop command, or Ctrl-C, which finishes the step, saves, and returns.

    Args:
        config: what to do, whole; when absent the defaults, or the run's own (``resuming.resumed_config``). A resumed
            run's may differ from its own in ``max_steps`` and in what changes no step.
        resume: a run folder; goes on exactly after its last checkpoint.
        capture: send all that this process and its libraries print to the run's ``log.txt``, leaving only progress
            on the terminal.

    Raises:
        ConfigError: the configuration makes no sense.
        ImportError: the extra ``train`` is not installed.
        RunFolderError: the run folder cannot be read or written.
        TrainingError: memory ran out, a reward function failed, or the model cannot be trained.
        KeyboardInterrupt: Ctrl-C a second time; the step in flight is lost.
    """
    if processes.count() > 1:
        require_extra()
    with Processes.join() as ranks:
        if ranks.rank:
            return _join(ranks, capture)
        return _open(config, resume, capture, ranks)


def _open(config: TrainConfig | None, resume: str | Path | None, capture: bool, ranks: Processes) -> TrainResult:
    """Rank 0's beginning and end: everything that can be refused is, before there is a run folder."""
    checkpoint: Path | None = None
    if resume is not None:
        folder = Path(resume)
        config = checked_against(folder, config)
        checkpoint = next(reversed(checkpoints(folder)), None)
        if checkpoint is not None and checkpoint_step(checkpoint) >= config.max_steps:
            raise ConfigError(f"{folder} has made its {config.max_steps} steps; give a higher max_steps to continue")
        if checkpoint is not None:
            check_checkpoint(checkpoint)
    else:
        config = (config or TrainConfig()).resolved()
    check(config)
    check_here(config)
    require_extra()
    from grpo_arcade.trainer.generation import choose_writer
    from grpo_arcade.trainer.models.loading import check as check_model
    from grpo_arcade.trainer.tracking import check_trackers

    rewards, options = reward_functions.load(config.rewards, config.reward_weights), Curriculum.of(config).stage.options
    try_out(rewards, config.game, options, config.train_seeds)
    chosen = choose_writer(config)
    if resume is not None and not chosen.vllm:
        # It was decided when the run began, and so was why.
        with RunReader(folder) as run:
            chosen = replace(chosen, why=run.facts().get("writer_why", chosen.why))
    config.use_vllm = chosen.vllm
    check_trackers(config.trackers)
    check_model(config.model)
    if resume is not None:
        check_rules(folder, config)
    config.run_key = config.run_key or secrets.token_hex(16)
    facts: dict[str, Any] = {"game": config.game, "model": config.model, "max_steps": config.max_steps}
    facts |= {"writer": chosen.name, "writer_why": chosen.why}
    facts["reward_weights"] = {reward.name: reward.weight for reward in rewards}
    facts["reward_descriptions"] = {reward.name: reward.description for reward in rewards}
    if resume is None:
        versions = make(config.game, **options).versions
        facts |= {"episode_versions": versions, "run_key": config.run_key, "processes": ranks.count}
        open_writer = partial(RunWriter.create, config, facts)
    else:
        open_writer = partial(RunWriter.reopen, folder, checkpoint_step(checkpoint) if checkpoint else -1)
    stage = int(json.loads((checkpoint / STATE).read_text(encoding="utf-8"))["stage"]) if checkpoint else 0
    with (
        recorded(open_writer, RunKind.TRAINING, partial(_what_to_lower, config), new=resume is None) as writer,
        captured(writer.folder / LOG if capture else None) as (terminal, log),
        Narrator(terminal, log, config.max_steps, config.logging_steps) as narrator,
    ):
        if resume is not None:
            writer.note(**facts)
        narrator.at(checkpoint_step(checkpoint) if checkpoint else 0)
        recorder = RunRecorder(writer, narrator, config.num_generations, config.champion_in_group)
        start = Start(config, writer.folder, checkpoint, stage, chosen)
        return _lead(start, writer, recorder, ranks, going_on="" if resume is None else f"resuming {folder}: ")


def _lead(start: Start, writer: RunWriter, recorder: RunRecorder, ranks: Processes, *, going_on: str) -> TrainResult:
    """Train on rank 0, and say how it ended."""
    folder, again = start.folder, RunKind.TRAINING.again(start.folder)
    # The others may have been started in another directory.
    ranks.broadcast(start.from_anywhere())
    status, step = _learn(start, ranks, recorder, going_on)
    writer.note(status="stopped" if status == "interrupted" else status)
    if status == "finished":
        writer.event("finished", step, f"finished after step {step}")
        recorder.say(f"finished {step} steps: {folder}")
    elif status == "failed":
        recorder.warn(f"step {step}: {start_again(folder)}")
    else:
        writer.event("interrupted", step, f"{status} after step {step}")
        recorder.say(f"{status} after step {step}; resume with: {again}")
    # Only now: once one of them has gone with an exit code of its own, the launcher ends the others.
    with contextlib.suppress(ProcessLost):
        ranks.broadcast((status, step))
    return TrainResult(folder, status, step)


def _join(ranks: Processes, capture: bool) -> TrainResult:
    """The beginning and end of every other rank."""
    try:
        start: Start = ranks.broadcast()
    except ProcessLost:
        raise Left from None
    folder, again = start.folder, RunKind.TRAINING.again(start.folder)
    try:
        with captured(folder / f"log-{ranks.rank}.txt" if capture and folder.is_dir() else None):
            _learn(start, ranks, Recorder())
            status, step = ranks.broadcast()
    except Exception as error:
        if not processes.is_lost(error):
            if (words := explained(error, again, lambda: _what_to_lower(start.config))) is None:
                raise
            raise words from error
        if ranks.rank == 1 and not has_ended(folder):
            raise TrainingError(f"process 0 of this run died; {again}") from error
        raise Left from error
    return TrainResult(folder, status, step)


def _what_to_lower(config: TrainConfig) -> str:
    from grpo_arcade.trainer.models.learner import what_to_lower

    return what_to_lower(config)


def _learn(start: Start, ranks: Processes, recorder: Recorder, going_on: str = "") -> tuple[str, int]:
    """Every rank's part: model, pool of matches, loop, TRL. How it ended, and after which step."""
    import torch

    from grpo_arcade.trainer.models.backends import choose

    config = start.config
    with ranks.all_or_none():
        backend = choose(config)
        backend.prepare()
    torch.set_num_threads(config.resolved_threads())
    from grpo_arcade.trainer.models.learner import open_learner
    from grpo_arcade.trainer.pools import open_pool

    quieten()
    torch.manual_seed(config.seed)
    rewards = reward_functions.load(config.rewards, config.reward_weights)
    with contextlib.ExitStack() as stack:
        with ranks.all_or_none():
            if not start.folder.is_dir():
                raise ValueError(f"{socket.gethostname()} does not see {start.folder}; output_dir must be on a file "
                                 "system that all hosts share")  # fmt: skip
            # First what can be refused soonest: a cluster that does not answer, then a model that cannot be loaded.
            pool = stack.enter_context(open_pool(config))
            learner = open_learner(config, backend)
        from datasets import Dataset

        from grpo_arcade.trainer.trl_adapter import ArcadeTrainer
        from grpo_arcade.trainer.trl_settings import trl_config

        loop = Loop(start, ranks, pool, rewards, learner.template, recorder)
        _tell_beginning(start, learner, recorder, going_on)
        learnt = config.generation_batch_size * config.num_iterations
        rounds = -(-config.max_steps * config.completions_per_step // learnt)
        rows = rounds * (config.generation_batch_size // config.num_generations)
        trainer = ArcadeTrainer(
            loop,
            model=learner.model,
            processing_class=learner.tokenizer,
            reward_funcs=list(rewards),
            args=trl_config(config, start.folder, rewards, learner.template),
            train_dataset=Dataset.from_dict({"prompt": [loop.prompt()] * rows}),
            peft_config=learner.peft_config,
        )
        with stopping(loop, recorder.say), refusing_foreign_checkpoints(start.checkpoint):
            trainer.train(resume_from_checkpoint=str(start.checkpoint) if start.checkpoint else None)
        return loop.stop_asked or "finished", trainer.step


def _tell_beginning(start: Start, learner: Learner, recorder: Recorder, going_on: str) -> None:
    from grpo_arcade.trainer.models.decoding import is_for_graphs
    from grpo_arcade.trainer.models.machine import this_machine

    config, facts = start.config, learner.facts
    step = checkpoint_step(start.checkpoint) if start.checkpoint else 0
    recorder.note(**facts)
    graphs = not start.writer.vllm and this_machine().has_card and is_for_graphs(learner.model)
    by = f"{start.writer.name} by CUDA graphs" if graphs else start.writer.name
    recorder.say(
        f"{going_on}training {Path(config.model).name} on {facts['device']} with {facts['backend']} "
        f"({facts['backend_why']}); "
        f"completions are written by {by} ({start.writer.why})"
    )
    message = f"step {step} of {config.max_steps}" if start.checkpoint else f"{config.max_steps} steps"
    kind = "resumed" if start.checkpoint else "started"
    recorder.event(kind, step, message, data={"time": time.time()})
