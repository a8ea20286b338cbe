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
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.trainer import rewards as reward_functions
from grpo_arcade.trainer.config import ConfigError, TrainConfig
from grpo_arcade.trainer.curriculum import Curriculum
from grpo_arcade.trainer.narration import Narrator, captured
from grpo_arcade.trainer.run_folder import (
    LOG,
    STATE,
    RunFolderError,
    RunReader,
    checkpoint_step,
    checkpoints,
)
from grpo_arcade.trainer.run_writer import RunWriter

if TYPE_CHECKING:
    from grpo_arcade.games import Game
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
    from grpo_arcade.trainer.models import locate

    locate(config.model)  # a misspelt model is refused before there is a run folder
    if resume is not None:
        _check_rules(folder, config)
    config.run_key = config.run_key or secrets.token_hex(16)
    facts = {"game": config.game, "model": config.model, "max_steps": config.max_steps}
    if resume is None:
        writer = RunWriter.create(
            config, {**facts, "episode_versions": _first_game(config).versions, "run_key": config.run_key}
        )
    else:
        writer = RunWriter.reopen(folder, checkpoint_step(checkpoint) if checkpoint else -1)
        writer.note(**facts)
    with (
        writer,
        captured(writer.folder / LOG if capture else None) as (terminal, log),
        Narrator(terminal, log, config.max_steps, config.logging_steps) as narrator,
    ):
        return _train(config, writer, checkpoint, narrator, new=resume is None)


def resumed_config(folder: str | Path) -> TrainConfig:
    """The configuration a run was made with, as :func:`train` wants it for going on with it.

    Raises:
        RunFolderError: no run folder, or one that cannot be read.
    """
    with RunReader(folder) as run:
        config = TrainConfig.from_dict(run.config()["config"])
        config.run_key = str(run.facts()["run_key"])
        return config


def _train(
    config: TrainConfig, writer: RunWriter, checkpoint: Path | None, narrator: Narrator, *, new: bool
) -> TrainResult:
    from grpo_arcade.trainer.models.learner import is_out_of_memory

    again = f"arcade train --resume {writer.folder}"
    try:
        status, step = _run(config, writer, checkpoint, narrator)
    except BaseException as error:
        refused = isinstance(error, (ValueError, ImportError, KeyboardInterrupt)) and not isinstance(
            error, RunFolderError
        )
        # What was refused before it began leaves nothing behind.
        if not (new and refused and writer.discard()):
            _note_end(writer, error)
        if is_out_of_memory(error):
            raise TrainingError(
                f"memory ran out; lower per_device_train_batch_size ({config.per_device_train_batch_size}) or "
                f"max_completion_length ({config.max_completion_length}); {again}"
            ) from error
        if isinstance(error, OSError):
            raise TrainingError(f"{type(error).__name__}: {' '.join(str(error).split())}; {again}") from error
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


def _run(config: TrainConfig, writer: RunWriter, checkpoint: Path | None, narrator: Narrator) -> tuple[str, int]:
    import torch
    from transformers import TrainerCallback

    torch.set_num_threads(config.resolved_threads())
    _quieten()
    from datasets import Dataset

    from grpo_arcade.games import make
    from grpo_arcade.trainer.grpo_trainer import ArcadeTrainer, trl_config
    from grpo_arcade.trainer.models.chat import prompt_ids
    from grpo_arcade.trainer.models.learner import check_length, open_learner, template_settings
    from grpo_arcade.trainer.scoring import open_pool
    from grpo_arcade.trainer.session import Session

    curriculum = Curriculum.of(config)
    start = 0
    if checkpoint is not None:
        start = checkpoint_step(checkpoint)
        curriculum.at = int(json.loads((checkpoint / STATE).read_text(encoding="utf-8"))["stage"])
    narrator.at(start)
    game = make(config.game, **curriculum.stage.options)
    rewards = reward_functions.load(config.rewards, config.reward_weights)
    torch.manual_seed(config.seed)
    learner = open_learner(config)
    template = template_settings(config, learner.tokenizer)
    length = len(prompt_ids(learner.tokenizer, game.prompt(), template))
    check_length(config, learner.model, length)
    writer.note(prompt_tokens=length, parameters=sum(weights.numel() for weights in learner.model.parameters()))

    class Begin(TrainerCallback):
        def on_train_begin(self, *_: Any, **named: Any) -> None:
            session.started(trainer)

    with open_pool(config) as pool:
        session = Session(config, writer, pool, curriculum, rewards, template, narrator)
        learnt = config.generation_batch_size * config.num_iterations
        rounds = -(-config.max_steps * config.completions_per_step // learnt)
        rows = rounds * (config.generation_batch_size // config.num_generations)
        trainer = ArcadeTrainer(
            session,
            model=learner.model,
            processing_class=learner.tokenizer,
            reward_funcs=list(rewards),
            args=trl_config(config, writer.folder, rewards, template),
            train_dataset=Dataset.from_dict({"prompt": [session.prompt()] * rows}),
            peft_config=learner.peft_config,
        )
        _remove_printer(trainer)
        trainer.add_callback(Begin())
        message = f"step {start} of {config.max_steps}" if checkpoint else f"{config.max_steps} steps"
        writer.event("resumed" if checkpoint else "started", start, message, data={"time": time.time()})
        with _ctrl_c(session, narrator):
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        return session.stop_asked or "finished", int(trainer.state.global_step)


@contextlib.contextmanager
def _ctrl_c(session: Session, narrator: Narrator) -> Iterator[None]:
    """The first Ctrl-C (or a polite kill) stops after the step in flight; the second at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    voices: list[threading.Thread] = []

    def stop(number: int, frame: Any) -> None:
        if session.stop_asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        session.stop_asked = "interrupted"
        # The signal may have come in the middle of a write to the same stream; another thread waits for its end.
        words = "finishing this step, then saving; Ctrl-C again stops at once and loses the step"
        voice = threading.Thread(target=narrator.say, args=(words,))
        voice.start()
        voices.append(voice)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for voice in voices:
            voice.join()


def _checked_against(folder: Path, config: TrainConfig | None) -> TrainConfig:
    """``config``, if the run in ``folder`` can go on with it; a copy of the run's own when it is None."""
    kept = resumed_config(folder)
    with RunReader(folder) as run:
        failed = run.status() == "failed"
    if failed:
        raise ConfigError(f"{folder} cannot go on: {_begin_anew(folder)}")
    before = kept.to_dict()
    for name, value in (config or kept).to_dict().items():
        if name not in _FREE_ON_RESUME and value != before[name]:
            raise ConfigError(
                f"{name} is {value} now and was {before[name]} in {folder}; a resumed run keeps its settings"
            )
    return dataclasses.replace(config or kept)


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


def _quieten() -> None:
    """Their advice is about how we call them, and nothing the person can act on."""
    import logging
    import warnings

    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    logging.getLogger("accelerate").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning)


def _remove_printer(trainer: Any) -> None:
    from transformers import PrinterCallback

    trainer.remove_callback(PrinterCallback)


def _last_step(writer: RunWriter) -> int:
    with RunReader(writer.folder) as run:
        return int(run.facts().get("step", 0))
