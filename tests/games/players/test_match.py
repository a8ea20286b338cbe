"""A match: the right outcome for every way a strategy can play, fail or stall, and the same result every time."""

import hashlib
import subprocess
import sys

import pytest

from grpo_arcade.games import Outcome, make
from grpo_arcade.games.players import Limits, play_match, sandbox_report
from grpo_arcade.games.players.sandbox import walls

QUICK = Limits(move_cpu_s=0.2, game_cpu_s=2.0, match_cpu_s=5.0)
GREEDY = """
def strategy(board):
    return "WASD"[sum(map(sum, board)) // 2 % 4]
"""


def outcomes(result):
    return [episode.outcome for episode in result.episodes]


def test_scores_are_those_of_a_trusted_replay_of_the_actions():
    result = play_match(GREEDY, "2048", {"size": 3}, [5, 6, 7])
    for episode in result.episodes:
        game = episode.new_game()
        for action in episode.actions:
            game.step(action)
        assert (game.score, game.outcome, game.wasted) == (episode.score, episode.outcome, episode.wasted)
    assert result.error == ""
    assert [episode.seed for episode in result.episodes] == [5, 6, 7]


def test_a_strategy_can_take_over_after_an_opening_which_stays_part_of_the_episode():
    (whole,) = play_match(GREEDY, "2048", {}, [5]).episodes
    (rest,) = play_match(GREEDY, "2048", {}, [5], opening=whole.actions[:60]).episodes
    assert rest == whole
    assert play_match(GREEDY, "2048", {}, [5], opening=whole.actions).episodes == (whole,)
    with pytest.raises(ValueError, match="episode"):
        play_match(GREEDY, "2048", {}, [5], opening=whole.actions + b"\0")


def test_an_episode_depends_on_source_and_seed_and_not_on_the_company_it_is_played_in():
    source = "import random\ndef strategy(board):\n    return random.choice('WASD')\n"
    together = play_match(source, "2048", {}, range(6)).episodes
    alone = [play_match(source, "2048", {}, [seed]).episodes[0] for seed in (4, 2)]
    assert [together[4], together[2]] == alone
    assert len({episode.actions for episode in together}) == 6


@pytest.mark.parametrize(
    ("source", "outcome", "error"),
    [
        ("def strategy(board):\n    return 'Q'\n", Outcome.ILLEGAL, "'Q'"),
        ("def strategy(board):\n    return True\n", Outcome.ILLEGAL, "True"),
        ("def strategy(board):\n    pass\n", Outcome.ILLEGAL, "None"),
        ("def strategy(board):\n    return board[9]\n", Outcome.CRASHED, "IndexError: list index out of range (line 2)"),
        ("def strategy():\n    return 'W'\n", Outcome.CRASHED, "TypeError"),
        ("x = 1 / 0\ndef strategy(board):\n    return 'W'\n", Outcome.CRASHED, "ZeroDivisionError: division by zero (line 1)"),
        ("def strategy(board):\n    while True: pass\n", Outcome.TIMEOUT, "CPU"),
        ("while True: pass\ndef strategy(board): return 'W'\n", Outcome.TIMEOUT, "CPU"),
        ("def strategy(board):\n    return 9 ** 9 ** 9\n", Outcome.TIMEOUT, "CPU"),
        ("def strategy(board):\n    return 'a' * 10 ** 12\n", Outcome.CRASHED, "MemoryError"),
        ("def strategy(board):\n    return strategy(board)\n", Outcome.CRASHED, "RecursionError"),
        ("import os\ndef strategy(board):\n    return 'W'\n", Outcome.FORBIDDEN, "os"),
        ("def strategy(board):\n    return 'W\n", Outcome.SYNTAX_ERROR, "line 2"),
        ("return 1\ndef strategy(board): return 'W'\n", Outcome.SYNTAX_ERROR, "outside function (line 1)"),
        ("def player(board):\n    return 'W'\n", Outcome.NO_CODE, "strategy"),
        ("def strategy(board): return 'W'\ndel strategy\n", Outcome.NO_CODE, "strategy"),
    ],
)  # fmt: skip
def test_every_failure_has_its_name_and_its_line(source, outcome, error):
    result = play_match(source, "2048", {}, range(3), limits=QUICK)
    assert outcomes(result) == [outcome] * 3
    assert error in result.error
    assert "\n" not in result.error
    assert all(episode.score == 0 for episode in result.episodes)
    refused = outcome in (Outcome.FORBIDDEN, Outcome.SYNTAX_ERROR, Outcome.NO_CODE)
    assert result.refusal == (outcome if refused else None)


