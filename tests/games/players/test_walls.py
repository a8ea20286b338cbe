"""Whatever wall a program is played behind, it plays the same, or is told why not."""

import json
import subprocess
import sys
import textwrap

import pytest

from grpo_arcade.games import Outcome
from grpo_arcade.games.players import Limits, SandboxError, play_match, sandbox_report
from grpo_arcade.games.players.policy import read_source
from grpo_arcade.games.players.sandbox import monty_gaps, monty_wall, walls
from grpo_arcade.games.players.sandbox.monty_source import for_monty
from grpo_arcade.games.registry import make
from tests.games.players.realistic import REALISTIC
from tests.games.players.test_match import misbehaving_in, outcomes

needs_monty = pytest.mark.skipif(not walls.monty_wall(), reason='pip install "grpo-arcade[monty]"')
QUICK = Limits(move_cpu_s=0.1, game_cpu_s=1.0, match_cpu_s=3.0)
OPTIONS = {"size": 3}
RUN_IN_MONTY = {
    "fixed_order", "typing_and_deepcopy", "expectimax_recursion", "monte_carlo", "numpy_with_fallback",
    "numpy_with_fallback_inside", "memory_in_globals", "match_statement", "breadth_first", "printing_and_main",
    "random_instance_and_shuffle", "annealed_weights_at_load",
}  # fmt: skip


ONE_MOVE = {"size": 2, "target": 8, "probability_fours": 1.0}


def play_first_move(seed):
    game = make("2048", **ONE_MOVE)
    game.reset(seed)
    game.step(game.actions.index("W"))
    return game.outcome


def play(monkeypatch, wall, source, seeds=range(3), **options):
    monkeypatch.setenv("ARCADE_WALL", wall)
    return play_match(source, "2048", options.pop("game_options", OPTIONS), seeds, **options)


@needs_monty
def test_a_wrong_answer_is_told_the_same_behind_every_wall(monkeypatch):
    source = "def strategy(board):\n    return 'up'\n"
    said = {wall: play(monkeypatch, wall, source, [0]).error for wall in ("kernel", "monty")}
    assert said["monty"] == "the strategy returned 'up', which is no action; the actions are 'W', 'D', 'S', 'A'"
    assert said["kernel"] == said["monty"]


@needs_monty
@pytest.mark.parametrize("name", REALISTIC)
def test_what_models_write_plays_the_same_behind_both_walls_or_is_refused_with_its_line(name, monkeypatch):
    behind_kernel = play(monkeypatch, "kernel", REALISTIC[name], range(4))
    behind_monty = play(monkeypatch, "monty", REALISTIC[name], range(4))
    if name in RUN_IN_MONTY:
        assert behind_monty.error == ""
        assert behind_monty.wall == "monty"
        assert behind_monty.episodes == behind_kernel.episodes
    else:
        assert behind_monty.wall == ""
        assert behind_monty.refusal is Outcome.FORBIDDEN
        assert "Monty, cannot run this program" in behind_monty.error
        assert "(line " in behind_monty.error
        assert {episode.actions for episode in behind_monty.episodes} == {b""}


@needs_monty
def test_a_person_may_let_a_program_play_that_monty_cannot_run(monkeypatch):
    expected = play(monkeypatch, "kernel", REALISTIC["generators"])
    allowed = play(monkeypatch, "monty", REALISTIC["generators"], allow_unwalled=True)
    assert (allowed.wall, allowed.episodes, allowed.error) == ("policy", expected.episodes, "")
    # It is for what Monty cannot run alone.
    assert play(monkeypatch, "monty", REALISTIC["fixed_order"], allow_unwalled=True).wall == "monty"


def test_the_strongest_wall_there_is_is_taken_and_none_only_by_consent(monkeypatch):
    monkeypatch.delenv("ARCADE_WALL", raising=False)
    monkeypatch.setattr(walls, "kernel_wall", lambda: True)
    with monkeypatch.context() as unasked:
        unasked.delattr(walls, "monty_wall")  # nobody looks for it where it is not needed
        assert walls.choose() == "kernel"
    monkeypatch.setattr(walls, "kernel_wall", lambda: False)
    monkeypatch.setattr(walls, "monty_wall", lambda: True)
    assert walls.choose() == walls.choose(allow_unwalled=True) == "monty"
    monkeypatch.setattr(walls, "monty_wall", lambda: False)
    with pytest.raises(SandboxError, match=r"no wall.*grpo-arcade\[monty\]"):
        walls.choose()
    with pytest.raises(SandboxError):
        play_match(REALISTIC["fixed_order"], "2048", {}, [0])
    assert walls.choose(allow_unwalled=True) == "policy"
    for named, said in (("monty", r"grpo-arcade\[monty\]"), ("kernel", "Linux"), ("paper", "must be one of")):
        monkeypatch.setenv("ARCADE_WALL", named)
        with pytest.raises(SandboxError, match=said):
            walls.choose(allow_unwalled=True)
        report = sandbox_report()
        assert not report["works"]
    monkeypatch.setenv("ARCADE_WALL", "policy")
    assert walls.choose() == "policy"
    assert sandbox_report()["wall"] == "policy"


