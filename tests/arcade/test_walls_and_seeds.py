"""What a strategy was played behind is said beside it, and a program that knows the published seeds is found out."""

import json

import pytest

from grpo_arcade.arcade.cli import main
from grpo_arcade.games import make
from grpo_arcade.games.baseline_scores import play_baseline
from grpo_arcade.games.players.sandbox import walls
from grpo_arcade.games.seeds import EVALUATION_SEEDS, TRAINING_SEEDS_FROM, secret_seeds
from tests.games.players.realistic import REALISTIC

needs_monty = pytest.mark.skipif(not walls.monty_wall(), reason='pip install "grpo-arcade[monty]"')
OPTIONS = {"size": 3, "target": 2048}


def cheat(seeds):
    """A program that plays what expectimax played in the games of these seeds, and a fixed move in all others."""
    known = {}
    for episode in play_baseline("2048", OPTIONS, "expectimax", seeds):
        game = make("2048", **OPTIONS)
        game.reset(episode.seed)
        known[repr(game.observation())] = "".join(game.actions[action][0] for action in episode.actions)
    return (
        f"known = {known!r}\nmoves = None\n"
        "def strategy(board):\n"
        "    global moves\n"
        "    if moves is None: moves = iter(known.get(repr(board), ''))\n"
        "    return next(moves, 'W')\n"
    )


def test_a_program_that_knows_the_published_seeds_does_not_know_secret_ones(tmp_path, capsys):
    program = tmp_path / "cheat.py"
    program.write_text(cheat(EVALUATION_SEEDS[:3]))
    asked = ["eval", str(program), "--size", "3", "--seeds", "3", "--secret-seeds"]
    assert main([*asked, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["mean"] == pytest.approx(facts["baselines"]["expectimax"]["mean"])
    assert facts["secret"]["mean"] < facts["mean"] / 5
    assert len(facts["secret"]["seeds"]) == 3
    assert min(facts["secret"]["seeds"]) >= TRAINING_SEEDS_FROM
    assert main(asked) == 0
    shown = capsys.readouterr().out
    assert "secret seeds" in shown
    assert "programs were played behind the wall: " in shown


def test_a_baseline_plays_secret_seeds_too(capsys):
    assert main(["eval", "greedy", "--size", "3", "--seeds", "2", "--secret-seeds", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["secret"]["mean"] > 0
    assert facts["walls"] == []


def test_secret_seeds_are_never_the_same():
    drawn = [seed for _ in range(5) for seed in secret_seeds(20)]
    assert len(set(drawn)) == 100
    assert all(TRAINING_SEEDS_FROM <= seed < 2**63 for seed in drawn)


@needs_monty
def test_the_wall_is_said_beside_a_program_and_allow_unwalled_is_for_the_one_that_was_named(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("ARCADE_WALL", "monty")
    plain, generators = tmp_path / "plain.py", tmp_path / "generators.py"
    plain.write_text(REALISTIC["fixed_order"])
    generators.write_text(REALISTIC["generators"])

    def played(*arguments):
        code = main(["play", "2048", *map(str, arguments), "--size", "3", "--json"])
        return code, json.loads(capsys.readouterr().out)

    assert (played(plain)[0], played(plain)[1]["wall"]) == (0, "monty")
    code, facts = played(generators)
    assert (code, facts["wall"], facts["outcome"]) == (1, None, "forbidden")
    assert "(line 6)" in facts["error"]
    code, facts = played(generators, "--allow-unwalled")
    assert (code, facts["wall"]) == (0, "policy")
    assert main(["play", "2048", str(plain), "--size", "3", "--to", str(tmp_path / "x.episode")]) == 0
    assert ", wall: monty" in capsys.readouterr().out
    both = ["eval", str(plain), str(generators), "--size", "3", "--seeds", "2"]
    assert main([*both, "--allow-unwalled"]) == 0
    assert "behind the wall: monty, policy" in capsys.readouterr().out
    assert main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sandbox"]["wall"] == "monty"


def test_a_runs_facts_say_its_wall(monkeypatch):
    from grpo_arcade.recordings.runs.new_run import versions

    monkeypatch.setenv("ARCADE_WALL", "policy")
    assert versions()["wall"] == "policy"
