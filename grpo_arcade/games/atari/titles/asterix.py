"""Asterix: eight lanes, in each of which a harp to avoid or a thing to collect runs across.

Bytes as in AtariARI (MIT) and OCAtari (MIT); what is in a lane was found on the screen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from grpo_arcade.games.atari.account import falls, moves, rises, share
from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.fields import ABSENT, Field, Memory, Objects, Reading, State, shifted
from grpo_arcade.games.atari.toolbox import toolbox

FIELDS = (
    Field("player_x", 0, 159, "you"),
    Field("lane", 0, 7, "the lane you are in, from 0 (top) to 7"),
    Field("enemy_x", 0, 159, "the lyre in each lane, which costs a life, top first", absent=True, length=(8,)),
    Field("item_x", 0, 159, "the thing to collect in each lane, top first", absent=True, length=(8,)),
)
_X = shifted(4, 0, 159)
_PLAYER_X = shifted(6, 0, 159)
_LANE = tuple(min(max((133 - byte) // 16, 0), 7) for byte in range(256))
_EMPTY = 11
_LANES = range(8)


def read(ram: Memory) -> Reading:
    """Where the player is, and what runs in each lane."""
    enemies = [ABSENT] * 8
    items = [ABSENT] * 8
    for lane in _LANES:
        if ram[18 - lane] != _EMPTY and not ram[73 + lane]:
            (enemies if ram[29 + lane] & 1 else items)[lane] = _X[ram[42 + lane]]
    return {
        "player_x": _PLAYER_X[ram[41]],
        "lane": _LANE[ram[40]],
        "enemy_x": enemies,
        "item_x": items,
    }


def dangerous(state: dict, lane: int) -> bool:
    """Returns whether the lyre in a lane is near your x or comes towards it; True for lanes that there are not."""
    if not 0 <= lane <= 7:
        return True
    x, speed = state["enemy_x"][lane], state["enemy_dx"][lane]
    gap = state["player_x"] - x
    return x >= 0 and (abs(gap) < 16 or (gap * speed > 0 and abs(gap) < 40))


def scripted(state: State) -> str:
    """Collect what is near, and leave lanes in which a lyre comes."""

    def danger(lane: int) -> bool:
        if not 0 <= lane <= 7:
            return True
        x, dx = state["enemy_x"][lane], state["enemy_dx"][lane]
        gap = state["player_x"] - x
        return x >= 0 and (abs(gap) < 16 or (gap * dx > 0 and abs(gap) < 40))

    lane = state["lane"]
    if danger(lane):
        return "UP" if not danger(lane - 1) else "DOWN" if not danger(lane + 1) else "UP" if lane else "DOWN"
    nearest, way = 999, "NOOP"
    for other, x in enumerate(state["item_x"]):
        if x >= 0 and not danger(other):
            far = abs(other - lane) * 8 + abs(x - state["player_x"]) / 2
            step = lane + (other > lane) - (other < lane)
            if far < nearest and (step == lane or not danger(step)):
                nearest = far
                sideways = "RIGHT" if x > state["player_x"] else "LEFT"
                way = "UP" if step < lane else "DOWN" if step > lane else sideways
    return way


_BACK = 60
"""Decisions for which a lyre that was touched is gone before the life is."""


def account(states: Sequence[State], pressed: Sequence[str]) -> str:
    """By which lyre each life was lost, what was collected, and in which lanes."""
    lost = falls(states, "lives")
    told = f"Things collected: {len(rises(states, 'score'))}; lives lost: {len(lost)}{moves(lost)}."
    ends = []
    for at in lost[:4]:
        lane = states[at]["lane"]
        # It is gone from the moment it is touched.
        near = [state for state in states[max(0, at - _BACK) : at + 1] if state["enemy_x"][lane] >= 0]
        if near:
            touch = min(near, key=lambda state: abs(state["enemy_x"][lane] - state["player_x"]))
            x, moving = touch["enemy_x"][lane], touch["enemy_dx"][lane]
            ends.append(f"in lane {lane} at x {touch['player_x']}, the lyre at x {x} moving {moving:+d}")
    if ends:
        told += f" They ended {'; '.join(ends)}."
    lanes = Counter(state["lane"] for state in states)
    return (
        f"{told} Time by lane: "
        + ", ".join(f"{lane} {share(lanes[lane], len(states))}" for lane in sorted(lanes))
        + "."
    )


EXAMPLE = """
def strategy(state):
    lane, item = state["lane"], state["item_x"][state["lane"]]
    if dangerous(state, lane):
        return "UP" if not dangerous(state, lane - 1) else "DOWN"
    if item >= 0:
        return steer(item - state["player_x"], 4, "LEFT", "RIGHT")
    return "DOWN" if not dangerous(state, lane + 1) else "NOOP"
"""

CARTRIDGE = Cartridge(
    objects=Objects(FIELDS, read, moving=("enemy", "item")),
    scripted=scripted,
    toolbox=toolbox(EXAMPLE, dangerous),
    account=account,
)
