"""Train a model by GRPO, from a configuration or from where a run was left.

    result = train(TrainConfig(max_steps=20))
    result = train(resume=result.folder)

This module imports no torch until :func:`train` is called.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.recordings.runs.folder import LIVE, LOG, STATE, RunFolderError, checkpoint_step, checkpoints, is_live
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.writer import RunWriter
from grpo_arcade.trainer import processes
from grpo_arcade.trainer import rewards as reward_functions
from grpo_arcade.trainer.config import ConfigError, TrainConfig
from grpo_arcade.trainer.curriculum import Curriculum
from grpo_arcade.trainer.judging import RewardError
from grpo_arcade.trainer.narration import Narrator, captured
from grpo_arcade.trainer.own_rewards import try_out
from grpo_arcade.trainer.processes import Left, Processes, ProcessLost
from grpo_arcade.trainer.rewards import load

if TYPE_CHECKING:
    from grpo_arcade.games import Game
    from grpo_arcade.games.players import Pool
    from grpo_arcade.trainer.rewards import Reward
    from grpo_arcade.trainer.session import Session

# What may differ when a run is resumed: none of these changes a step that both runs would make.
_FREE_ON_RESUME = frozenset(
    ("max_steps", "output_dir", "run_name", "logging_steps", "report_to", "save_total_limit", "workers")
)


class TrainingError(ValueError):
    """Training cannot go on; one line that says why and what would help. The run can be resumed."""


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
        config: what to do, whole; when absent the defaults, or the run's own (:func:`resumed_config`) when resuming.
            A resumed run's may differ from its own in ``max_steps`` and in what changes no step.
        resume: a run folder; goes on exactly after its last checkpoint.
        capture: send all that this process and its libraries print to the run's ``log.txt``, leaving only progress
            on the terminal.

    Raises:
        ConfigError: the configuration makes no sense.
        ImportError: the extra ``train`` is not installed.
        RunFolderError: the run folder cannot be read or written.
        TrainingError: memory ran out, or the model cannot be trained.
        KeyboardInterrupt: Ctrl-C a second time; the step in flight is lost.
    """
    if processes.count() > 1:
        _require_extra()
    with Processes.join() as team:
        if team.rank:
            return _follow(team, capture)
        return _lead(config, resume, capture, team)


def _lead(config: TrainConfig | None, resume: str | Path | None, capture: bool, team: Processes) -> TrainResult:
    checkpoint: Path | None = None
    if resume is not None:
        folder = Path(resume)
        config = _checked_against(folder, config)
        checkpoint = next(reversed(checkpoints(folder)), None)
        if checkpoint is not None and checkpoint_step(checkpoint) >= config.max_steps:
            raise ConfigError(f"{folder} has made its {config.max_steps} steps; give a higher max_steps to go on")
    else:
        config = (config or TrainConfig()).resolved()
    config.validate()
    _require_extra()
    from grpo_arcade.trainer.generation import check_vllm
    from grpo_arcade.trainer.models import locate
    from grpo_arcade.trainer.tracking import check_trackers

    stage = Curriculum.of(config).stage
    try_out(
        reward_functions.load(config.rewards, config.reward_weights), config.game, stage.options, config.train_seeds
    )
    check_vllm(config)
    check_trackers(config.trackers)
    locate(config.model)  # a misspelt model is refused before there is a run folder
    if resume is not None:
        _check_rules(folder, config)
    config.run_key = config.run_key or secrets.token_hex(16)
    facts = {"game": config.game, "model": config.model, "max_steps": config.max_steps}
    if resume is None:
        writer = RunWriter.create(
            config,
            {
                **facts,
                "episode_versions": _first_game(config).versions,
                "run_key": config.run_key,
                "processes": team.count,
                "reward_weights": {
                    reward.name: reward.weight for reward in load(config.rewards, config.reward_weights)
                },
            },
        )
    else:
        writer = RunWriter.reopen(folder, checkpoint_step(checkpoint) if checkpoint else -1)
        writer.note(**facts)
    with (
        writer,
        captured(writer.folder / LOG if capture else None) as (terminal, log),
        Narrator(terminal, log, config.max_steps, config.logging_steps) as narrator,
    ):
        return _train(config, writer, checkpoint, narrator, team, new=resume is None)


