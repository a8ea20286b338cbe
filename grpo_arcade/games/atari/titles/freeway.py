"""Freeway: a chicken and ten lanes with a car in each.

Bytes as in AtariARI (MIT), but the cars' are mirrored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from grpo_arcade.games.atari.account import rises, times
from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.fields import ABSENT, FARTHEST, MOVED, Field, Memory, Objects, Reading, State, shifted
from grpo_arcade.games.atari.goals import Goal, Kind
from grpo_arcade.games.atari.toolbox import toolbox

FIELDS = (
    Field("player_y", 10, 195, "your chicken, at x = 47; it starts at 191"),
    Field("lane", 0, 9, "the lane it is in, from 0 (top) to 9; -1 on the kerbs", absent=True),
    Field("car_x", 0, 159, "the car of each lane, 8 wide, top first; lane n is at y = 32 + 16 * n", length=(10,)),
    Field("this_car_x", 0, 159, "the car of the chicken's lane", absent=True),
    Field("next_car_x", 0, 159, "the car of the lane above it", absent=True),
)
_PLAYER_Y = shifted(197, 10, 195, sign=-1)
_CAR_X = shifted(161, 0, 159, sign=-1)
_LANES_TOP, _LANE_HEIGHT = 24, 16
_LANE_AT = tuple(lane if 0 <= (lane := (y - _LANES_TOP) // _LANE_HEIGHT) < 10 else ABSENT for y in range(210))
_NEXT_LANE_AT = tuple(max(ABSENT, min((y - _LANES_TOP) // _LANE_HEIGHT, 10) - 1) for y in range(210))


def read(ram: Memory) -> Reading:
    """Where chicken and cars are."""
    player_y = _PLAYER_Y[ram[14]]
    cars = [_CAR_X[byte] for byte in ram[108:118]]
    lane = _LANE_AT[player_y]
    above = _NEXT_LANE_AT[player_y]
    return {
        "player_y": player_y,
        "lane": lane,
        "car_x": cars,
        "this_car_x": cars[lane] if lane >= 0 else ABSENT,
        "next_car_x": cars[above] if above >= 0 else ABSENT,
    }


DERIVED = (
    Field("this_car_dx", -FARTHEST, FARTHEST, MOVED),
    Field("next_car_dx", -FARTHEST, FARTHEST, MOVED),
)


def derive(now: Reading) -> None:
    """The velocities of the two cars nearest to the chicken."""
    lane = now["lane"]
    above = _NEXT_LANE_AT[now["player_y"]]
    now["this_car_dx"] = now["car_dx"][lane] if lane >= 0 else 0
    now["next_car_dx"] = now["car_dx"][above] if above >= 0 else 0


def car_comes(state: dict, lane: int) -> bool:
    """Returns whether the car of a lane will be at the chicken's x within the next five calls; False for lanes that
    there are not.
    """
    if not 0 <= lane <= 9:
        return False
    x, speed = state["car_x"][lane], state["car_dx"][lane]
    return min(x, x + 5 * speed) < 55 and max(x, x + 5 * speed) > 39


def scripted(state: State) -> str:
    """Go up unless a car would come into the way."""
    lane = (10 if state["player_y"] > 100 else 0) if state["lane"] < 0 else state["lane"]
    if lane == 0:
        return "UP"
    # A car goes 0.8 to 4 pixels a decision, the chicken 4; they can meet while it is within 8 pixels of the car's row.
    speed = (-0.8, -1, -1.33, -2, -4, 4, 2, 1.33, 1, 0.8)[lane - 1]
    far = state["player_y"] - (16 + 16 * lane)
    enter, leave = max(0, (far - 8) / 4), (far + 8) / 4
    if enter < 1.5:
        way = sorted((state["next_car_x"] + speed * enter, state["next_car_x"] + speed * leave))
        if way[0] < 47 + 8 and way[1] > 47 - 8:
            return "NOOP"
    return "UP"


def account(states: Sequence[State], pressed: Sequence[str]) -> str:
    """Crossings, and in which lanes cars hit the chicken."""
    # Whoever is hit is pushed down for some moves; a crossing is not, nor is what DOWN does, which may be held on.
    down = [0 < other["player_y"] - one["player_y"] <= 16 for one, other in pairwise(states)]
    hits = [
        states[at]["lane"]
        for at in range(2, len(down))
        if down[at] and not down[at - 1] and "DOWN" not in pressed[at - 1 : at + 1] and states[at]["lane"] >= 0
    ]
    crossings = rises(states, "score")
    lanes = ", ".join(f"{lane} ({times(count)})" for lane, count in sorted(Counter(hits).items()))
    told = f"Crossings: {len(crossings)}"
    if len(crossings) > 1:
        told += f", one in {(crossings[-1] - crossings[0]) / (len(crossings) - 1):.0f} moves"
    told += f"; hit by a car {times(len(hits))}{', in lane ' + lanes if hits else ''}."
    if not hits and "UP" not in pressed:
        told += " UP was never pressed."
    return told


EXAMPLE = """
def strategy(state):
    lane = state["lane"] if state["lane"] >= 0 else 10 if state["player_y"] > 100 else 0
    return "NOOP" if car_comes(state, lane - 1) else "UP"
"""

CARTRIDGE = Cartridge(
    goal=Goal(
        Kind.RECORD,
        "Each crossing gives 1 point. It ends after 2 minutes and 16 seconds.",
    ),
    objects=Objects(FIELDS, read, moving=("car",), derived=DERIVED, derive=derive),
    scripted=scripted,
    toolbox=toolbox(EXAMPLE, car_comes),
    account=account,
)
