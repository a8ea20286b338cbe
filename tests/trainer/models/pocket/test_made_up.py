"""Made-up games: their prompts ask as real ones do, their programs run and use the prompts' names, none is held out."""

import contextlib
import random

import pytest

from grpo_arcade.games.players import check_source, extract_source
from grpo_arcade.games.registry import make
from grpo_arcade.trainer.models.pocket.grammar import answers_for
from grpo_arcade.trainer.models.pocket.grammar.made_up.words import HELD_OUT
from grpo_arcade.trainer.models.pocket.names import only_names_of

EXAMPLES = [example for i in range(400) for example in answers_for("made-up", random.Random(i), 2)]
SOURCES = [extract_source(example.completion).source for example in EXAMPLES]


def seen(question, rng):
    """Something that such a game may show."""
    if question.texts:
        return f"it {rng.choice(question.texts)} now"
    things = {
        number.name: -1 if number.absent and rng.random() < 0.3 else rng.randint(number.low, number.high)
        for number in question.numbers
    }
    if question.alone and not question.boards:
        return list(things.values())
    for board in question.boards:
        rows = [[rng.choice(board.values) for _ in range(board.columns)] for _ in range(board.rows)]
        things[board.name] = rows
        sides = [board.rows, board.columns] if question.row_first else [board.columns, board.rows]
        things.update({name: [rng.randrange(side) for side in sides] for name in question.pairs})
    if question.listed:
        things[question.listed] = rng.sample(question.actions, rng.randint(1, len(question.actions)))
    return things[question.boards[0].name] if question.alone else things


def lent(question, rng):
    answers = {
        "number": lambda *_: rng.randint(0, 20),
        "truth": lambda *_: rng.random() < 0.5,
        "action": lambda *_: question.actions[0],
    }
    return {tool.name: answers[tool.answers] for tool in question.tools}


def test_programs_run_and_answer_with_an_action_of_the_prompt():
    for number, (example, source) in enumerate(zip(EXAMPLES, SOURCES, strict=True)):
        question, rng = example.options["question"], random.Random(number)
        assert check_source(source) is None, source
        space = lent(question, rng)
        exec(source, space)  # the grammar's own, not a model's
        for _ in range(4):
            with contextlib.suppress(RecursionError):
                assert space["strategy"](seen(question, rng)) in question.actions, (example.prompt, source)


def test_programs_use_the_names_of_the_prompt_alone():
    for example, source in zip(EXAMPLES, SOURCES, strict=True):
        assert only_names_of(example.prompt, source), (example.prompt, source)


def test_a_program_for_one_game_is_seldom_one_for_another():
    mixed = [only_names_of(EXAMPLES[i].prompt, SOURCES[i - 2]) for i in range(2, len(EXAMPLES))]
    assert sum(mixed) < 0.1 * len(mixed)


@pytest.mark.parametrize(
    ("source", "fits"),
    [
        ('def strategy(state):\n    return "UP" if state["näh_x"] > 3 else "DOWN"', True),
        ('def strategy(state):\n    return "UP" if state["nah_x"] > 3 else "DOWN"', False),
        ('def strategy(state):\n    return "LEFT"', False),
        ("def strategy(state):\n    return best(state)", True),
        ("def strategy(state):\n    return worst(state)", False),
        ("def strategy(state):\n    return", True),
        ("def strategy(state:", False),
    ],
)
def test_a_name_that_the_prompt_does_not_have_is_found(source, fits):
    prompt = '`strategy(state)`: "näh_x" (0 to 9). Return "UP" or "DOWN".\n- `best(state)`: Returns the best.'
    assert only_names_of(prompt, source) is fits


def test_games_are_of_many_kinds_and_names_of_many_scripts():
    questions = {example.options["question"] for example in EXAMPLES}
    assert len({question.prompt for question in questions}) == len(EXAMPLES) // 2
    for kind in ("texts", "boards", "pairs", "listed", "tools", "heading", "alone", "rest", "numbers"):
        assert 0.02 < sum(bool(getattr(question, kind)) for question in questions) / len(questions) < 0.95, kind
    strange = [question for question in questions if not "".join((*question.names, *question.actions)).isascii()]
    assert 0.08 < len(strange) / len(questions) < 0.5
    assert len({letter for question in strange for letter in question.prompt if ord(letter) > 127}) > 100
    assert len(set(SOURCES)) > 0.8 * len(SOURCES)


def test_nothing_of_the_games_held_out_is_among_them():
    for example in EXAMPLES:
        question = example.options["question"]
        used = {*question.names, *question.actions, question.argument}
        assert not used & HELD_OUT
    for spec in ("catch", "snake", "maze"):
        prompt = make("openenv:ws://localhost", spec=spec).prompt()
        assert any(f"`{name}`" in prompt or f'"{name}"' in prompt for name in HELD_OUT)
        assert prompt not in {example.prompt for example in EXAMPLES}
