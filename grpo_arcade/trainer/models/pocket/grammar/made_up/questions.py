"""A made-up game's question: what a strategy sees and may answer, in the words in which the arcade's games ask.

A :class:`Question` is drawn at random; nobody plays it. Its prompt is made by the code that makes the prompts of real
games where that code can be called (the console's, a server's by its spec), and in the form that a package's game has
by ``arcade new-game`` otherwise.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from grpo_arcade.trainer.models.pocket.grammar.choice import pick
from grpo_arcade.trainer.models.pocket.grammar.made_up import words


@dataclass(frozen=True, slots=True)
class Number:
    """One number that a strategy sees."""

    name: str
    low: int
    high: int
    meaning: str
    axis: str = ""
    """"x" or "y" where it is a place along one of them, "dx" or "dy" where it is a speed; else nothing."""
    thing: int = -1
    """Which of the game's things it belongs to; 0 is the player's own."""
    absent: bool = False
    """Whether it may be -1, for what is not there."""


@dataclass(frozen=True, slots=True)
class Board:
    """Rows of cells that a strategy sees."""

    name: str
    rows: int
    columns: int
    values: tuple[Any, ...]
    """What may be in a cell; the first is an empty one."""
    meanings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a strategy is lent."""

    name: str
    arguments: tuple[str, ...]
    answers: str
    """``number``, ``truth`` or ``action``."""
    doc: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a made-up game asks."""

    argument: str
    """The name of the strategy's parameter."""
    alone: bool
    """Whether the parameter is what is seen itself, and not a dict of it by name."""
    actions: tuple[str, ...]
    ways: tuple[str, ...] = ()
    """Actions that mean left and right, or left, right, up and down; or straight on, left and right."""
    heading: bool = False
    """Whether ``ways`` are turns."""
    rest: tuple[str, ...] = ()
    """Actions that mean to wait."""
    numbers: tuple[Number, ...] = ()
    boards: tuple[Board, ...] = ()
    pairs: tuple[str, ...] = ()
    """Names of places as [column, row], the player's own first; or as [row, column]."""
    row_first: bool = False
    listed: str = ""
    """The name under which the moves that are possible are listed."""
    texts: tuple[str, ...] = ()
    """What the text that is seen may say."""
    tools: tuple[Tool, ...] = ()
    prompt: str = field(default="", compare=False)

    @property
    def names(self) -> frozenset[str]:
        """Every name by which something is seen."""
        seen = (*(n.name for n in self.numbers), *(b.name for b in self.boards), *self.pairs, self.listed)
        return frozenset(name for name in seen if name)

    def get(self, name: str) -> str:
        """The expression for what is seen by a name."""
        return self.argument if self.alone else f"{self.argument}[{json.dumps(name, ensure_ascii=False)}]"


def quoted(text: str) -> str:
    """As Python and prompts write it."""
    return json.dumps(text, ensure_ascii=False)


PLAIN = """Use only plain Python and pure modules of its standard library; keep helpers inside the function. Answer \
with one short code block like this:"""


def draw_actions(rng: Random, need: int) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Actions in the order in which they are told; those that are ways, at least ``need``; those that rest."""
    if rng.random() < 0.6:
        ways: tuple[str, ...] = rng.choice(words.WAYS)
        if need == 2 and rng.random() < 0.65:
            ways = ways[:2] if rng.random() < 0.7 else ways[2:]
    else:
        taken: set[str] = set()
        maker = words.stem_maker(rng)
        case = rng.choice((str.upper, str.upper, str.lower, str.capitalize))
        ways = tuple(
            words.distinct(rng, lambda r: case(maker(r)), taken) for _ in range(need if rng.random() < 0.6 else 4)
        )
    rest = (rng.choice(words.RESTS),) if rng.random() < 0.6 else ()
    others: tuple[str, ...] = ()
    if len(ways) == 4 and need == 2 and rng.random() < 0.3:
        ways = tuple(rng.sample(ways, rng.choice((2, 3))))
    if rng.random() < 0.2:  # DROP beside DOWN, or DOWL
        like = rng.choice((*ways, *rest))
        case = str.upper if like.isupper() else str.lower
        taken = {*ways, *rest}
        others = (words.distinct(rng, lambda r: case(words.beginning_as(r, like, r.choice(words.VERBS))), taken),)
    elif rng.random() < 0.3:
        case = rng.choice((str.upper, str.upper, str.lower))
        others = tuple(case(verb) for verb in rng.sample(words.VERBS, rng.choice((1, 1, 2, 3))))
        if rng.random() < 0.3:
            others += tuple(f"{way}{case(others[0])}" for way in ways)
    every = list(dict.fromkeys((*ways, *rest, *others)))
    if rng.random() < 0.4:
        rng.shuffle(every)
    elif rest and len(ways) == 2 and rng.random() < 0.6:
        every = list(dict.fromkeys((ways[0], rest[0], ways[1], *others)))
    return tuple(every), ways, tuple(word for word in rest if word in every)


_AIMS = ("UP", "RIGHT", "LEFT", "DOWN", "UPRIGHT", "UPLEFT", "DOWNRIGHT", "DOWNLEFT")
_BUTTONS = ("NOOP", "FIRE", *_AIMS, *(f"{aim}FIRE" for aim in _AIMS))
"""The console's, in its order."""


