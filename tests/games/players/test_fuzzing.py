"""From a completion to the sandbox, whatever is written: one line or games that verify, and nothing the policy let
through asks the kernel for what it must not.

A fixed set of examples in `make test`, new ones in `make soak`.
"""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grpo_arcade.games import Outcome
from grpo_arcade.games.players import Limits, extract_source, play_match
from grpo_arcade.games.players.policy import read_source
from grpo_arcade.games.players.sandbox import walls
from grpo_arcade.games.players.sandbox.allowed import ALLOWED_DUNDERS, FORBIDDEN_ATTRIBUTES, MODULES
from grpo_arcade.games.players.sandbox.namespace import contents
from tests.games.players.realistic import REALISTIC

LIMITS = Limits(move_cpu_s=0.05, game_cpu_s=0.2, match_cpu_s=0.4, memory_bytes=64 << 20, waiting_s=0.3)
OPTIONS = {"size": 3, "target": 32}
SEEDS = (2**40 + 1, 2**40 + 2)
EVERYTHING = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

MEMBERS = sorted(
    f"{module}.{name}" for module in MODULES if module not in ("random", "__future__") for name in contents(module)
)
ATTRIBUTES = [
    *sorted(ALLOWED_DUNDERS | FORBIDDEN_ATTRIBUTES | {"__globals__", "__mro__", "__reduce_ex__", "__dict__"}),
    *("append", "get", "update", "copy", "register", "name", "value", "fget", "func", "cache_info", "most_common"),
    *("_fields", "_replace", "_asdict", "_name", "_field_type", "default", "keys", "x", "format", "send", "pattern"),
]
NAMES = [
    "board",
    "x",
    "y",
    "A",
    "f",
    "len",
    "type",
    "getattr",
    "setattr",
    "print",
    "super",
    "str",
    "int",
    "dict",
    "list",
]

atoms = st.sampled_from([*NAMES, "0", "-1", "2**70", "None", "'a'", "'__class__'", "[]", "{}", "()", "1.5", *MEMBERS])


def larger(inner):
    pairs = st.tuples(inner, inner)
    named = st.tuples(inner, st.sampled_from(ATTRIBUTES))
    return st.one_of(
        named.map(lambda p: f"({p[0]}).{p[1]}"),
        pairs.map(lambda p: f"({p[0]})({p[1]})"),
        pairs.map(lambda p: f"({p[0]})[{p[1]}]"),
        named.map(lambda p: f"getattr({p[0]}, {p[1]!r}, None)"),
        pairs.map(lambda p: f"[{p[0]}, {p[1]}]"),
        pairs.map(lambda p: f"{{{p[0]!r}: {p[1]}}}"),
        inner.map(lambda e: f"(lambda *a, **k: {e})"),
        inner.map(lambda e: f"[{e} for x in range(3)]"),
        inner.map(lambda e: f"f'{{{e}!r:>5}}'" if "'" not in e and "{" not in e else e),
    )


expressions = st.recursive(atoms, larger, max_leaves=6)
statements = st.one_of(
    expressions.map(lambda e: f"x = {e}"),
    expressions.map(lambda e: f"y = ({e})"),
    st.tuples(expressions, st.sampled_from(ATTRIBUTES), expressions).map(lambda p: f"({p[0]}).{p[1]} = {p[2]}"),
    st.tuples(expressions, expressions).map(lambda p: f"@({p[0]})\nclass A:\n    x: {p[1]} = 1\n    y: int = 2"),
    st.tuples(expressions, expressions).map(lambda p: f"@({p[0]})\ndef f(a: {p[1]} = 1): return a"),
    st.tuples(expressions, expressions).map(lambda p: f"class A({p[0]}):\n    x = {p[1]}"),
    st.tuples(st.sampled_from(ATTRIBUTES), expressions).map(
        lambda p: f"class A:\n    def {p[0]}(self, *a): return {p[1]}"
    ),
    st.tuples(expressions, st.sampled_from(ATTRIBUTES)).map(
        lambda p: f"match {p[0]}:\n    case object({p[1]}=x): pass\n    case _: pass"
    ),
)
IMPORTS = "\n".join(f"import {module}" for module in MODULES if module != "__future__")


