"""A cartridge is one module: found by its file, and named nowhere else in the room but where data are published."""

import re
from pathlib import Path

import pytest

from grpo_arcade.games import atari
from grpo_arcade.games.atari import playable_titles
from grpo_arcade.games.atari.roms import titles_for_several
from grpo_arcade.games.atari.titles import CARTRIDGES, SYMBOLIC, cartridge_of

ROOM = Path(atari.__file__).parent


def test_every_file_is_a_playable_title_and_is_known():
    files = {file.stem for file in (ROOM / "titles").glob("*.py")} - {"__init__"}
    assert set(CARTRIDGES) == files
    assert files <= {*playable_titles(), *titles_for_several()}


def test_who_sees_what_is_where_has_a_player_and_a_toolbox():
    for title in SYMBOLIC:
        assert cartridge_of(title).scripted is not None
        assert cartridge_of(title).toolbox is not None


def test_a_title_without_a_module_is_played_for_points():
    assert cartridge_of("seaquest").aim(42054.7).target == 42054.7
    assert cartridge_of("seaquest").objects is None


@pytest.mark.parametrize("title", sorted(SYMBOLIC))
def test_no_other_module_of_the_games_room_knows_a_title(title):
    own, published = ROOM / "titles" / f"{title}.py", ROOM / "roms.py"
    naming = re.compile(rf"""["'](atari/)?{title}["']""")
    for file in ROOM.parent.rglob("*.py"):
        if file not in (own, published):
            # An example in a docstring may name one.
            code = re.sub(r'"""(.*?)"""', "", file.read_text(), flags=re.S)
            assert not naming.search(code), file
