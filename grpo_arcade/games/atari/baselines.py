"""Trusted players of Atari games, to measure strategies against.

``scripted`` is written by hand for every game with a symbolic observation, as a language model is asked to write it:
one function of the state, whose helpers are inside it. It plays well but not perfectly.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from grpo_arcade.games.game import Baseline, Game

State = Mapping[str, Any]


def random_action(game: Game, rng: random.Random) -> int:
    """Any action, all equally likely."""
    return rng.randrange(len(game.actions))


def noop(game: Game, rng: random.Random) -> int:
    """Press nothing."""
    return 0


def baselines(title: str) -> Mapping[str, Baseline]:
    """The baselines of a game."""
    if title not in SCRIPTED:
        return {"noop": noop, "random": random_action}
    return {"noop": noop, "random": random_action, "scripted": _scripted(SCRIPTED[title])}


def _scripted(strategy: Callable[[State], str]) -> Baseline:
    def scripted(game: Game, rng: random.Random) -> int:
        """What the hand-written strategy answers."""
        return game.aliases[strategy(game.observation())]

    return scripted


def asterix(state: State) -> str:
    """Collect what is near, and leave lanes in which a lyre comes."""

    def danger(lane: int) -> bool:
        if not 0 <= lane <= 7:
            return True
        x, dx = state["enemy_x"][lane], state["enemy_dx"][lane]
        gap = state["player_x"] - x
        return x >= 0 and (abs(gap) < 16 or (gap * dx > 0 and abs(gap) < 40))

    lane = state["lane"]
    if danger(lane):
        return "UP" if not danger(lane - 1) else "DOWN" if not danger(lane + 1) else "UP" if lane else "DOWN"
    nearest, way = 999, "NOOP"
    for other, x in enumerate(state["item_x"]):
        if x >= 0 and not danger(other):
            far = abs(other - lane) * 8 + abs(x - state["player_x"]) / 2
            step = lane + (other > lane) - (other < lane)
            if far < nearest and (step == lane or not danger(step)):
                nearest = far
                sideways = "RIGHT" if x > state["player_x"] else "LEFT"
                way = "UP" if step < lane else "DOWN" if step > lane else sideways
    return way


def bowling(state: State) -> str:
    """Throw every ball on the same curve."""
    if state["ball_x"] != 24:
        # It is on its way.
        return "UP" if state["ball_dx"] > 0 and state["ball_x"] >= 70 else "NOOP"
    return "DOWN" if state["player_y"] < 154 else "FIRE"


def boxing(state: State) -> str:
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


def breakout(state: State) -> str:
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


def demon_attack(state: State) -> str:
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


def freeway(state: State) -> str:
    """Go up unless a car would come into the way."""
    lane = (10 if state["player_y"] > 100 else 0) if state["lane"] < 0 else state["lane"]
    if lane == 0:
        return "UP"
    # A car goes 0.8 to 4 pixels a decision, the chicken 4; they can meet while it is within 8 pixels of the car's row.
    speed = (-0.8, -1, -1.33, -2, -4, 4, 2, 1.33, 1, 0.8)[lane - 1]
    far = state["player_y"] - (16 + 16 * lane)
    enter, leave = max(0, (far - 8) / 4), (far + 8) / 4
    if enter < 1.5:
        way = sorted((state["next_car_x"] + speed * enter, state["next_car_x"] + speed * leave))
        if way[0] < 47 + 8 and way[1] > 47 - 8:
            return "NOOP"
    return "UP"


def kaboom(state: State) -> str:
    """Be below the lowest bomb."""
    if state["bomb_x"] < 0:
        return "FIRE"
    gap = state["bomb_x"] - state["player_x"]
    return "RIGHT" if gap > 3 else "LEFT" if gap < -3 else "NOOP"


def ms_pacman(state: State) -> str:
    """Run from the ghosts, else wander about."""
    x, y = state["player_x"], state["player_y"]
    ghosts = [(state[f"{name}_x"] - x, state[f"{name}_y"] - y) for name in ("sue", "inky", "pinky", "blinky")]
    dx, dy = min(ghosts, key=lambda way: abs(way[0]) + abs(way[1]))
    if abs(dx) + abs(dy) < 25:
        if abs(dx) > abs(dy):
            return "LEFT" if dx > 0 else "RIGHT"
        return "UP" if dy > 0 else "DOWN"
    return ("UP", "RIGHT", "DOWN", "LEFT", "RIGHT", "UP", "LEFT", "DOWN")[state["step"] // 12 % 8]


def pong(state: State) -> str:
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


def skiing(state: State) -> str:
    """Head for the next gate."""
    if state["gate_x"] < 0:
        return "NOOP"
    wanted = max(-6, min(6, round((state["gate_x"] - state["player_x"]) / 5)))
    return "RIGHT" if state["heading"] < wanted else "LEFT" if state["heading"] > wanted else "NOOP"


def space_invaders(state: State) -> str:
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


def tennis(state: State) -> str:
    """Be where the ball comes down."""
    if state["step"] % 4 == 0:
        return "FIRE"
    dx = state["ball_x"] + 2 * state["ball_dx"] - state["player_x"]
    dy = (60 if state["at_top"] else 160) - state["player_y"]
    way = "DOWN" if dy > 4 else "UP" if dy < -4 else ""
    way += "RIGHT" if dx > 4 else "LEFT" if dx < -4 else ""
    return way or "FIRE"


SCRIPTED: Mapping[str, Callable[[State], str]] = {
    function.__name__: function
    for function in (
        asterix,
        bowling,
        boxing,
        breakout,
        demon_attack,
        freeway,
        kaboom,
        ms_pacman,
        pong,
        skiing,
        space_invaders,
        tennis,
    )
}
"""The hand-written strategies, by title."""
