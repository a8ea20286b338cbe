"""One strategy on the screen: its board playing, and below it what came of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.boards import draw_ending
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.arcade.window.replay.playback import Playback
from grpo_arcade.arcade.window.watch.run_feed import Entrant
from grpo_arcade.games import Episode, Picture, score_text

HOLD_S = 2.0
"""How long a game that has ended stays before the next begins."""


@dataclass(slots=True)
class Measure:
    """What the strategies of a step are measured by: the same for all tiles."""

    rewards: tuple[str, ...] = ()
    """Reward functions, in the order of the bars."""
    largest: Mapping[str, float] | None = None
    """The largest size of each in this step."""
    baselines: Mapping[str, float] | None = None

    @classmethod
    def of(cls, entrants: Sequence[Entrant], baselines: Mapping[str, float]) -> Measure:
        """The measure of a step."""
        largest: dict[str, float] = {}
        for entrant in entrants:
            for name, value in entrant.rewards.items():
                largest[name] = max(largest.get(name, 0.0), abs(value or 0.0))
        return cls(tuple(largest), largest, baselines)


class Tile:
    """Plays the games of one strategy, one after the other.

    Args:
        episodes: its games.
        play: how one of them is played again.
        entrant: what it earned, where it is one of a step.
        loops: whether the next game begins when one has ended.
    """

    def __init__(
        self,
        episodes: Sequence[Episode],
        play: Callable[[Episode], Playback],
        entrant: Entrant | None = None,
        *,
        loops: bool = True,
    ) -> None:
        self.episodes = tuple(episodes)
        self._play = play
        self._loops = loops
        self.entrant = entrant
        self.rect = pygame.Rect(0, 0, 0, 0)
        self.board = pygame.Rect(0, 0, 0, 0)
        self.dirty = True
        self.number = 0
        """Which of its games is shown."""
        self._playback: Playback | None = None
        self._held_s = 0.0

    @property
    def playback(self) -> Playback:
        """The game that is shown, begun when somebody first looks: a group may be larger than what is in sight."""
        if self._playback is None:
            self._playback = self._play(self.episodes[self.number])
        return self._playback

    @property
    def replays(self) -> bool:
        """Whether a game follows when one has ended: one in which anything happens."""
        return self._loops and any(episode.actions for episode in self.episodes)

    def show_game(self, number: int) -> None:
        """Start another of its games."""
        self.number = number % len(self.episodes)
        self._playback = None
        self._held_s = 0.0
        self.dirty = True

    def advance(self, dt: float, rate: float) -> bool:
        """Let time pass; True if it must be drawn."""
        if not self.playback.ended:
            changed = self.playback.advance(dt, rate)
            self.dirty |= changed or self.playback.ended
        elif self.replays:
            self._held_s += dt
            if self._held_s >= HOLD_S:
                self.show_game(self.number + 1)
        return self.dirty

    def due(self) -> float | None:
        """Seconds until it changes by itself."""
        if not self.playback.ended:
            return 0.0
        return max(0.0, HOLD_S - self._held_s) if self.replays else None

    def draw_board(self, surface: pygame.Surface, look: Theme, picture: Picture) -> None:
        """The position; veiled and named once the game has ended."""
        self.dirty = False
        if self.playback.view is None:
            surface.fill(look.sunken, self.board)
        self.playback.draw(surface, self.board, picture)
        if not self.playback.ended:
            return
        episode = self.playback.episode
        draw_ending(surface, look, self.board, episode.outcome, episode.score if episode.actions else None)

    def draw_caption(self, surface: pygame.Surface, look: Theme, measure: Measure) -> None:
        """Mean score, outcome, reward by function, and where it stands among the baselines."""
        entrant = self.entrant
        area = pygame.Rect(self.board.left, self.board.bottom, self.board.width, self.rect.bottom - self.board.bottom)
        if entrant is None or area.height < look.px(14):
            return
        inset = self.board.width // 40
        height = look.px(theme.CAPTION)
        left, right, y = area.left + inset, area.right - inset, area.top + look.px(4) + height // 2
        box = draw_score(surface, look, entrant, (left, y), height, right - left)
        reward = "" if entrant.reward is None else f"{entrant.reward:+.2f}"
        room = right - box.right - height
        if reward and room > paint.text_width(reward, height):
            paint.text(surface, reward, (right, y), height, look.soft, anchor="right")
        elif not entrant.rewards and room > height * 5:
            paint.text(surface, "playing…", (right, y), height, look.faint, anchor="right", room=room)
        if area.height < look.px(33):
            return
        bars = pygame.Rect(left, y + height, (right - left) * 2 // 5, area.bottom - y - height - look.px(3))
        draw_split(surface, look, bars, entrant.rewards, measure)
        track = pygame.Rect(bars.right + look.px(theme.TIGHT), bars.top, 0, bars.height)
        track.width = right - track.left
        draw_standing(surface, look, track, entrant.score, measure.baselines or {})


def draw_score(
    surface: pygame.Surface, look: Theme, entrant: Entrant, at: tuple[int, int], height: int, room: int
) -> pygame.Rect:
    """How its games ended, as a dot, and their mean score, from a point on the left; where the score stands."""
    dot = max(2, height // 3)
    _dot(surface, (at[0] + dot, at[1]), dot, look.outcome(entrant.outcome))
    words = score_text(entrant.score)
    return paint.text(surface, words, (at[0] + 3 * dot, at[1]), height, look.ink, weight="bold", room=room)


def draw_split(
    surface: pygame.Surface, look: Theme, area: pygame.Rect, rewards: Mapping[str, float], measure: Measure
) -> None:
    """A bar for each reward function, up for what it gave and down for what it took."""
    names = measure.rewards
    if not names or area.height < 4:
        return
    middle, half = area.centery, area.height // 2
    surface.fill(look.line, (area.left, middle, area.width, 1))
    wide = max(2, area.width // len(names) - max(1, look.px(2)))
    for place, name in enumerate(names):
        value, largest = rewards.get(name) or 0.0, (measure.largest or {}).get(name, 0.0)
        tall = round(half * min(1.0, abs(value) / largest)) if largest else 0
        x = area.left + place * area.width // len(names)
        top = middle - tall if value > 0 else middle
        surface.fill(look.good if value > 0 else look.bad, (x, top, wide, max(1, tall)))


def draw_standing(
    surface: pygame.Surface, look: Theme, area: pygame.Rect, score: float, baselines: Mapping[str, float]
) -> None:
    """A line with a tick for each baseline and a dot for the score.

    Equal steps are equal factors where all scores are above 0, else equal differences.
    """
    known = list(baselines.values())
    if not known or area.width < look.px(16):
        return
    x = _standing_scale(area, known)
    y = area.centery
    surface.fill(look.line, (area.left, y, area.width, max(1, look.px(1.5))))
    for mean in known:
        surface.fill(look.faint, (x(mean), y - area.height // 4, max(1, look.px(1)), area.height // 2))
    radius = max(2, min(area.height // 4, look.px(4)))
    beats = sum(score > mean for mean in known)
    colour = look.bad if beats == 0 else look.good if beats == len(known) else look.rival
    _dot(surface, (min(max(x(score), area.left + radius), area.right - radius), y), radius, colour)


def draw_named_standing(
    surface: pygame.Surface, look: Theme, area: pygame.Rect, score: float, baselines: Mapping[str, float]
) -> None:
    """The same with the baselines' names and scores below their ticks, as far as they have room."""
    if not baselines or area.width < look.px(16):
        return
    draw_standing(surface, look, pygame.Rect(area.left, area.top, area.width, area.height // 2), score, baselines)
    x = _standing_scale(area, list(baselines.values()))
    small, taken = look.px(theme.CAPTION), area.left - look.px(theme.TIGHT)
    for name, mean in sorted(baselines.items(), key=lambda item: item[1]):
        words = f"{name} {score_text(mean)}"
        wide = paint.text_width(words, small)
        left = min(max(area.left, x(mean) - wide // 2), area.right - wide)
        left = max(left, taken + look.px(theme.TIGHT))
        if left + wide <= area.right:
            taken = paint.text(surface, words, (left, area.top + area.height * 3 // 4), small, look.soft).right


def _standing_scale(area: pygame.Rect, known: Sequence[float]) -> Callable[[float], int]:
    positive = min(known) > 0
    spread = max(known) - min(known)
    low = min(known) / 4 if positive else min(known) - spread / 8 - 1
    high = max(known) * 1.5 if positive else max(known) + spread / 3 + 1

    def x(value: float) -> int:
        value = min(max(value, low), high)
        share = math.log(value / low) / math.log(high / low) if positive else (value - low) / (high - low)
        return area.left + round(share * (area.width - 1))

    return x


def _dot(surface: pygame.Surface, at: tuple[int, int], radius: int, colour: int) -> None:
    paint.panel(surface, pygame.Rect(at[0] - radius, at[1] - radius, 2 * radius, 2 * radius), colour, radius)
