"""What opens from Watch: games in Replay, and a film of boards."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grpo_arcade.arcade.window.home.shelf import by_score
from grpo_arcade.arcade.window.replay.export import Export
from grpo_arcade.arcade.window.watch.tile import Tile
from grpo_arcade.games import Episode
from grpo_arcade.recordings.films.film import MOST_BOARDS

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App


def open_replay(app: App, tile: Tile | None, note: str) -> None:
    """The games of one strategy, the best first.

    Raises:
        ValueError: there is none.
    """
    from grpo_arcade.arcade.window.replay.replay import ReplayScene

    if tile is None:
        raise ValueError("there is no game yet that could be replayed")
    app.open(ReplayScene(app, by_score(tile.episodes), note))


def open_pair(app: App, episodes: Sequence[Episode], folder: Path) -> None:
    """Before and after, side by side."""
    from grpo_arcade.arcade.window.replay.replay import ReplayScene

    scene = ReplayScene(app, episodes, f"{folder.name} · before and after")
    app.open(scene)
    scene.compare_with(episodes[1])


def open_film(app: App, tiles: Sequence[Tile], *, whole: bool) -> bool:
    """One film of boards, up to the present move or of the whole games; True, for nothing plays on meanwhile.

    Raises:
        ValueError: nothing has been played yet.
    """
    best = sorted(tiles, key=lambda tile: -tile.entrant.score if tile.entrant else 0.0)[:MOST_BOARDS]
    shown = [tile.playback for tile in tiles if tile in best and (whole or tile.playback.ply)]
    if not shown:
        raise ValueError("there is no game yet that could be filmed")
    if len(best) < len(tiles):
        app.say(f"A film shows {MOST_BOARDS} boards: the best of these {len(tiles)}")
    moves = None if whole else [playback.ply for playback in shown]
    app.open(Export(app, [playback.episode for playback in shown], moves=moves))
    return True
