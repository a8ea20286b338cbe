"""Strategies for 2048, from hopeless to good, in the plain style models write.

Most of what is drawn is a one-ply player: slide the board each way, add up a few weighted terms, take the best. A
program is a row of nearly independent choices (which terms, their weights and signs, which way a tie falls, a bug or
none), so that many small shifts of probability lead from mediocre to good; the strongest choices are the rarest.
The helpers' names never vary: a small model binds a name it has always seen, and fails to bind a renamed one.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from grpo_arcade.trainer.models.pocket.grammar.choice import pick

GAME = "2048"
PLACE, SHARE = 0, 8
WANTED = (1_500, 4_000)


def draw_options(rng: Random) -> dict[str, Any]:
    """Options of the game the prompt asks for: the standard game mostly, sizes 3–8 and other targets beside it."""
    size = pick(rng, {4: 70, 3: 6, 5: 8, 6: 8, 7: 4, 8: 4})
    target = pick(rng, {2048: 14, 64: 1, 128: 1, 256: 1, 512: 1, 1024: 1, 4096: 1, 8192: 1})
    fours = pick(rng, {0.1: 92, 0.0: 4, 0.5: 2, 1.0: 2})
    return {"size": size, "target": min(target, 256) if size == 3 else target, "probability_fours": fours}


def draw_program(rng: Random, options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(board)``."""
    family = pick(rng, {_thoughtless: 4, _preference: 13, _one_ply: 83})
    return "\n".join(family(rng, options)) + "\n"


def _thoughtless(rng: Random, _options: Mapping[str, Any]) -> list[str]:
    moves = pick(rng, {"WASD": 6, "SA": 1, "SAD": 2, "WAD": 1, "SADD": 1, "SSAAD": 1, "SSAADW": 2})
    answer = pick(
        rng,
        {
            f'random.choice("{moves}")': 8,
            f'"{moves}"[sum(map(sum, board)) // 2 % {len(moves)}]': 3,
            f'"{moves[0]}"': 1,
        },
    )
    return [*(["import random"] if "random" in answer else []), "def strategy(board):", f"    return {answer}"]


def _preference(rng: Random, options: Mapping[str, Any]) -> list[str]:
    head = [*_head(rng, options), *_SLIDE]
    if rng.random() < 0.3:
        return [
            *head,
            f'    for d in "{_turning_order(rng)}":',
            "        if [slide(r) for r in board] != board:",
            "            return d",
            "        board = [list(r) for r in zip(*board[::-1])]",
            '    return "W"',
        ]
    return [
        *head,
        *_MOVE,
        f'    for d in "{_order(rng)}":',
        "        if move(board, d) != board:",
        "            return d",
        '    return "W"',
    ]


def _one_ply(rng: Random, options: Mapping[str, Any]) -> list[str]:
    noise = rng.random() < 0.1
    lines = [*(["import random"] if noise else []), *_head(rng, options)]
    if noise:
        lines += [f"    if random.random() < 0.{rng.choice('12357')}:", '        return random.choice("WASD")']
    lines += _SLIDE
    if rng.random() < 0.3:
        return [*lines, *_score(rng, options), *_turning_search(rng)]
    lines += [*_MOVE, *_score(rng, options)]
    lines += [
        f'    after = {{d: move(board, d) for d in "{_order(rng)}"}}',
        "    good = [d for d in after if after[d] != board]" if rng.random() < 0.96 else "    good = list(after)",
    ]
    best = "max" if rng.random() < 0.95 else "min"
    return [*lines, f'    return {best}(good, key=lambda d: score(after[d]), default="W")']


def _head(rng: Random, options: Mapping[str, Any]) -> list[str]:
    return ["def strategy(board):", f"    n = {pick(rng, {'len(board)': 4, options['size']: 6})}"]


_SLIDE = """\
    def slide(row):
        out = []
        last = 0
        for v in row:
            if v and v == last:
                out[-1] = 2 * v
                last = 0
            elif v:
                out.append(v)
                last = v
        return out + [0] * (n - len(out))""".splitlines()

_MOVE = """\
    def move(b, d):
        if d in "WS":
            b = zip(*b)
        if d in "WA":
            b = [slide(r) for r in b]
        else:
            b = [slide(r[::-1])[::-1] for r in b]
        return [list(r) for r in zip(*b)] if d in "WS" else b""".splitlines()


def _turning_search(rng: Random) -> list[str]:
    """Slide left, turn the board clockwise, four times over: short and quick, but blind to where the corners are."""
    check = "if after != board and" if rng.random() < 0.96 else "if"
    return f"""\
    best, pick = None, "W"
    for d in "{_turning_order(rng)}":
        after = [slide(r) for r in board]
        {check} (best is None or score(after) > best):
            best, pick = score(after), d
        board = [list(r) for r in zip(*board[::-1])]
    return pick""".splitlines()


