"""Demon Attack: a cannon, up to three demons one above the other, and what the lowest one drops.

Bytes as in AtariARI (MIT), whose x are the console's motion codes; decoded and checked on the screen.
"""

from __future__ import annotations

from collections.abc import Sequence

from grpo_arcade.games.atari.account import aside, falls, leading_to, moves, nearest, new_shots, rises, share
from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.fields import ABSENT, Field, Memory, Objects, Reading, State, shifted
from grpo_arcade.games.atari.toolbox import toolbox

FIELDS = (
    Field("player_x", 0, 159, "your cannon, at y = 180; FIRE shoots while your last shot is gone"),
    Field("shot_x", 0, 159, "your shot", absent=True),
    Field("shot_y", 15, 180, "your shot", absent=True),
    Field("low_x", 0, 159, "the lowest demon, the one that bombs", absent=True),
    Field("low_y", 0, 180, "the lowest demon, the one that bombs", absent=True),
    Field("middle_x", 0, 159, "the demon above it", absent=True),
    Field("middle_y", 0, 180, "the demon above it", absent=True),
    Field("high_x", 0, 159, "the highest demon", absent=True),
    Field("high_y", 0, 180, "the highest demon", absent=True),
    Field("bomb_x", 0, 159, "the lowest bombs, up to 8 wide", absent=True),
    Field("bomb_y", 100, 187, "the lowest bombs, up to 8 wide", absent=True),
)


def _decoded(code: int) -> int:
    """The x of a motion code: coarse steps of 15 in the low half, fine ones from -3 to 12 in the high half."""
    fine = code >> 4
    return (code & 15) * 15 + (28 if fine > 7 else 12) - fine


_X = tuple(min(_decoded(code), 159) for code in range(256))
_PLAYER_X = tuple(min(_decoded(code) + 3, 159) for code in range(256))
_DEMON_X = tuple(min(_decoded(code) + 8, 159) for code in range(256))
_SHOT_X = tuple(min(_decoded(code) + 2, 159) for code in range(256))
_SHOT_Y = tuple(ABSENT if byte <= 3 or byte > 160 else (182 if byte < 55 else 179) - byte for byte in range(256))
_DEMON_Y = shifted(179, 0, 180, sign=-1)
_MIDDLE_BIT = tuple(
    round(sum(places) / len(places)) if (places := [7 - bit for bit in range(8) if byte >> bit & 1]) else 0
    for byte in range(256)
)


def read(ram: Memory) -> Reading:
    """Where cannon, shot, demons and the lowest bomb are."""
    high, middle, low = ram[29] > 3, ram[30] > 3, ram[31] > 3
    shot_y = _SHOT_Y[ram[21]]
    bomb_x = bomb_y = ABSENT
    bombs = ram[37:47]
    if any(bombs):
        row = next(row for row, byte in enumerate(bombs) if byte)
        bomb_x = min(_X[ram[20]] + _MIDDLE_BIT[bombs[row]], 159)
        bomb_y = 183 - 8 * row
    return {
        "player_x": _PLAYER_X[ram[16]],
        "shot_x": _SHOT_X[ram[22]] if shot_y >= 0 else ABSENT,
        "shot_y": shot_y,
        "low_x": _DEMON_X[ram[15]] if low else ABSENT,
        "low_y": _DEMON_Y[ram[71]] if low else ABSENT,
        "middle_x": _DEMON_X[ram[14]] if middle else ABSENT,
        "middle_y": _DEMON_Y[ram[70]] if middle else ABSENT,
        "high_x": _DEMON_X[ram[13]] if high else ABSENT,
        "high_y": _DEMON_Y[ram[69]] if high else ABSENT,
        "bomb_x": bomb_x,
        "bomb_y": bomb_y,
    }


def scripted(state: State) -> str:
    """Shoot at the lowest demon, and step away from bombs."""
    x, bomb = state["player_x"], state["bomb_x"]
    if bomb >= 0 and state["bomb_y"] > 120 and abs(bomb - x) < 12:
        return "LEFT" if (bomb >= x and x > 20) or x > 140 else "RIGHT"
    alive = [state[demon] for demon in ("low_x", "middle_x", "high_x") if state[demon] >= 0]
    if not alive:
        return "NOOP"
    way = "RIGHT" if alive[0] > x + 8 else "LEFT" if alive[0] < x - 8 else ""
    # The button has to be let go between shots.
    return way + "FIRE" if state["shot_x"] < 0 else way or "NOOP"


def account(states: Sequence[State], pressed: Sequence[str]) -> str:
    """Shots and hits, and where the bombs came down that cost a cannon."""
    lost, hits = falls(states, "lives"), rises(states, "score")
    found = (nearest(states, at, "bomb", "_x") for at in lost)
    touched = [each for each in found if each is not None]
    lined = sum(s["low_x"] >= 0 and abs(s["low_x"] - s["player_x"]) <= 8 for s in states)
    told = f"Shots: {new_shots(states)}, hits: {len(hits)}. Cannons lost: {len(lost)}{moves(lost)}."
    if touched:
        gaps = [states[at]["bomb_x"] - states[at]["player_x"] for at in touched]
        told += f" The bomb was then {aside(gaps, 'left', 'right')} from you."
        told += f" {leading_to(states, pressed, touched[-1], ('bomb_x', 'bomb_y', 'player_x'))}"
    return f"{told} You stood under the lowest demon for {share(lined, len(states))} of the time."


EXAMPLE = """
def strategy(state):
    x, bomb = state["player_x"], state["bomb_x"]
    if bomb >= 0 and distance(x, 180, bomb, state["bomb_y"]) < 50:
        return "RIGHT" if bomb < x else "LEFT"
    demon = state["low_x"] if state["low_x"] >= 0 else nearest(x, [state["middle_x"], state["high_x"]])
    way = "NOOP" if demon < 0 else steer(demon - x, 8, "LEFT", "RIGHT")
    if state["shot_x"] >= 0:
        return way
    return "FIRE" if way == "NOOP" else way + "FIRE"
"""

CARTRIDGE = Cartridge(
    objects=Objects(FIELDS, read, moving=("low", "middle", "high")),
    scripted=scripted,
    toolbox=toolbox(EXAMPLE),
    account=account,
)
