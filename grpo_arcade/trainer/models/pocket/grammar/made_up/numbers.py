"""Made-up games that show named numbers, or a list of numbers: things with places, speeds, what is left of something.

A program reads a few of them into ``me`` and ``aim``, corrects and compares them, and answers, as those for the
console's games do; or it asks one threshold after another, or what the game lends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from grpo_arcade.games.atari.fields import Field, Objects
from grpo_arcade.games.atari.prompt import symbolic_prompt
from grpo_arcade.trainer.models.pocket.grammar.choice import pick
from grpo_arcade.trainer.models.pocket.grammar.made_up import words
from grpo_arcade.trainer.models.pocket.grammar.made_up.asking import asked_by_a_server
from grpo_arcade.trainer.models.pocket.grammar.made_up.lines import answer, counting, noise, program, thoughtless
from grpo_arcade.trainer.models.pocket.grammar.made_up.questions import (
    Number,
    Question,
    Tool,
    called,
    draw_actions,
    end_of_prompt,
    opening,
    quoted,
    return_line,
)

_AXES = (
    ("_x", "_y", "_dx", "_dy"),
    ("_column", "_row", "_vx", "_vy"),
    ("_col", "_row", "_dcol", "_drow"),
    ("X", "Y", "VX", "VY"),
    ("_left", "_top", "_speed_x", "_speed_y"),
    ("_place", "_level", "_speed", "_rise"),
    ("_i", "_j", "_di", "_dj"),
    ("1", "2", "3", "4"),
)
_MARGINS = (0, 0, 0, 1, 1, 2, 3, 4, 6, 8, 12, 16)


def draw_question(rng: Random) -> Question:
    """A game of numbers."""
    numbers = _numbers(rng)
    axes = {number.axis for number in numbers}
    actions, ways, rest = draw_actions(rng, 4 if {"x", "y"} <= axes and rng.random() < 0.4 else 2)
    style = pick(rng, {_console: 15, _server: 30, _package: 32, _vector: 12})
    return style(rng, numbers, actions, ways, rest)


def _numbers(rng: Random) -> tuple[Number, ...]:
    """Things with their places, then what is counted, in one game's way to name them."""
    stem, case, axes = words.stem_maker(rng), words.case_maker(rng), rng.choice(_AXES)
    taken: set[str] = set()
    if rng.random() < 0.25:
        stem, case = words.among_strangers(stem), case if rng.random() < 0.25 else str
        axes = _AXES[0] if rng.random() < 0.7 else axes
    wide, high = (rng.choice((4, 6, 8, 10, 12, 15, 20, 31, 63, 99, 159, 255)) for _ in range(2))
    found: list[Number] = []
    things = pick(rng, {1: 8, 2: 40, 3: 32, 4: 20})
    own_axes = pick(rng, {"x": 4, "y": 2, "xy": 5})
    for thing in range(things):
        bare = words.distinct(rng, stem, taken)
        along = own_axes if not thing else pick(rng, {"x": 2, "y": 1, "xy": 6})
        meaning = f"your {words.noun(rng)}" if not thing and rng.random() < 0.8 else f"the {words.noun(rng)}"
        if rng.random() < 0.4:
            meaning += f", {words.sentence(rng).rstrip('.').lower()}"
        absent = thing > 0 and rng.random() < 0.25
        single = len(along) == 1 and rng.random() < 0.4
        for axis in along:
            name = case(bare if single else bare + axes["xy".index(axis)])
            found.append(Number(name, 0, wide if axis == "x" else high, meaning, axis, thing, absent))
        if rng.random() < 0.3:
            far = rng.choice((1, 2, 5, 10, 40))
            found += [
                Number(
                    case(bare + axes[2 + "xy".index(axis)]), -far, far, "how far it has moved since", f"d{axis}", thing
                )
                for axis in (along if rng.random() < 0.7 else rng.choice(along))
            ]
    for _ in range(pick(rng, {0: 30, 1: 30, 2: 25, 3: 15})):
        name = case(words.distinct(rng, lambda r: words.count(r, stem, taken), taken))
        found.append(Number(name, 0, rng.choice((1, 3, 5, 10, 50, 100, 1000)), words.sentence(rng).rstrip(".").lower()))
    names = [number.name for number in found]
    if len(set(names)) < len(names) or words.HELD_OUT & set(names):
        return _numbers(rng)
    if rng.random() < 0.3:
        rng.shuffle(found)
    return tuple(found)


