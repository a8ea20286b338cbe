"""``arcade eval``: players on the held-out seeds, always beside the baselines on the same seeds."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

from grpo_arcade.arcade.configuration import Positional
from grpo_arcade.arcade.game_options import GameOptions
from grpo_arcade.foreign_text import clean, one_line
from grpo_arcade.games import score_text
from grpo_arcade.games.seeds import check_seed
from grpo_arcade.games.toolbox import OPTION as TOOLBOX
from grpo_arcade.trainer.evaluation import Evaluation


@dataclass
class Command(GameOptions):
    """Score players over the held-out seeds."""

    players: Positional[tuple[str, ...]] = ()
    """Who plays: baselines, strategy files (.py), RUN:champion, runs (their newest checkpoint), or models
    (pocket, a folder, a hub name, an endpoint http://host:port/v1#model). The pocket model, when nobody is named."""
    model: str | None = None
    """One more player, as a rule a model."""
    game: str = ""
    """What is played. When absent what the first run among the players was trained on, or 2048."""
    prompt: str = ""
    """What a model is asked: game, its own words; tutorial, the same without a toolbox; or a text file. When absent as
    the run did that trained it, or the game's words."""
    seeds: int = 16
    """How many of the 100 published held-out seeds, from the first on."""
    strategies: int = 64
    """Strategies each model is asked for."""
    seed: int = 0
    """Seeds the model's sampling; the games' seeds are the published ones."""
    temperature: float = 1.0
    """The model's sampling temperature."""
    json: bool = False
    """Print one JSON object a player, with every score."""
    secret_seeds: bool = False
    """Also play as many seeds drawn just now: the published ones can be recognised by a program written to cheat."""
    allow_unwalled: bool = False
    """Let program files play with nothing but the policy between them and your files, where no wall can run them."""
    output_dir: str = "outputs"
    """Where runs are looked for by name."""


def run(command: Command) -> int:
    """0 when all were scored."""
    from grpo_arcade.arcade.commands.play import checked_temperature
    from grpo_arcade.arcade.players.evaluate import evaluate, on_secret_seeds
    from grpo_arcade.arcade.players.parse import parse_player, trained_on
    from grpo_arcade.arcade.terminal import Bar
    from grpo_arcade.games.seeds import EVALUATION_SEEDS
    from grpo_arcade.trainer.bounds import MOST_AT_ONCE
    from grpo_arcade.trainer.question import prompt_text

    if not 1 <= command.seeds <= len(EVALUATION_SEEDS):
        raise ValueError(f"--seeds {command.seeds}: there are 1 to {len(EVALUATION_SEEDS)} published held-out seeds")
    if not 1 <= command.strategies <= MOST_AT_ONCE:
        raise ValueError(f"--strategies {command.strategies}: it takes 1 to {MOST_AT_ONCE:,}")
    checked_temperature(command.temperature)
    check_seed(command.seed)
    words = command.players if command.model is None else (*command.players, command.model)
    game = command.make_game(command.game or trained_on(words, command.output_dir) or "2048")
    if len(game.seats) > 1:
        raise ValueError(
            f"{game.name} for {len(game.seats)} players has no score of one; let two meet: "
            f"arcade play {game.name} A --opponent B"
        )
    # All are known before the first of them plays for minutes.
    players = [parse_player(word, game, command.output_dir) for word in words or ("pocket",)]
    results: list[Evaluation] = []
    secret: list[Evaluation] = []
    for player in players:
        with Bar(player.label, quiet=command.json) as bar:
            results.append(
                evaluate(
                    player,
                    game,
                    EVALUATION_SEEDS[: command.seeds],
                    strategies=command.strategies,
                    seed=command.seed,
                    temperature=command.temperature,
                    prompt=prompt_text(command.prompt) if command.prompt else "",
                    toolbox=command.toolbox,
                    progress=bar.to,
                    allow_unwalled=command.allow_unwalled,
                )
            )
            if command.secret_seeds:
                secret.append(on_secret_seeds(results[-1], allow_unwalled=command.allow_unwalled))
        if command.json:
            facts = results[-1].to_dict() | {"word": player.word}
            if command.secret_seeds:
                facts["secret"] = {name: secret[-1].to_dict()[name] for name in ("seeds", "mean", "low", "high", "won")}
            print(json.dumps(facts), flush=True)
    if command.json:
        return 0
    _tell(results, secret)
    if walls := sorted({wall for result in results for wall in result.walls}):
        print(f"programs were played behind the wall: {', '.join(walls)}")
    for player, result in zip(players, results, strict=True):
        # Of a model's many strategies some fail; of a single program it matters why.
        if len(result.rollouts) == 1 and result.rollouts[0].error:
            print(f"{one_line(player.word)}: {clean(result.rollouts[0].error)}", file=sys.stderr)
    return 0


def _tell(results: list[Evaluation], secret: list[Evaluation]) -> None:
    from rich.table import Table

    from grpo_arcade.arcade.terminal import table_console

    first = results[0]
    seeds = f"seeds 0–{first.seeds[-1]}" if len(first.seeds) > 1 else f"seed {first.seeds[0]}"
    rules = {name: value for name, value in first.options.items() if name != TOOLBOX}
    title = one_line(f"{first.game} {rules}, held-out {seeds}", 400)
    table = Table("player", box=None, pad_edge=False)
    for column in ("mean score", "95 % interval", "won", "compiled", "distinct"):
        table.add_column(column, justify="right")
    if secret:
        table.add_column("secret seeds", justify="right")
    table.add_column("outcomes")
    for name, kept in first.baselines.items():
        if name not in {result.player for result in results}:
            table.add_row(
                name, score_text(kept["mean"]), "", f"{kept['won']:.0%}", *[""] * (3 + bool(secret)), style="dim"
            )
    for number, result in enumerate(results):
        low, high = result.interval
        several = len(result.rollouts) > 1
        table.add_row(
            one_line(f"{result.player} with toolbox" if TOOLBOX in result.options else result.player, 200),
            score_text(result.mean),
            f"{score_text(low)} to {score_text(high)}",
            f"{result.won:.0%}",
            f"{result.compiled:.0%}" if several else "",
            f"{result.distinct_share:.0%}" if several else "",
            *([_secret_text(secret[number])] if secret else []),
            "  ".join(f"{name} {count}" for name, count in result.outcomes.items()),
        )
    console = table_console()
    console.print(title, style="italic", highlight=False)
    console.print(table)


def _secret_text(secret: Evaluation) -> str:
    low, high = secret.interval
    return f"{score_text(secret.mean)} ({score_text(low)} to {score_text(high)})"
