"""Made-up games that show a board, alone or beside places, numbers and the moves that are possible.

A program gathers the ``cells`` of every value, finds ``me`` and ``aim`` among them, and steers; or it gives each way a
value by a few weighted terms and takes the best, as a one-ply player does in 2048; a term may be a search for the way.
"""

from __future__ import annotations

from random import Random
from typing import Any

from grpo_arcade.trainer.models.pocket.grammar.choice import pick
from grpo_arcade.trainer.models.pocket.grammar.made_up import words
from grpo_arcade.trainer.models.pocket.grammar.made_up.asking import asked_by_a_server
from grpo_arcade.trainer.models.pocket.grammar.made_up.lines import answer, counting, noise, program, thoughtless
from grpo_arcade.trainer.models.pocket.grammar.made_up.numbers import resting, two_ways
from grpo_arcade.trainer.models.pocket.grammar.made_up.questions import (
    Board,
    Number,
    Question,
    called,
    draw_actions,
    end_of_prompt,
    opening,
    quoted,
    return_line,
)

_NAMES = (
    "board",
    "cells_now",
    "map",
    "field",
    "level",
    "room",
    "view",
    "rows",
    "tiles",
    "world",
    "garden",
    "sheet",
    "table",
)
_SYMBOLS = ("#.@*o", ".XO#", " #PG", "-WAB", "_KMT", "0123", ".abc")


def draw_question(rng: Random) -> Question:
    """A game with a board."""
    stem, case, taken = words.stem_maker(rng), words.case_maker(rng), set(_NAMES) | {"state"}
    board = _board(rng, lambda: case(words.distinct(rng, stem, taken)))
    alone = rng.random() < 0.5
    heading = rng.random() < 0.25
    if heading:
        ways = (
            rng.choice(words.TURNS)
            if rng.random() < 0.6
            else tuple(words.distinct(rng, lambda r: stem(r).upper(), taken) for _ in range(3))
        )
        actions: tuple[str, ...]
        rest: tuple[str, ...]
        actions, rest = tuple(rng.sample(ways, 3) if rng.random() < 0.4 else ways), ()
    else:
        actions, ways, rest = draw_actions(rng, rng.choice((2, 4, 4)))
    if alone:
        prompt = _asked(rng, [(board.name, _told(rng, board))], actions, board.name)
        return Question(board.name, True, actions, ways, heading, rest, boards=(board,), prompt=prompt)
    seen: list[tuple[str, str]] = []
    numbers: list[Number] = []
    pairs: tuple[str, ...] = ()
    row_first, listed = rng.random() < 0.35, ""
    if rng.random() < 0.5:
        pairs = tuple(case(words.distinct(rng, stem, taken)) for _ in range(rng.choice((1, 2, 2))))
        order = "[row, column]" if row_first else "[column, row]"
        for place, name in enumerate(pairs):
            whose = f"your {words.noun(rng)}" if place == 0 else f"the {words.noun(rng)}"
            seen.append((name, f"{whose} as {order}{pick(rng, {', both from 0': 2, '; row 0 is the top': 1, '': 2})}"))
    seen.insert(rng.randint(0, len(seen)), (board.name, _told(rng, board)))
    for _ in range(pick(rng, {0: 50, 1: 30, 2: 20})):
        name = case(words.distinct(rng, lambda r: r.choice(words.COUNTS), taken))
        number = Number(name, 0, rng.choice((3, 10, 50, 100)), words.sentence(rng).rstrip(".").lower())
        numbers.append(number)
        seen.append((name, number.meaning))
    if rng.random() < 0.4:
        listed = words.distinct(
            rng, lambda r: r.choice(("legal", "allowed", "moves", "options", "open_ways", stem(r))), taken
        )
        seen.append(
            (
                listed,
                rng.choice(
                    (
                        "the moves that are possible now",
                        "the names of the moves that you may make",
                        "what you can do now",
                    )
                ),
            )
        )
    if len(seen) == 1:  # what is all that is seen is seen as such
        prompt = _asked(rng, seen, actions, board.name)
        return Question(board.name, True, actions, ways, heading, rest, boards=(board,), prompt=prompt)
    prompt = _asked(rng, seen, actions, "state", bool(listed))
    return Question(
        "state", False, actions, ways, heading, rest, tuple(numbers), (board,), pairs, row_first, listed, prompt=prompt
    )


