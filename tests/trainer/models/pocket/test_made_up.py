"""Made-up games: their prompts ask as real ones do, their programs run and use the prompts' names, none is held out."""

import contextlib
import random
import re
from importlib import resources

import pytest

from benchmarks.unseen import gopher
from grpo_arcade.games.atari.titles import SYMBOLIC
from grpo_arcade.games.players import check_source, extract_source
from grpo_arcade.games.registry import make
from grpo_arcade.trainer.models.pocket.grammar import answers_for
from grpo_arcade.trainer.models.pocket.grammar.made_up import cartridges, words
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


def test_in_many_games_names_begin_as_others_do_that_are_no_relatives():
    games = {example.options["question"] for example in EXAMPLES}
    alike = 0
    for question in games:
        for names in (question.names, frozenset(question.actions)):
            first = {re.split(r"_|(?=[A-Z])", name)[0] for name in names}
            if any(a[:1] and a[:1] == b[:1] and not (a.startswith(b) or b.startswith(a)) for a in first for b in first):
                alike += 1
                break
    assert 0.3 < alike / len(games) < 0.8


def test_names_of_known_games_stand_in_other_company():
    questions = [cartridges.draw_question(random.Random(seed)) for seed in range(300)]
    known = {frozenset(field.name for field in title.all_fields()) for title in SYMBOLIC.values()}
    everything = frozenset().union(*known) - {"step", "score", "lives"}
    assert all({f"{thing}_x", f"{thing}_y"} & everything for thing in words.FAMILIAR)
    assert set(words.FAMILIAR_COUNTS) <= everything
    familiar = [question for question in questions if question.names & everything]
    assert len(familiar) > 0.6 * len(questions)
    assert not any(question.names in known for question in questions)
    for one, other in (("_x", "_y"), ("_y", "_x")):
        alone = [
            name[:-2] + other not in question.names
            for question in familiar
            for name in question.names & everything
            if name.endswith(one)
        ]
        assert 0.1 < sum(alone) / len(alone) < 0.9
    for one, other in (("UP", "DOWN"), ("DOWN", "UP"), ("LEFT", "RIGHT")):
        has = [question.actions for question in questions if one in question.actions]
        assert 0.05 < sum(other not in actions for actions in has) / len(has) < 0.9


def test_nothing_of_the_games_held_out_is_among_them():
    for example in EXAMPLES:
        question = example.options["question"]
        used = {*question.names, *question.actions, question.argument}
        assert not used & HELD_OUT
    for spec in ("catch", "snake", "maze"):
        prompt = make("openenv:ws://localhost", spec=spec).prompt()
        assert any(f"`{name}`" in prompt or f'"{name}"' in prompt for name in HELD_OUT)
        assert prompt not in {example.prompt for example in EXAMPLES}
    asked = resources.files("grpo_arcade.arcade").joinpath("new_game/package/prompt.py.txt").read_text()
    assert set(re.findall(r'"(\w+)"', asked)) <= HELD_OUT | {"LEFT", "STAY", "RIGHT"}
    assert {field.name for field in gopher.FIELDS} - {"player_x"} <= HELD_OUT
    every = {*words.THINGS, *words.COUNTS, *words.FAMILIAR, *words.FAMILIAR_COUNTS, *words.TRAITS, *words.VERBS}
    assert not every & HELD_OUT