def _order(rng: Random) -> str:
    return "".join(rng.sample("WASD", 4))


def _turning_order(rng: Random) -> str:
    """Sliding left on a board turned clockwise 0–3 times is A, S, D, W; the other orders are a natural mistake."""
    return pick(rng, {"ASDW": 9, "AWDS": 1})


# The terms of a one-ply evaluation. b: the board after the move, r: a row, v: a cell, x and y: neighbours.
# The best sums that were found wish large pairs beside each other, (x == y) * x, few tiles, v.bit_length() ** 2, smooth
# rows and large tiles at one side; they reach 2048 in more than half of their games. A second ply without a tile
# between the moves, max(score(move(after[d], e)) for e in "WASD"), made every sum that was tried worse; one over all
# places of the tile costs twenty times a one-ply move.


def _score(rng: Random, options: Mapping[str, Any]) -> list[str]:
    """``score(b)``: one to six sections, each a loop over cells, over neighbours, or a sum over the board.

    Sections may repeat: a term that stands twice counts twice, so weights have more than the values drawn for one.
    """
    body: list[str] = []
    for _ in range(pick(rng, {1: 28, 2: 35, 3: 21, 4: 10, 5: 4, 6: 2})):
        section = pick(rng, {_of_board: 44, _of_cells: 22, _of_neighbours: 34})
        body += section(rng, options)
    return ["    def score(b):", "        s = 0", *body, "        return s"]


def _of_board(rng: Random, options: Mapping[str, Any]) -> list[str]:
    row, column = rng.choice(("0", "-1")), rng.choice(("0", "-1"))
    corner = f"b[{row}][{column}]"
    term = pick(
        rng,
        {
            "sum(r.count(0) for r in b)": 14,
            corner: 8,
            f"sum(b[{row}])": 6,
            f"(max(map(max, b)) == {corner})": 8,
            f"(max(map(max, b)) in b[{row}])": 5,
            "max(map(max, b))": 6,
            "sum(r == sorted(r) for r in b)": 4,
            "len({v for r in b for v in r})": 3,
        },
    )
    return [f"        s {_sign(rng, term.startswith('len'))} {_weight(rng, options)}{term}"]


def _of_cells(rng: Random, options: Mapping[str, Any]) -> list[str]:
    lines = ["        for i, r in enumerate(b):", "            for j, v in enumerate(r):"]
    for _ in range(pick(rng, {1: 75, 2: 25})):
        term = pick(
            rng,
            {
                "v * i": 10,
                "v * j": 10,
                "v * (i + j)": 8,
                "v * i * j": 8,
                "v * (n - i)": 5,
                "v * 2 ** (i + j)": 4,
                "v * v": 5,
                "(v == 0)": 6,
                "v.bit_length() ** 2": 9,
                "v * 2 ** (n * i + (j if i % 2 else n - j))": 2,
            },
        )
        weight = "" if " 2 ** " in term else _weight(rng, options)
        lines.append(f"                s {_sign(rng, '.bit_length' in term)} {weight}{term}")
    return lines


def _of_neighbours(rng: Random, options: Mapping[str, Any]) -> list[str]:
    where = pick(rng, {"b": 40, "zip(*b)": 28, "b + list(zip(*b))": 32})
    lines = [f"        for r in {where}:", "            for x, y in zip(r, r[1:]):"]
    for _ in range(pick(rng, {1: 80, 2: 17, 3: 3})):
        term = pick(
            rng,
            {
                "abs(x - y)": 10,
                "(x > y)": 6,
                "(x <= y)": 6,
                "(x == y)": 7,
                "(x == 2 * y)": 4,
                "abs(x.bit_length() - y.bit_length())": 4,
                "abs(x - y) ** 0.5": 4,
                "(x == y) * x": 8,
            },
        )
        lines.append(f"                s {_sign(rng, term.startswith('abs'))} {_weight(rng, options)}{term}")
    return lines


def _sign(rng: Random, negative: bool = False) -> str:
    """The sensible sign of a term; the wrong one now and then."""
    return "-=" if negative != (rng.random() < 0.1) else "+="


def _weight(rng: Random, options: Mapping[str, Any]) -> str:
    few = {"": 36, "2": 9, "3": 8, "5": 8, "10": 11, "20": 6, "50": 6}
    weight = pick(rng, few | {"100": 8, "200": 3, "1000": 2, str(options["target"]): 3})
    return f"{weight} * " if weight else ""
