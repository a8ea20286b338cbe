"""Tennis: two players who change ends, a ball and its shadow.

Found anew: in AtariARI (MIT) the players' bytes swap when they change ends, and the ball's y is its height.
"""

from __future__ import annotations

from collections.abc import Sequence

from grpo_arcade.games.atari.account import falls, rises, times
from grpo_arcade.games.atari.cartridge import Cartridge, Court
from grpo_arcade.games.atari.fields import Field, Memory, Objects, Reading, State, shifted
from grpo_arcade.games.atari.goals import Goal, Kind
from grpo_arcade.games.atari.toolbox import toolbox

FIELDS = (
    Field("player_x", 0, 159, "your feet; FIRE serves"),
    Field("player_y", 0, 209, "your feet; FIRE serves"),
    Field("enemy_x", 0, 159, "the other player's feet"),
    Field("enemy_y", 0, 209, "the other player's feet"),
    Field("ball_x", 0, 159, "the ball in the air"),
    Field("ball_y", 0, 209, "the ball in the air"),
    Field("shadow_y", 0, 209, "the ball's shadow on the court, below it at the same x"),
    Field("at_top", 0, 1, "1 while you play in the upper half, 0 in the lower; ends are changed"),
)
_X = shifted(6, 0, 159)
_FEET_Y = shifted(188, 0, 209, sign=-1)
_BALL_X = shifted(-1, 0, 159)
_BALL_Y = shifted(190, 0, 209, sign=-1)
_SHADOW_Y = shifted(191, 0, 209, sign=-1)


def read(ram: Memory) -> Reading:
    """Where players and ball are."""
    return _read(ram, ram[80] == 0)


def read_blue(ram: Memory) -> Reading:
    """The same for who plays in blue, whom the cartridge has at the other end."""
    return _read(ram, ram[80] != 0)


def _read(ram: Memory, at_top: bool) -> Reading:
    me, other = (26, 27) if at_top else (27, 26)
    return {
        "player_x": _X[ram[me]],
        "player_y": _FEET_Y[ram[me - 2]],
        "enemy_x": _X[ram[other]],
        "enemy_y": _FEET_Y[ram[other - 2]],
        "ball_x": _BALL_X[ram[16]],
        "ball_y": _BALL_Y[ram[54]],
        "shadow_y": _SHADOW_Y[ram[55]],
        "at_top": int(at_top),
    }


def scripted(state: State) -> str:
    """Be where the ball comes down."""
    if state["step"] % 4 == 0:
        return "FIRE"
    dx = state["ball_x"] + 2 * state["ball_dx"] - state["player_x"]
    dy = (60 if state["at_top"] else 160) - state["player_y"]
    way = "DOWN" if dy > 4 else "UP" if dy < -4 else ""
    way += "RIGHT" if dx > 4 else "LEFT" if dx < -4 else ""
    return way or "FIRE"


def account(states: Sequence[State], pressed: Sequence[str]) -> str:
    """Points of both, and how far from the ball you stood when you lost one."""
    lost = [states[max(0, at - 8)] for at in falls(states, "score")]
    told = f"The opponent scored {times(len(lost))}, you {times(len(rises(states, 'score')))}."
    if lost:
        aside_x = sum(abs(state["ball_x"] - state["player_x"]) for state in lost) / len(lost)
        aside_y = sum(abs(state["shadow_y"] - state["player_y"]) for state in lost) / len(lost)
        told += f" Shortly before a point was lost you stood {aside_x:.0f} pixels beside the ball and {aside_y:.0f} "
        told += "before or behind its shadow, on average."
    serves = sum("FIRE" in button for button in pressed)
    return f"{told} FIRE was pressed {times(serves)}."


EXAMPLE = """
def strategy(state):
    if state["step"] % 4 == 0:
        return "FIRE"
    x = ahead(state["ball_x"], state["ball_dx"], 2, 0, 159)
    along = steer(x - state["player_x"], 4, "LEFT", "RIGHT")
    across = steer((60 if state["at_top"] else 160) - state["player_y"], 4, "UP", "DOWN")
    if across == "NOOP":
        return along
    return across if along == "NOOP" else across + along
"""

_GOAL = Goal(
    Kind.DUEL,
    "The score is your points minus the opponent's. One set is played; you and the opponent change ends.",
    worst=-24,
    patience=0.2,
)
_TOOLBOX = toolbox(EXAMPLE)

CARTRIDGE = Cartridge(
    goal=_GOAL,
    objects=Objects(FIELDS, read, moving=("ball", "shadow")),
    scripted=scripted,
    account=account,
    toolbox=_TOOLBOX,
    courts={
        2: Court(
            ("pink", "blue"),
            _GOAL,
            tuple(Objects(FIELDS, each, moving=("ball", "shadow")) for each in (read, read_blue)),
            scripted,
            _TOOLBOX,
            account,
            zero_sum=True,
        )
    },
)
