"""``arcade play``: a baseline, a strategy file, a champion or a model plays, in the terminal or straight to a file."""

from __future__ import annotations

import json
import math
import shlex
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grpo_arcade.arcade.configuration import Positional
from grpo_arcade.arcade.game_options import GameOptions
from grpo_arcade.arcade.streams import flow
from grpo_arcade.foreign_text import clean, one_line
from grpo_arcade.games import Episode, Game, UnknownGameError, make, score_text
from grpo_arcade.games.episode import ending_text
from grpo_arcade.games.seats import seat_number
from grpo_arcade.games.seeds import check_seed
from grpo_arcade.games.toolbox import OPTION as TOOLBOX


@dataclass
class Command(GameOptions):
    """Watch one game."""

    game: Positional[str] = "2048"
    """What is played."""
    player: Positional[str] = ""
    """Who plays: a baseline (random, greedy, expectimax), a strategy file (.py, or - for standard input),
    RUN:champion, a model that writes a strategy (pocket, a run, a checkpoint, a folder, a hub name, an endpoint
    http://host:port/v1#model), or you, in the window. By default the game's strongest baseline."""
    opponent: str = ""
    """Who plays against it, in a game for two: another player, in any of these forms."""
    seat: str = ""
    """Where the first player sits, with an opponent: a seat's name (left, right) or its number. By default the first
    one."""
    seed: int = 0
    """The episode's seed: the same seed and the same moves give the same game."""
    model_seed: int = 0
    """What a model's sampling is seeded with; ask again with another to get another strategy."""
    temperature: float = 1.0
    """A model's sampling temperature; 0 always takes the likeliest token."""
    speed: float = 4.0
    """How many times faster than the game's own pace, 0.125 to 64."""
    to: str | None = None
    """Write the game here instead of showing it: .episode (a recording), .gif or .mp4."""
    json: bool = False
    """Print the result as JSON instead of showing the game."""
    output_dir: str = "outputs"
    """Where runs are looked for by name."""
    allow_unwalled: bool = False
    """Let this program play with nothing but the policy between it and your files, where no wall can run it."""


def run(command: Command) -> int:
    """0, or 1 when the player's program was refused or crashed."""
    from rich.console import Console

    from grpo_arcade.arcade.players.meet import contender_of, meet
    from grpo_arcade.arcade.players.parse import parse_player
    from grpo_arcade.arcade.players.play import play
    from grpo_arcade.arcade.players.player import Person, Writer
    from grpo_arcade.arcade.terminal import Bar, one_stream, show, show_source

    if command.to is not None:
        check_destination(command.to)
    speed = checked_speed(command.speed)
    checked_temperature(command.temperature)
    check_seed(command.seed)
    check_seed(command.model_seed, "model_seed")
    try:
        game = command.make_court(command.game) if command.opponent else command.make_game(command.game)
    except UnknownGameError as error:
        if not command.player and _means_a_player(command.game, command.output_dir):
            raise ValueError(
                f"{command.game} is a player; which game? arcade play 2048 {shlex.quote(command.game)}"
            ) from error
        raise
    if command.seat and not command.opponent:
        raise ValueError("--seat says where a player sits against another one: name that one with --opponent")
    seat = seat_number(game, command.seat or "0")
    player = parse_player(command.player or list(game.baselines)[-1], game, command.output_dir)
    opponent = parse_player(command.opponent, game, command.output_dir) if command.opponent else None
    if isinstance(player, Person) or isinstance(opponent, Person):
        if command.json or command.to is not None:
            raise ValueError(
                "you play in the window, which keeps the game and makes films of it: leave --json and --to out"
            )
        return _by_hand(game, seat, player.word, opponent.word if opponent is not None else "")
    heard = not (command.json or command.to is not None or one_stream())
    writes = isinstance(player, Writer)
    with Bar(f"{player.label} writes" if writes else f"{player.label} plays", quiet=command.json) as bar:

        def on_token(piece: str) -> None:
            bar.stop()
            flow(piece)

        heard_by = on_token if heard else None
        if opponent is not None:
            contenders = [
                contender_of(
                    each, game, model_seed=command.model_seed, temperature=command.temperature, on_token=heard_by
                )
                for each in (player, opponent)
            ]
            # In a game for more than two the opponent plays all the others.
            seating = [int(place != seat) for place in range(len(game.seats))]
            played = meet(contenders, game, [command.seed], seating, command.allow_unwalled)
        else:
            played = play(
                player,
                game,
                [command.seed],
                toolbox=command.toolbox,
                model_seed=command.model_seed,
                temperature=command.temperature,
                on_token=heard_by,
                allow_unwalled=command.allow_unwalled,
            )
    episode = played.episodes[0]
    if command.to is not None:
        write(episode, command.to)
    elif not command.json and (episode.actions or not played.error):
        if played.source is not None and not (heard and sys.stderr.isatty()):
            show_source(played.source)
        show(episode, speed=speed, console=Console())
    if command.json:
        facts: dict[str, Any] = {
            "player": episode.player,
            "game": episode.game,
            "options": dict(episode.options),
            "seed": episode.seed,
        }
        facts |= {"score": episode.score, "outcome": episode.outcome.value, "moves": episode.moves}
        facts |= seats_of(episode, game)
        facts |= {"error": played.error, "source": played.source, "file": command.to, "wall": played.wall or None}
        print(json.dumps(facts))
    else:
        print(result_line(episode, played.wall))
        if played.error:
            print(clean(played.error), file=sys.stderr)
        if command.to is not None:
            print(f"written to {one_line(command.to)}")
    return 0 if not played.error else 1