def resumed_config(folder: str | Path) -> TrainConfig:
    """The configuration a run was made with, as :func:`train` wants it for going on with it.

    Raises:
        RunFolderError: no run folder, or one that cannot be read.
    """
    with RunReader(folder) as run:
        # A run made before a setting existed takes what suits its game.
        config = TrainConfig.of(run).resolved()
        config.run_key = str(run.facts()["run_key"])
        return config


def _train(
    config: TrainConfig, writer: RunWriter, checkpoint: Path | None, narrator: Narrator, team: Processes, *, new: bool
) -> TrainResult:
    again = f"arcade train --resume {writer.folder}"
    try:
        status, step = _run(config, writer, checkpoint, narrator, team)
    except BaseException as error:
        refused = isinstance(error, (ValueError, ImportError, KeyboardInterrupt)) and not isinstance(
            error, RunFolderError
        )
        # What was refused before it began leaves nothing behind.
        if not (new and refused and writer.discard()):
            _note_end(writer, error)
        if (explained := _explained(error, config, again)) is not None:
            raise explained from error
        raise
    writer.note(status="stopped" if status == "interrupted" else status)
    if status == "finished":
        writer.event("finished", step, f"finished after step {step}")
        narrator.say(f"finished {step} steps: {writer.folder}")
    elif status == "failed":
        narrator.warn(f"step {step}: {_begin_anew(writer.folder)}")
    else:
        writer.event("interrupted", step, f"{status} after step {step}")
        narrator.say(f"{status} after step {step}; go on with: {again}")
    # Only now: once one of them has gone with an exit code of its own, the launcher ends the others.
    with contextlib.suppress(ProcessLost):
        team.broadcast((status, step))
    return TrainResult(writer.folder, status, step)


def _note_end(writer: RunWriter, error: BaseException) -> None:
    """Record that the trainer ends without having finished."""
    interrupted = isinstance(error, KeyboardInterrupt)
    # A disk that is full has no room for these words either.
    with contextlib.suppress(RunFolderError):
        writer.note(status="stopped" if interrupted else "crashed")
        kind = "interrupted" if interrupted else "failed"
        writer.event(kind, _last_step(writer), f"{type(error).__name__}: {error}")


def _begin_anew(folder: Path) -> str:
    with RunReader(folder) as run:
        why = next(event["message"] for event in reversed(run.events()) if event["kind"] == "failed")
        rate = resumed_config(folder).learning_rate / 2 ** (
            1 + sum(each["kind"] == "fallback" for each in run.events())
        )
        left = next(reversed(run.checkpoints()), None)
    model = f" --model {left}" if left else ""
    return f"{why}; begin anew with a lower learning rate: arcade train{model} --learning-rate {rate:g}"


def _run(
    config: TrainConfig, writer: RunWriter, checkpoint: Path | None, narrator: Narrator, team: Processes
) -> tuple[str, int]:
    from grpo_arcade.trainer.learning import Handover, take_part
    from grpo_arcade.trainer.session import Session

    start = stage = 0
    if checkpoint is not None:
        start = checkpoint_step(checkpoint)
        stage = int(json.loads((checkpoint / STATE).read_text(encoding="utf-8"))["stage"])
    narrator.at(start)

    def take_seat(
        pool: Pool,
        curriculum: Curriculum,
        rewards: Sequence[Reward],
        template: Mapping[str, Any],
        about: Mapping[str, Any],
    ) -> Session:
        writer.note(**about)
        told = f"{Path(config.model).name} learns with {about['backend']} on {about['device']}: {about['backend_why']}"
        narrator.say(told)
        message = f"step {start} of {config.max_steps}" if checkpoint else f"{config.max_steps} steps"
        writer.event("resumed" if checkpoint else "started", start, message, data={"time": time.time()})
        return Session(config, pool, curriculum, rewards, template, team, writer, narrator)

    # The others may have been started in another directory.
    team.broadcast(Handover(config, writer.folder.resolve(), checkpoint and checkpoint.resolve(), stage))
    return take_part(Handover(config, writer.folder, checkpoint, stage), team, take_seat, narrator.say)


def _follow(team: Processes, capture: bool) -> TrainResult:
    """The part of a process that is not the first."""
    from grpo_arcade.trainer.follower import Follower
    from grpo_arcade.trainer.learning import Handover, take_part

    try:
        given: Handover = team.broadcast()
    except ProcessLost:
        raise Left from None
    folder, again = given.folder, f"arcade train --resume {given.folder}"
    try:
        with captured(folder / f"log-{team.rank}.txt" if capture and folder.is_dir() else None):
            take_part(given, team, lambda pool, curriculum, rewards, template, _: Follower(
                given.config, pool, curriculum, rewards, template, team))  # fmt: skip
            status, step = team.broadcast()
    except Exception as error:
        if not processes.is_lost(error):
            if (explained := _explained(error, given.config, again)) is None:
                raise
            raise explained from error
        if team.rank == 1 and not _has_ended(folder):
            raise TrainingError(f"process 0 of this run died; {again}") from error
        raise Left from error
    return TrainResult(folder, status, step)