def draw_buttons(rng: Random) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The console's buttons that one game knows, as :func:`draw_actions` has them: UP without DOWN now and then."""
    level, upright = rng.choice((("LEFT", "RIGHT"), ("RIGHT", "LEFT"))), ("UP", "DOWN")
    some = pick(rng, {"level": 5, "upright": 2, "four": 4, "three": 7, "two": 2})
    if some in ("level", "upright"):
        ways: tuple[str, ...] = level if some == "level" else upright
    elif some == "four":
        ways = ("LEFT", "RIGHT", "UP", "DOWN")
    else:
        ways = tuple(rng.sample((*level, *upright), 3 if some == "three" else 2))
    known = {"NOOP", *ways}
    fire = rng.random() < 0.65
    slanting = {f"{one}{other}" for one in upright for other in level if {one, other} <= known}
    if slanting and rng.random() < 0.4:
        known |= slanting
    if fire:
        known |= {"FIRE"} | ({f"{button}FIRE" for button in known - {"NOOP"}} if rng.random() < 0.5 else set())
    actions = tuple(button for button in _BUTTONS if button in known)
    if len(ways) == 3:  # the pair of them that are each other's opposites
        ways = ("UP", "DOWN") if set(upright) <= set(ways) else ("LEFT", "RIGHT")
    return actions, ways, ("NOOP",)


def return_line(rng: Random, actions: tuple[str, ...]) -> str:
    """What may be returned, in one of the ways in which games say it."""
    listed = [quoted(action) for action in actions]
    ways = {f"Return one of {', '.join(listed)}": 5, f"Return {', '.join(listed[:-1])} or {listed[-1]}": 4}
    told = [f"{text} ({words.sentence(rng).rstrip('.').lower()})" for text in listed[:4]]
    if len(listed) <= 4:
        ways[f"Return {', '.join(told[:-1])} or {told[-1]}"] = 2
    end = pick(
        rng,
        {
            "": 5,
            f": the {words.noun(rng)} {rng.choice(words.OTHER_VERBS)} by one {words.noun(rng)}": 4,
            "; it is held until the next call": 2,
        },
    )
    return f"{pick(rng, ways)}{end}."


def example_answer(rng: Random, actions: tuple[str, ...]) -> str:
    """The line of the example at a prompt's end."""
    return f"    return {quoted(rng.choice((actions[0], actions[0], rng.choice(actions))))}"


def end_of_prompt(rng: Random, argument: str, actions: tuple[str, ...], tools: tuple[Tool, ...]) -> str:
    """The last paragraphs: the functions lent if there are any, what is asked for, one example."""
    answer = example_answer(rng, actions)
    if not tools:
        return f"{PLAIN}\n\n```python\ndef strategy({argument}):\n{answer}\n```"
    lines = [f"- `{tool.name}({', '.join(tool.arguments)})`: {tool.doc}" for tool in tools]
    return "\n".join(
        [
            "These functions are defined already; call them, and do not write them again:",
            *lines,
            "",
            "Use only plain Python and pure modules of its standard library. Answer with one short code block that "
            "defines `strategy`. This one plays already; write a better one:",
            "",
            "```python",
            f"def strategy({argument}):",
            answer,
            "```",
        ]
    )


def title(rng: Random) -> str:
    """A made-up game's name."""
    return pick(
        rng,
        {
            f"{words.noun(rng)} {words.noun(rng)}": 3,
            f"a {words.noun(rng)}": 3,
            words.made_up(rng).capitalize(): 3,
            f"{words.noun(rng)}s": 2,
            f"the {rng.choice(words.TRAITS).replace('_', ' ')} {words.noun(rng)}": 2,
        },
    )


def opening(rng: Random) -> str:
    """The first line of a prompt."""
    return pick(
        rng,
        {
            f"Write a Python strategy that plays {title(rng)} and {words.goal(rng)}.": 6,
            f"Write a Python strategy that {words.goal(rng)}.": 4,
            f"Write a Python strategy that plays {title(rng)} on a {rng.randint(3, 30)}x{rng.randint(3, 30)} board "
            f"and {words.goal(rng)}.": 2,
        },
    )


def called(rng: Random, argument: str) -> str:
    """When the function is called."""
    when = pick(rng, {"before every move": 6, "every 4 frames, at 60 frames a second": 1, "once a turn": 1})
    return f"`strategy({argument})` is called {when}."