def _console(
    rng: Random, numbers: tuple[Number, ...], actions: tuple[str, ...], ways: tuple[str, ...], rest: tuple[str, ...]
) -> Question:
    common = {"step", "score", "lives"}
    fields = tuple(Field(n.name, n.low, n.high, n.meaning, n.absent) for n in numbers if n.name not in common)
    ends = words.sentence(rng)
    frame_skip, sticky = pick(rng, {4: 6, 1: 1, 2: 1, 3: 1}), pick(rng, {0.25: 6, 0.0: 2})
    name = words.made_up(rng).capitalize() if rng.random() < 0.5 else words.noun(rng).capitalize()
    prompt = symbolic_prompt(name, Objects(fields, lambda _memory: {}), actions, ends, frame_skip, sticky)
    own = tuple(number for number in numbers if number.name not in common)
    counted = (Number("step", 0, 4000, ""), Number("score", 0, 1000, ""), Number("lives", 0, 5, ""))
    return Question("state", False, actions, ways, False, rest, (*own, *counted), prompt=prompt)


def _server(
    rng: Random, numbers: tuple[Number, ...], actions: tuple[str, ...], ways: tuple[str, ...], rest: tuple[str, ...]
) -> Question:
    if len(numbers) == 1:  # a server that shows one thing shows it as such
        return _package(rng, numbers, actions, ways, rest)
    seen = [(n.name, n.meaning + (f", {n.low} to {n.high}" if rng.random() < 0.7 else "")) for n in numbers]
    prompt = asked_by_a_server(rng, seen, actions)
    return Question("state", False, actions, ways, False, rest, numbers, prompt=prompt)


def _package(
    rng: Random, numbers: tuple[Number, ...], actions: tuple[str, ...], ways: tuple[str, ...], rest: tuple[str, ...]
) -> Question:
    argument = pick(rng, {"state": 7, "obs": 1, "observation": 1, "view": 1})
    told: list[str] = []
    for number in numbers:
        span = f"{number.low} to {number.high}{' or -1' if number.absent else ''}"
        told.append(
            quoted(number.name)
            + pick(
                rng,
                {
                    f" ({number.meaning})": 3,
                    f" ({span})": 2,
                    f" ({number.meaning}, {span})": 2,
                    f" ({number.high})": 1,
                    f" ({number.meaning}; {words.sentence(rng).rstrip('.').lower()})": 1,
                    f" ({number.high}) of the {words.noun(rng)}": 1,
                    f": {number.meaning}": 1,
                    "": 2,
                },
            )
        )
    what = pick(rng, {"a dict of whole numbers": 3, "a dict": 3, "a dictionary": 1})
    if rng.random() < 0.6:
        listed = f"`{argument}` is {what}: {', '.join(told[:-1])}{' and ' if told[:-1] else ''}{told[-1]}."
    else:
        listed = f"`{argument}` is {what}:\n" + "\n".join(f"- {each}" for each in told) + "\n\n"
    tools = _tools(rng, argument, actions) if rng.random() < 0.3 else ()
    prompt = f"{opening(rng)}\n\n{called(rng, argument)} {listed} {return_line(rng, actions)} {words.sentences(rng)}"
    prompt = f"{prompt.rstrip()}\n\n{end_of_prompt(rng, argument, actions, tools)}"
    return Question(argument, False, actions, ways, False, rest, numbers, tools=tools, prompt=prompt)


def _vector(
    rng: Random, numbers: tuple[Number, ...], actions: tuple[str, ...], ways: tuple[str, ...], rest: tuple[str, ...]
) -> Question:
    argument = rng.choice(("state", "obs", "observation", "v", "values", words.distinct(rng, words.plain, set())))
    unnamed = tuple(
        Number(str(place), n.low, n.high, n.meaning, n.axis, n.thing, n.absent) for place, n in enumerate(numbers)
    )
    meanings = ", ".join(n.meaning + (f" from {n.low} to {n.high}" if rng.random() < 0.5 else "") for n in numbers)
    listed = f"a list of {len(numbers)} {rng.choice(('numbers', 'integers', 'whole numbers'))}: {meanings}"
    if rng.random() < 0.5:
        prompt = asked_by_a_server(rng, [(argument, listed)], actions)
    else:
        prompt = f"{opening(rng)}\n\n{called(rng, argument)} `{argument}` is {listed}. {return_line(rng, actions)}"
        prompt = f"{prompt}\n\n{end_of_prompt(rng, argument, actions, ())}"
    return Question(argument, True, actions, ways, False, rest, unnamed, prompt=prompt)


