"""Bowling: a bowler, a ball and ten pins.

Bytes as in AtariARI (MIT) and OCAtari (MIT); the pins and the score were found on the screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.fields import Field, Memory, Objects, Reading, State, shifted
from grpo_arcade.games.atari.goals import Goal, Kind
from grpo_arcade.games.atari.toolbox import toolbox

FIELDS = (
    Field("player_y", 0, 209, "the bowler; UP and DOWN move him before FIRE lets the ball go"),
    Field("ball_x", 0, 159, "the ball; the pins stand from x = 120 to 134, y = 119 to 158"),
    Field("ball_y", 0, 209, "the ball; the pins stand from x = 120 to 134, y = 119 to 158"),
    Field("pins", 0, 10, "pins standing"),
)
_PLAYER_Y = tuple(max(0, 157 - 2 * byte) for byte in range(256))
_BALL_X = shifted(9, 0, 159)
_BALL_Y = tuple(max(0, 168 - 2 * byte) for byte in range(256))
_STANDING = tuple(int(byte < 250) for byte in range(256))


def read(ram: Memory) -> Reading:
    """Where bowler and ball are, and the pins that stand."""
    return {
        "player_y": _PLAYER_Y[ram[40]],
        "ball_x": _BALL_X[ram[30]],
        "ball_y": _BALL_Y[ram[41]],
        "pins": sum([_STANDING[byte] for byte in ram[57:67]]),
    }


def scripted(state: State) -> str:
    """Throw every ball on the same curve."""
    if state["ball_x"] != 24:
        # It is on its way.
        return "UP" if state["ball_dx"] > 0 and state["ball_x"] >= 70 else "NOOP"
    return "DOWN" if state["player_y"] < 154 else "FIRE"


def account(states: Sequence[State], pressed: Sequence[str]) -> str:
    """Where each ball came to the pins, and how many it left."""
    throws = []
    for one, other in pairwise(states):
        if one["ball_x"] < 118 <= other["ball_x"]:
            throws.append([other["ball_y"], one["pins"], one["pins"]])
        elif throws and other["pins"] < throws[-1][2]:
            throws[-1][2] = other["pins"]
    told = "; ".join(f"at y {y} it hit {before - left} of {before}" for y, before, left in throws[:12])
    if not throws:
        return "No ball ever came to the pins: FIRE was not pressed, or not let go."
    return f"Balls that came to the pins: {len(throws)}; {told}."


EXAMPLE = """
def strategy(state):
    if state["ball_x"] != 24:
        return "UP" if state["ball_x"] > 90 else "NOOP"
    way = steer(154 - state["player_y"], 4, "UP", "DOWN")
    return "FIRE" if way == "NOOP" else way
"""

CARTRIDGE = Cartridge(
    goal=Goal(
        Kind.RECORD,
        "A game of ten frames, counted as in bowling.",
    ),
    objects=Objects(FIELDS, read, moving=("ball",)),
    scripted=scripted,
    toolbox=toolbox(EXAMPLE),
    account=account,
)