def guarded(statement):
    return "try:\n" + "\n".join("    " + line for line in statement.splitlines()) + "\nexcept Exception: pass"


composed = st.lists(statements.map(guarded), max_size=5).map(
    lambda parts: (
        f"{IMPORTS}\nx = y = f = A = None\n"
        + "\n".join(parts)
        + "\ndef strategy(board):\n    return 'WASD'[len(str(x)) % 4]\n"
    )
)


@st.composite
def mutated(draw):
    """A program of a model's with some of its lines and words moved about."""
    lines = REALISTIC[draw(st.sampled_from(sorted(REALISTIC)))].splitlines()
    for _ in range(draw(st.integers(1, 4))):
        at, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
        how = draw(st.integers(0, 3))
        if how == 0:
            lines[at] = lines[other]
        elif how == 1:
            lines.insert(at, lines[other])
        elif how == 2 and len(lines) > 1:
            del lines[at]
        else:
            words = lines[at].split(" ")
            place = draw(st.integers(0, len(words) - 1))
            words[place] = draw(expressions)
            lines[at] = " ".join(words)
    return "\n".join(lines)


sources = st.one_of(composed, mutated())
completions = st.one_of(
    sources.map(lambda source: f"Here it is.\n```python\n{source}\n```\nGood luck."),
    st.tuples(sources, st.text(max_size=30)).map(lambda pair: pair[1].join(("", pair[0], ""))),
    st.text(max_size=200),
)


def assert_sound(source, wall, monkeypatch):
    monkeypatch.setenv("ARCADE_WALL", wall)
    result = play_match(source, "2048", OPTIONS, SEEDS, limits=LIMITS)
    assert len(result.episodes) == len(SEEDS)
    assert result.error.isprintable()
    assert len(result.error) <= 400
    for episode in result.episodes:
        game = episode.new_game()
        for action in episode.actions:
            game.step(action)
        assert (game.score, game.wasted) == (episode.score, episode.wasted)
    return result


@pytest.fixture
def patched(monkeypatch):
    return monkeypatch


@pytest.mark.skipif(not walls.kernel_wall(), reason="the kernel's wall is Linux's")
@settings(suppress_health_check=[*EVERYTHING, HealthCheck.function_scoped_fixture])
@given(completion=completions)
def test_a_completion_becomes_games_that_verify_or_a_line(completion, patched):
    found = extract_source(completion)
    assert found.reason.isprintable()
    if found.source is None or found.refusal is not None:
        return
    result = assert_sound(found.source, "kernel", patched)
    # What the policy lets through cannot even ask: the kernel is never what stops it.
    assert result.refusal is not None or all(episode.outcome is not Outcome.FORBIDDEN for episode in result.episodes)


@pytest.mark.skipif(not walls.monty_wall(), reason='pip install "grpo-arcade[monty]"')
@settings(suppress_health_check=[*EVERYTHING, HealthCheck.function_scoped_fixture])
@given(source=sources)
def test_a_source_becomes_games_that_verify_or_a_line_behind_monty(source, patched):
    assert_sound(source, "monty", patched)


@pytest.mark.skipif(not walls.kernel_wall(), reason="the kernel's wall is Linux's")
@settings(suppress_health_check=[*EVERYTHING, HealthCheck.function_scoped_fixture])
@given(source=composed)
def test_a_game_plays_as_it_would_alone(source, patched):
    if isinstance(read_source(source), list):
        together = assert_sound(source, "kernel", patched)
        alone = [play_match(source, "2048", OPTIONS, [seed], limits=LIMITS) for seed in SEEDS]
        outcomes = {episode.outcome for match in (together, *alone) for episode in match.episodes}
        # Where time ends a game depends on the machine.
        if Outcome.TIMEOUT not in outcomes:
            assert together.episodes == tuple(itertools.chain.from_iterable(match.episodes for match in alone))
