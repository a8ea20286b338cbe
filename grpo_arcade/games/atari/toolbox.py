"""What strategies for the console's symbolic games may be lent: the geometry a hand-written player works out first.

The functions know nothing of a strategy; an example a title shows them in use, and plays without a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from grpo_arcade.games.toolbox import Toolbox


def ahead(place: float, speed: float, calls: float, low: float, high: float) -> float:
    """Returns where a thing at `place` that moves `speed` pixels a call will be after that many calls, bouncing off
    the walls at `low` and `high`.
    """
    span = high - low
    way = (place + speed * calls - low) % (2 * span)
    return low + (way if way <= span else 2 * span - way)


def calls_until(place: float, speed: float, line: float) -> float:
    """Returns in how many calls a thing at `place` that moves `speed` pixels a call comes to `line`; -1 if it moves
    away from it or stands still.
    """
    calls = (line - place) / speed if speed else -1.0
    return calls if calls >= 0 else -1.0


def distance(x: int, y: int, other_x: int, other_y: int) -> int:
    """Returns the pixels between two things, along x and along y added up; 999 if one of them is not there."""
    return 999 if min(x, y, other_x, other_y) < 0 else abs(x - other_x) + abs(y - other_y)


def nearest(x: int, places: list[int]) -> int:
    """Returns the one of a list of x positions that is nearest to `x`, leaving out things that are not there; -1 if
    none is.
    """
    return min((place for place in places if place >= 0), key=lambda place: abs(place - x), default=-1)


def steer(gap: float, reach: float, less: str, more: str) -> str:
    """Returns the action `more` if `gap` is above `reach`, `less` if it is below `-reach`, and "NOOP" between."""
    return more if gap > reach else less if gap < -reach else "NOOP"


def arrival_y(state: dict) -> float:
    """Returns the y at which the ball will be when it comes to your paddle's x, bounces off top and bottom included;
    114, the middle, while it flies away or is not there.
    """
    calls = calls_until(state["ball_x"], state["ball_dx"], 144) if state["ball_x"] >= 0 else -1
    return 114 if calls < 0 else ahead(state["ball_y"], state["ball_dy"], calls, 36, 192)


def arrival_x(state: dict) -> float:
    """Returns the x at which the ball will be when it comes down to your paddle, bounces off the walls included; where
    it is now while it flies up; 80, the middle, while it is not there.
    """
    if state["ball_x"] < 0:
        return 80
    calls = calls_until(state["ball_y"], state["ball_dy"], 188)
    return state["ball_x"] if calls < 0 else ahead(state["ball_x"], state["ball_dx"], calls, 9, 150)


def dangerous(state: dict, lane: int) -> bool:
    """Returns whether the lyre in a lane is near your x or comes towards it; True for lanes that there are not."""
    if not 0 <= lane <= 7:
        return True
    x, speed = state["enemy_x"][lane], state["enemy_dx"][lane]
    gap = state["player_x"] - x
    return x >= 0 and (abs(gap) < 16 or (gap * speed > 0 and abs(gap) < 40))


def car_comes(state: dict, lane: int) -> bool:
    """Returns whether the car of a lane will be at the chicken's x within the next five calls; False for lanes that
    there are not.
    """
    if not 0 <= lane <= 9:
        return False
    x, speed = state["car_x"][lane], state["car_dx"][lane]
    return min(x, x + 5 * speed) < 55 and max(x, x + 5 * speed) > 39


def nearest_ghost(state: dict) -> tuple[int, int]:
    """Returns (dx, dy) from you to the nearest ghost: dx below 0 if it is to your left, dy below 0 if it is above."""
    ways = [
        (state[ghost + "_x"] - state["player_x"], state[ghost + "_y"] - state["player_y"])
        for ghost in ("sue", "inky", "pinky", "blinky")
    ]
    return min(ways, key=lambda way: abs(way[0]) + abs(way[1]))


_COMMON = (ahead, calls_until, distance, nearest, steer)

_OWN: Mapping[str, tuple[Callable[..., Any], ...]] = {
    "asterix": (dangerous,),
    "breakout": (arrival_x,),
    "freeway": (car_comes,),
    "ms_pacman": (nearest_ghost,),
    "pong": (arrival_y,),
}
"""Beside the common ones, by title."""

_EXAMPLES: Mapping[str, str] = {
    "asterix": """