def _board(rng: Random, draw_name: Any) -> Board:
    rows = rng.choice((3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20))
    columns = rows if rng.random() < 0.5 else rng.choice((3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20))
    many = pick(rng, {2: 20, 3: 30, 4: 30, 5: 15, 6: 5})
    values: tuple[Any, ...]
    if rng.random() < 0.12:
        stem, seen = words.stem_maker(rng), set(_NAMES)
        values = tuple(words.distinct(rng, stem, seen) for _ in range(many))
    elif rng.random() < 0.25:
        symbols = rng.choice(_SYMBOLS)
        values = tuple(symbols[:many])
    elif rng.random() < 0.75:
        values = tuple(range(many))
    else:
        values = (0, *rng.sample((-1, 1, 2, 3, 4, 5, 6, 7, 8, 9), many - 1))
    name = rng.choice(_NAMES) if rng.random() < 0.6 else draw_name()
    if not name.isidentifier():
        name = rng.choice(_NAMES)
    meanings = tuple(
        pick(rng, {f"the {words.noun(rng)}": 5, f"a {words.noun(rng)}": 4, f"your {words.noun(rng)}": 2})
        for _ in values[1:]
    )
    return Board(name, rows, columns, values, (pick(rng, {"empty": 3, "free": 2, "nothing": 1}), *meanings))


def _told(rng: Random, board: Board) -> str:
    """What a board is, for a prompt."""
    shape = pick(
        rng,
        {
            f"a list of {board.rows} rows of {board.columns} {{}}, top row first": 5,
            "a list of rows of {}, top row first": 4,
            f"{board.rows} rows of {board.columns} {{}}": 2,
            "rows of cells": 2,
        },
    ).format("integers" if isinstance(board.values[-1], int) else "texts")
    told: list[str] = []
    for value, meaning in zip(board.values, board.meanings, strict=True):
        verb = " is" if not told or rng.random() < 0.4 else ""
        told.append(f"{quoted(value) if isinstance(value, str) else value}{verb} {meaning}")
    if rng.random() < 0.4:
        told = told[1:] + told[:1]
    if len(told) > 1 and rng.random() < 0.4:
        told = [*told[:-2], f"{told[-2]} and {told[-1]}"]
    return f"{shape}{pick(rng, {': ': 5, '; ': 3, ', ': 1})}{', '.join(told)}"


def _asked(
    rng: Random, seen: list[tuple[str, str]], actions: tuple[str, ...], argument: str, legal: bool = False
) -> str:
    if rng.random() < 0.6:
        return asked_by_a_server(rng, seen, actions, legal)
    if len(seen) == 1:
        listed = f"`{argument}` is {seen[0][1]}."
    else:
        listed = (
            f"`{argument}` is a dict:\n" + "\n".join(f"- {quoted(name)}: {meaning}" for name, meaning in seen) + "\n\n"
        )
    prompt = f"{opening(rng)}\n\n{called(rng, argument)} {listed} {return_line(rng, actions)} {words.sentences(rng)}"
    return f"{prompt.rstrip()}\n\n{end_of_prompt(rng, argument, actions, ())}"


_CELLS = """\
    cells = {}
    for i, r in enumerate(g):
        for j, v in enumerate(r):
            cells.setdefault(v, []).append((i, j))""".splitlines()

_WAY = """\
    far, edge = {aim: 0}, [aim]
    for a in edge:
        for b in ((a[0] - 1, a[1]), (a[0] + 1, a[1]), (a[0], a[1] - 1), (a[0], a[1] + 1)):
            if b not in far and 0 <= b[0] < len(g) and 0 <= b[1] < len(g[0]) and {free}:
                far[b] = far[a] + 1
                edge.append(b)""".splitlines()