def _tools(rng: Random, argument: str, actions: tuple[str, ...]) -> tuple[Tool, ...]:
    """One to four functions of the state, or of the state and an action."""
    stem, taken = words.stem_maker(rng), {"strategy", "me", "aim", "count", "last", "random", argument}

    def name(r: Random) -> str:
        made = stem(r) if r.random() < 0.5 else f"{r.choice(words.VERBS)}_{r.choice(words.THINGS)}"
        return made if made.isidentifier() else words.made_up(r)

    found = []
    for _ in range(pick(rng, {1: 3, 2: 4, 3: 2, 4: 1})):
        called_so = words.distinct(rng, name, taken)
        answers, arguments, doc = pick(
            rng,
            {
                ("number", (argument,), f"Returns how far the {words.noun(rng)} is"): 3,
                ("number", (argument, "action"), f"Returns the {words.noun(rng)} after an action"): 4,
                ("truth", (argument,), f"Returns whether the {words.noun(rng)} {rng.choice(words.OTHER_VERBS)}"): 3,
                (
                    "truth",
                    (argument, "action"),
                    f"Returns whether the {words.noun(rng)} can {rng.choice(words.VERBS)}",
                ): 2,
                ("action", (argument,), f"Returns the action that brings the {words.noun(rng)} nearer"): 1,
            },
        )
        found.append(Tool(called_so, arguments, answers, f"{doc}. {words.sentences(rng, 1)}".strip()))
    return tuple(found)


def draw_program(rng: Random, question: Question) -> str:
    """One program, newline at the end."""
    families = {_follow: 58, _both_axes: 16, _thresholds: 14, _thoughtless: 10}
    if question.tools and rng.random() < 0.6:
        families = {_by_tools: 1}
    body = pick(rng, families)(rng, question)
    return program(question, body)


def _thoughtless(rng: Random, question: Question) -> list[str]:
    steps = [n for n in question.numbers if n.name in ("step", "ticks", "time", "turns", "moves", "round")]
    return thoughtless(rng, question, _read(question, steps[0]) if steps else "")


def _read(question: Question, number: Number) -> str:
    return f"v[{number.name}]" if question.alone else question.get(number.name)


def _own(rng: Random, question: Question, axis: str = "") -> Number:
    """A number that is likely to be the player's own place."""
    places = [n for n in question.numbers if n.axis == axis] if axis else []
    places = places or [n for n in question.numbers if n.axis in ("x", "y")] or list(question.numbers)
    own = [n for n in places if n.thing == 0]
    return rng.choice(own if own and rng.random() < 0.65 else places if rng.random() < 0.7 else question.numbers)


def _other(rng: Random, question: Question, own: Number) -> Number:
    """A number to compare it with: mostly of the same axis and another thing."""
    others = [n for n in question.numbers if n is not own] or [own]
    alike = [n for n in others if n.axis == own.axis and n.thing != own.thing]
    return rng.choice(alike if alike and rng.random() < 0.7 else others)


def _correct(rng: Random, question: Question, aim: Number, name: str = "aim") -> list[str]:
    """With luck: where it will be, or a little to one side."""
    lines = []
    speeds = [n for n in question.numbers if n.axis == f"d{aim.axis}" and n.thing == aim.thing]
    speeds = speeds or [n for n in question.numbers if n.axis.startswith("d")]
    if speeds and rng.random() < 0.5:
        factor = rng.choice((1, 2, 4, 8))
        sign = pick(rng, {"+=": 75, "-=": 25})
        lines.append(f"    {name} {sign} {f'{factor} * ' if factor > 1 else ''}{_read(question, rng.choice(speeds))}")
    if rng.random() < 0.25:
        lines.append(f"    {name} {rng.choice(('+=', '-='))} {rng.choice((1, 1, 2, 3, 4, 8, 12))}")
    return lines


def two_ways(rng: Random, question: Question, axis: str) -> tuple[str, str]:
    """The answers where the aim is larger and where it is smaller: right ones mostly, where their names tell them."""
    ways = question.ways
    less, more = (ways[2], ways[3]) if axis == "y" and len(ways) == 4 else (ways[0], ways[1])
    kind = pick(rng, {"right": 55, "wrong": 27, "any": 18})
    if kind == "any":
        return rng.choice(question.actions), rng.choice(question.actions)
    return (more, less) if kind == "right" else (less, more)


def resting(rng: Random, question: Question) -> str:
    """What to answer where there is nothing to do."""
    return rng.choice(question.rest if question.rest and rng.random() < 0.6 else question.actions)


