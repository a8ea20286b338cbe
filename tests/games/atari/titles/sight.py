"""Where things are on an Atari screen, by colour and region alone: what the fields read from memory are held against.

Each function gets frames as palette indices, uint8 (frames, 210, 160), and gives for each field what it sees in every
frame: a float, :data:`HIDDEN` where the picture cannot tell (clipped at an edge, behind something else, not drawn in
this frame), or -1 where nothing is there. ``name[i]`` is item *i* of a list.
"""

from itertools import pairwise

import numpy as np

HIDDEN = np.nan
ABSENT = -1.0


class Box:
    """The rectangles around the pixels of a mask (frames, height, width), one a frame."""

    def __init__(self, mask, top=0, left=0):
        rows, columns = mask.any(2), mask.any(1)
        self.empty = ~rows.any(1)
        self.pixels = mask.sum((1, 2))
        self.top = rows.argmax(1) + top
        self.bottom = rows.shape[1] - 1 - rows[:, ::-1].argmax(1) + top
        self.left = columns.argmax(1) + left
        self.right = columns.shape[1] - 1 - columns[:, ::-1].argmax(1) + left
        self.height = np.where(self.empty, 0, self.bottom - self.top + 1)
        self.width = np.where(self.empty, 0, self.right - self.left + 1)
        self.x = np.where(self.empty, HIDDEN, (self.left + self.right + 1) / 2)
        self.y = np.where(self.empty, HIDDEN, (self.top + self.bottom + 1) / 2)


def only(condition, values):
    return np.where(condition, values, HIDDEN)