"""How many moves every cell is from ``aim``, going round what is not ``{free}``."""


def draw_program(rng: Random, question: Question) -> str:
    """One program, newline at the end."""
    board = question.boards[0]
    turning = question.heading
    families = {_steered: 0 if turning else 36, _valued: 60 if turning or len(question.ways) == 4 else 12, _simple: 10}
    body = pick(rng, families)(rng, question, board)
    return program(question, body)


def _simple(rng: Random, question: Question, _board: Board) -> list[str]:
    """What hardly looks: any action, any possible one, the first possible one of a list."""
    if not question.listed or rng.random() < 0.4:
        return thoughtless(rng, question)
    allowed = question.get(question.listed)
    if rng.random() < 0.5:
        return [f"    return random.choice({allowed})"]
    order = [quoted(action) for action in rng.sample(question.actions, len(question.actions))]
    body = counting(rng, question) if rng.random() < 0.3 else []
    body += [f"    for a in [{', '.join(order)}]:", f"        if a in {allowed}:", "            return a"]
    return [*body, answer(rng.choice(question.actions), 1)]


def _value(rng: Random, board: Board) -> str:
    """A value of a cell; rarely the empty one."""
    value = rng.choice(board.values[1:]) if rng.random() < 0.93 else board.values[0]
    return quoted(value) if isinstance(value, str) else str(value)


def _places(rng: Random, question: Question, board: Board) -> list[str]:
    """``me`` and ``aim``, each a (row, column)."""
    body = [f"    g = {question.get(board.name)}"]
    if question.pairs and rng.random() < 0.85:
        first, *others = question.pairs if rng.random() < 0.85 else question.pairs[::-1]
        order = "i, j" if question.row_first != (rng.random() < 0.15) else "j, i"
        body += [f"    {order} = {question.get(first)}", "    me = (i, j)"]
        if others and rng.random() < 0.85:
            return [*body, f"    {order} = {question.get(others[0])}", "    aim = (i, j)"]
        return [*body, *_CELLS, f"    aim = cells.get({_value(rng, board)}, [(0, 0)])[{_which(rng)}]"]
    mine, wanted = _value(rng, board), _value(rng, board)
    if mine == wanted and rng.random() < 0.5:
        wanted = _value(rng, board)
    one = _which(rng)
    other = _which(rng)
    if mine == wanted:
        one, other = rng.choice((("0", "-1"), ("-1", "0")))
    return [
        *body,
        *_CELLS,
        f"    me = cells.get({mine}, [(0, 0)])[{one}]",
        f"    aim = cells.get({wanted}, [(0, 0)])[{other}]",
    ]


def _which(rng: Random) -> str:
    return pick(rng, {"0": 70, "-1": 30})


def _steered(rng: Random, question: Question, board: Board) -> list[str]:
    """Compare rows or columns of ``me`` and ``aim``, one axis or both."""
    body = [*noise(rng, question), *_places(rng, question, board)]
    both = len(question.ways) == 4 and rng.random() < 0.7
    axes = ["x", "y"] if both else [pick(rng, {"x": 65, "y": 35})]
    rng.shuffle(axes)
    for axis in axes:
        place = "1" if (axis == "x") != (rng.random() < 0.06) else "0"
        more, less = two_ways(rng, question, axis)
        margin = (pick(rng, {0: 70, 1: 20, 2: 10}), pick(rng, {0: 70, 1: 20, 2: 10}))
        parts = [
            [f"    if me[{place}] < aim[{place}] - {margin[0]}:", answer(more, 2)],
            [f"    if me[{place}] > aim[{place}] + {margin[1]}:", answer(less, 2)],
        ]
        if rng.random() < 0.5:
            parts.reverse()
        body += [*parts[0], *parts[1]]
    return [*body, answer(resting(rng, question), 1)]


