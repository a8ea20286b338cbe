"""What happened in an episode of a console's game, in words and numbers: points, lives, and what each title adds.

A title's module may have an ``account`` of its own (:class:`~grpo_arcade.games.atari.cartridge.Cartridge`): a function
of the states at each decision and the buttons pressed, written with what is here.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from grpo_arcade.games.atari.fields import Account, State

if TYPE_CHECKING:
    from grpo_arcade.games.game import Game
    from grpo_arcade.games.played_again import PlayedAgain

MOST_EVENTS = 6
"""Points and losses whose times are told."""
TOLD, EVERY = 4, 3
"""Of what led to a loss so many moves are told, and each so many after the one before."""


def account(game: Game, replay: PlayedAgain, own: Account | None) -> str:
    """What led to the end of the episode that ``replay`` plays on ``game``; ``own`` is the title's."""
    if not replay.length:
        return ""
    states: list[State] = []
    scores = [game.score]
    while True:
        if own is not None:
            states.append(game.observation())
        if not replay.step():
            break
        scores.append(game.score)
    pressed = [game.actions[action] for action in replay.actions[: len(scores) - 1]]
    if own is not None and len(states) > 1:
        told = [own(states, pressed), first_and_last(scores), buttons(pressed)]
    else:
        told = [points(scores), buttons(pressed)]
    return " ".join(part for part in told if part)


def account_of_seat(game: Game, replay: PlayedAgain, seat: int, own: Account | None) -> str:
    """The same of a game of several, as one seat has it; ``own`` is told of the states that this seat has seen."""
    if not replay.length:
        return ""
    seats = range(len(game.seats))
    states: list[State] = []
    scores = [[game.seat_score(each) for each in seats]]
    while True:
        if own is not None:
            states.append(game.seat_observation(seat))
        if not replay.step():
            break
        scores.append([game.seat_score(each) for each in seats])
    mine = [row[seat] for row in scores]
    pressed = [game.actions[action] for action in replay.actions[seat :: len(seats)][: len(scores) - 1]]
    told = [tally(game.seats, scores[-1], seat), points(mine)]
    if any(sum(row) for row in scores):
        # Not each point of one is a loss of the other, so that theirs are worth telling too.
        theirs = [max(row[each] for each in seats if each != seat) for row in scores]
        told.append(points(theirs, "by your opponent " if len(seats) == 2 else "by the best of the others "))
    if own is not None and len(states) > 1:
        told.insert(0, own(states, pressed))
    return " ".join(part for part in (*told, buttons(pressed)) if part)


def tally(names: Sequence[str], scores: Sequence[float], seat: int) -> str:
    """Who had how many points at the end: one sentence."""
    others = ", ".join(f"{name} {scores[each]:g}" for each, name in enumerate(names) if each != seat)
    return f"At the end you ({names[seat]}) had {scores[seat]:g}, {others}."


def points(scores: Sequence[float], by: str = "") -> str:
    """When points came and went: one sentence; ``by`` says whose they are, where that is not you."""
    up = [at for at in range(1, len(scores)) if scores[at] > scores[at - 1]]
    down = [at for at in range(1, len(scores)) if scores[at] < scores[at - 1]]
    told = []
    if up:
        last = f", first at move {up[0]:,}, last at {up[-1]:,}" if len(up) > 1 else f", at move {up[0]:,}"
        told.append(f"Points were made {by}{times(len(up))}{last}.")
    if down:
        told.append(f"Points were lost {times(len(down))}, last at move {down[-1]:,}.")
    return " ".join(told) or f"No point was ever made{' ' + by.strip() if by else ''}."


def first_and_last(scores: Sequence[float]) -> str:
    """When the first and the last point came, where how many there were is said already: one sentence at most."""
    up = [at for at in range(1, len(scores)) if scores[at] > scores[at - 1]]
    if not up:
        return ""
    last = f", the last at {up[-1]:,} of {len(scores) - 1:,}" if len(up) > 1 else f" of {len(scores) - 1:,}"
    return f"The first point came at move {up[0]:,}{last}."