def _has_ended(folder: Path) -> bool:
    """Whether process 0 has said, or says within half a minute, how the run ended."""
    for _ in range(300):
        if not is_live(folder):
            break
        time.sleep(0.1)
    try:
        with RunReader(folder) as run:
            return run.facts()["status"] not in LIVE
    except ValueError:
        # What was refused before it began leaves no folder behind.
        return True


def _explained(error: BaseException, config: TrainConfig, again: str) -> TrainingError | None:
    """The line for an error that is nobody's wrong setting."""
    from grpo_arcade.trainer.models.learner import is_out_of_memory, what_to_lower

    if processes.is_lost(error):
        return TrainingError(f"another process of this run died; {again}")
    if is_out_of_memory(error):
        return TrainingError(
            f"memory ran out; a new run with {what_to_lower(config)} needs less, and where there is more: {again}"
        )
    if isinstance(error, RewardError):
        return TrainingError(f"{error}; mend it, and go on with {again}")
    if isinstance(error, OSError):
        return TrainingError(f"{type(error).__name__}: {' '.join(str(error).split())}; {again}")
    return None


def _checked_against(folder: Path, config: TrainConfig | None) -> TrainConfig:
    """``config``, if the run in ``folder`` can go on with it; a copy of the run's own when it is None."""
    kept = resumed_config(folder)
    with RunReader(folder) as run:
        failed = run.status() == "failed"
    if failed:
        raise ConfigError(f"{folder} cannot go on: {_begin_anew(folder)}")
    config = config or kept
    before, free = kept.to_dict(), _FREE_ON_RESUME | _free_for_processes(folder, kept, config)
    for name, value in config.to_dict().items():
        if name not in free and value != before[name]:
            raise ConfigError(
                f"{name} is {value} now and was {before[name]} in {folder}; a resumed run keeps its settings"
            )
    return dataclasses.replace(config)


def _free_for_processes(folder: Path, kept: TrainConfig, config: TrainConfig) -> frozenset[str]:
    """What may be shared out anew, since as many completions make a step on another number of processes."""
    with RunReader(folder) as run:
        then, now = int(run.facts().get("processes", 1)), processes.count()
    if then == now:
        return frozenset()

    def sizes(config: TrainConfig, count: int) -> tuple[int, int]:
        return config.completions_per_step // now * count, config.generation_batch_size // now * count

    (made, generated), wanted = sizes(kept, then), sizes(config, now)
    if (made, generated) != wanted or kept.loss_type == "bnpo":
        raise ConfigError(
            f"{folder} makes {made} completions a step on {then} process{'es' * (then > 1)}, and would make "
            f"{wanted[0]} on {now}; set per_device_train_batch_size × gradient_accumulation_steps to {made / now:g}"
            if kept.loss_type != "bnpo"
            else f"{folder} was begun on {then} process{'es' * (then > 1)}, not {now}; with loss_type bnpo the batches "
            "of each must stay as they are"
        )
    return frozenset(("per_device_train_batch_size", "gradient_accumulation_steps", "steps_per_generation"))


def _check_rules(folder: Path, config: TrainConfig) -> None:
    with RunReader(folder) as run:
        then = run.facts()["episode_versions"]
    if (other := _first_game(config).other_version(then)) is not None:
        name, recorded, here = other
        raise ConfigError(
            f"{folder} was played by version {recorded} of {name}, and this program has version {here}: "
            "its games would not be comparable; begin a new run"
        )


def _first_game(config: TrainConfig) -> Game:
    from grpo_arcade.games import make

    return make(config.game, **Curriculum.of(config).stage.options)


def _require_extra() -> None:
    import importlib.util

    missing = [name for name in ("torch", "transformers", "trl", "datasets") if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(f'training needs {", ".join(missing)}: pip install "grpo-arcade[train]"')


def _last_step(writer: RunWriter) -> int:
    with RunReader(writer.folder) as run:
        return int(run.facts().get("step", 0))
