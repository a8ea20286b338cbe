"""Kaboom: buckets at the bottom catch the bombs that the bomber at the top drops.

Found on the screen; no earlier table covers this game.
"""

from __future__ import annotations

from collections.abc import Sequence

from grpo_arcade.games.atari.account import aside, falls, leading_to, moves, rises, share
from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.fields import ABSENT, Field, Memory, Objects, Reading, State, shifted
from grpo_arcade.games.atari.goals import Goal, Kind
from grpo_arcade.games.atari.toolbox import toolbox

FIELDS = (
    Field("player_x", 0, 159, "your buckets, 14 wide, the top one at y = 152"),
    Field("buckets", 0, 3, "buckets left"),
    Field("bomber_x", 0, 159, "the bomber, who drops the bombs"),
    Field("bomb_x", 0, 159, "the lowest bomb; while there is none, FIRE makes him drop some", absent=True),
    Field("bomb_y", 0, 209, "the lowest bomb; while there is none, FIRE makes him drop some", absent=True),
    Field("bomb2_x", 0, 159, "the next one above it", absent=True),
    Field("bomb2_y", 0, 209, "the next one above it", absent=True),
    Field("bomb3_x", 0, 159, "the one above that", absent=True),
    Field("bomb3_y", 0, 209, "the one above that", absent=True),
)
_PLAYER_X = shifted(25, 0, 159)
_BOMBER_X = shifted(21, 0, 159)
_BOMB_X = tuple(min(max(15 * (byte & 7) + 27 + (byte >> 3 & 1) - ((byte >> 4 ^ 8) - 8), 0), 159) for byte in range(256))
_BOMBS = (("bomb_x", "bomb_y"), ("bomb2_x", "bomb2_y"), ("bomb3_x", "bomb3_y"))
_IN_HAND_Y = 47
_SLOTS = (7, 6, 5, 4, 3, 2, 1, 0)


def read(ram: Memory) -> Reading:
    """Where buckets, bomber and the three lowest bombs are."""
    reading = {
        "player_x": _PLAYER_X[ram[29]],
        "buckets": ram[33] & 3,
        "bomber_x": _BOMBER_X[ram[26]],
        "bomb_x": ABSENT,
        "bomb_y": ABSENT,
        "bomb2_x": ABSENT,
        "bomb2_y": ABSENT,
        "bomb3_x": ABSENT,
        "bomb3_y": ABSENT,
    }
    top = ram[49]
    bombs = 0
    for slot in _SLOTS:
        # The highest bomb is in his hand before it falls.
        if 0 < ram[59 + slot] < 200 and (slot or top):
            x_name, y_name = _BOMBS[bombs]
            reading[x_name] = _BOMB_X[ram[50 + slot]]
            reading[y_name] = _IN_HAND_Y + top + 18 * slot
            bombs += 1
            if bombs == len(_BOMBS):
                break
    return reading


def scripted(state: State) -> str:
    """Be below the lowest bomb."""
    if state["bomb_x"] < 0:
        return "FIRE"
    gap = state["bomb_x"] - state["player_x"]
    return "RIGHT" if gap > 3 else "LEFT" if gap < -3 else "NOOP"


def account(states: Sequence[State], pressed: Sequence[str]) -> str:
    """Bombs caught, and how far the buckets were from those that were missed."""
    lost = falls(states, "buckets")
    # Whichever came down lowest was missed; then all others go off, from the lowest on.
    seen = [max(range(max(0, at - 40), at + 1), key=lambda place: states[place]["bomb_y"]) for at in lost]
    gaps = [states[at]["bomb_x"] - states[at]["player_x"] for at in seen]
    idle = sum(state["bomb_x"] < 0 for state in states)
    told = f"Bombs caught: {len(rises(states, 'score'))}; buckets lost: {len(lost)}{moves(lost)}."
    if gaps:
        told += f" The bomb you missed was {aside(gaps, 'left', 'right')} from the buckets' middle."
        told += f" {leading_to(states, pressed, seen[-1], ('bomb_x', 'bomb_y', 'player_x'), 1)}"
    if idle > len(states) / 3:
        told += f" For {share(idle, len(states))} of the time no bomb was there: FIRE makes him drop some."
    return told


EXAMPLE = """
def strategy(state):
    if state["bomb_x"] < 0:
        return "FIRE"
    return steer(state["bomb_x"] - state["player_x"], 3, "LEFT", "RIGHT")
"""

CARTRIDGE = Cartridge(
    spelled="Kaboom!",
    goal=Goal(Kind.RECORD, "Each bomb caught gives points; a bomb missed takes a bucket, of three.", patience=0.1),
    objects=Objects(FIELDS, read, moving=("player", "bomber")),
    scripted=scripted,
    toolbox=toolbox(EXAMPLE),
    account=account,
)
