"""Breakout: a paddle, a ball and six rows of bricks.

Bytes of paddle and ball as in AtariARI (MIT); the bricks are the console's playfield, two bits a brick.
Once the ball has been at the ceiling the paddle is 12 wide, and its middle 2 to the left of ``player_x``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from grpo_arcade.games.atari.account import aside, falls, last_seen, leading_to, share, times
from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.fields import ABSENT, Field, Memory, Objects, Reading, State, shifted
from grpo_arcade.games.atari.goals import Goal, Kind
from grpo_arcade.games.atari.toolbox import ahead, calls_until, toolbox

FIELDS = (
    Field("player_x", 8, 152, "your paddle, at y = 191, 16 wide"),
    Field("ball_x", 8, 152, "the ball; FIRE serves it while it is not there", absent=True),
    Field("ball_y", 32, 197, "the ball; FIRE serves it while it is not there", absent=True),
    Field("bricks_left", 0, 108, "bricks left"),
    Field("bricks", 0, 1, "1 where a brick is, rows from the top one at y = 60", length=(6, 18)),
)
_PLAYER_X = shifted(-39, 8, 152)
_BALL_X = shifted(-48, 8, 152)
_BALL_Y = tuple(max(byte + 11, 32) if 0 < byte <= 186 else ABSENT for byte in range(256))
"""Below the paddle's foot the ball is lost and no longer drawn."""


def _bricks(*bits: int) -> tuple[list[int], ...]:
    return tuple([byte >> bit & 1 for bit in bits] for byte in range(256))


# A row is six bytes: the left and the right half of the screen have three registers each, whose bits run both ways.
_FIRST = _bricks(6)
_LEFT_MIDDLE = _RIGHT_MIDDLE = _bricks(6, 4, 2, 0)
_LEFT_INNER = _bricks(0, 2, 4, 6)
_RIGHT_INNER = _bricks(4, 6)
_LAST = _bricks(0, 2, 4)


def read(ram: Memory) -> Reading:
    """Where paddle and ball are, and which bricks."""
    ball_y = _BALL_Y[ram[101]]
    bricks = [
        _FIRST[ram[30 + row]]
        + _LEFT_MIDDLE[ram[24 + row]]
        + _LEFT_INNER[ram[18 + row]]
        + _RIGHT_INNER[ram[12 + row]]
        + _RIGHT_MIDDLE[ram[6 + row]]
        + _LAST[ram[row]]
        for row in (5, 4, 3, 2, 1, 0)
    ]
    return {
        "player_x": _PLAYER_X[ram[72]],
        "ball_x": _BALL_X[ram[99]] if ball_y >= 0 else ABSENT,
        "ball_y": ball_y,
        "bricks_left": sum(map(sum, bricks)),
        "bricks": bricks,
    }


def arrival_x(state: dict) -> float:
    """Returns the x at which the ball will be when it comes down to your paddle, bounces off the walls included; where
    it is now while it flies up; 80, the middle, while it is not there.
    """
    if state["ball_x"] < 0:
        return 80
    calls = calls_until(state["ball_y"], state["ball_dy"], 188)
    return state["ball_x"] if calls < 0 else ahead(state["ball_x"], state["ball_dx"], calls, 9, 150)


def scripted(state: State) -> str:
    """Be where the ball will arrive."""
    if state["ball_x"] < 0:
        return "FIRE"
    target, near = state["ball_x"], False
    if state["ball_dy"] > 0:
        # Where the ball will be at the paddle, bouncing off a wall.
        time = (188 - state["ball_y"]) / state["ball_dy"]
        target += state["ball_dx"] * time
        if target < 9:
            target = 18 - target
        if target > 150:
            target = 300 - target
        near = time < 2.6
    # The paddle glides on for some 11 pixels after it is let go; shortly before the ball comes there is no time to.
    speed = state["player_dx"]
    glide = 0.5 * speed if near else 11 * (speed > 7) - 11 * (speed < -7)
    gap = target - state["player_x"] - glide
    reach = 5 if near else 11
    return "RIGHT" if gap > reach else "LEFT" if gap < -reach else "NOOP"


def account(states: Sequence[State], pressed: Sequence[str]) -> str:
    """How far the paddle was from the balls that were lost, and how it came to lose the last one."""
    lost = falls(states, "lives")
    seen = [place for at in lost if (place := last_seen(states, at, "ball_y")) is not None]
    seen = [place for place in seen if states[place]["ball_y"] > 150]
    gaps = [states[at]["ball_x"] - states[at]["player_x"] for at in seen]
    met = sum(1 for one, other in pairwise(states) if one["ball_dy"] > 0 > other["ball_dy"] and one["ball_y"] > 150)
    idle = sum(state["ball_x"] < 0 for state in states)
    told = f"Balls lost: {len(lost)}, returned {times(met)}; {states[-1]['bricks_left']} of 108 bricks are left."
    if gaps:
        told += f" When you missed it, the ball was {aside(gaps, 'left', 'right')} from your paddle's middle."
        told += f" {leading_to(states, pressed, seen[-1], ('ball_x', 'ball_y', 'player_x'))}"
    if idle > len(states) / 5:
        told += f" For {share(idle, len(states))} of the time no ball was in play, because FIRE was not pressed."
    return told


EXAMPLE = """
def strategy(state):
    if state["ball_x"] < 0:
        return "FIRE"
    return steer(arrival_x(state) - state["player_x"], 8, "LEFT", "RIGHT")
"""

CARTRIDGE = Cartridge(
    goal=Goal(
        Kind.RECORD,
        "Bricks give 1, 4 or 7 points. It ends with the fifth ball lost.",
        patience=0.1,
    ),
    objects=Objects(FIELDS, read, moving=("player", "ball")),
    scripted=scripted,
    toolbox=toolbox(EXAMPLE, arrival_x),
    account=account,
)