def board_key(seed):
    """What the strategy sees first in this game."""
    game = make("2048", size=3)
    game.reset(seed)
    return game.observation()


def misbehaving_in(seeds, how):
    """A strategy that plays at random, and from its tenth move on does ``how`` in the games of ``seeds``."""
    return (
        "import random\nmoves = 0\nfirst = None\n"
        "def strategy(board):\n"
        "    global moves, first\n"
        "    moves += 1\n"
        "    if first is None: first = [row[:] for row in board]\n"
        f"    if moves >= 10 and first in {[board_key(seed) for seed in seeds]!r}:\n"
        f"        {how}\n"
        "    return random.choice('WASD')\n"
    )


def test_an_exception_ends_its_own_game_only():
    source = misbehaving_in([2], "raise KeyError('x')")
    result = play_match(source, "2048", {"size": 3}, range(5), limits=QUICK)
    assert [outcome is Outcome.CRASHED for outcome in outcomes(result)] == [False, False, True, False, False]
    assert all(outcome.by_the_rules for seed, outcome in enumerate(outcomes(result)) if seed != 2)
    assert len(result.episodes[2].actions) == 9
    assert result.error == "KeyError: 'x' (line 9)"


@pytest.mark.parametrize("how", ["while True: pass", "9 ** 9 ** 9"])
def test_a_move_without_end_times_its_own_game_out_and_the_others_play_on_unchanged(how):
    calm = play_match(misbehaving_in([2], "pass"), "2048", {"size": 3}, range(5), limits=QUICK)
    result = play_match(misbehaving_in([2], how), "2048", {"size": 3}, range(5), limits=QUICK)
    assert [outcome is Outcome.TIMEOUT for outcome in outcomes(result)] == [False, False, True, False, False]
    assert all(outcome.by_the_rules for seed, outcome in enumerate(outcomes(result)) if seed != 2)
    assert len(calm.episodes) == len(result.episodes)
    assert "a move took more than 0.2 s" in result.error


def test_a_program_that_never_ends_in_two_games_times_out_in_all_that_still_run():
    result = play_match(misbehaving_in([1, 3], "while True: pass"), "2048", {"size": 3}, range(5), limits=QUICK)
    assert outcomes(result)[1] is outcomes(result)[3] is Outcome.TIMEOUT
    assert result.cpu_s < 2


def test_a_game_that_used_its_time_ends_and_the_quick_ones_go_on():
    slow = "for _ in range(10**6): pass"
    limits = Limits(move_cpu_s=5, game_cpu_s=0.3, match_cpu_s=20)
    result = play_match(misbehaving_in([2], slow), "2048", {"size": 3}, range(5), limits=limits)
    assert [outcome is Outcome.TIMEOUT for outcome in outcomes(result)] == [False, False, True, False, False]
    assert "the game used more than its 0.3 s" in result.error


def test_a_match_that_used_its_time_ends_all_its_games():
    source = "def strategy(board):\n    for _ in range(10**6): pass\n    return 'W' if board[0][0] else 'A'\n"
    result = play_match(source, "2048", {}, range(8), limits=Limits(move_cpu_s=5, game_cpu_s=50, match_cpu_s=0.3))
    assert set(outcomes(result)) == {Outcome.TIMEOUT}
    assert result.cpu_s < 1


def test_a_death_of_the_process_crashes_its_own_game_only():
    source = misbehaving_in([2], "import ctypes; ctypes.string_at(1)")
    result = play_match(source, "2048", {"size": 3}, range(4), limits=QUICK, policy=False)
    assert [outcome is Outcome.CRASHED for outcome in outcomes(result)] == [False, False, True, False]
    assert "out of memory or stack" in result.error


