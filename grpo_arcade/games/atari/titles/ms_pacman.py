"""Ms. Pac-Man: the player and four ghosts in a maze.

Bytes as in AtariARI (MIT), with offsets checked against the screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from grpo_arcade.games.atari.account import falls, moves, rises
from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.fields import Field, Memory, Objects, Reading, State, shifted
from grpo_arcade.games.atari.toolbox import toolbox

FIELDS = (
    Field("player_x", 0, 159, "you"),
    Field("player_y", 0, 209, "you"),
    Field("direction", 0, 3, "where you are heading: 0 up, 1 right, 2 down, 3 left"),
    Field("sue_x", 0, 159, "the orange ghost"),
    Field("sue_y", 0, 209, "the orange ghost"),
    Field("inky_x", 0, 159, "the blue ghost"),
    Field("inky_y", 0, 209, "the blue ghost"),
    Field("pinky_x", 0, 159, "the pink ghost"),
    Field("pinky_y", 0, 209, "the pink ghost"),
    Field("blinky_x", 0, 159, "the red ghost"),
    Field("blinky_y", 0, 209, "the red ghost"),
)
_X = shifted(-8, 0, 159)
_Y = shifted(6, 0, 209)


def read(ram: Memory) -> Reading:
    """Where everybody is."""
    return {
        "player_x": _X[ram[10]],
        "player_y": _Y[ram[16]],
        "direction": ram[56] & 3,
        "sue_x": _X[ram[6]],
        "sue_y": _Y[ram[12]],
        "inky_x": _X[ram[7]],
        "inky_y": _Y[ram[13]],
        "pinky_x": _X[ram[8]],
        "pinky_y": _Y[ram[14]],
        "blinky_x": _X[ram[9]],
        "blinky_y": _Y[ram[15]],
    }


def nearest_ghost(state: dict) -> tuple[int, int]:
    """Returns (dx, dy) from you to the nearest ghost: dx below 0 if it is to your left, dy below 0 if it is above."""
    ways = [
        (state[ghost + "_x"] - state["player_x"], state[ghost + "_y"] - state["player_y"])
        for ghost in ("sue", "inky", "pinky", "blinky")
    ]
    return min(ways, key=lambda way: abs(way[0]) + abs(way[1]))


def scripted(state: State) -> str:
    """Run from the ghosts, else wander about."""
    x, y = state["player_x"], state["player_y"]
    ghosts = [(state[f"{name}_x"] - x, state[f"{name}_y"] - y) for name in ("sue", "inky", "pinky", "blinky")]
    dx, dy = min(ghosts, key=lambda way: abs(way[0]) + abs(way[1]))
    if abs(dx) + abs(dy) < 25:
        if abs(dx) > abs(dy):
            return "LEFT" if dx > 0 else "RIGHT"
        return "UP" if dy > 0 else "DOWN"
    return ("UP", "RIGHT", "DOWN", "LEFT", "RIGHT", "UP", "LEFT", "DOWN")[state["step"] // 12 % 8]


_GHOSTS = ("sue", "inky", "pinky", "blinky")


def account(states: Sequence[State], pressed: Sequence[str]) -> str:
    """How much was eaten, where each life was lost and to whom, and how much of the maze was seen."""
    lost = falls(states, "lives")
    ends = []
    for at in lost[:4]:
        state = states[max(0, at - 1)]
        x, y = state["player_x"], state["player_y"]
        ghost = min(_GHOSTS, key=lambda name: abs(state[f"{name}_x"] - x) + abs(state[f"{name}_y"] - y))
        ends.append(f"{ghost} at ({state[f'{ghost}_x']}, {state[f'{ghost}_y']}), you at ({x}, {y})")
    seen = len({(state["player_x"] // 8, state["player_y"] // 12) for state in states})
    still = sum(
        (one["player_x"], one["player_y"]) == (other["player_x"], other["player_y"]) for one, other in pairwise(states)
    )
    told = f"Things eaten: {len(rises(states, 'score'))}. Lives lost: {len(lost)}"
    told += f"{moves(lost)}; nearest then: {'; '.join(ends)}." if ends else "."
    return f"{told} You came to {seen} places of the maze, and stood still for {still / len(states):.0%} of the time."


EXAMPLE = """
def strategy(state):
    dx, dy = nearest_ghost(state)
    if abs(dx) + abs(dy) < 25:
        return ("LEFT" if dx > 0 else "RIGHT") if abs(dx) > abs(dy) else ("UP" if dy > 0 else "DOWN")
    return ["UP", "RIGHT", "DOWN", "LEFT"][state["step"] // 10 % 4]
"""

CARTRIDGE = Cartridge(
    spelled="Ms. Pac-Man",
    objects=Objects(FIELDS, read, moving=("sue", "inky", "pinky", "blinky")),
    scripted=scripted,
    toolbox=toolbox(EXAMPLE, nearest_ghost),
    account=account,
)