@needs_monty
def test_two_threads_may_look_for_monty_first_at_once():
    # Where threads take turns at every step, the look without its lock fails nearly always.
    at_once = """
        import sys, threading
        from grpo_arcade.games.players.sandbox import walls
        sys.setswitchinterval(1e-6)
        gate, found = threading.Barrier(2), []
        def look():
            gate.wait()
            found.append(walls.monty_wall())
        threads = [threading.Thread(target=look) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [True, True]
    """
    for _ in range(3):
        subprocess.run([sys.executable, "-c", textwrap.dedent(at_once)], check=True)


@needs_monty
def test_the_report_says_what_monty_is_and_is_not(monkeypatch):
    monkeypatch.setenv("ARCADE_WALL", "monty")
    report = sandbox_report()
    assert (report["works"], report["wall"]) == (True, "monty")
    assert any("wall clock" in line for line in report["lines"])
    json.dumps(report)


@needs_monty
@pytest.mark.parametrize(
    "source",
    [
        "def strategy(board):\n    return 'Q'\n",
        "def strategy(board):\n    return True\n",
        "def strategy(board):\n    pass\n",
        "def strategy(board):\n    return board\n",
        "def strategy(board):\n    return board[9]\n",
        "def strategy():\n    return 'W'\n",
        "def strategy(board):\n    raise SystemExit\n",
        "x = 1 / 0\ndef strategy(board):\n    return 'W'\n",
        "def strategy(board):\n    while True: pass\n",
        "while True: pass\ndef strategy(board): return 'W'\n",
        "def strategy(board):\n    return 'a' * 10 ** 12\n",
        "def strategy(board):\n    return strategy(board)\n",
        "def strategy(board):\n    try:\n        while True: pass\n    except BaseException:\n        return 'W'\n",
        "import os\ndef strategy(board):\n    return 'W'\n",
        "def strategy(board):\n    return 'W\n",
        "def player(board):\n    return 'W'\n",
        "strategy = 3\n",
    ],
)
def test_every_failure_has_the_same_name_behind_both_walls(source, monkeypatch):
    behind_kernel = play(monkeypatch, "kernel", source, limits=QUICK)
    behind_monty = play(monkeypatch, "monty", source, limits=QUICK)
    assert outcomes(behind_monty) == outcomes(behind_kernel)
    assert behind_monty.refusal == behind_kernel.refusal
    assert behind_monty.error.isprintable()
    assert ("(line" in behind_monty.error) >= ("(line" in behind_kernel.error), behind_monty.error


@needs_monty
@pytest.mark.parametrize("how", ["raise KeyError('x')", "return 'Q'", "while True: pass", "return [0] * 10 ** 12"])
def test_a_game_that_goes_wrong_leaves_the_others_as_they_were(how, monkeypatch):
    source = misbehaving_in([2], how)
    behind_kernel = play(monkeypatch, "kernel", source, range(5), limits=QUICK)
    behind_monty = play(monkeypatch, "monty", source, range(5), limits=QUICK)
    assert [outcome.by_the_rules for outcome in outcomes(behind_monty)] == [True, True, False, True, True]
    assert outcomes(behind_monty) == outcomes(behind_kernel)
    same = [episode.actions for episode in behind_kernel.episodes]
    assert [episode.actions for episode in behind_monty.episodes] == same


@needs_monty
@pytest.mark.parametrize("policy", [True, False])
def test_a_game_whose_last_move_takes_the_rest_of_the_time_has_ended_by_the_rules(policy, monkeypatch):
    source = "def strategy(board):\n    for _ in range(10**6): pass\n    return 'W'\n"
    seeds = [seed for seed in range(200) if play_first_move(seed) is Outcome.WON][:2]
    limits = Limits(move_cpu_s=5, game_cpu_s=5, match_cpu_s=0.001)
    result = play(monkeypatch, "monty", source, seeds, policy=policy, limits=limits, game_options=ONE_MOVE)
    assert "the match used more than its 0.001 s" in result.error
    assert outcomes(result)[0] is Outcome.WON
    for episode in result.episodes:
        assert (episode.outcome is Outcome.WON) == (len(episode.actions) == 1)


@needs_monty
def test_a_game_and_a_match_have_their_time(monkeypatch):
    slow = "for _ in range(10**6): pass"
    quick = Limits(move_cpu_s=5, game_cpu_s=0.05, match_cpu_s=20)
    result = play(monkeypatch, "monty", misbehaving_in([2], slow), range(5), limits=quick)
    assert [outcome is Outcome.TIMEOUT for outcome in outcomes(result)] == [False, False, True, False, False]
    assert "the game used more than its 0.05 s" in result.error
    every = "def strategy(board):\n    for _ in range(10**6): pass\n    return 'W' if board[0][0] else 'A'\n"
    result = play(monkeypatch, "monty", every, limits=Limits(move_cpu_s=5, game_cpu_s=50, match_cpu_s=0.05))
    assert set(outcomes(result)) == {Outcome.TIMEOUT}
    assert "the match used more than its 0.05 s" in result.error


