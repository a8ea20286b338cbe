"""Made-up titles of the console: told as its real ones are, with other fields, other buttons, and names of which some
are those of the known titles, not in their usual company. Programs for them are those for any game of numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from grpo_arcade.games.atari.fields import FARTHEST, MOVED, Field, Objects
from grpo_arcade.games.atari.prompt import symbolic_prompt
from grpo_arcade.trainer.models.pocket.grammar.choice import pick
from grpo_arcade.trainer.models.pocket.grammar.made_up import words
from grpo_arcade.trainer.models.pocket.grammar.made_up.questions import Number, Question, draw_buttons


def draw_question(rng: Random) -> Question:
    """A title that the console never had, told as its titles are: places in pixels, what moves, its own buttons."""
    actions, ways, rest = draw_buttons(rng)
    stem, taken = words.stem_maker(rng), {"step", "score", "lives"}
    if rng.random() < 0.75:
        stem = words.among_strangers(stem)
    fields: list[Field] = []
    moving: list[str] = []
    numbers: list[Number] = []
    for thing in range(pick(rng, {1: 10, 2: 34, 3: 30, 4: 18, 5: 8})):
        name = "player" if not thing and rng.random() < 0.7 else words.distinct(rng, stem, taken)
        taken.add(name)
        along = pick(rng, {"x": 5, "y": 3, "xy": 3} if not thing else {"x": 4, "y": 2, "xy": 6})
        absent = thing > 0 and rng.random() < 0.5
        meaning = _place(rng, not thing, along, actions)
        for axis in along:
            low, high = (0, 159) if axis == "x" else (0, 209)
            if rng.random() < 0.3:
                low, high = sorted(rng.sample(range(low, high + 1), 2))
            fields.append(Field(f"{name}_{axis}", low, high, meaning, absent))
            numbers.append(Number(f"{name}_{axis}", low, high, meaning, axis, thing, absent))
        if rng.random() < 0.6:
            moving.append(name)
            numbers += [Number(f"{name}_d{axis}", -FARTHEST, FARTHEST, MOVED, f"d{axis}", thing) for axis in along]
    for _ in range(pick(rng, {0: 50, 1: 35, 2: 15})):
        name, high = words.distinct(rng, lambda r: words.count(r, stem, taken), taken), rng.choice((1, 3, 5, 10, 99))
        meaning = pick(rng, {f"{words.noun(rng)}s left": 2, words.sentence(rng).rstrip(".").lower(): 2, "how many": 1})
        fields.insert(rng.choice((0, len(fields))), Field(name, 0, high, meaning))
        numbers.append(Number(name, 0, high, meaning))
    names = [number.name for number in numbers]
    if len(set(names)) < len(names) or words.HELD_OUT & set(names):
        return draw_question(rng)
    objects = Objects(tuple(fields), lambda _memory: {}, moving=tuple(moving))
    title = " ".join(word.capitalize() for word in (words.plain(rng).replace("_", " ")).split())
    if rng.random() < 0.4:
        title = words.made_up(rng).capitalize() + rng.choice(("", "", "!", " II", f" {words.noun(rng).capitalize()}"))
    ends = pick(
        rng,
        {
            "It ends when the console says so, in most games with the last life.": 2,
            words.sentence(rng): 3,
            f"{words.sentence(rng)} {words.sentence(rng)}": 2,
        },
    )
    skip, sticky = pick(rng, {4: 12, 1: 1, 2: 1, 3: 1}), pick(rng, {0.25: 8, 0.0: 1})
    prompt = symbolic_prompt(title, objects, actions, ends, skip, sticky)
    counted = (Number("step", 0, 4000, ""), Number("score", 0, 1000, ""), Number("lives", 0, 5, ""))
    return Question("state", False, actions, ways, False, rest, (*numbers, *counted), prompt=prompt)


def _place(rng: Random, own: bool, along: str, actions: Sequence[str]) -> str:
    """What a thing of the console is."""
    thing = words.noun(rng)
    told = f"your {thing}" if own else f"the {pick(rng, {thing: 5, f'other {thing}': 1, words.plain(rng): 3})}"
    told = told.replace("_", " ")
    if len(along) == 1 and rng.random() < 0.5:
        where = rng.choice(("on the left", "on the right") if along == "y" else ("at the bottom", "at the top", ""))
        told += f", {where}{' ' if where else ''}at {'x' if along == 'y' else 'y'} = {rng.randint(5, 200)}"
    if rng.random() < 0.25:
        told += f", {rng.randint(2, 40)} {rng.choice(('wide', 'tall'))}"
    if rng.random() < 0.3:
        does = f"{rng.choice(actions)} {rng.choice(('shoots', 'jumps', 'moves it', 'drops it', 'starts it'))}"
        told += f"; {pick(rng, {does: 2, words.sentence(rng).rstrip('.').lower(): 2})}"
    return told
