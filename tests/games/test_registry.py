"""Games are found by name: ours always, those of others where they are installed."""

import subprocess
import sys
from pathlib import Path

import pytest

from grpo_arcade.games import UnknownGameError, game_names, make

WITHOUT_METADATA = """
import importlib.metadata, runpy, sys

# As where the source lies on the path and nothing is installed but what it needs.
def nobody(cls, name, real=importlib.metadata.Distribution.from_name.__func__):
    if name.lower().replace("_", "-") == "grpo-arcade":
        raise importlib.metadata.PackageNotFoundError(name)
    return real(cls, name)

importlib.metadata.Distribution.from_name = classmethod(nobody)
importlib.metadata.entry_points = lambda **_: importlib.metadata.EntryPoints()
sys.argv = ["arcade", *sys.argv[1:]]
runpy.run_module("grpo_arcade.arcade.cli", run_name="__main__")
"""


def plain(*arguments):
    return subprocess.run([sys.executable, "-c", WITHOUT_METADATA, *arguments], capture_output=True, text=True)


def test_our_games_need_no_installed_distribution(tmp_path):
    kept = tmp_path / "game.episode"
    done = plain("play", "2048", "greedy", "--json", "--to", str(kept))
    assert done.returncode == 0, done.stderr
    checked = plain("verify", str(kept))
    assert checked.returncode == 0, checked.stderr + checked.stdout


@pytest.mark.parametrize("name", ["2047", "20 48", "Pong", "atari", "snake", "", "zzzzzzzzzz", "/", ":", "\x1b[2J"])
def test_an_unknown_game_is_one_line_that_offers_something(name):
    with pytest.raises(UnknownGameError) as caught:
        make(name)
    said = str(caught.value)
    assert "\n" not in said
    hint = said.partition("; ")[2].removesuffix("?").removeprefix("did you mean ").removeprefix("there are ")
    assert hint
    assert all(offered.startswith(("2048", "connect-four", "atari/", "openenv:")) for offered in hint.split(", "))


def test_without_metadata_the_hint_is_not_empty():
    done = plain("play", "20488", "greedy")
    assert done.returncode == 2
    assert "did you mean 2048?" in done.stderr


@pytest.fixture
def plugged_in(tmp_path, monkeypatch):
    """A package beside ours that plugs games in, one of them under a name that is taken."""
    from grpo_arcade.games import registry

    (tmp_path / "stones.py").write_text(
        "from grpo_arcade.games.twenty48 import Twenty48\n\n\nclass Stones(Twenty48):\n    name = 'falling-stones'\n"
    )
    about = tmp_path / "stones-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: stones\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[grpo_arcade.games]\nfalling-stones = stones:Stones\n2048 = stones:Stones\n3d/ = stones:Stones\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    registry._theirs.cache_clear()
    yield
    registry._theirs.cache_clear()
    sys.modules.pop("stones", None)


def test_others_plug_games_in_and_take_no_names(plugged_in):
    assert "falling-stones" in game_names()
    assert make("falling-stones", size=3).options["size"] == 3
    assert type(make("2048")).__module__ == "grpo_arcade.games.twenty48"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("", "AttributeError: module 'stones' has no attribute 'Stones'"),
        ("import nowhere_at_all", "stones.py, line 1: ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("def", "SyntaxError: "),
    ],
)
def test_a_game_of_others_that_cannot_be_loaded_is_one_line(plugged_in, tmp_path, code, why):
    (tmp_path / "stones.py").write_text(code)
    with pytest.raises(ValueError, match="the game falling-stones of the package stones cannot be loaded: ") as told:
        make("falling-stones")
    assert why in str(told.value)
    assert "\n" not in str(told.value)


def test_games_of_others_are_in_gymnasiums_registry(plugged_in):
    import gymnasium
    from gymnasium.utils.env_checker import check_env

    from grpo_arcade.games import gymnasium_env

    environment = "GRPOArcade/FallingStones-v0"
    assert gymnasium_env.environments()[environment] == "falling-stones"
    assert gymnasium_env.environments()["GRPOArcade/Twenty48-v0"] == "2048"
    gymnasium_env.register_envs()
    try:
        env = gymnasium.make(environment, size=3)
        check_env(env.unwrapped, skip_render_check=True)
    finally:
        del gymnasium.registry[environment]


def test_the_version_is_said_once():
    import tomllib

    from grpo_arcade import __version__

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["dynamic"] == ["version"]
    assert make("2048").versions["grpo-arcade"] == __version__


@pytest.mark.parametrize("name", ["latest", "nope", "open", "atary"])
def test_a_family_is_no_game_and_is_not_offered_as_one(name):
    with pytest.raises(UnknownGameError) as told:
        make(name)
    offered = str(told.value).partition("did you mean ")[2].rstrip("?").split(", ")
    assert not [each for each in offered if each.endswith(("/", ":"))]
