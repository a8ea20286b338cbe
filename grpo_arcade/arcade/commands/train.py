"""``arcade train``: a GRPO run, new or resumed. This process becomes the trainer; others read its run folder.

With ``--dash`` this process becomes the dashboard, and the trainer one of its own beside it. Where a launcher has
started several processes, the first alone reads what is asked; see ``grpo_arcade.trainer.processes``.
"""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

from grpo_arcade.arcade.configuration import Positional, without, words_after
from grpo_arcade.arcade.resuming import folder_to_resume
from grpo_arcade.arcade.streams import tell
from grpo_arcade.arcade.trust import trusted
from grpo_arcade.foreign_text import clean
from grpo_arcade.trainer import presets, processes
from grpo_arcade.trainer.config import TrainConfig

EXIT_CODES = {"interrupted": 130, "failed": 1}
"""By how the run ended; 0 when it finished or was asked to stop."""


@dataclass
class Command(TrainConfig):
    """Teach a model by GRPO."""

    presets: ClassVar[Any] = presets
    """Where ``--preset NAME`` finds its settings."""
    only_typed: ClassVar[tuple[str, ...]] = ("resume",)
    """What no file and no variable says: a run is gone on with by its own settings."""
    game: Positional[str] = "2048"
    """What is played."""
    resume: tuple[str, ...] | None = None
    """Go on with a run: its folder, its name or the beginning of it, or nothing for the newest run that did not
    finish. Its own settings hold."""
    trust: bool = False
    """With --resume: use what the run names (reward functions, models, servers) though another machine made it."""
    dry_run: bool = False
    """Say what would be done, and do nothing."""
    json: bool = False
    """With --dry-run: print everything as JSON."""
    dash: bool = False
    """Watch it in the terminal dashboard from the start; the training can go on when the dashboard is closed."""

    @classmethod
    def starting_from(cls, arguments: list[str]) -> tuple[Command | None, list[str]]:
        """With ``--resume`` the run's own settings, which flags and files change; None for a new run.

        Also the arguments that are left to be read.
        """
        words = words_after("--resume", arguments)
        if words is None or "-h" in arguments or "--help" in arguments or processes.rank():
            return None, arguments
        from grpo_arcade.trainer.resuming import resumed_config

        output_dir = (words_after("--output-dir", arguments) or [TrainConfig.output_dir])[0]
        folder = folder_to_resume(words, output_dir)
        trusted(folder, "--trust" in arguments)
        return cls(**vars(resumed_config(folder)), resume=(str(folder),)), without("--resume", arguments)


def run(command: Command) -> int:
    """0 when the run finished, 130 when Ctrl-C stopped it."""
    from grpo_arcade.arcade.players.parse import parse_model
    from grpo_arcade.recordings.runs.new_run import check_new
    from grpo_arcade.trainer.plan import describe, in_words

    if processes.rank():
        return 0 if command.dry_run else _train(TrainConfig(), None)
    if command.dash and processes.count() > 1:
        raise ValueError("--dash starts a process of its own; leave it out, and beside the run: arcade dash")
    config = TrainConfig(**{field.name: getattr(command, field.name) for field in fields(TrainConfig)})
    if command.resume is not None and not command.dry_run:
        folder = folder_to_resume(command.resume, command.output_dir)
        if command.dash:
            return _train_and_watch(folder, ["--resume", str(folder)])
        return _train(config, folder)
    config.model = parse_model(config.model, config.output_dir).name
    told = describe(config)
    for line in told["warnings"]:
        tell(line)
    if command.dry_run:
        if command.resume is None:
            check_new(config)
        print(json.dumps(told, indent=2) if command.json else clean(in_words(told)))
        return 0
    if command.dash:
        folder = check_new(config)
        return _train_and_watch(folder, ["--run-name", folder.name])
    return _train(config, None)


def _train(config: TrainConfig, resume: Path | None) -> int:
    from grpo_arcade.trainer.grpo import train

    try:
        # What libraries print goes to the run's log.txt, only progress to the terminal.
        return EXIT_CODES.get(train(config, resume=resume, capture=True).status, 0)
    except processes.Left:
        return 1


def _train_and_watch(folder: Path, words: list[str]) -> int:
    """The same command line again as a process of its own, and the dashboard in front of it."""
    from grpo_arcade.arcade.commands.dash import open_dashboard, require_terminal

    require_terminal("--dash needs a terminal; without it: arcade train, and elsewhere arcade dash")
    from grpo_arcade.arcade.detached_process import Trainer

    # What the new words say anew is left out, since no option is taken twice.
    again = [word for word in without("--run-name", without("--resume", sys.argv[1:])) if word != "--dash"]
    order = [sys.executable, "-P", "-m", "grpo_arcade.arcade.cli", *again, "--no-dash", *words]
    trainer = Trainer(order)
    try:
        print("starting the trainer …", file=sys.stderr)
        opened = trainer.has_opened(folder)
    except KeyboardInterrupt:
        trainer.stop()
        raise
    if opened:
        open_dashboard(folder, trainer=trainer)
    if trainer.code is None:
        tell(f"training continues (process {trainer.pid}); watch it again with: arcade dash {shlex.quote(str(folder))}")
        return 0
    print(clean(trainer.last_words()), file=sys.stderr)
    return trainer.code