def test_a_sleeping_strategy_is_a_timeout_though_it_uses_no_cpu():
    source = "import os\ndef strategy(board):\n    os.read(3, 1)\n"
    limits = Limits(move_cpu_s=50, waiting_s=0.2)
    result = play_match(source, "2048", {}, [0, 1], limits=limits, policy=False)
    assert set(outcomes(result)) == {Outcome.TIMEOUT}
    assert "waits" in result.error


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("renews the clock of its move", "    while True: channel.now[1] = channel.now[1] + 1 & 0xffff\n"),
        (
            "trickles its answer",
            "    for byte in bytes([1, 0, 0, 0, 1, 0, 208, 7]) + bytes(2001):\n"
            "        os.write(3, bytes([byte]))\n"
            "        late = time.perf_counter() + 0.008\n"
            "        while time.perf_counter() < late: pass\n",
        ),
    ],
)
def test_a_move_has_its_cpu_time_and_no_more_even_if_its_program(name, body):
    source = (
        "import gc, os, time\n"
        "def strategy(board):\n"
        "    (channel,) = [o for o in gc.get_objects() if type(o).__name__ == 'Channel']\n" + body
    )
    result = play_match(source, "2048", {}, [0], limits=Limits(move_cpu_s=0.1), policy=False)
    assert outcomes(result) == [Outcome.TIMEOUT]
    assert "a move took more than 0.1 s" in result.error
    assert result.cpu_s < 1


def test_a_program_that_answers_without_reading_is_a_timeout_and_stops_nobody():
    source = (
        "import os, struct\n"
        "def strategy(board):\n"
        "    for n in range(1, 10**5): os.write(3, struct.pack('<IHH', n, 1, 0) + bytes([n % 4]))\n"
    )
    result = play_match(source, "2048", {"size": 8}, [0], limits=Limits(waiting_s=0.2), policy=False)
    assert outcomes(result) == [Outcome.TIMEOUT]
    assert "waits" in result.error


def test_what_games_share_cannot_be_changed_and_what_they_derive_from_it_can():
    source = (
        "import abc, collections, collections.abc, dataclasses, enum, functools, fractions, re, typing\n"
        "class Key(enum.Enum):\n    UP = 'W'\n    LEFT = 'A'\n"
        "class Way(enum.IntFlag):\n    A = enum.auto()\n    B = enum.auto()\n"
        "class Tally(collections.Counter):\n    seen = 0\n"
        "class Shape(abc.ABC):\n    @abc.abstractmethod\n    def area(self): ...\n"
        "class Cells(collections.abc.Sequence):\n"
        "    def __len__(self): return 2\n    def __getitem__(self, i): return [7, 8][i]\n"
        "class Point(typing.NamedTuple):\n    x: int\n    y: int = 0\n"
        "class Sized(typing.Protocol):\n    def size(self) -> int: ...\n"
        "T = typing.TypeVar('T')\n"
        "class Box(typing.Generic[T]):\n    pass\n"
        "@dataclasses.dataclass(order=True)\nclass State:\n    score: float\n    board: list = dataclasses.field(default_factory=list)\n"
        "class Lazy:\n    @functools.cached_property\n    def value(self): return 3\n"
        "@functools.singledispatch\ndef show(x): return 'x'\n@show.register\ndef _(x: int): return 'int'\n"
        "Shape.register(list)\nTally.seen = 1\nKey.note = 2\nBox[int]\n"
        "assert isinstance([], Shape) and list(Cells()) == [7, 8] and Point(1).y == 0 and Lazy().value == 3\n"
        "assert show(1) == 'int' and State(1.0) < State(2.0) and (Way.A | Way.B) and re.I | re.M\n"
        "assert fractions.Fraction(1, 3) + 1 and isinstance(1, collections.abc.Hashable)\n"
        "def strategy(board):\n    return Key.LEFT.value\n"
    )
    result = play_match(source, "2048", {}, [0, 1], limits=QUICK)
    assert result.error == ""
    assert {episode.outcome for episode in result.episodes} == {Outcome.STUCK}


