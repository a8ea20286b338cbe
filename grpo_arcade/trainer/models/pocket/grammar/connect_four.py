"""Strategies for Connect Four, from hopeless to good: look at what each column leads to, and take the best.

A program is a row of nearly independent choices: whether it takes a win, whether it keeps the other from one, which
terms it adds up over the 69 lines of four cells, with which weights and signs, and bugs. Most of what is drawn
overlooks what matters or wants the wrong thing; a program in which all is right is rare, but each of its parts is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from grpo_arcade.trainer.models.pocket.grammar.choice import pick

GAME = "connect-four"
PLACE, SHARE = 14, 3
WANTED = (-0.95, -0.5)


def draw_options(rng: Random) -> dict[str, Any]:
    """The prompt names no opponent, so that all options ask the same."""
    return {}


def draw_program(rng: Random, _options: Mapping[str, Any]) -> str:
    """One program, newline at the end, that defines ``strategy(board)``."""
    family = pick(rng, {_thoughtless: 8, _preference: 10, _one_ply: 82})
    body = family(rng)
    head = ["import random"] if any("random." in line for line in body) else []
    return "\n".join([*head, "def strategy(board):", *body]) + "\n"


_FREE = ["    free = [c for c in range(7) if board[0][c] == 0]"]

_DROP = """\
    def drop(b, c, who):
        b = [list(r) for r in b]
        for r in b[::-1]:
            if r[c] == 0:
                r[c] = who
                break
        return b""".splitlines()

_FOURS = """\
    def fours(b):
        out = []
        for v, u in ((0, 1), (1, 0), (1, 1), (1, -1)):
            for i in range(6 - v * 3):
                for j in range(7):
                    if j + u * 3 in range(7):
                        out.append([b[i + k * v][j + k * u] for k in range(4)])
        return out""".splitlines()

_WINS = """\
    def wins(b, who):
        return [who] * 4 in fours(b)""".splitlines()


def _order(rng: Random) -> str:
    """The columns in some order; mostly from one side to the other, now and then from the middle."""
    order = pick(rng, {"0123456": 40, "6543210": 25, "shuffled": 25, "3241506": 10})
    return "".join(rng.sample("0123456", 7)) if order == "shuffled" else order


def _thoughtless(rng: Random) -> list[str]:
    answer = pick(
        rng,
        {
            "random.choice(free)": 50,
            "free[0]": 14,
            "free[-1]": 14,
            "free[len(free) // 2]": 10,
            "random.randrange(7)": 6,
            "sum(map(sum, board)) % 7": 6,
        },
    )
    return [*_FREE, f"    return {answer}"]


def _preference(rng: Random) -> list[str]:
    """An order of columns, with or without a look at what wins."""
    checks = _checks(rng)
    return [
        *_FREE,
        *([*_DROP, *_FOURS, *_WINS, *checks] if checks else []),
        f'    return min(free, key=lambda c: "{_order(rng)}".index(str(c)))',
    ]


def _one_ply(rng: Random) -> list[str]:
    checks = _checks(rng)
    lines = [*_FREE]
    if rng.random() < 0.12:
        lines += [f"    if random.random() < 0.{rng.choice('12357')}:", "        return random.choice(free)"]
    lines += [*_DROP, *_FOURS, *(_WINS if checks else []), *checks, *_score(rng)]
    best = pick(rng, {"max": 85, "min": 15})
    value = pick(
        rng,
        {
            "score(drop(board, c, 1))": 84,
            "score(drop(board, c, -1))": 7,
            "score(drop(board, c, 1)) + score(drop(board, c, -1))": 4,
            "score(drop(board, c, 1)) - score(drop(board, c, -1))": 4,
            "min(score(drop(drop(board, c, 1), d, -1)) for d in range(7))": 1,
        },
    )
    return [*lines, f"    return {best}(free, key=lambda c: {value})"]


def _checks(rng: Random) -> list[str]:
    """Before all else: take a win, keep the other from one, leave it none. Each is there now and then, or wrong."""
    lines = []
    if rng.random() < 0.16:
        who = pick(rng, {"1), 1": 70, "-1), 1": 15, "1), -1": 15})
        lines += ["    for c in free:", f"        if wins(drop(board, c, {who}):", "            return c"]
    if rng.random() < 0.12:
        who = pick(rng, {"-1), -1": 70, "1), -1": 15, "-1), 1": 15})
        lines += ["    for c in free:", f"        if wins(drop(board, c, {who}):", "            return c"]
    if rng.random() < 0.05:
        whose = pick(rng, {"-1), -1": 60, "1), 1": 40})
        gift = f"any(wins(drop(drop(board, c, 1), d, {whose}) for d in range(7))"
        lines += [f"    free = [c for c in free if not {gift}] or free"]
    return lines


# The terms of a one-ply evaluation. b: the board after the stone, w: four cells in a line, r: a row, v: a cell.


def _score(rng: Random) -> list[str]:
    """``score(b)``: one to four sections, each a loop over lines, over cells, or a sum over the board."""
    body: list[str] = []
    for _ in range(pick(rng, {1: 38, 2: 36, 3: 18, 4: 8})):
        section = pick(rng, {_of_lines: 50, _of_board: 28, _of_cells: 22})
        body += section(rng)
    return ["    def score(b):", "        s = 0", *body, "        return s"]


def _of_lines(rng: Random) -> list[str]:
    lines = ["        for w in fours(b):"]
    for _ in range(pick(rng, {1: 62, 2: 28, 3: 10})):
        term = pick(
            rng,
            {
                "(sum(w) == 4)": 7,
                "(sum(w) == 3)": 12,
                "(sum(w) == 2)": 14,
                "(sum(w) == -3)": 9,
                "(sum(w) == -2)": 14,
                "(sum(w) == 1)": 6,
                "(sum(w) == -1)": 6,
                "sum(w)": 10,
                "sum(w) ** 2": 8,
                "sum(w) ** 3": 3,
                "abs(sum(w))": 6,
                "w.count(0)": 6,
                "(-1 not in w)": 5,
                "(1 not in w)": 5,
                "(max(w) == 0)": 4,
            },
        )
        lines.append(f"            s {_sign(rng)} {_weight(rng)}{term}")
    return lines


def _of_board(rng: Random) -> list[str]:
    column = rng.choice("0123456")
    term = pick(
        rng,
        {
            f"sum(r[{column}] for r in b)": 12,
            f"b[-1].count({rng.choice(('1', '-1', '0'))})": 5,
            f"sum(b[-{rng.choice('123456')}])": 8,
            f"(b[-1][{column}] == 1)": 6,
            "b[0].count(0)": 4,
            "sum(r.count(0) == 7 for r in b)": 4,
            "random.random()": 6,
        },
    )
    return [f"        s {_sign(rng)} {_weight(rng)}{term}"]


def _of_cells(rng: Random) -> list[str]:
    lines = ["        for i, r in enumerate(b):", "            for j, v in enumerate(r):"]
    for _ in range(pick(rng, {1: 78, 2: 22})):
        term = pick(
            rng, {"v * abs(3 - j)": 9, "v * i": 9, "v * j": 8, "v * i * j": 5, "v * (i + j)": 6, "v * v * j": 4}
        )
        lines.append(f"                s {_sign(rng)} {_weight(rng)}{term}")
    return lines


def _sign(rng: Random) -> str:
    return rng.choice(("+=", "-="))


def _weight(rng: Random) -> str:
    weight = pick(rng, {"": 36, "2": 12, "3": 10, "5": 10, "10": 14, "50": 8, "100": 10})
    return f"{weight} * " if weight else ""