@needs_monty
def test_all_boards_of_a_round_go_into_one_call(monkeypatch):
    calls = []
    feed = monty_wall.MontyWorker._feed

    def counted(session, code, inputs):
        calls.append(code)
        return feed(session, code, inputs)

    monkeypatch.setattr(monty_wall.MontyWorker, "_feed", counted)
    result = play(monkeypatch, "monty", REALISTIC["fixed_order"], range(8))
    rounds = sum(code.startswith("_play") for code in calls)
    assert rounds == max(len(episode.actions) for episode in result.episodes)


@needs_monty
def test_randomness_is_each_games_own_and_the_same_behind_both_walls(monkeypatch):
    source = (
        "import random\nfrom random import Random, seed\nother = Random()\nthird = random.Random(5)\nseed()\n"
        "def strategy(board):\n"
        "    if other.random() < 0.2: random.seed()\n"
        "    return random.choice('WA') if third.random() < 0.5 else other.choice('SD')\n"
    )
    together = play(monkeypatch, "monty", source, range(4)).episodes
    assert together == play(monkeypatch, "kernel", source, range(4)).episodes
    assert together[2] == play(monkeypatch, "monty", source, [2]).episodes[0]
    assert len({episode.actions for episode in together}) == 4


@needs_monty
def test_memory_that_monty_cannot_let_a_program_catch_is_told(monkeypatch):
    source = "def strategy(board):\n    try: x = 'a' * 10 ** 12\n    except MemoryError: return 'A'\n    return 'W'\n"
    assert play(monkeypatch, "kernel", source).error == ""
    refused = play(monkeypatch, "monty", source)
    assert refused.refusal is Outcome.FORBIDDEN
    assert "memory that runs out cannot be caught there (line 2)" in refused.error


@needs_monty
def test_games_that_fill_their_memory_together_are_played_one_by_one(monkeypatch):
    source = "keep = [0] * (6 << 20)\ndef strategy(board):\n    return 'WASD'[len(keep) % 3]\n"
    limits = Limits(memory_bytes=256 << 20)
    behind_monty = play(monkeypatch, "monty", source, range(6), limits=limits)
    assert behind_monty.error == ""
    assert behind_monty.episodes == play(monkeypatch, "kernel", source, range(6), limits=limits).episodes


@needs_monty
def test_a_games_toolbox_is_lent_behind_monty_too(monkeypatch):
    options = {"size": 3, "toolbox": True}
    example = make("2048", **options).toolbox.example
    again = example + "\ndef slide(board, move):\n    return None\n"
    for source in (example, again):
        behind_kernel = play(monkeypatch, "kernel", source, game_options=options)
        assert behind_kernel.error == ""
        assert play(monkeypatch, "monty", source, game_options=options).episodes == behind_kernel.episodes


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return 'WASD'[hash('a') % 4]", "hash()"),
        ("for x in {'a', 'b'}: return x", "sort it (line 2)"),
        ("s = set('WASD')\n    return [x for x in s][0]", "sort it (line 3)"),
        ("s = set('WASD') - {'W'}\n    return s.pop()", "sort it"),
        ("return list({c for c in 'WASD'})[0]", "sort it"),
        ("return ''.join(set('WASD'))", "sort it"),
        ("return max(set('WASD'), key=len)", "sort it"),
        ("board.s = set('WASD')\n    return [x for x in board.s][0]", "sort it"),
        ("def moves(): return set('WASD')\n    return [x for x in moves()][0]", "sort it"),
        ("return 'WASD'[max({1, 2}) + sum({1, 2}) - 3]", ""),
        ("return 'W' if 'a' in {'a'} and len(set('ab')) == 2 else sorted({'S', 'A'})[0]", ""),
    ],
)
def test_what_would_play_otherwise_is_told_before_it_is_played(body, said):
    nodes = read_source(f"def strategy(board):\n    {body}\n")
    assert isinstance(nodes, list)
    found = monty_gaps.gap_in(nodes)
    assert (said in found) if said else found == ""


@pytest.mark.parametrize(
    ("written", "given"),
    [
        ("x = max(d, key=d.get)", "x = max(d, key=(lambda of_this: d.get(of_this)))"),
        ("del row[i + 1]", "row.pop(i + 1)"),
        ("del row[1:]", "del row[1:]"),
        ("Board = List[List[int]]", "Board = list"),
        ("r = random.Random()", "r = random.Random(seed_of_this_game)"),
        ("é = 'é'; del row[é]; del é", "é = 'é'; row.pop(é); del é"),
        ("x = 1", "x = 1"),
    ],
)
def test_idioms_are_said_otherwise_on_the_same_line(written, given):
    source = f"import random\nfrom typing import List\n{written}\n# the end\n"
    assert for_monty(source) == f"import random\nfrom typing import List\n{given}\n# the end\n"


def test_lines_stay_where_they_are():
    source = "from typing import List\nBoard = List[\n    int\n]\nx = sorted(\n    a, key=b\n    .get)\nboom()\n"
    assert for_monty(source).splitlines()[7] == "boom()"
    assert len(for_monty(source).splitlines()) == 8
    compile(for_monty(source), "x", "exec")
