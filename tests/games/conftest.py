"""What tests of games of several seats play."""

import sys

import pytest

from grpo_arcade.games import registry


@pytest.fixture(scope="module")
def seated_games_plugged_in(tmp_path_factory):
    """``sticks`` and ``coins`` as another package would have them, in this process and in those it starts."""
    where = tmp_path_factory.mktemp("package")
    about = where / "seated_games-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: seated-games\nVersion: 1.0\n")
    lines = "sticks = tests.games.seated_games:Sticks\ncoins = tests.games.seated_games:Coins\n"
    (about / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{lines}")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(where)
        patch.setenv("PYTHONPATH", f"{where}:{':'.join(path for path in sys.path if path)}")
        registry._theirs.cache_clear()
        yield
    registry._theirs.cache_clear()
