"""What happened in an episode of a console's game, in words and numbers: points, lives, and what each title adds.

A title's module may have an ``account`` of its own (:class:`~grpo_arcade.games.atari.cartridge.Cartridge`): a function
of the states at each decision and the buttons pressed, written with what is here.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from grpo_arcade.games.atari.fields import Account, State

if TYPE_CHECKING:
    from grpo_arcade.games.game import Game
    from grpo_arcade.games.played_again import PlayedAgain

MOST_EVENTS = 6
"""Points and losses whose times are told."""


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
    told = [points(scores), buttons(pressed)]
    if own is not None and len(states) > 1:
        told.insert(0, own(states, pressed))
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
        told.append(f"Points were made {by}{times(len(up))}, first at decision {up[0]:,}, last at {up[-1]:,}.")
    if down:
        told.append(f"Points were lost {times(len(down))}, last at decision {down[-1]:,}.")
    return " ".join(told) or f"No point was ever made{' ' + by.strip() if by else ''}."


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


def last_seen(states: Sequence[State], at: int, name: str, back: int = 40) -> State | None:
    """The newest state up to ``at`` in which a thing was there."""
    return next((states[place] for place in range(at, max(-1, at - back), -1) if states[place][name] >= 0), None)


def nearest(states: Sequence[State], at: int, name: str, by: str, back: int = 60) -> int | None:
    """Of the states before ``at``, the least gap between a thing and the player along ``by``; None if it was not there.

    What has hit somebody is gone before the life is, so that the last state does not show it.
    """
    before = states[max(0, at - back) : at + 1]
    seen = [state[name + by] - state["player" + by] for state in before if state[name + by] >= 0]
    return min(seen, key=abs, default=None)


def aside(gaps: Sequence[float], less: str, more: str) -> str:
    """How far off things were: ``12 to 40 pixels away (3 times left, 2 times right)``; a gap below 0 is ``less``."""
    if not gaps:
        return ""
    sizes = sorted(abs(gap) for gap in gaps)
    low, high = sum(gap < 0 for gap in gaps), sum(gap > 0 for gap in gaps)
    sides = [f"{times(count)} {word}" for count, word in ((low, less), (high, more)) if count]
    return f"{statistics.median(sizes):.0f} pixels away in the middle case ({', '.join(sides) or 'not at all'})"


def decisions(places: Sequence[int]) -> str:
    """`` (at decision 3, 40, 90)``, of many the first ones; empty where there is none."""
    if not places:
        return ""
    shown = [f"{place:,}" for place in places[:MOST_EVENTS]]
    more = " …" if len(places) > MOST_EVENTS else ""
    return f" (at decision {', '.join(shown)}{more})"


def times(count: int) -> str:
    """A number of times, in words."""
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def share(matching: int, of: int) -> str:
    """A part in per cent."""
    return f"{matching / max(1, of):.0%}"