def runs(flags):
    """First and last index of each run of a boolean row."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.view(np.int8), [0]))))
    return [(int(first), int(last) - 1) for first, last in zip(edges[::2], edges[1::2], strict=True)]


def joined(parts, gap=3):
    """Runs with those made one that are at most ``gap`` apart: a thing of several parts."""
    whole = []
    for first, last in parts:
        if whole and first - whole[-1][1] <= gap:
            whole[-1] = whole[-1][0], last
        else:
            whole.append((first, last))
    return whole


def pong(screens):
    court = screens[:, 34:194]
    player = Box(court[:, :, 140:144] == 200, 34, 140)
    enemy = Box(court[:, :, 16:20] == 56, 34, 16)
    ball = Box(court == 14, 34)
    seen = (ball.width == 2) & (ball.height == 4)
    return {
        "player_y": only(player.height == 16, player.y),
        "enemy_y": only(enemy.height == 16, enemy.y),
        "ball_x": np.where(ball.empty, ABSENT, only(seen, ball.x)),
        "ball_y": np.where(ball.empty, ABSENT, only(seen, ball.y)),
    }


def breakout(screens):
    count = len(screens)
    seen = {}
    wall = screens[:, 57:93, 8:152].reshape(count, 6, 6, 18, 8) != 0
    bricks = wall.sum((2, 4)) > 24
    for row in range(6):
        for column in range(18):
            seen[f"bricks[{row}][{column}]"] = bricks[:, row, column].astype(float)
    seen["bricks_left"] = bricks.sum((1, 2)).astype(float)
    same = screens[:, :, 8:152] == 70
    same[:, 57:63] &= ~np.repeat(np.repeat(bricks[:, :1], 6, axis=1), 8, axis=2)
    paddle = Box(same[:, 189:193], 189, 8)
    whole = paddle.width == 16
    seen["player_x"] = only(whole, paddle.x)
    ball = Box(same[:, 32:189], 32, 8)
    clear = (ball.width == 2) & (ball.height == 4)
    below = ~same[:, 193:195].any((1, 2))
    for name, place in (("ball_x", ball.x), ("ball_y", ball.y)):
        seen[name] = np.where(ball.empty & whole & below, ABSENT, only(clear, place))
    return seen


_CAR_COLOURS = (66, 220, 18, 74, 130, 36, 136, 68, 216, 26)


def freeway(screens):
    chicken = screens[:, 14:196, 44:50] == 30
    chicken[:, 102 - 14 : 105 - 14] = False
    bird = Box(chicken, 14, 44)
    whole = (bird.height == 8) & (bird.width == 6)
    seen = {"player_y": only(whole, bird.y)}
    lane = np.floor((bird.y - 24) / 16)
    seen["lane"] = only(whole, np.where((lane >= 0) & (lane < 10), lane, ABSENT))
    cars = []
    for number, colour in enumerate(_CAR_COLOURS):
        car = Box(screens[:, 28 + 16 * number : 36 + 16 * number, 8:] == colour, 0, 8)
        cars.append(only((car.width == 8) & (car.left > 8) & (car.right < 159), car.x))
        seen[f"car_x[{number}]"] = cars[-1]
    cars = np.stack([*cars, np.full(len(screens), ABSENT)])
    frames = np.arange(len(screens))
    this = np.nan_to_num(lane, nan=-1).clip(-1, 10).astype(int)
    seen["this_car_x"] = only(whole, cars[np.where((this >= 0) & (this < 10), this, 10), frames])
    seen["next_car_x"] = only(whole, cars[np.where(this > 0, this - 1, 10), frames])
    return seen


def boxing(screens):
    ring = screens[:, 36:176, 32:128]
    player, enemy = Box(ring == 12, 36, 32), Box(ring == 0, 36, 32)
    # Arms reach out on the side of the other one, so that the back is what stays with the body.
    passed = player.x > enemy.x
    return {
        "player_x": only(~player.empty, np.where(passed, player.right - 5.5, player.left + 6.5)),
        "player_y": player.y,
        "enemy_x": only(~enemy.empty, np.where(passed, enemy.left + 6.5, enemy.right - 5.5)),
        "enemy_y": enemy.y,
    }


def tennis(screens):
    court = screens[:, 30:200]
    # The lines of the court have the players' colours, but do not move.
    lines = np.isin(court, (76, 140)).mean(0) > 0.5
    player, enemy = Box((court == 76) & ~lines, 30), Box((court == 140) & ~lines, 30)
    ball, shadow = Box(court == 14, 30), Box(court == 2, 30)
    return {
        "player_x": player.x,
        "player_y": player.bottom.astype(float),
        "enemy_x": enemy.x,
        "enemy_y": enemy.bottom.astype(float),
        "ball_x": only(ball.width == 2, ball.x),
        "ball_y": only(ball.height == 2, ball.y),
        "shadow_y": only(shadow.height == 2, shadow.y),
        "at_top": (player.y < enemy.y).astype(float),
    }


_NO_TREE = (0, 14, 72, 134)


def skiing(screens):
    skier = Box(screens[:, 30:75] == 72, 30)
    names = ("gate_x", "gate_y", "gate2_x", "gate2_y", "tree_x", "tree_y")
    seen = {name: np.full(len(screens), HIDDEN) for name in names}
    seen["player_x"] = only((skier.left > 8) & (skier.right < 151), skier.x)
    for frame, screen in enumerate(screens):
        flags = screen[28:178] == 134
        gates = []
        for first, last in runs(flags.any(1)):
            poles = np.flatnonzero(flags[last])
            if last - first == 13 and len(poles) == 2:
                gates.append(((poles[0] + poles[1] + 1) / 2, (first + last + 1) / 2 + 28))
        gates = [(x, y) for x, y in gates if y >= 60]
        if gates and gates[0][1] > 62:
            seen["gate_x"][frame], seen["gate_y"][frame] = gates[0]
            if len(gates) > 1:
                seen["gate2_x"][frame], seen["gate2_y"][frame] = gates[1]
        trees = []
        for colour in np.unique(screen[28:178]):
            if colour not in _NO_TREE:
                box = Box((screen[None, 28:178] == colour), 28)
                whole = box.width[0] == 16 and box.height[0] == 30
                if whole or box.height[0] > 6 or box.left[0] <= 8 or box.right[0] >= 151:
                    trees.append((float(box.y[0]), float(box.x[0]) if whole else HIDDEN))
        trees = sorted((y, x) for y, x in trees if y > 45)
        if trees and trees[0][0] > 51 and not np.isnan(trees[0][1]):
            seen["tree_y"][frame], seen["tree_x"][frame] = trees[0]
    return seen


def bowling(screens):
    shoes = Box(screens[:, 110:178, :60] == 0, 110)
    ball = Box(screens[:, 106:172, :118] == 132, 106)
    pins = (screens[:, 106:172, 118:145] == 132).sum((1, 2)) / 8
    return {
        # He is 32 tall.
        "player_y": only(~shoes.empty & (shoes.width == 8), shoes.bottom - 15.0),
        "ball_x": only(ball.width == 4, ball.x),
        "ball_y": only(ball.height == 10, ball.y),
        "pins": only(~ball.empty, pins),
    }


def space_invaders(screens):
    cannon = Box(screens[:, 185:195] == 196, 185)
    aliens = screens[:, 31:157] == 20
    block = Box(aliens, 31)
    names = [f"column_{axis}[{place}]" for axis in "xy" for place in range(6)]
    seen = {name: np.full(len(screens), HIDDEN) for name in names}
    seen["player_x"] = only(cannon.width == 7, cannon.x)
    seen["block_x"], seen["block_y"] = only(~block.empty, block.left + 4.0), only(~block.empty, block.bottom - 4.0)
    seen["aliens"] = np.full(len(screens), HIDDEN)
    for frame, mask in enumerate(aliens):
        columns = runs(mask.any(0))
        if len(columns) == 6:
            cells = 0
            for place, (first, last) in enumerate(columns):
                rows = runs(mask[:, first : last + 1].any(1))
                cells += len(rows)
                seen[f"column_x[{place}]"][frame] = (first + last + 1) / 2
                seen[f"column_y[{place}]"][frame] = rows[-1][1] + 31 - 4.0
            seen["aliens"][frame] = cells
    return seen


def shots_of_space_invaders(screen):
    """Every shot and bomb that is drawn on one screen, as (x, y) of its middle."""
    drawn = screen[31:190] == 6
    shots = []
    for column in np.flatnonzero(drawn.any(0)):
        for first, last in runs(drawn[:, column]):
            if last - first == 7:
                shots.append((float(column), (first + last + 1) / 2 + 31))
    return shots


_CHARACTERS = {"player": 42, "sue": 38, "inky": 184, "pinky": 88, "blinky": 70}


def ms_pacman(screens):
    seen = {}
    for name, colour in _CHARACTERS.items():
        box = Box(screens[:, 1:172] == colour, 1)
        seen[f"{name}_x"] = only((box.width == 8) & (box.height <= 10), box.x)
        seen[f"{name}_y"] = only((box.height == 10) & (box.width <= 8), box.y)
    return seen


def asterix(screens):
    player = Box(screens[:, 24:168] == 24, 24)
    lane = np.round((player.y - 31.5) / 16)
    seen = {"player_x": player.x, "lane": only(~player.empty, lane)}
    for number in range(8):
        row = screens[:, 26 + 16 * number : 39 + 16 * number]
        box = Box(~np.isin(row, (0, 8, 24, 88, 114, 120, 136)))
        whole = (box.width >= 7) & (box.width <= 8) & (box.left > 8) & (box.right < 151)
        lyre = (row == 74).any((1, 2))
        for name, is_it in (("enemy", lyre), ("item", ~lyre)):
            seen[f"{name}_x[{number}]"] = np.where(box.empty | ~is_it, ABSENT, only(whole, box.x))
    return seen


def demon_attack(screens):
    cannon = Box(screens[:, 174:186] == 86, 174)
    shot = Box(screens[:, 16:174] == 110, 16)
    bombs = screens[:, 100:186] == 78
    lowest = Box(bombs, 100)
    demons = ~np.isin(screens[:, 20:174], (0, 78, 110))
    seen = {f"{name}_{axis}": np.full(len(screens), HIDDEN) for name in ("low", "middle", "high") for axis in "xy"}
    seen["player_x"] = cannon.x
    seen["shot_x"] = only(shot.width == 1, shot.x)
    seen["shot_y"] = only(shot.height == 8, shot.y)
    seen["bomb_y"] = only((lowest.height >= 3) & (lowest.bottom < 184), lowest.bottom - 1.0)
    seen["bomb_x"] = np.full(len(screens), HIDDEN)
    for frame in np.flatnonzero((lowest.height >= 3) & (lowest.bottom < 184)):
        columns = np.flatnonzero(bombs[frame, lowest.bottom[frame] - 100])
        seen["bomb_x"][frame] = (columns[0] + columns[-1] + 1) / 2
    for frame, mask in enumerate(demons):
        rows = joined(runs(mask.any(1)))
        if len(rows) == 3 and all(2 < last - first < 9 for first, last in rows):
            for name, (first, last) in zip(("high", "middle", "low"), rows, strict=True):
                columns = np.flatnonzero(mask[first : last + 1].any(0))
                if columns[-1] - columns[0] < 17:
                    seen[f"{name}_x"][frame] = (columns[0] + columns[-1] + 1) / 2
                    seen[f"{name}_y"][frame] = (first + last + 1) / 2 + 20
    return seen


def kaboom(screens):
    buckets = screens[:, 148:188, 8:152] == 136
    top = Box(buckets, 148, 8)
    bomber = Box(screens[:, 19:47] == 12, 19)
    names = ("bomb_x", "bomb_y", "bomb2_x", "bomb2_y", "bomb3_x", "bomb3_y")
    seen = {name: np.full(len(screens), HIDDEN) for name in names}
    # The rim is 8 of 14 wide, and begins one right of the bucket's left edge.
    seen["player_x"] = only(top.width == 8, top.left + 6.0)
    seen["buckets"] = buckets.any(2)[:, (1, 17, 33)].sum(1).astype(float)
    seen["bomber_x"] = only(bomber.width == 7, bomber.x)
    for frame, screen in enumerate(screens[:, 54:188]):
        ends = runs((screen[:, 8:152] == 2).any(1))
        bombs = []
        for (first, _), (last, _) in pairwise(ends):
            if last - first == 5:
                columns = np.flatnonzero((screen[first] == 2) | (screen[last] == 2))
                bombs.append(((columns[0] + columns[-1] + 1) / 2, (first + last + 1) / 2 + 54))
        if len(bombs) * 2 == len(ends):
            for place, (x, y) in zip(("", "2", "3"), bombs[::-1], strict=False):
                seen[f"bomb{place}_x"][frame], seen[f"bomb{place}_y"][frame] = x, y
    return seen


SIGHT = {
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