def test_annotations_that_name_what_comes_later_are_honest():
    source = (
        "import copy, enum\nfrom dataclasses import dataclass, field\nfrom typing import Dict, List, Optional, Type\n"
        "@dataclass\nclass Node:\n    move: str\n    parent: Optional['Node'] = None\n"
        "    children: List['Node'] = field(default_factory=list)\n    kind: Type['Node'] = None\n"
        "def best(nodes: 'List[Node]', by: Dict[str, 'Node']) -> Optional['Node']:\n    return nodes[0]\n"
        "Way = enum.Enum('Way', 'UP LEFT')\nSide = enum.IntEnum('Side', {'A': 1, 'B': 2})\n"
        "class Base:\n    def twin(self): return self.__class__()\n"
        "assert Base().twin().__class__.__name__ == 'Base' and Base().__class__ is Base\n"
        "assert copy.copy(Node('W')) == copy.deepcopy(Node('W')) and Way.UP.name == 'UP' and Side.B == 2\n"
        "def strategy(board):\n    return best([Node('W')], {}).move\n"
    )
    result = play_match(source, "2048", {}, [0, 1], limits=QUICK)
    assert result.error == ""


def test_sources_with_odd_characters_are_hashed_byte_for_byte():
    source = "def strategy(board):\r\n    return 'W'  # é \u2028\r\n"
    episode = play_match(source, "2048", {}, [0], player="me").episodes[0]
    assert episode.source_sha256 == hashlib.sha256(source.encode()).hexdigest()
    assert episode.player == "me"
    assert set(episode.versions) >= {"grpo-arcade", "rules"}


def test_bad_arguments_are_refused_in_a_line():
    with pytest.raises(ValueError, match="memory_bytes must be a positive number of at most"):
        Limits(memory_bytes=2**70)
    with pytest.raises(ValueError, match="move_cpu_s must be a positive number"):
        Limits(move_cpu_s=0)
    with pytest.raises(ValueError, match="16 MiB"):
        Limits(memory_bytes=1000)
    with pytest.raises(ValueError, match="at most"):
        play_match(GREEDY, "2048", {}, range(10_000))
    assert play_match(GREEDY, "2048", {}, []).episodes == ()


def test_a_match_can_start_where_torch_is_loaded():
    program = (
        "import torch; torch.ones(300, 300) @ torch.ones(300, 300)\n"
        "from grpo_arcade.games.players import MatchPool, play_match\n"
        f"source = {GREEDY!r}\n"
        "with MatchPool(workers=1) as pool:\n"
        "    assert pool.submit(source, '2048', {}, [1]).result().episodes == play_match(source, '2048', {}, [1]).episodes\n"
    )
    pytest.importorskip("torch")
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_the_portable_child_plays_the_same_games(monkeypatch):
    source = "import random\ndef strategy(board):\n    return random.choice('WASD')\n"
    walled = play_match(source, "2048", {"size": 3}, [1, 2]).episodes
    monkeypatch.setattr(walls, "kernel_wall", lambda: False)
    monkeypatch.setenv("ARCADE_WALL", "policy")
    assert play_match(source, "2048", {"size": 3}, [1, 2]).episodes == walled
    assert outcomes(play_match("def strategy(b):\n    return 1 / 0\n", "2048", {}, [0])) == [Outcome.CRASHED]
    assert outcomes(play_match("def strategy(b):\n    while 1: pass\n", "2048", {}, [0], limits=QUICK)) == [
        Outcome.TIMEOUT
    ]
    assert sandbox_report()["works"]
    assert any("not covered" in line for line in sandbox_report()["lines"])


@pytest.mark.parametrize(
    ("game", "answer", "line"),
    [
        ("2048", "LEFT", "the strategy returned 'LEFT', which is no action; the actions are 'W', 'D', 'S', 'A'"),
        ("2048", 7, "the strategy returned 7, which is no action; the actions are 'W', 'D', 'S', 'A'"),
        ("atari/breakout", "W", "which is no action; the actions are 'NOOP', 'FIRE', 'RIGHT', 'LEFT'"),
        # The names of the prompt, where the emulator has others.
        ("atari/pong", "up", "no action; the actions are 'NOOP', 'FIRE', 'UP', 'DOWN', 'UPFIRE', 'DOWNFIRE'"),
    ],
)
def test_an_answer_that_is_no_action_is_told_which_actions_there_are(game, answer, line):
    result = play_match(f"def strategy(state): return {answer!r}", game, {}, [1])
    assert outcomes(result) == [Outcome.ILLEGAL]
    assert line in result.error
