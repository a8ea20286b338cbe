"""What training did, side by side: a typical game before it and one after it, on the same seed, begun together.

The games of a run that was evaluated are its own. Of one that was not, a program of its first and one of its last step
play once more, behind the wall that all programs play behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.boards import board_size
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.arcade.window.replay.playback import Playback
from grpo_arcade.arcade.window.watch.tile import HOLD_S, Tile
from grpo_arcade.games import Episode, Picture, score_text
from grpo_arcade.recordings.runs.before_after import before_and_after, typical_source
from grpo_arcade.recordings.runs.reader import RunReader


def recorded_before_and_after(folder: Path) -> tuple[Episode, ...] | None:
    """The two games of a run that was evaluated; None where no two were kept."""
    with RunReader(folder) as run:
        try:
            before, after = before_and_after(run)
        except ValueError:
            return None
    return (before, after) if before.player != after.player else None


def games_before_and_after(folder: Path) -> tuple[Episode, ...]:
    """The same for a run without evaluations: two of its programs play once more. For :meth:`Background.process`.

    Raises:
        ValueError: there are no two such programs, in one line.
    """
    with RunReader(folder) as run:
        return _played_again(run)


def _played_again(run: RunReader) -> tuple[Episode, ...]:
    """Typical programs of the first and of the last whole step on a seed of the last, the game as it was then."""
    from grpo_arcade.games import make
    from grpo_arcade.games.players import play_match
    from grpo_arcade.games.players.lending import game_for

    first, last = run.training_step(1), run.judged_step()
    typical = [typical_source(run, step) for step in (first, last) if step]
    if len(typical) < 2 or first == last or None in typical:
        steps = f"two {run.kind.step}s in which programs played"
        raise ValueError(f"before and after needs {steps}; this run has not come so far")
    last_group = run.groups(last or 1)[0]
    game = str(run.facts()["game"])
    if game.startswith("openenv:"):
        raise ValueError("before and after of a game on a server needs evaluations, which this run has none of")
    options, seed = last_group["options"], last_group["seeds"][0]
    found = []
    for step, source in zip((first, last), typical, strict=True):
        lent = game_for(source or "", make(game, **options)).options
        (episode,) = play_match(
            source or "", game, lent, [seed], player=f"a program of {run.kind.step} {step}"
        ).episodes
        found.append(episode)
    return tuple(found)


class BeforeAfter:
    """Two boards that begin together, and begin anew when both have ended.

    Args:
        episodes: the game before, and the one after.
        play: how one of them is played again.
    """

    def __init__(self, episodes: Sequence[Episode], play: Callable[[Episode], Playback]) -> None:
        self.tiles = [Tile([episode], play, loops=False) for episode in episodes]
        self.area = pygame.Rect(0, 0, 0, 0)
        self._held_s = 0.0

    @property
    def episodes(self) -> list[Episode]:
        """The two games."""
        return [tile.episodes[0] for tile in self.tiles]

    def lay_out(self, area: pygame.Rect, look: Theme, picture: Picture) -> None:
        """One left, one right, as large as can be."""
        self.area = area.copy()
        gap, line = look.px(theme.PAD), self._line(look)
        room = (area.width - gap) // 2, max(16, area.height - line)
        size = board_size(self.tiles[0].playback.game, picture, room)
        for place, tile in enumerate(self.tiles):
            half = pygame.Rect(area.left + place * (room[0] + gap), area.top, *room)
            tile.rect = pygame.Rect(half.left + (room[0] - size[0]) // 2, area.top, size[0], line + size[1])
            tile.board = pygame.Rect((tile.rect.left, area.top + line), size)
            tile.dirty = True

    @staticmethod
    def _line(look: Theme) -> int:
        return look.px(theme.HEADING * 2.2)

    def draw(self, surface: pygame.Surface, look: Theme) -> pygame.Rect:
        """All but the boards."""
        surface.fill(look.page, self.area)
        for tile, colour in zip(self.tiles, (look.soft, look.rival), strict=True):
            episode, y = tile.episodes[0], tile.rect.top + self._line(look) // 2
            height = look.px(theme.HEADING)
            score = f"{score_text(episode.score)} at the end"
            right = tile.rect.right, y
            box = paint.text(surface, score, right, height, look.ink, weight="bold", anchor="right")
            room = box.left - tile.rect.left - look.px(theme.GAP)
            paint.text(surface, episode.player, (tile.rect.left, y), height, colour, weight="bold", room=room)
        return self.area

    def advance(self, dt: float) -> None:
        """Begin anew once both have stood for a while; the boards themselves are told of time by who shows them."""
        if not all(tile.playback.ended for tile in self.tiles):
            return
        self._held_s += dt
        if self._held_s >= 2 * HOLD_S:
            self._held_s = 0.0
            for tile in self.tiles:
                tile.show_game(0)

    def due(self) -> float | None:
        """Seconds until both begin anew; None while one still plays."""
        ended = all(tile.playback.ended for tile in self.tiles)
        return max(0.0, 2 * HOLD_S - self._held_s) if ended else None