def _valued(rng: Random, question: Question, board: Board) -> list[str]:
    """Give every way a value by where it leads, and take the best."""
    body = [*noise(rng, question), *_places(rng, question, board), *_ways(rng, question)]
    if question.listed and rng.random() < 0.7:
        body.append(f"    ways = {{a: w for a, w in ways.items() if a in {question.get(question.listed)}}} or ways")
    terms = [_term(rng, board) for _ in range(pick(rng, {1: 25, 2: 38, 3: 27, 4: 10}))]
    if any("far" in term for term in terms):
        free = _condition(rng, board, "g[b[0]][b[1]]", positive=False)
        body += [line.replace("{free}", free) for line in _WAY]
    if any("been" in term for term in terms):
        body.append("    been[me] = been.get(me, 0) + 1")
    edge = rng.choice(board.values)
    border = quoted(edge) if isinstance(edge, str) else str(edge)
    body += [
        "    def score(a):",
        "        i, j = me[0] + ways[a][0], me[1] + ways[a][1]",
        f"        v = g[i][j] if 0 <= i < len(g) and 0 <= j < len(g[0]) else {border}",
        "        s = 0",
        *terms,
        "        return s",
    ]
    return [*body, f"    return {pick(rng, {'max': 92, 'min': 8})}(ways, key=score)"]


def _ways(rng: Random, question: Question) -> list[str]:
    """The line that says where every way leads, rows first: right mostly, where the names tell."""
    if question.heading:
        ahead, left, right = question.ways if rng.random() < 0.6 else rng.sample(question.ways, 3)
        return [
            "    back = last[0] or (me[0], me[1] - 1)",
            "    di, dj = me[0] - back[0], me[1] - back[1]",
            "    last[0] = me",
            f"    ways = {{{quoted(ahead)}: (di, dj), {quoted(left)}: (-dj, di), {quoted(right)}: (dj, -di)}}",
        ]
    leads = ["(0, -1)", "(0, 1)", "(-1, 0)", "(1, 0)"]
    ways = list(question.ways)
    if len(ways) < 4:
        leads = leads[: len(ways)]
    kind = pick(rng, {"right": 62, "crossed": 18, "any": 20})
    if kind == "crossed" and len(ways) == 4:
        leads = ["(-1, 0)", "(1, 0)", "(0, -1)", "(0, 1)"]
    elif kind == "any":
        rng.shuffle(leads)
    told = [f"{quoted(way)}: {lead}" for way, lead in zip(ways, leads, strict=True)]
    rng.shuffle(told)
    return [f"    ways = {{{', '.join(told)}}}"]


def _condition(rng: Random, board: Board, what: str, positive: bool = True) -> str:
    """Whether a cell is, or is not, of one value or two."""
    few = [_value(rng, board)]
    if len(board.values) > 2 and rng.random() < 0.35:
        few = list(dict.fromkeys([*few, _value(rng, board)]))
    if len(few) == 1:
        return f"{what} {'==' if positive else '!='} {few[0]}"
    return f"{what} {'in' if positive else 'not in'} ({few[0]}, {few[1]})"


def _term(rng: Random, board: Board) -> str:
    term, wanted = pick(
        rng,
        {
            (f"({_condition(rng, board, 'v')})", rng.choice(("+=", "-=", "-="))): 42,
            ("abs(i - aim[0])", "-="): 9,
            ("abs(j - aim[1])", "-="): 9,
            ("(abs(i - aim[0]) + abs(j - aim[1]))", "-="): 16,
            ("been.get((i, j), 0)", "-="): 9,
            ("far.get((i, j), 99)", "-="): 9,
            ("random.random()", "+="): 4,
            ("(abs(i - len(g) // 2) + abs(j - len(g[0]) // 2))", "-="): 2,
        },
    )
    sign = wanted if rng.random() < 0.82 else {"+=": "-=", "-=": "+="}[wanted]
    weight = pick(rng, {1: 45, 2: 12, 5: 13, 10: 15, 50: 15})
    return f"        s {sign} {f'{weight} * ' if weight > 1 else ''}{term}"
