"""A game of a match plays as it would alone, whatever its program does to find the others."""

import sys

import pytest

from grpo_arcade.games import Outcome
from grpo_arcade.games.players import Limits, play_match
from grpo_arcade.games.players.policy import read_source
from grpo_arcade.games.players.sandbox import walls
from grpo_arcade.games.players.sharing import can_share_a_process
from tests.attacks.neighbours import ALLOWED, REFUSED
from tests.games.players.realistic import REALISTIC

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's wall is Linux's")

SEEDS = (2**40 + 1, 2**40 + 2, 2**40 + 3)
# Small boards, so that a first move that does nothing is soon the last.
OPTIONS = {"size": 3, "target": 64}


def assert_plays_as_alone(source, policy):
    together = play_match(source, "2048", OPTIONS, SEEDS, limits=Limits(memory_bytes=256 << 20), policy=policy)
    alone = [
        play_match(source, "2048", OPTIONS, [seed], limits=Limits(memory_bytes=256 << 20), policy=policy)
        for seed in SEEDS
    ]
    assert together.episodes == tuple(match.episodes[0] for match in alone)
    return together


@pytest.mark.parametrize("policy", [True, False], ids=["policy", "no_policy"])
@pytest.mark.parametrize("name", ALLOWED)
def test_a_game_does_not_find_what_another_has_left(name, policy):
    together = assert_plays_as_alone(ALLOWED[name], policy)
    assert together.refusal is None


@pytest.mark.skipif(not walls.monty_wall(), reason='pip install "grpo-arcade[monty]"')
@pytest.mark.parametrize("name", [*ALLOWED, *REFUSED])
def test_nor_behind_monty(name, monkeypatch):
    monkeypatch.setenv("ARCADE_WALL", "monty")
    for policy in (True, False):
        assert_plays_as_alone({**ALLOWED, **REFUSED}[name], policy)


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_be_found_everywhere_is_refused_and_not_found_without_the_policy_either(name):
    refused = play_match(REFUSED[name], "2048", OPTIONS, SEEDS)
    assert {episode.outcome for episode in refused.episodes} <= {Outcome.FORBIDDEN, Outcome.CRASHED}
    assert_plays_as_alone(REFUSED[name], policy=False)


@pytest.mark.parametrize("name", sorted(REALISTIC.keys() - {"lambda_entry"}))
def test_what_models_write_shares_a_process(name):
    nodes = read_source(REALISTIC[name])
    assert isinstance(nodes, list)
    assert can_share_a_process(nodes)


@pytest.mark.parametrize(
    ("honest", "above"),
    [
        ("self.best = 1", "from typing import List, Optional\nBoard = List[List[int]]"),
        ("self.count += 1", "import typing\nRow = typing.List[int]\ndef f(x: typing.Optional[Row]) -> Row: return x"),
        ("self.tally = Counter(self.rows).most_common(1)", "from collections import Counter"),
        ("self.rng = random.Random(7); self.pick = self.rng.choice('WASD')", "import random"),
        ("self.cells = re.findall('[0-9]+', 'a')", "import re"),
        ("self.key = max({}, key={}.get, default=0)", "from collections import deque, defaultdict"),
        ("self.kind = self.__class__.__name__", "from enum import Enum\nclass Move(Enum):\n    UP = 1"),
    ],
)
def test_honest_programs_with_attributes_share_a_process(honest, above):
    nodes = read_source(
        f"{above}\nclass A:\n    def f(self):\n        {honest}\ndef strategy(board):\n    return 'W'\n"
    )
    assert isinstance(nodes, list), nodes
    assert can_share_a_process(nodes)
