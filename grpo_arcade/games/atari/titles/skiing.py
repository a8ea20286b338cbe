"""Skiing: a skier at a fixed height, gates, trees and moguls coming up towards the top.

Bytes as in AtariARI (MIT) and OCAtari (MIT); the types, the heading and the gates left were found on the screen.
"""

from __future__ import annotations

from collections.abc import Sequence

from grpo_arcade.games.atari.account import moves, rises, share
from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.fields import ABSENT, Field, Memory, Objects, Reading, State, decimal, shifted
from grpo_arcade.games.atari.goals import Goal, Kind
from grpo_arcade.games.atari.toolbox import toolbox

FIELDS = (
    Field("player_x", 0, 159, "you; you stay at y = 50 while the slope comes up"),
    Field("heading", -8, 8, "0 straight down, below 0 to the left, above 0 to the right; the straighter the faster"),
    Field("crashed", 0, 1, "1 while you lie in the snow"),
    Field("gate_x", 0, 159, "the next gate, between two poles 32 apart", absent=True),
    Field("gate_y", 0, 209, "the next gate, between two poles 32 apart", absent=True),
    Field("gate2_x", 0, 159, "the gate after it", absent=True),
    Field("gate2_y", 0, 209, "the gate after it", absent=True),
    Field("tree_x", 0, 159, "the next tree, 16 wide and 30 tall", absent=True),
    Field("tree_y", 0, 209, "the next tree, 16 wide and 30 tall", absent=True),
    Field("gates_left", 0, 20, "gates left"),
)
_GATE, _TREE = 2, 85
_LOWEST_GATE, _LOWEST_TREE = 60, 50
_EDGE_X = 152
"""Of the slope; what begins there is not drawn."""
_PLAYER_X = shifted(5, 0, 159)
_GATE_X = shifted(21, 0, 159)
_GATE_Y = shifted(189, -99, 209, sign=-1)
_TREE_X = shifted(5, 0, 159)
_TREE_Y = shifted(197, -99, 209, sign=-1)
_HEADING = tuple(max(-8, min(8, byte - 8)) if byte < 64 else 0 for byte in range(256))
_DECIMAL = decimal()
_SLOTS = range(8)


def read(ram: Memory) -> Reading:
    """Where the skier is, and what comes next."""
    gates = []
    tree = None
    for slot in _SLOTS:
        kind = ram[70 + slot]
        if kind == _GATE:
            gates.append(slot)
        elif kind == _TREE and tree is None and _TREE_Y[ram[86 + slot]] >= _LOWEST_TREE and ram[62 + slot] < _EDGE_X:
            tree = slot
    if gates and _GATE_Y[ram[86 + gates[0]]] < _LOWEST_GATE:
        del gates[0]
    heading = ram[15]
    reading = {
        "player_x": _PLAYER_X[ram[25]],
        "heading": _HEADING[heading],
        "crashed": int(heading >= 64),
        "gate_x": ABSENT,
        "gate_y": ABSENT,
        "gate2_x": ABSENT,
        "gate2_y": ABSENT,
        "tree_x": ABSENT,
        "tree_y": ABSENT,
        "gates_left": _DECIMAL[ram[107]],
    }
    if gates:
        reading["gate_x"] = _GATE_X[ram[62 + gates[0]]]
        reading["gate_y"] = _GATE_Y[ram[86 + gates[0]]]
        if len(gates) > 1:
            reading["gate2_x"] = _GATE_X[ram[62 + gates[1]]]
            reading["gate2_y"] = _GATE_Y[ram[86 + gates[1]]]
    if tree is not None:
        reading["tree_x"] = _TREE_X[ram[62 + tree]]
        reading["tree_y"] = _TREE_Y[ram[86 + tree]]
    return reading


def scripted(state: State) -> str:
    """Head for the next gate."""
    if state["gate_x"] < 0:
        return "NOOP"
    wanted = max(-6, min(6, round((state["gate_x"] - state["player_x"]) / 5)))
    return "RIGHT" if state["heading"] < wanted else "LEFT" if state["heading"] > wanted else "NOOP"


def account(states: Sequence[State], pressed: Sequence[str]) -> str:
    """Gates, falls, and how straight the way was."""
    crashes = rises(states, "crashed")
    lying = sum(state["crashed"] for state in states)
    across = sum(abs(state["heading"]) >= 6 for state in states)
    told = f"Gates come by: {20 - states[-1]['gates_left']} of 20."
    # What they cost is added at the finish.
    if (missed := round((states[-2]["score"] - states[-1]["score"]) / 500)) > 0:
        told += f" Missed: {missed}."
    told += f" Falls: {len(crashes)}{moves(crashes)}, with {lying} moves in the snow. Turned nearly across the"
    return f"{told} slope, which is slow, for {share(across, len(states))} of the time."


EXAMPLE = """
def strategy(state):
    wanted = 0 if state["gate_x"] < 0 else (state["gate_x"] - state["player_x"]) / 6
    return steer(wanted - state["heading"], 1, "LEFT", "RIGHT")
"""

CARTRIDGE = Cartridge(
    goal=Goal(
        Kind.RECORD,
        "The score is minus the hundredths of a second it takes to the finish; a gate missed costs 5 seconds.",
        # Of 20 gates, all missed; and the clock.
        worst=-10_000,
        worst_per_s=-100,
    ),
    objects=Objects(FIELDS, read, moving=("player", "gate")),
    scripted=scripted,
    toolbox=toolbox(EXAMPLE),
    account=account,
)
