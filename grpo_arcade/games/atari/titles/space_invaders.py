"""Space Invaders: a cannon, a block of six by six aliens, their bombs and one shot.

Found anew where AtariARI (MIT) is wrong: the aliens' height and the three shots.
"""

from __future__ import annotations

from collections.abc import Sequence

from grpo_arcade.games.atari.account import aside, falls, leading_to, moves, nearest, new_shots, rises
from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.fields import ABSENT, Field, Memory, Objects, Reading, State, shifted
from grpo_arcade.games.atari.toolbox import toolbox

FIELDS = (
    Field("player_x", 0, 159, "your cannon, at y = 190; FIRE shoots while your last shot is gone"),
    Field("shot_x", 0, 159, "your shot", absent=True),
    Field("shot_y", 0, 209, "your shot", absent=True),
    Field("bomb_x", 0, 159, "the lower of two falling bombs", absent=True),
    Field("bomb_y", 0, 209, "the lower of two falling bombs", absent=True),
    Field("bomb2_x", 0, 159, "the higher one", absent=True),
    Field("bomb2_y", 0, 209, "the higher one", absent=True),
    Field("aliens", 0, 36, "aliens left, of 6 columns and 6 rows"),
    Field("block_x", 0, 159, "the leftmost column that is left, and the lowest alien of all"),
    Field("block_y", 0, 209, "the leftmost column that is left, and the lowest alien of all"),
    Field("column_x", 0, 159, "the lowest alien of each column, from the left", absent=True, length=(6,)),
    Field("column_y", 0, 209, "the lowest alien of each column, from the left", absent=True, length=(6,)),
)
_PLAYER_X = shifted(2, 0, 159)
_SHOT_X = shifted(-2, 0, 159)
_SHOT_Y = tuple(2 * byte + 8 if byte < 96 else ABSENT for byte in range(256))
_LOWEST = tuple((byte & -byte).bit_length() - 1 if byte else 0 for byte in range(256))
"""The lowest bit of a byte."""


def read(ram: Memory) -> Reading:
    """Where cannon, aliens, shot and bombs are."""
    rows = ram[18:24]
    together = rows[0] | rows[1] | rows[2] | rows[3] | rows[4] | rows[5]
    block_x = ram[26] + 3
    left = block_x - 16 * _LOWEST[together]
    bottom = 2 * ram[16] + 126
    column_x, column_y = [], []
    for bit in (1, 2, 4, 8, 16, 32):
        if together & bit:
            column_x.append(left)
            row = 0
            while not rows[row] & bit:
                row += 1
            column_y.append(bottom - 18 * row)
        else:
            column_x.append(ABSENT)
            column_y.append(ABSENT)
        left += 16
    x, y, x2, y2 = _SHOT_X[ram[83]], _SHOT_Y[ram[81]], _SHOT_X[ram[84]], _SHOT_Y[ram[82]]
    if y < 0:
        x = ABSENT
    if y2 < 0:
        x2 = ABSENT
    if y2 > y:
        x, y, x2, y2 = x2, y2, x, y
    shot_y = _SHOT_Y[ram[85]]
    return {
        "player_x": _PLAYER_X[ram[28]],
        "shot_x": _SHOT_X[ram[87]] if shot_y >= 0 else ABSENT,
        "shot_y": shot_y,
        "bomb_x": x,
        "bomb_y": y,
        "bomb2_x": x2,
        "bomb2_y": y2,
        "aliens": ram[17],
        "block_x": min(block_x, 159),
        "block_y": max(column_y),
        "column_x": column_x,
        "column_y": column_y,
    }


def scripted(state: State) -> str:
    """Shoot at the nearest column, and step away from bombs."""
    x = state["player_x"]
    for bomb_x, bomb_y in ((state["bomb_x"], state["bomb_y"]), (state["bomb2_x"], state["bomb2_y"])):
        if bomb_x >= 0 and bomb_y > 140 and abs(bomb_x - x) < 7:
            return "RIGHTFIRE" if (bomb_x < x and x < 112) or x < 42 else "LEFTFIRE"
    columns = [column for column in state["column_x"] if column >= 0]
    if not columns:
        return "FIRE"
    gap = min(columns, key=lambda column: abs(column - x)) + 8 * state["block_dx"] - x
    return "RIGHTFIRE" if gap > 3 else "LEFTFIRE" if gap < -3 else "FIRE"


def account(states: Sequence[State], pressed: Sequence[str]) -> str:
    """Shots and hits, how low the aliens came, and where the bombs were that cost a life."""
    lost = falls(states, "lives")
    found = (nearest(states, at, "bomb", "_x") for at in lost)
    touched = [each for each in found if each is not None]
    low = max(state["block_y"] for state in states)
    told = f"Shots: {new_shots(states)}, hits: {len(rises(states, 'score'))}; {states[-1]['aliens']} of 36 aliens are "
    told += f"left, the lowest came down to y {low}. Lives lost: {len(lost)}{moves(lost)}."
    if touched:
        gaps = [states[at]["bomb_x"] - states[at]["player_x"] for at in touched]
        told += f" The nearest bomb was then {aside(gaps, 'left', 'right')} from you."
        told += f" {leading_to(states, pressed, touched[-1], ('bomb_x', 'bomb_y', 'player_x'))}"
    return told


EXAMPLE = """
def strategy(state):
    if state["step"] % 2:
        return "FIRE"
    column = nearest(state["player_x"], state["column_x"])
    return "NOOP" if column < 0 else steer(column - state["player_x"], 3, "LEFT", "RIGHT")
"""

CARTRIDGE = Cartridge(
    objects=Objects(FIELDS, read, moving=("block",)),
    scripted=scripted,
    toolbox=toolbox(EXAMPLE),
    account=account,
)
