"""One process's part in training, the same for the first and for those that follow: model, pool, TRL, signals.

torch is imported when :func:`take_part` is called.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.trainer import rewards as reward_functions
from grpo_arcade.trainer.curriculum import Curriculum

if TYPE_CHECKING:
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.processes import Processes
    from grpo_arcade.trainer.share import Share


@dataclass(frozen=True)
class Handover:
    """What process 0 tells the others before anything else."""

    config: TrainConfig
    folder: Path
    checkpoint: Path | None
    """To go on from."""
    stage: int
    """Of the curriculum."""


def take_part(
    given: Handover,
    team: Processes,
    take_seat: Callable[..., Share],
    say: Callable[[str], None] | None = None,
) -> tuple[str, int]:
    """Train; how it ended, as this process sees it, and after which step.

    Args:
        given: what to do.
        team: the processes that do it.
        take_seat: makes this one's share of (pool, curriculum, rewards, template, facts about the model).
        say: tells the person something; None where another process does.
    """
    import torch

    from grpo_arcade.trainer.models.backends import choose

    config = given.config
    with team.all_or_none():
        backend = choose(config)
        backend.prepare()
    from transformers import TrainerCallback

    torch.set_num_threads(config.resolved_threads())
    _quieten()
    from datasets import Dataset

    from grpo_arcade.trainer.grpo_trainer import ArcadeTrainer, trl_config
    from grpo_arcade.trainer.models.learner import open_learner
    from grpo_arcade.trainer.scoring import open_pool

    curriculum = Curriculum.of(config)
    curriculum.at = given.stage
    rewards = reward_functions.load(config.rewards, config.reward_weights)
    torch.manual_seed(config.seed)

    class Begin(TrainerCallback):
        def on_train_begin(self, *_: Any, **named: Any) -> None:
            share.started(trainer)

    with contextlib.ExitStack() as stack:
        with team.all_or_none():
            if not given.folder.is_dir():
                raise ValueError(f"{socket.gethostname()} does not see {given.folder}; output_dir must be on a file "
                                 "system that all hosts share")  # fmt: skip
            learner = open_learner(config, backend)
            pool = stack.enter_context(open_pool(config))
        share = take_seat(pool, curriculum, rewards, learner.template, learner.facts)
        learnt = config.generation_batch_size * config.num_iterations
        rounds = -(-config.max_steps * config.completions_per_step // learnt)
        rows = rounds * (config.generation_batch_size // config.num_generations)
        trainer = ArcadeTrainer(
            share,
            model=learner.model,
            processing_class=learner.tokenizer,
            reward_funcs=list(rewards),
            args=trl_config(config, given.folder, rewards, learner.template),
            train_dataset=Dataset.from_dict({"prompt": [share.prompt()] * rows}),
            peft_config=learner.peft_config,
        )
        _remove_printer(trainer)
        trainer.add_callback(Begin())
        with stopping(share, say):
            trainer.train(resume_from_checkpoint=str(given.checkpoint) if given.checkpoint else None)
        return share.stop_asked or "finished", int(trainer.state.global_step)


@contextlib.contextmanager
def stopping(share: Share, say: Callable[[str], None] | None) -> Iterator[None]:
    """The first Ctrl-C (or a polite kill) stops after the step in flight; the second at once.

    Where there are several processes the launcher hands each signal on to all of them, a second time to those that
    shared the terminal, and kills whoever has not ended half a minute later: no further one is minded.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    voices: list[threading.Thread] = []
    alone = share.processes.count == 1

    def stop(number: int, frame: Any) -> None:
        if share.stop_asked and number == signal.SIGINT and alone:
            raise KeyboardInterrupt
        first, share.stop_asked = not share.stop_asked, "interrupted"
        if say is None or not (alone or (first and number == signal.SIGINT)):
            return
        # The signal may have come in the middle of a write to the same stream; another thread waits for its end.
        words = "finishing this step, then saving" + "; Ctrl-C again stops at once and loses the step" * alone
        voice = threading.Thread(target=say, args=(words,))
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
