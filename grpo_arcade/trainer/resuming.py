"""Whether a run can go on, and with which settings: none that would change a step it has made."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import pickle
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from grpo_arcade.foreign_text import one_line
from grpo_arcade.games import make
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer import processes
from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.curriculum import Curriculum
from grpo_arcade.trainer.strangers import refuse_unless_trusted

# What may differ when a run is resumed: none of these changes a step that both runs would make.
_FREE_ON_RESUME = frozenset(
    ("max_steps", "output_dir", "run_name", "logging_steps", "report_to", "save_total_limit", "workers")
)


def resumed_config(folder: str | Path) -> TrainConfig:
    """The configuration a run was made with, as :func:`~grpo_arcade.trainer.grpo.train` wants it for going on with it.

    Raises:
        RunFolderError: no run folder, or one that cannot be read.
    """
    with RunReader(folder) as run:
        # A run made before a setting existed takes what suits its game.
        config = _with_games_as_long(TrainConfig.of(run)).resolved()
        config.run_key = str(run.facts()["run_key"])
        return config


def _with_games_as_long(config: TrainConfig) -> TrainConfig:
    """Self-play on Atari once trained on whole games unless told otherwise; younger runs say how long theirs are."""
    if not (config.self_play and config.game.startswith("atari/")) or config.train_game_options:
        return config
    name = "max_num_frames_per_episode"
    whole = make(config.game, **config.options).options[name]
    return dataclasses.replace(config, train_game_options=(f"{name}={whole}",))


def checked_against(folder: Path, config: TrainConfig | None) -> TrainConfig:
    """``config``, if the run in ``folder`` can go on with it; a copy of the run's own when it is None.

    Raises:
        ConfigError: it cannot, and what would do.
        StrangersRunError: another machine made it, and it names what nobody here has allowed.
    """
    refuse_unless_trusted(folder)
    kept = resumed_config(folder)
    with RunReader(folder) as run:
        failed = run.status() == "failed"
    if failed:
        raise ConfigError(f"{folder} cannot go on: {start_again(folder)}")
    config = config or kept
    before, free = kept.to_dict(), _FREE_ON_RESUME | _free_for_processes(folder, kept, config)
    for name, value in config.to_dict().items():
        if name not in free and value != before[name]:
            raise ConfigError(
                f"{name} is {value} now and was {before[name]} in {folder}; a resumed run keeps its settings"
            )
    return dataclasses.replace(config)


@contextlib.contextmanager
def refusing_foreign_checkpoints(checkpoint: Path | None) -> Iterator[None]:
    """Around what loads a checkpoint: says in a line what PyTorch's restricted reader refused or could not read.

    Raises:
        ConfigError: a file of it holds code, or is damaged; nothing of it has been run.
    """
    try:
        yield
    except (pickle.UnpicklingError, EOFError, RuntimeError, OSError) as error:
        text = " ".join(str(error).split())
        # PyTorch says of a torn archive that an argument is invalid, or names its reader.
        torn = "PytorchStreamReader" in text or (isinstance(error, OSError) and error.errno == errno.EINVAL)
        if checkpoint is None or not (torn or isinstance(error, pickle.UnpicklingError | EOFError)):
            raise
        code = re.search(r"GLOBAL (\S+)", text)
        if code is not None:
            why = f"it asks for {code[1]}"
        else:
            why = "it is no archive of numbers" if isinstance(error, pickle.UnpicklingError) else "it is damaged"
        raise ConfigError(
            f"{one_line(str(checkpoint))} holds a file that is no saved training: {why}; nothing of it was run. "
            "Remove that checkpoint and resume from the one before"
        ) from error


def check_rules(folder: Path, config: TrainConfig) -> None:
    """Refuse a run whose games were played by other rules than the ones here.

    Raises:
        ConfigError: it was.
    """
    with RunReader(folder) as run:
        then = run.facts()["episode_versions"]
    game = make(config.game, **Curriculum.of(config).stage.options)
    if (other := game.other_version(then)) is not None:
        name, recorded, here = other
        raise ConfigError(
            f"{folder} was played by version {recorded} of {name}, and this program has version {here}: "
            "its games would not be comparable; start a new run"
        )


def check_checkpoint(checkpoint: Path) -> None:
    """Refuse a checkpoint whose weights are gone or torn, which its last file cannot tell.

    Raises:
        ConfigError: it is, in one line that says what would work.
    """
    from grpo_arcade.trainer.models.files import UnreadableError, check_folder

    try:
        check_folder(checkpoint)
    except UnreadableError as error:
        raise ConfigError(
            f"{checkpoint} is damaged: {error}; move it away, and the run goes on from the checkpoint before it"
        ) from error


def start_again(folder: Path) -> str:
    """Why a run failed for good, and the command that begins again from what is left of it."""
    with RunReader(folder) as run:
        why = next(event["message"] for event in reversed(run.events()) if event["kind"] == "failed")
        first = resumed_config(folder).resolved().learning_rate
        assert first is not None
        rate = first / 2 ** (1 + sum(each["kind"] == "fallback" for each in run.events()))
        left = next(reversed(run.checkpoints()), None)
    model = f" --model {shlex.quote(str(left))}" if left else ""
    return f"{why}; start a new run with a lower learning rate: arcade train{model} --learning-rate {rate:g}"


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
