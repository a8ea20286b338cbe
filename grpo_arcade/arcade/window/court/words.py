"""What is said of a match on a court: beside the board, above it, and across it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from grpo_arcade.arcade.window.court.hands import SETS
from grpo_arcade.arcade.window.court.view import Plate, SeatShown, Shown
from grpo_arcade.arcade.window.versus.contestants import State
from grpo_arcade.games import Outcome, score_text
from grpo_arcade.games.names import shown_name

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.court.contest import Contest
    from grpo_arcade.arcade.window.court.rival import Rival
    from grpo_arcade.arcade.window.court.round import Round
    from grpo_arcade.arcade.window.court.side import Side
    from grpo_arcade.arcade.window.court.view import CourtView
    from grpo_arcade.arcade.window.shell.app import App
    from grpo_arcade.games import Game


class Court(Protocol):
    """What is asked of the scene."""

    app: App
    contest: Contest
    sides: list[Side]
    view: CourtView
    clock: bool
    started: bool
    paused: bool
    flipped: bool
    speed: float
    table: Game
    progress: float

    @property
    def round(self) -> Round:
        """The present game, and who does what in it."""

    @property
    def game(self) -> Game:
        """Its rules."""

    @property
    def persons(self) -> list[Side]:
        """Who plays by hand."""

    @property
    def ready(self) -> bool:
        """Whether nobody has to be waited for."""

    def at(self, seat: int) -> Side:
        """Who sits there."""


_STATES: dict[State, str] = {
    "waiting": "is asked for a program…",
    "loading": "loading the model…",
    "ready": "getting ready…",
}


def seat_shown(court: Court, seat: int) -> SeatShown:
    """What is to be seen of a seat."""
    side, round_ = court.at(seat), court.round
    number = court.contest.seating[seat]
    won = court.contest.series.won[number]
    rival = side.rival
    points = score_text(round_.points(seat)) if court.clock else str(won)
    said, bad = _said(court, rival) if rival is not None else (_keys(court, seat), False)
    return SeatShown(
        seat=court.game.seats[seat],
        name=side.name,
        person=side.hands is not None,
        points=points,
        won=won,
        best_of=court.contest.best_of,
        turn=not court.clock and not round_.over and court.game.to_move == seat,
        said=said,
        bad=bad,
        code=rival.text if rival is not None else "",
        writing=rival is not None and rival.state == "writing",
    )


def _said(court: Court, rival: Rival) -> tuple[str, bool]:
    again = f" · {court.app.bindings.key_label('court.ask')} asks again" if rival.writes else ""
    if rival.state == "failed":
        return f"{rival.error}{again}", True
    if rival.state == "writing":
        return f"writes program {rival.attempt + 1}… {len(rival.text):,} characters", False
    if rival.asked:
        return rival.downloaded or _STATES.get(rival.state, ""), False
    if not rival.ready:
        return _STATES["ready"], False
    if rival.next is not None:
        return f"program {rival.attempt + 1} takes over at the next {'point' if court.clock else 'game'}", False
    return (f"program {rival.number}{again}" if rival.writes else rival.player.what), False


def _keys(court: Court, seat: int) -> str:
    hands = court.at(seat).hands
    assert hands is not None
    keys = " or ".join(SETS[number] for number in hands.sets)
    fire = " and ".join(court.app.bindings.key_label(("court.fire", "court.second-fire")[n]) for n in hands.sets)
    return f"{keys} · {fire}" if court.clock else f"{keys}, or the mouse"


def note(court: Court) -> str:
    """After the heading: the seed, which game it is, the pace."""
    parts = [f"seed {court.round.seed}"]
    if court.contest.best_of > 1:
        number = court.contest.series.played + (not court.round.over)
        parts.append(f"game {max(1, number)}, best of {court.contest.best_of}")
    if court.speed != 1.0:
        parts.append(f"{court.speed:g}×")
    if court.paused:
        parts.append("paused")
    return " · ".join(parts)


def plate(court: Court) -> Plate | None:
    """What lies across the board; nothing while the game goes on."""
    look, key = court.app.theme, court.app.bindings.key_label
    for side in court.sides:
        if side.rival is not None and side.rival.state == "failed":
            offers = [(key("court.ask"), "ask again")] if side.rival.writes else []
            return Plate("No game", f"{side.name} cannot play: {side.rival.error}", look.bad, tuple(offers))
    if court.round.over:
        return _ending(court)
    if court.paused:
        return Plate("Paused", f"{key('court.pause')} goes on", look.soft)
    if not court.ready:
        late = next(side for side in court.sides if side.rival is not None and not side.rival.ready)
        assert late.rival is not None
        return Plate("Wait a moment", f"{late.name} {_said(court, late.rival)[0].partition(' · ')[0]}", look.soft)
    if court.clock and not court.started and court.persons:
        return Plate("Ready", "It begins with your first press", look.ink)
    return None


def _ending(court: Court) -> Plate:
    key = court.app.bindings.key_label
    offers = ((key("court.new"), "again"), (key("court.sides"), "change sides"), (key("court.film"), "film of it"))
    winners = [court.at(seat).name for seat in court.round.winners()]
    points = " : ".join(score_text(court.round.points(seat)) for seat in _order(court))
    line = [points] if court.clock else []
    failed = [(court.at(seat).name, outcome) for seat, outcome in court.round.failed.items()]
    line += [f"{name}: {str(outcome).replace('_', ' ')}" for name, outcome in failed]
    stuck = [seat for seat in range(len(court.sides)) if court.round.outcome(seat) is Outcome.STUCK]
    if 0 < len(stuck) < len(court.sides):
        line += [f"{court.at(seat).name}: no move that could be made" for seat in stuck]
    elif stuck or court.game.outcome is Outcome.CAPPED:
        line.append(str(court.game.outcome))
    if court.contest.best_of == 1:
        return Plate(_wins(winners, len(court.sides)), " · ".join(line), _colour(court, winners), offers)
    line.append(
        "games " + " : ".join(str(court.contest.series.won[court.contest.seating[seat]]) for seat in _order(court))
    )
    if not court.contest.series.decided:
        return Plate(_wins(winners, len(court.sides)), " · ".join(line), _colour(court, winners))
    best = [court.sides[number].name for number in court.contest.series.winners()]
    words = _wins(best, len(court.sides)).replace(" win", " win the match").replace(" matchs", "s the match")
    return Plate(words, " · ".join(line), _colour(court, best), offers)


def _order(court: Court) -> list[int]:
    """Seats as they lie on the screen, from the left."""
    left, right = court.view.columns
    return [*left, *right]


def _wins(names: list[str], players: int) -> str:
    if not names or len(names) == players:
        return "A draw"
    once = list(dict.fromkeys(names))
    verb = "win" if len(once) > 1 or once[0].startswith("You") else "wins"
    return f"{' and '.join(once)} {verb}"


def _colour(court: Court, names: list[str]) -> int:
    look = court.app.theme
    if any(side.name in names for side in court.persons):
        return look.good
    return look.rival if names else look.soft


def shown(court: Court) -> Shown:
    """All that the view shows of a match."""
    game = court.game
    hands = court.at(game.to_move).hands if not court.clock and not court.round.over else None
    return Shown(
        seats=tuple(seat_shown(court, seat) for seat in range(len(court.contest.seating))),
        game=game,
        progress=court.progress,
        heading=shown_name(court.table.name),
        note=note(court),
        plate=plate(court),
        marked=hands.pointed(game) if hands is not None and game.legal_actions() else None,
        flipped=court.flipped,
    )


def useful_keys(court: Court) -> Sequence[str]:
    """Actions for the bar of keys, by what is most useful now."""
    models = any(side.rival is not None and side.rival.writes for side in court.sides)
    decided = court.contest.series.decided
    first = ("court.new", "court.restart", "court.film", "court.replay") if decided else ("court.pause",)
    more = ("court.new", "court.restart", "court.sides", "court.code", "court.slower", "court.faster")
    ask = ("court.ask",) if models else ()
    return tuple(dict.fromkeys((*first, *ask, *more, "court.film", "court.replay", "app.back")))
