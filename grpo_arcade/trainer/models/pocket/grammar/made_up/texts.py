"""Made-up games that show a text: what was answered to the last move.

A program looks for words of it, or at its length, and otherwise goes round a list of actions, or between two.
"""

from __future__ import annotations

from random import Random

from grpo_arcade.trainer.models.pocket.grammar.choice import pick
from grpo_arcade.trainer.models.pocket.grammar.made_up import words
from grpo_arcade.trainer.models.pocket.grammar.made_up.asking import asked_by_a_server
from grpo_arcade.trainer.models.pocket.grammar.made_up.lines import answer, noise, program, thoughtless
from grpo_arcade.trainer.models.pocket.grammar.made_up.questions import (
    Question,
    called,
    draw_actions,
    end_of_prompt,
    opening,
    quoted,
    return_line,
)


def draw_question(rng: Random) -> Question:
    """A game that tells."""
    actions, ways, rest = draw_actions(rng, 2)
    taken: set[str] = set()
    stem = words.stem_maker(rng)
    said = tuple(
        words.distinct(rng, lambda r: stem(r) if r.random() < 0.6 else r.choice(words.OTHER_VERBS), taken)
        for _ in range(rng.randint(2, 4))
    )
    argument = rng.choice(("message", "text", "answer", "reply", "line", "news", "told", "story"))
    listed = [quoted(word) for word in said]
    told = pick(
        rng,
        {
            f"the last answer, such as {', '.join(listed[:-1])} or {listed[-1]}": 4,
            f"a text that says {' or '.join(listed)}": 3,
            f"what happened last, in words: {', '.join(listed)}": 3,
        },
    )
    if rng.random() < 0.6:
        prompt = asked_by_a_server(rng, [(argument, told)], actions)
    else:
        prompt = f"{opening(rng)}\n\n{called(rng, argument)} `{argument}` is {told}. {return_line(rng, actions)}"
        prompt = f"{prompt} {words.sentences(rng)}".rstrip() + f"\n\n{end_of_prompt(rng, argument, actions, ())}"
    return Question(argument, True, actions, ways, False, rest, texts=said, prompt=prompt)


def draw_program(rng: Random, question: Question) -> str:
    """One program, newline at the end."""
    if rng.random() < 0.15:
        return program(question, thoughtless(rng, question))
    body = noise(rng, question)
    for word in rng.sample(question.texts, rng.randint(1, len(question.texts))):
        body.append(f"    if {pick(rng, {f'{quoted(word)} in t': 8, f't == {quoted(word)}': 2})}:")
        if rng.random() < 0.15:
            body.append("        last[0] = None")
        body.append(answer(rng.choice(question.actions), 2))
    end = pick(rng, {"fixed": 5, "round": 3, "length": 1, "switch": 2})
    if end == "fixed":
        return program(question, [*body, answer(rng.choice(question.actions), 1)])
    if end == "length":
        size = rng.choice((2, 5, 10, 20, 40))
        body += [f"    if len(t) > {size}:", answer(rng.choice(question.actions), 2)]
        return program(question, [*body, answer(rng.choice(question.actions), 1)])
    if end == "switch":
        one, other = rng.choice(question.actions), rng.choice(question.actions)
        body += [
            f"    last[0] = {quoted(one)} if last[0] == {quoted(other)} else {quoted(other)}",
            "    return last[0]",
        ]
        return program(question, body)
    few = ", ".join(quoted(rng.choice(question.actions)) for _ in range(rng.randint(2, 5)))
    body += ["    count[0] += 1", f"    order = [{few}]", "    return order[count[0] % len(order)]"]
    return program(question, body)