def _means_a_player(word: str, outputs: str) -> bool:
    from grpo_arcade.arcade.players.parse import parse_player

    with suppress(ValueError):
        parse_player(word, make("2048"), outputs)
        return True
    return False


def _by_hand(game: Game, seat: int, player: str, opponent: str) -> int:
    from grpo_arcade.arcade.window import open_window

    if len(game.seats) > 1:
        from grpo_arcade.arcade.window.court.court import Court

        # In a game for more than two the other one plays all the other seats.
        words = [player if place == seat else opponent or list(game.baselines)[-1] for place in range(len(game.seats))]
        return open_window(lambda app: Court(app, game.name, game.options, words))
    from grpo_arcade.arcade.window.play.opening import play

    return open_window(lambda app: play(app, game.name, {**game.options, **game.person_options}))


def seats_of(episode: Episode, game: Game) -> dict[str, Any]:
    """What JSON says of the seats of a game of several: nothing of a game of one."""
    if not episode.seats:
        return {}
    return {
        "seats": [
            {"seat": name, "player": seat.player, "score": seat.score, "outcome": seat.outcome.value}
            for name, seat in zip(game.seats, episode.seats, strict=True)
        ]
    }


def result_line(episode: Episode, wall: str = "") -> str:
    """One line that says who scored what, how it ended, and the wall that was around a program just played."""
    behind = f", wall: {wall}" if wall else ""
    if episode.seats:
        scores = ", ".join(
            f"{one_line(seat.player, 80) or 'somebody'} {score_text(seat.score)}" for seat in episode.seats
        )
        lent = ", with toolbox" if TOOLBOX in episode.options else ""
        ending = one_line(ending_text(episode), 200)
        return f"{scores} in {episode.moves:,} moves: {ending} (seed {episode.seed}{lent}){behind}"
    who = one_line(episode.player, 80) or "somebody"
    return (
        f"{who}: {score_text(episode.score)} points in {episode.moves:,} moves,"
        f" {episode.outcome} (seed {episode.seed}{', with toolbox' if TOOLBOX in episode.options else ''}){behind}"
    )


def checked_temperature(temperature: float) -> float:
    """The temperature, if a model can be sampled at it: said before the model is loaded.

    Raises:
        ValueError: it cannot.
    """
    if not 0 <= temperature < math.inf:
        raise ValueError(f"--temperature {temperature:g} is below 0, or no number")
    return temperature


def checked_speed(speed: float) -> float:
    """The speed, or a ``ValueError`` when it is outside what can be watched."""
    if not 0.125 <= speed <= 64:
        raise ValueError(f"--speed {speed:g} is outside 0.125 to 64")
    return speed


def check_destination(to: str) -> None:
    """Refuse before anything is played what could not be written afterwards."""
    path = Path(to)
    if path.suffix not in (".episode", ".gif", ".mp4"):
        raise ValueError(f"{to}: the name must end in .episode, .gif or .mp4")
    if not path.parent.is_dir():
        raise ValueError(f"{to}: there is no folder {path.parent}")


def write(episode: Episode, to: str) -> None:
    """Write the episode in the form its destination's suffix names."""
    from grpo_arcade import recordings
    from grpo_arcade.arcade.terminal import Bar
    from grpo_arcade.recordings import films

    suffix = Path(to).suffix
    if suffix == ".episode":
        recordings.save(episode, to)
        return
    with Bar("filming") as bar:
        if suffix == ".gif":
            films.write_gif(episode, to, progress=bar.to)
        else:
            films.write_mp4(episode, to, progress=bar.to)
