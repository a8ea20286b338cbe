"""Pong: two paddles and a ball.

Bytes as in AtariARI (MIT), with offsets checked against the screen: both paddles are 16 tall, the ball is 2 by 4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from grpo_arcade.games.atari.account import aside, falls, last_seen, leading_to, rises, times
from grpo_arcade.games.atari.cartridge import Cartridge, Court
from grpo_arcade.games.atari.fields import ABSENT, Field, Memory, Objects, Reading, State, shifted
from grpo_arcade.games.atari.goals import Goal, Kind
from grpo_arcade.games.atari.toolbox import ahead, calls_until, toolbox

FIELDS = (
    Field("player_y", 32, 200, "your paddle, on the right at x = 142, 16 tall"),
    Field("enemy_y", 32, 200, "the other paddle, on the left at x = 18"),
    Field("ball_x", 0, 159, "the ball", absent=True),
    Field("ball_y", 32, 195, "the ball", absent=True),
)
_PLAYER_Y = shifted(-6, 32, 200)
_ENEMY_Y = shifted(-7, 32, 200)
_BALL_X = tuple(min(byte - 48, 159) if byte >= 48 else ABSENT for byte in range(256))
_BALL_Y = shifted(-12, 32, 195)


def read(ram: Memory) -> Reading:
    """Where paddles and ball are."""
    ball_x = _BALL_X[ram[49]] if ram[54] else ABSENT
    return {
        "player_y": _PLAYER_Y[ram[51]],
        "enemy_y": _ENEMY_Y[ram[50]],
        "ball_x": ball_x,
        "ball_y": _BALL_Y[ram[54]] if ball_x >= 0 else ABSENT,
    }


def read_left(ram: Memory) -> Reading:
    """The same as who plays on the left sees it in a mirror: their own paddle is on the right."""
    seen = read(ram)
    seen["player_y"], seen["enemy_y"] = seen["enemy_y"], seen["player_y"]
    if seen["ball_x"] >= 0:
        seen["ball_x"] = min(160 - seen["ball_x"], 159)
    return seen


DOUBLES = (
    FIELDS[0],
    Field("partner_y", 32, 200, "your partner's paddle, on your side at the same x"),
    FIELDS[1],
    Field("enemy2_y", 32, 200, "the other paddle's partner, on the left too"),
    *FIELDS[2:],
)
_PADDLES = 51, 50, 53, 52
"""The bytes of the four in doubles, by the order of the joysticks: right, left, and again."""


def _read_doubles(seat: int) -> Callable[[Memory], Reading]:
    """What one of four sees: as :func:`read` and :func:`read_left`, with partners."""
    own, other = read if seat % 2 == 0 else read_left, 1 - seat % 2
    me, partner, first, second = (_PADDLES[place] for place in (seat, (seat + 2) % 4, other, other + 2))

    def read_seat(ram: Memory) -> Reading:
        ball = own(ram)
        return {
            "player_y": _PLAYER_Y[ram[me]],
            "partner_y": _PLAYER_Y[ram[partner]],
            "enemy_y": _PLAYER_Y[ram[first]],
            "enemy2_y": _PLAYER_Y[ram[second]],
            "ball_x": ball["ball_x"],
            "ball_y": ball["ball_y"],
        }

    return read_seat


def _no_ball(ram: Memory) -> bool:
    return not ram[54]


def arrival_y(state: dict) -> float:
    """Returns the y at which the ball will be when it comes to your paddle's x, bounces off top and bottom included;
    114, the middle, while it flies away or is not there.
    """
    calls = calls_until(state["ball_x"], state["ball_dx"], 144) if state["ball_x"] >= 0 else -1
    return 114 if calls < 0 else ahead(state["ball_y"], state["ball_dy"], calls, 36, 192)


def scripted(state: State) -> str:
    """Be where the ball will arrive."""
    target, near = 114, False
    if state["ball_dx"] > 0:
        # Where the ball will be at the paddle, bouncing off a wall.
        time = (144 - state["ball_x"]) / state["ball_dx"]
        target = state["ball_y"] + state["ball_dy"] * time
        if target < 36:
            target = 72 - target
        if target > 192:
            target = 384 - target
        near = time < 2.6
    # The paddle glides on for some 17 pixels after it is let go; shortly before the ball comes there is no time to.
    speed = state["player_dy"]
    if near:
        glide = 0.8 * speed
    elif abs(speed) < 5 or 10 < abs(speed) < 17:
        glide = 0.3 * speed
    else:
        glide = 17 if speed > 0 else -17
    gap = target - state["player_y"] - glide
    reach = 5 if near else 13
    return "DOWN" if gap > reach else "UP" if gap < -reach else "NOOP"


def account(states: Sequence[State], pressed: Sequence[str]) -> str:
    """How far the paddle was from the ball it missed, and how it came to miss the last one."""
    seen = [place for at in falls(states, "score") if (place := last_seen(states, at, "ball_x")) is not None]
    missed = [states[at]["ball_y"] - states[at]["player_y"] for at in seen]
    met = sum(1 for one, other in pairwise(states) if one["ball_dx"] > 0 > other["ball_dx"] and one["ball_x"] > 120)
    told = f"The opponent scored {times(len(falls(states, 'score')))}, you {times(len(rises(states, 'score')))}; your "
    told += f"paddle returned the ball {times(met)}."
    if len({state["player_y"] for state in states}) == 1:
        told += " Your paddle never moved."
    elif missed:
        told += f" When you missed it, the ball was {aside(missed, 'above', 'below')} from your paddle's middle."
        told += f" {leading_to(states, pressed, seen[-1], ('ball_x', 'ball_y', 'player_y'))}"
    return told


EXAMPLE = """
def strategy(state):
    return steer(arrival_y(state) - state["player_y"], 8, "UP", "DOWN")
"""

_GOAL = Goal(
    Kind.DUEL, "The score is your points minus the opponent's. The first to 21 points wins.", worst=-21, patience=0.3
)
_TOOLBOX = toolbox(EXAMPLE, arrival_y)

CARTRIDGE = Cartridge(
    goal=_GOAL,
    # The right paddle is turned, not pushed: right is up.
    screen_names={"RIGHT": "UP", "LEFT": "DOWN", "RIGHTFIRE": "UPFIRE", "LEFTFIRE": "DOWNFIRE"},
    objects=Objects(FIELDS, read, moving=("player", "ball")),
    scripted=scripted,
    account=account,
    toolbox=_TOOLBOX,
    courts={
        2: Court(
            ("right", "left"),
            _GOAL,
            tuple(Objects(FIELDS, each, moving=("player", "ball")) for each in (read, read_left)),
            scripted,
            _TOOLBOX,
            account,
            zero_sum=True,
            waits=_no_ball,
        ),
        4: Court(
            ("right", "left", "right-2", "left-2"),
            _GOAL,
            tuple(Objects(DOUBLES, _read_doubles(seat), moving=("player", "ball")) for seat in range(4)),
            scripted,
            _TOOLBOX,
            account,
            zero_sum=True,
            waits=_no_ball,
        ),
    },
)
