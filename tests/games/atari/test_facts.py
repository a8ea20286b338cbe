"""What is stored of the cartridges is what the emulator says."""

from importlib.metadata import version

import pytest

from grpo_arcade.games.atari.facts import facts_of, measured
from grpo_arcade.games.atari.roms import colours, facts, playable_titles


def stored_palettes():
    flat = {name: colours(name) for name in ("ntsc", "pal")}
    return {name: {i: table[3 * i : 3 * i + 3] for i in range(256)} for name, table in flat.items()}


@pytest.mark.parametrize("title", ["pong", "asteroids", "king_kong", "video_checkers"])
def test_what_is_stored_of_a_cartridge_is_what_the_emulator_says(title):
    assert facts_of(title, stored_palettes()) == facts()["roms"][title]


def test_it_was_asked_of_the_ale_py_that_is_installed():
    assert facts()["ale-py"] == version("ale-py")


def test_both_systems_have_all_colours_and_94_games_are_ntsc():
    assert len(colours("ntsc")) == len(colours("pal")) == 768
    systems = [entry["palette"] for entry in facts()["roms"].values()]
    assert (systems.count("ntsc"), systems.count("pal")) == (94, 10)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_everything_stored_is_measured_again():
    assert measured(playable_titles()) == facts()
