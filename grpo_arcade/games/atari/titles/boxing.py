"""Boxing: two boxers seen from above.

Bytes as in AtariARI (MIT), with offsets checked against the screen.
"""

from __future__ import annotations

from collections.abc import Sequence

from grpo_arcade.games.atari.account import share, times
from grpo_arcade.games.atari.cartridge import Cartridge, Court
from grpo_arcade.games.atari.fields import Field, Memory, Objects, Reading, State, decimal, shifted
from grpo_arcade.games.atari.goals import Goal, Kind
from grpo_arcade.games.atari.toolbox import toolbox

FIELDS = (
    Field("player_x", 0, 159, "you, in white; FIRE punches"),
    Field("player_y", 0, 209, "you, in white; FIRE punches"),
    Field("enemy_x", 0, 159, "the other boxer, in black"),
    Field("enemy_y", 0, 209, "the other boxer, in black"),
    Field("player_points", 0, 100, "your punches"),
    Field("enemy_points", 0, 100, "the other boxer's punches"),
    Field("seconds", 0, 120, "seconds left"),
)
_PLAYER_X = shifted(11, 0, 159)
_ENEMY_X = shifted(10, 0, 159)
_Y = shifted(61, 0, 209)
_DECIMAL = tuple(100 if byte == 0xC0 else value for byte, value in enumerate(decimal()))
_SECONDS = decimal()
_KNOCK_OUT = 0xC0


def read(ram: Memory) -> Reading:
    """Where both boxers are, their points and the clock."""
    return {
        "player_x": _PLAYER_X[ram[32]],
        "player_y": _Y[ram[34]],
        "enemy_x": _ENEMY_X[ram[33]],
        "enemy_y": _Y[ram[35]],
        "player_points": _DECIMAL[ram[18]],
        "enemy_points": _DECIMAL[ram[19]],
        "seconds": 60 * (ram[16] >> 4) + _SECONDS[ram[17]],
    }


def read_black(ram: Memory) -> Reading:
    """The same for who boxes in black."""
    seen = read(ram)
    for what in ("x", "y", "points"):
        player, enemy = f"player_{what}", f"enemy_{what}"
        seen[player], seen[enemy] = seen[enemy], seen[player]
    return seen


def scripted(state: State) -> str:
    """Keep at arm's length and punch."""
    dx = state["enemy_x"] - state["player_x"]
    dy = state["enemy_y"] - state["player_y"]
    way = "DOWN" if dy > 8 else "UP" if dy < -8 else ""
    if abs(dx) > 26:
        way += "RIGHT" if dx > 0 else "LEFT"
    if way and (abs(dx) > 30 or abs(dy) > 14):
        return way
    # A punch needs the button to be let go before.
    return way + "FIRE" if state["step"] % 2 else way or "NOOP"


def account(states: Sequence[State], pressed: Sequence[str]) -> str:
    """Punches of both, how near the boxers were, and how many punches went into the air."""
    last = states[-1]
    near = [abs(s["player_x"] - s["enemy_x"]) <= 32 and abs(s["player_y"] - s["enemy_y"]) <= 24 for s in states]
    punches = [at for at, button in enumerate(pressed) if "FIRE" in button]
    level = sum(abs(s["player_y"] - s["enemy_y"]) <= 8 for s in states)
    told = (
        f"Punches landed: {last['player_points']} by you, {last['enemy_points']} by the opponent. You were near enough"
    )
    told += f" to punch for {share(sum(near), len(states))} of the time, at the same height for "
    told += f"{share(level, len(states))}. "
    if not punches:
        return f"{told}FIRE was never pressed."
    return f"{told}FIRE was pressed {times(len(punches))}, {sum(not near[at] for at in punches)} of them out of reach."


EXAMPLE = """
def strategy(state):
    far = distance(state["player_x"], state["player_y"], state["enemy_x"], state["enemy_y"])
    if far < 35 and state["step"] % 2:
        return "FIRE"
    if state["step"] % 4 == 0:
        return steer(state["enemy_y"] - state["player_y"], 8, "UP", "DOWN")
    return steer(state["enemy_x"] - state["player_x"], 26, "LEFT", "RIGHT")
"""

_GOAL = Goal(
    Kind.DUEL,
    "The score is your punches minus the opponent's. A bout lasts two minutes; 100 punches are a knock-out.",
    worst=-100,
)
_TOOLBOX = toolbox(EXAMPLE)

CARTRIDGE = Cartridge(
    goal=_GOAL,
    objects=Objects(FIELDS, read, moving=("player", "enemy")),
    scripted=scripted,
    account=account,
    toolbox=_TOOLBOX,
    courts={
        2: Court(
            ("white", "black"),
            _GOAL,
            tuple(Objects(FIELDS, each, moving=("player", "enemy")) for each in (read, read_black)),
            scripted,
            _TOOLBOX,
            account,
            zero_sum=True,
        )
    },
)
