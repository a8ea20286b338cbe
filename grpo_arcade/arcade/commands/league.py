"""``arcade league``: who is in a run's league, how strong each is, who beat whom; and any two of them play."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from grpo_arcade.arcade.configuration import Positional
from grpo_arcade.foreign_text import clean, one_line

if TYPE_CHECKING:
    from grpo_arcade.recordings.runs.league import Meeting, Member

MOST_COLUMNS = 8
"""Of who beat whom: the strongest so many, and a terminal has no room for more."""


@dataclass
class Command:
    """Tell the ladder of a run that trains by self-play, or let two of its members play."""

    run: Positional[str] = "latest"
    """Folder, name, beginning of a name, or latest."""
    players: Positional[tuple[str, ...]] = ()
    """Two members, by number or name as the table has them: they play each other from both sides."""
    seeds: int = 8
    """How many of the 100 published held-out seeds two members play, from the first on."""
    json: bool = False
    """Print JSON: the members and their games, or the games of the two."""
    output_dir: str = "outputs"
    """Where runs are looked for by name."""


def run(command: Command) -> int:
    """0 when told or played."""
    from grpo_arcade.games.seeds import EVALUATION_SEEDS
    from grpo_arcade.recordings.runs import league
    from grpo_arcade.recordings.runs.find import find_run
    from grpo_arcade.recordings.runs.reader import RunReader
    from grpo_arcade.trainer.strangers import refuse_unless_trusted

    if not 1 <= command.seeds <= len(EVALUATION_SEEDS):
        raise ValueError(f"--seeds {command.seeds}: there are 1 to {len(EVALUATION_SEEDS)} published held-out seeds")
    if len(command.players) not in (0, 2):
        raise ValueError("name two members of the league to let them play, or none to see the ladder")
    folder = find_run(command.run, command.output_dir)
    with RunReader(folder) as reader:
        members, meetings = league.members(reader), league.meetings(reader)
        config = reader.config()["config"]
    if not members:
        raise ValueError(f"{folder} has no league: it was not trained with --self-play")
    if command.players:
        # Its game may be one that a server plays, which nobody here has asked for.
        refuse_unless_trusted(folder)
        one, other = (_member(word, members) for word in command.players)
        return _play(command, config, one, other)
    ladder = sorted(members, key=lambda member: -member.mu)
    games = league.table(meetings)
    if command.json:
        print(json.dumps(_facts(ladder, games)))
    else:
        _tell(str(folder), ladder, games)
    return 0


def _member(word: str, members: Sequence[Member]) -> Member:
    """The member of that number or name.

    Raises:
        ValueError: there is none, or the beginning of a name is that of several.
    """
    found = [member for member in members if word in (str(member.id), member.name)]
    found = found or [member for member in members if word and member.name.startswith(word)]
    if len(found) == 1:
        return found[0]
    fitting = found or members
    known = ", ".join(f"{member.id} ({one_line(member.name, 60)})" for member in fitting[-12:])
    more = f", and {len(fitting) - 12} more" if len(fitting) > 12 else ""
    if found:
        raise ValueError(f"several in the league are called {word!r}, by number: {known}{more}")
    raise ValueError(f"nobody in the league is called {word!r}; there are, by number: {known}{more}")


def _play(command: Command, config: Mapping[str, Any], one: Member, other: Member) -> int:
    from grpo_arcade.games import make
    from grpo_arcade.games.players import Contender, play_seats
    from grpo_arcade.games.seeds import EVALUATION_SEEDS
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.self_play.court import court_options

    settings = TrainConfig.from_dict({"toolbox": False, **config})
    options = court_options(make(settings.game, **settings.options), {})
    contenders = [Contender(each.name, source=each.source, baseline=each.baseline) for each in (one, other)]
    result = play_seats(contenders, settings.game, options, EVALUATION_SEEDS[: command.seeds])
    names = make(settings.game, **options).seats
    rows: list[dict[str, Any]] = [
        {
            "seed": episode.seed,
            "seats": {names[seat]: contenders[who].name for seat, who in enumerate(seating)},
            "scores": {names[seat]: each.score for seat, each in enumerate(episode.seats)},
            "outcomes": {names[seat]: each.outcome.value for seat, each in enumerate(episode.seats)},
        }
        for episode, seating in zip(result.episodes, result.seatings, strict=True)
    ]
    points = [result.points(0), result.points(1)]
    if command.json:
        print(json.dumps({"players": [one.name, other.name], "points": points, "games": rows}))
        return 0
    for row in rows:
        sides = "   ".join(
            f"{side} {one_line(row['seats'][side], 60)} {row['scores'][side]:g} ({row['outcomes'][side]})"
            for side in names
        )
        print(f"seed {row['seed']}: {sides}")
    print(f"{one_line(one.name, 60)} {points[0]:.0%} of the points, {one_line(other.name, 60)} {points[1]:.0%}")
    for member, error in zip((one, other), result.errors, strict=True):
        if error:
            print(f"{one_line(member.name, 60)}: {clean(error)}", file=sys.stderr)
    return 0


def _facts(ladder: Sequence[Member], games: Mapping[tuple[int, int], Meeting]) -> dict[str, Any]:
    return {
        "members": [
            {
                **{"number": member.id, "name": member.name, "step": member.step, "baseline": member.baseline},
                **{"rating": member.mu, "low": member.interval[0], "high": member.interval[1]},
            }
            for member in ladder
        ],
        "games": [
            {
                **{"member": member, "opponent": opponent, "wins": each.wins, "draws": each.draws},
                **{"losses": each.losses, "stalls": each.stalls},
            }
            for (member, opponent), each in sorted(games.items())
        ],
    }


def _tell(folder: str, ladder: Sequence[Member], games: Mapping[tuple[int, int], Meeting]) -> None:
    from rich.table import Table

    from grpo_arcade.arcade.terminal import table_console
    from grpo_arcade.recordings.runs.league import MODEL

    columns = ladder[:MOST_COLUMNS]
    table = Table(box=None, pad_edge=False)
    for name in ("", "number", "member", "rating", "95 % interval", "the model's points"):
        table.add_column(name, justify="left" if name == "member" else "right")
    for member in columns:
        table.add_column(f"vs {member.id}", justify="right")
    for place, member in enumerate(ladder, 1):
        low, high = member.interval
        model = games.get((MODEL, member.id))
        met = [games.get((member.id, other.id)) for other in columns]
        table.add_row(
            str(place),
            str(member.id),
            one_line(member.name, 60),
            f"{member.mu:,.0f}",
            f"{low:,.0f} to {high:,.0f}",
            f"{model.points:.0%} of {model.games:,}" if model else "",
            *("" if meeting is None else f"{meeting.points:.0%}" for meeting in met),
        )
    console = table_console()
    console.print(one_line(f"the league of {folder}", 400), style="italic", highlight=False)
    console.print(table)
    stalls = sum(each.stalls for (member, _), each in games.items() if member == MODEL)
    if stalls:
        print(f"{stalls:,} of the model's rounds were given up without a point", file=sys.stderr)
