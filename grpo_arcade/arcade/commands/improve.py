"""``arcade improve``: a search for a better program by any model that can be asked, into a run like any other."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from grpo_arcade.arcade.configuration import Positional, without, words_after
from grpo_arcade.arcade.resuming import folder_to_resume
from grpo_arcade.arcade.streams import tell
from grpo_arcade.arcade.trust import trusted
from grpo_arcade.foreign_text import clean
from grpo_arcade.trainer.improvement.config import ImproveConfig

if TYPE_CHECKING:
    from grpo_arcade.trainer.improvement.asking import Author

EXIT_CODES = {"interrupted": 130}
"""By how the run ended; 0 when a budget is used up, or somebody asked it to stop."""


@dataclass
class Command(ImproveConfig):
    """Let any model improve its program by telling it how it lost."""

    only_typed: ClassVar[tuple[str, ...]] = ("resume",)
    """What no file and no variable says."""
    game: Positional[str] = "2048"
    """What is played."""
    resume: tuple[str, ...] | None = None
    """Go on with a run: its folder, its name or the beginning of it, or nothing for the newest that did not finish. Its
    own settings hold; budgets, prices and the model may be others."""
    trust: bool = False
    """With --resume: use what the run names (models, servers, reward functions) though another machine made it."""
    dry_run: bool = False
    """Say what would be done and print the first prompt; ask nobody."""
    json: bool = False
    """Print what came out as one JSON object; with --dry-run, what would be done."""

    @classmethod
    def starting_from(cls, arguments: list[str]) -> tuple[Command | None, list[str]]:
        """With ``--resume`` the run's own settings, which flags change; None for a new run.

        Also the arguments that are left to be read.
        """
        words = words_after("--resume", arguments)
        if words is None or "-h" in arguments or "--help" in arguments:
            return None, arguments
        from grpo_arcade.trainer.improvement.run import resumed_config

        output_dir = (words_after("--output-dir", arguments) or [ImproveConfig.output_dir])[0]
        folder = folder_to_resume(words, output_dir)
        trusted(folder, "--trust" in arguments)
        return cls(**vars(resumed_config(folder)), resume=(str(folder),)), without("--resume", arguments)


def run(command: Command) -> int:
    """0 when a budget is used up or somebody stopped it, 130 when Ctrl-C did."""
    from grpo_arcade.trainer.improvement.run import improve, preview

    config = ImproveConfig(**{field.name: getattr(command, field.name) for field in fields(ImproveConfig)})
    players = [_writer(word, config.output_dir) for word in config.model]
    config.model = tuple(player.word for player in players)
    if command.dry_run:
        told = preview(config, new=command.resume is None)
        print(json.dumps(told, indent=2) if command.json else clean(_in_words(told)))
        return 0
    config.resolved().check()  # what can be said at once, before anybody is looked for
    resume = None if command.resume is None else Path(command.resume[0])
    result = improve(config, authors_of(config), resume=resume, capture=True)
    if command.json:
        facts: dict[str, Any] = {"run": str(result.folder), "status": result.status, "rounds": result.rounds}
        facts |= {"champion": result.champion, "held_out": result.held_out, "source": result.source}
        facts |= {"tokens_in": result.spent.tokens_in, "tokens_out": result.spent.tokens_out}
        facts |= {"minutes": result.spent.seconds / 60, "cost": result.spent.cost(config.price_in, config.price_out)}
        print(json.dumps(facts))
    return EXIT_CODES.get(result.status, 0)


def authors_of(config: ImproveConfig) -> list[Author]:
    """Who writes, one for each model.

    Raises:
        ValueError: one of them cannot be asked, in one line.
    """
    from grpo_arcade.arcade.endpoint import is_endpoint
    from grpo_arcade.arcade.players.endpoint_author import EndpointAuthor
    from grpo_arcade.trainer.improvement.asking import LocalAuthor

    return [
        EndpointAuthor(
            word,
            temperature=config.temperature,
            max_tokens=config.max_completion_length,
            context=config.context_length,
            parallel=config.parallel,
            patience_s=60 * config.patience,
            stop=config.stop,
            say=tell,
        )
        if is_endpoint(word)
        else LocalAuthor(
            word,
            temperature=config.temperature,
            max_tokens=config.max_completion_length,
            context=config.context_length,
            threads=config.threads,
            memory_share=config.vllm_gpu_memory_utilization,
        )
        for word in config.model
    ]


def _writer(word: str, output_dir: str) -> Any:
    from grpo_arcade.arcade.players.parse import parse_player
    from grpo_arcade.arcade.players.player import Writer

    player = parse_player(word, None, output_dir)
    if not isinstance(player, Writer):
        raise ValueError(f"{word} is {player.what}, and writes nothing; name a model, or an endpoint")
    return player


def _in_words(told: dict[str, Any]) -> str:
    config = told["config"]
    from grpo_arcade.games import score_text

    beside = ", ".join(f"{name} {score_text(mean)}" for name, mean in told["baselines"].items())
    limits = [f"{config['rounds']} rounds"]
    limits += [f"{config['minutes']:g} minutes"] if config["minutes"] else []
    limits += [f"{config['tokens']:,} tokens"] if config["tokens"] else []
    return "\n".join(
        (
            f"{told['answers']:,} answers by {', '.join(config['model'])}, {config['candidates']} a round; "
            f"at most {' or '.join(limits)}",
            f"{config['game']} {told['options']}: baselines {beside or 'played when it starts'}",
            f"\nThe first prompt:\n\n{told['prompt']}",
        )
    )