def _steer(rng: Random, question: Question, own: Number, depth: int = 1) -> list[str]:
    more, less = two_ways(rng, question, own.axis)
    pad = "    " * depth
    margins = (f"{rng.choice(_MARGINS)}", f"{rng.choice(_MARGINS)}")
    parts = [
        [f"{pad}if me < aim - {margins[0]}:", answer(more, depth + 1)],
        [f"{pad}if me > aim + {margins[1]}:", answer(less, depth + 1)],
    ]
    if rng.random() < 0.5:
        parts.reverse()
    return [*parts[0], *parts[1]]


def _guard(rng: Random, question: Question) -> list[str]:
    """With luck: something else when a number is on one side of a threshold."""
    if rng.random() < 0.7:
        return []
    if rng.random() < 0.3 and len(question.numbers) > 2:
        one = _own(rng, question)
        other = _other(rng, question, one)
        near = rng.choice((1, 2, 4, 8, 12, 16))
        return [
            f"    if abs({_read(question, one)} - {_read(question, other)}) < {near}:",
            answer(rng.choice(question.actions), 2),
        ]
    return [_asked(rng, question), answer(rng.choice(question.actions), 2)]


def _asked(rng: Random, question: Question) -> str:
    number = rng.choice(question.numbers)
    place = rng.choice((0, number.high // 4, number.high // 2, number.high // 2, 3 * number.high // 4, number.low))
    sign = rng.choice(("<", ">"))
    if number.absent and rng.random() < 0.5:
        sign, place = "<", 0
    return f"    if {_read(question, number)} {sign} {place}:"


def _follow(rng: Random, question: Question) -> list[str]:
    own = _own(rng, question)
    aim = _other(rng, question, own)
    body = [*noise(rng, question), f"    me = {_read(question, own)}"]
    if rng.random() < 0.1:
        body.append(f"    aim = {rng.choice((0, own.high // 2, own.high // 4, own.high))}")
    else:
        body += [f"    aim = {_read(question, aim)}", *_correct(rng, question, aim)]
    body += _guard(rng, question)
    return [*body, *_steer(rng, question, own), answer(resting(rng, question), 1)]


def _both_axes(rng: Random, question: Question) -> list[str]:
    """First one pair, then another where the first is near enough."""
    body = noise(rng, question)
    axes = ["x", "y"]
    rng.shuffle(axes)
    for axis in axes:
        own = _own(rng, question, axis)
        aim = _other(rng, question, own)
        body += [f"    me = {_read(question, own)}", f"    aim = {_read(question, aim)}"]
        if rng.random() < 0.4:
            body += _correct(rng, question, aim)
        body += _steer(rng, question, own)
    return [*body, answer(resting(rng, question), 1)]


def _thresholds(rng: Random, question: Question) -> list[str]:
    body = noise(rng, question)
    for _ in range(pick(rng, {1: 3, 2: 4, 3: 2})):
        body += [_asked(rng, question), answer(rng.choice(question.actions), 2)]
    if rng.random() < 0.3:
        body = [*counting(rng, question), *body]
    return [*body, answer(rng.choice(question.actions), 1)]


def _by_tools(rng: Random, question: Question) -> list[str]:
    body = noise(rng, question)
    tool = rng.choice(question.tools)
    over = f"[{', '.join(map(quoted, _some(rng, question.actions)))}]"
    with_action = len(tool.arguments) == 2
    if with_action:
        call = f"{tool.name}({question.argument}, a)"
        if tool.answers == "truth":
            body += [
                f"    for a in {over}:",
                f"        if {rng.choice(('', '', 'not '))}{call}:",
                "            return a",
            ]
            return [*body, answer(rng.choice(question.actions), 1)]
        return [*body, f"    return {pick(rng, {'max': 6, 'min': 4})}({over}, key=lambda a: {call})"]
    call = f"{tool.name}({question.argument})"
    if tool.answers == "action":
        return [*body, f"    return {call}"]
    sign = f" {rng.choice('<>')} {rng.choice((0, 0, 1, 2, 4, 8, 16))}" if tool.answers == "number" else ""
    body += [
        f"    if {rng.choice(('', '', 'not ')) if not sign else ''}{call}{sign}:",
        answer(rng.choice(question.actions), 2),
    ]
    return body + (_follow(rng, question) if rng.random() < 0.5 else [answer(rng.choice(question.actions), 1)])


def _some(rng: Random, actions: Sequence[str]) -> list[str]:
    """The actions in any order, sometimes not all."""
    listed = list(actions)
    rng.shuffle(listed)
    return listed if rng.random() < 0.7 else listed[: rng.randint(1, len(listed))]