def strategy(state):
    lane, item = state["lane"], state["item_x"][state["lane"]]
    if dangerous(state, lane):
        return "UP" if not dangerous(state, lane - 1) else "DOWN"
    if item >= 0:
        return steer(item - state["player_x"], 4, "LEFT", "RIGHT")
    return "DOWN" if not dangerous(state, lane + 1) else "NOOP"
""",
    "bowling": """
def strategy(state):
    if state["ball_x"] != 24:
        return "UP" if state["ball_x"] > 90 else "NOOP"
    way = steer(154 - state["player_y"], 4, "UP", "DOWN")
    return "FIRE" if way == "NOOP" else way
""",
    "boxing": """
def strategy(state):
    far = distance(state["player_x"], state["player_y"], state["enemy_x"], state["enemy_y"])
    if far < 35 and state["step"] % 2:
        return "FIRE"
    if state["step"] % 4 == 0:
        return steer(state["enemy_y"] - state["player_y"], 8, "UP", "DOWN")
    return steer(state["enemy_x"] - state["player_x"], 26, "LEFT", "RIGHT")
""",
    "breakout": """
def strategy(state):
    if state["ball_x"] < 0:
        return "FIRE"
    return steer(arrival_x(state) - state["player_x"], 8, "LEFT", "RIGHT")
""",
    "demon_attack": """
def strategy(state):
    x, bomb = state["player_x"], state["bomb_x"]
    if bomb >= 0 and distance(x, 180, bomb, state["bomb_y"]) < 50:
        return "RIGHT" if bomb < x else "LEFT"
    demon = state["low_x"] if state["low_x"] >= 0 else nearest(x, [state["middle_x"], state["high_x"]])
    way = "NOOP" if demon < 0 else steer(demon - x, 8, "LEFT", "RIGHT")
    if state["shot_x"] >= 0:
        return way
    return "FIRE" if way == "NOOP" else way + "FIRE"
""",
    "freeway": """
def strategy(state):
    lane = state["lane"] if state["lane"] >= 0 else 10 if state["player_y"] > 100 else 0
    return "NOOP" if car_comes(state, lane - 1) else "UP"
""",
    "kaboom": """
def strategy(state):
    if state["bomb_x"] < 0:
        return "FIRE"
    return steer(state["bomb_x"] - state["player_x"], 3, "LEFT", "RIGHT")
""",
    "ms_pacman": """
def strategy(state):
    dx, dy = nearest_ghost(state)
    if abs(dx) + abs(dy) < 25:
        return ("LEFT" if dx > 0 else "RIGHT") if abs(dx) > abs(dy) else ("UP" if dy > 0 else "DOWN")
    return ["UP", "RIGHT", "DOWN", "LEFT"][state["step"] // 10 % 4]
""",
    "pong": """
def strategy(state):
    return steer(arrival_y(state) - state["player_y"], 8, "UP", "DOWN")
""",
    "skiing": """
def strategy(state):
    wanted = 0 if state["gate_x"] < 0 else (state["gate_x"] - state["player_x"]) / 6
    return steer(wanted - state["heading"], 1, "LEFT", "RIGHT")
""",
    "space_invaders": """
def strategy(state):
    if state["step"] % 2:
        return "FIRE"
    column = nearest(state["player_x"], state["column_x"])
    return "NOOP" if column < 0 else steer(column - state["player_x"], 3, "LEFT", "RIGHT")
""",
    "tennis": """
def strategy(state):
    if state["step"] % 4 == 0:
        return "FIRE"
    x = ahead(state["ball_x"], state["ball_dx"], 2, 0, 159)
    along = steer(x - state["player_x"], 4, "LEFT", "RIGHT")
    across = steer((60 if state["at_top"] else 160) - state["player_y"], 4, "UP", "DOWN")
    if across == "NOOP":
        return along
    return across if along == "NOOP" else across + along
""",
}

TOOLBOXES: Mapping[str, Toolbox] = {
    title: Toolbox(version=1, functions=(*_COMMON, *_OWN.get(title, ())), example=example)
    for title, example in _EXAMPLES.items()
}
"""By title, for every game with a symbolic observation."""
