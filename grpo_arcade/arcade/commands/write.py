"""``arcade write``: a model writes one strategy before your eyes; it is checked, and played and kept if you ask."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.arcade.configuration import Positional
from grpo_arcade.arcade.game_options import GameOptions
from grpo_arcade.arcade.streams import flow, tell
from grpo_arcade.atomic_write import atomic_write
from grpo_arcade.foreign_text import clean, clean_source
from grpo_arcade.games.seeds import check_seed

if TYPE_CHECKING:
    from grpo_arcade.arcade.players.play import Written
    from grpo_arcade.games import Game

LONGEST_ANSWER = 1_000_000
"""Tokens; no model reads more."""


@dataclass
class Command(GameOptions):
    """Let a model write a strategy."""

    game: Positional[str] = "2048"
    """What the strategy is for."""
    model: str = "pocket"
    """Who writes: pocket, a run (its newest checkpoint), a checkpoint, a Hugging Face folder or hub name, or an
    OpenAI-compatible endpoint http://host:port/v1#model (its token, if it wants one, in ARCADE_API_KEY)."""
    prompt: str = ""
    """What a model is asked: game, its own words; tutorial, the same without a toolbox; or a text file. When absent as
    the run did that trained it, or the game's words."""
    seed: int = 0
    """Of the model's sampling; ask again with another to get another strategy."""
    temperature: float = 1.0
    """Sampling temperature."""
    greedy: bool = False
    """Always take the likeliest token: the same as temperature 0."""
    max_completion_length: int | None = None
    """Tokens after which the answer is cut off; when absent 1,024, or 4,096 from an endpoint."""
    to: str | None = None
    """Save the strategy here, as a .py file."""
    play: bool = False
    """Play the strategy afterwards, on the first held-out seed."""
    speed: float = 4.0
    """How many times faster than the game's own pace it is shown, 0.125 to 64."""
    json: bool = False
    """Print the answer, the strategy and what became of it as one JSON object."""
    output_dir: str = "outputs"
    """Where runs are looked for by name."""


def run(command: Command) -> int:
    """0, or 1 when the answer holds no strategy that may be played, or it failed when it was."""
    from grpo_arcade.arcade.commands.play import checked_speed, checked_temperature
    from grpo_arcade.arcade.players.parse import parse_player
    from grpo_arcade.arcade.players.play import ask, game_for_player
    from grpo_arcade.arcade.terminal import Bar, one_stream, piped_past_eyes
    from grpo_arcade.trainer.question import prompt_text

    _check(command)
    speed = checked_speed(command.speed)
    checked_temperature(command.temperature)
    check_seed(command.seed)
    game = command.make_game(command.game)
    if command.play and len(game.seats) > 1:
        met = f"arcade play {game.name} PROGRAM.py --opponent random"
        raise ValueError(
            f"--play shows a game for one; save the strategy --to PROGRAM.py and let it meet somebody: {met}"
        )
    model = parse_player(command.model, game, command.output_dir)
    game = game_for_player(model, game, command.toolbox)

    # Who keeps the program in a file or sends it on gets it there, and need not see it go by as well.
    heard = not (command.json or one_stream() or piped_past_eyes())
    with Bar(f"{model.label} writes", quiet=command.json) as bar:

        def on_token(piece: str) -> None:
            bar.stop()
            flow(piece)

        written = ask(
            model,
            game,
            seed=command.seed,
            temperature=0.0 if command.greedy else command.temperature,
            max_completion_length=command.max_completion_length,
            prompt=prompt_text(command.prompt) if command.prompt else "",
            on_token=on_token if heard else None,
        )
    if heard:
        print(file=sys.stderr)
    found = written.found
    if found.refusal is None and found.source is not None and command.to is not None:
        with atomic_write(command.to) as scratch:
            scratch.write_text(found.source, encoding="utf-8")
    facts: dict[str, Any] = {"model": written.player, "game": game.name, "options": dict(game.options)}
    facts |= {"seed": command.seed, "completion": written.completion, "source": found.source}
    facts |= {"outcome": "ok" if found.refusal is None else found.refusal.value, "reason": found.reason}
    facts |= {"file": command.to if found.refusal is None else None}
    if not command.json:
        _tell(command, written)
    if command.play and found.refusal is None:
        facts["game_played"] = played = _play(written, game, None if command.json else speed, command.toolbox)
        failed = bool(played["error"])
    else:
        failed = found.refusal is not None
    if command.json:
        print(json.dumps(facts))
    return int(failed)


def _check(command: Command) -> None:
    """Refuse before a model is loaded what could not be done afterwards."""
    if command.max_completion_length is not None and not 1 <= command.max_completion_length <= LONGEST_ANSWER:
        raise ValueError(f"--max-completion-length {command.max_completion_length}: it takes 1 to {LONGEST_ANSWER:,}")
    if command.to is None:
        return
    path = Path(command.to)
    if path.suffix != ".py":
        raise ValueError(f"--to {path}: a strategy is a .py file")
    if not path.parent.is_dir():
        raise ValueError(f"--to {path}: there is no folder {path.parent}")


def _tell(command: Command, written: Written) -> None:
    found = written.found
    if found.refusal is not None or found.source is None:
        tell(f"{found.refusal}: {found.reason}")
        return
    if command.to is not None:
        tell(f"a strategy of {len(found.source.splitlines())} lines, written to {command.to}")
    elif not (sys.stdout.isatty() and sys.stderr.isatty()):
        # Whoever redirects wants the program alone; on a terminal it has just gone by.
        sys.stdout.write(clean_source(found.source).rstrip("\n") + "\n")


def _play(written: Written, game: Game, speed: float | None, toolbox: bool | None) -> dict[str, Any]:
    from grpo_arcade.arcade.commands.play import result_line
    from grpo_arcade.arcade.players.play import play_written
    from grpo_arcade.games.seeds import EVALUATION_SEEDS

    played = play_written(written, game, EVALUATION_SEEDS[:1], toolbox)
    (episode,) = played.episodes
    if speed is not None:
        from rich.console import Console

        from grpo_arcade.arcade.terminal import show

        # Beside the strategy on stdout, the game is narration.
        if episode.actions:
            show(episode, speed=speed, console=Console(stderr=True))
        print(result_line(episode, played.wall), file=sys.stderr)
        if played.error:
            print(clean(played.error), file=sys.stderr)
    facts = {"seed": episode.seed, "score": episode.score, "outcome": episode.outcome.value}
    return facts | {"moves": episode.moves, "error": played.error, "wall": played.wall or None}