def buttons(pressed: Sequence[str]) -> str:
    """What was pressed how often: one sentence."""
    counts = Counter(pressed).most_common(5)
    return "Pressed: " + ", ".join(f"{name} {count / len(pressed):.0%}" for name, count in counts) + "."


def falls(states: Sequence[State], name: str) -> list[int]:
    """The places of the states just before a number fell."""
    return [at for at in range(len(states) - 1) if states[at + 1][name] < states[at][name]]


def rises(states: Sequence[State], name: str) -> list[int]:
    """The places of the states just before a number rose."""
    return [at for at in range(len(states) - 1) if states[at + 1][name] > states[at][name]]


def last_seen(states: Sequence[State], at: int, name: str, back: int = 40) -> int | None:
    """The place of the newest state up to ``at`` in which a thing was there; None if it was not."""
    return next((place for place in range(at, max(-1, at - back), -1) if states[place][name] >= 0), None)


def nearest(states: Sequence[State], at: int, name: str, by: str, back: int = 60) -> int | None:
    """The place of that of the states before ``at`` in which a thing was nearest to the player along ``by``.

    The newest of several; None if the thing was not there. What has hit somebody is gone before the life is, so that
    the last state does not show it.
    """
    places = [place for place in range(at, max(-1, at - back - 1), -1) if states[place][name + by] >= 0]
    return min(places, key=lambda place: abs(states[place][name + by] - states[place]["player" + by]), default=None)


def aside(gaps: Sequence[float], less: str, more: str) -> str:
    """How far off things were: ``typically 12 pixels away (3 times left, twice right)``; a gap below 0 is ``less``."""
    if not gaps:
        return ""
    typical = round(statistics.median(abs(gap) for gap in gaps))
    pixels = f"{typical} pixel{'s' * (typical != 1)} away"
    counts = [(sum(gap < 0 for gap in gaps), less), (sum(gap > 0 for gap in gaps), more)]
    counts = [each for each in (*counts, (sum(gap == 0 for gap in gaps), "at the same place")) if each[0]]
    if len(gaps) == 1:
        return f"{pixels} ({counts[0][1]})"
    return f"typically {pixels} ({', '.join(f'{times(count)} {word}' for count, word in counts)})"


def moves(places: Sequence[int]) -> str:
    """`` (at move 3, 40, 90)``, of many the first ones; empty where there is none."""
    if not places:
        return ""
    shown = [f"{place:,}" for place in places[:MOST_EVENTS]]
    more = " …" if len(places) > MOST_EVENTS else ""
    return f" (at move {', '.join(shown)}{more})"


def leading_to(
    states: Sequence[State], pressed: Sequence[str], at: int, names: Sequence[str], every: int = EVERY
) -> str:
    """What led to something: some of a program's last moves up to ``at``, with what it saw and pressed; one sentence.

    Of ``names`` the first is a thing that may not be there yet: it begins where that came. Told is one move in
    ``every``.
    """
    places = [place for place in range(at - every * (TOLD - 1), at + 1, every) if place >= 0]
    places = [place for place in places if states[place][names[0]] >= 0]
    if not places:
        return ""
    told = "; ".join(f"{', '.join(str(states[at][name]) for name in names)} → {pressed[at]}" for at in places)
    apart = f"every {every} moves" if every > 1 else "move by move"
    return f"How the last one came, {apart} ({', '.join(names)} → pressed): {told}."


def new_shots(states: Sequence[State]) -> int:
    """How many shots went up: one that is lower than before is another one."""
    heights = [state["shot_y"] for state in states]
    return sum(after >= 0 and (before < 0 or after > before) for before, after in pairwise(heights))


def times(count: int) -> str:
    """A number of times, in words."""
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def share(matching: int, of: int) -> str:
    """A part in per cent."""
    return f"{matching / max(1, of):.0%}"
