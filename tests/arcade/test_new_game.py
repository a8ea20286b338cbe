"""``arcade new-game``: what it writes is a game like any other, before anything in it is changed.

That its own tests pass, the conformance test among them, is seen where the page's commands run.
"""

import json
import os
import subprocess
import sys

import pytest

from grpo_arcade.arcade.cli import main

REWARDS = '''
import json
from grpo_arcade.games.players import extract_source, play_match
from grpo_arcade.trainer.rewards import function_works, no_cheating, strategy_succeeds
from grpo_arcade.trainer.scoring import Rollout

COMPLETIONS = {
    "follows": """
def strategy(state):
    return ("LEFT", "STAY", "RIGHT")[(state["ball_column"] > state["basket"]) - (state["ball_column"] < state["basket"]) + 1]
""",
    "stays": "def strategy(state):\\n    return 'STAY'",
    "answers wrongly": "def strategy(state):\\n    return 'JUMP'",
    "raises": "def strategy(state):\\n    return state['apples']",
    "cheats": "import os\\ndef strategy(state):\\n    return os.getcwd()",
    "says nothing": "I would rather not.",
    "is no Python": "def strategy(state) return 'STAY'",
}
verdicts = {}
for name, program in COMPLETIONS.items():
    completion = program if name == "says nothing" else f"```python\\n{program}\\n```"
    found = extract_source(completion)
    if found.source is None:
        rollout = Rollout(completion, None, (), found.reason, found.refusal)
    else:
        match = play_match(found.source, "apples-two", {"width": 5, "goal": 10}, range(4))
        rollout = Rollout(completion, found.source, match.episodes, match.error, match.refusal)
    verdicts[name] = [reward.judge(rollout)[0] for reward in (function_works, no_cheating, strategy_succeeds)]
print(json.dumps(verdicts))
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("games") / "apples-two"
    assert main(["new-game", "apples-two", "--to", str(target)]) == 0
    return target


@pytest.fixture(scope="module")
def environment(folder):
    """The game installed into a folder of its own."""
    site = folder.parent / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(site), str(folder)], check=True, capture_output=True)
    return {**os.environ, "PYTHONPATH": str(site), "PYTHONDONTWRITEBYTECODE": "1"}


def test_the_three_rewards_of_the_tutorials_work_for_it_unchanged(environment):
    child = subprocess.run([sys.executable, "-c", REWARDS], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(child.stdout) == {
        "follows": [1, 1, 20],
        "stays": [1, 1, 2],
        "answers wrongly": [1, 1, -3],
        "raises": [-0.5, 1, -3],
        "cheats": [-0.5, -20, 0],
        "says nothing": [-2, -1, 0],
        "is no Python": [-2, -1, 0],
    }


def test_its_manifest_passes_openenvs_validation(folder):
    pytest.importorskip("openenv")
    from openenv.validation import Level, run_validation

    report = run_validation(folder, max_level=Level.STATIC)
    assert (report.verdict.value, report.manifest.name) == ("pass", "arcade_apples_two")


def test_it_is_written_as_this_project_writes_python(folder):
    rules = "E,F,W,I,B,UP,C4,SIM,RUF,PT,D1,D2,D4"
    ignored = "D103,D105,D107,D203,D205,D213,D401,D413,SIM108"
    ruff = [sys.executable, "-m", "ruff"]
    for order in (["check", "--select", rules, "--ignore", ignored], ["format", "--check"]):
        command = [*ruff, *order, "--isolated", "--no-cache", "--line-length", "120", "."]
        child = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert child.returncode == 0, child.stdout


def test_names_that_cannot_be_are_refused_and_nothing_is_written(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, line in (
        ("", "what is the game called?"),
        ("Apples", "'Apples' cannot be a game's name: small letters"),
        ("../apples", "'../apples' cannot be a game's name"),
        ("two--apples", "'two--apples' cannot be a game's name"),
        ("2048", "'2048' cannot be a game's name"),
        ("json", "json would be the Python package json, and there is something of that name already"),
        ("class", "class would be the Python package class"),
    ):
        assert main(["new-game", name]) == 2
        assert capsys.readouterr().err.startswith(f"arcade: {line}")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "some-quinces").mkdir()
    (tmp_path / "some-quinces" / "mine.txt").write_text("mine")
    assert main(["new-game", "some-quinces"]) == 2
    assert "some-quinces is there already; --to names another folder" in capsys.readouterr().err
    assert [file.name for file in (tmp_path / "some-quinces").iterdir()] == ["mine.txt"]


def test_it_can_be_installed_as_it_is_written_so_that_commands_know_it(tmp_path):
    # pip is told by its own variable to leave the Python that runs the tests alone.
    env = {**os.environ, "PIP_PREFIX": str(tmp_path / "prefix"), "PIP_NO_INDEX": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    arcade = [sys.executable, "-m", "grpo_arcade"]
    made = subprocess.run(
        [*arcade, "new-game", "plums", "--install"], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert (made.returncode, made.stdout) == (0, "plums is a game, and installed: arcade play plums greedy\n"), (
        made.stderr
    )
    [site] = (tmp_path / "prefix").rglob("site-packages")
    (tmp_path / "boot").mkdir()
    (tmp_path / "boot" / "sitecustomize.py").write_text(f"import site\nsite.addsitedir({str(site)!r})\n")
    # Where the folder lies is looked at before what is installed, as in a checkout of this program.
    found = {**env, "PYTHONPATH": os.pathsep.join((str(tmp_path / "boot"), str(tmp_path)))}
    (tmp_path / "stays.py").write_text("def strategy(state):\n    return 'STAY'\n")
    for asked in (["play", "plums", "greedy"], ["eval", "stays.py", "--game", "plums", "--seeds", "1"]):
        done = subprocess.run([*arcade, *asked, "--json"], cwd=tmp_path, env=found, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["game"] == "plums"


def test_pip_that_refuses_is_told_in_a_line_and_the_folder_stays(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    monkeypatch.setattr(sys, "executable", sys._base_executable)
    assert main(["new-game", "plums", "--install"]) == 2
    assert "plums is written, and pip could not install it: " in capsys.readouterr().err
    assert (tmp_path / "plums" / "plums" / "__init__.py").is_file()
