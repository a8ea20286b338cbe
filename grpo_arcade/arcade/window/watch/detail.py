"""One strategy of Watch enlarged: its board, what it earned and why, and its source with what is new in it."""

from __future__ import annotations

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.boards import board_size
from grpo_arcade.arcade.window.draw.code_view import CodeView
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.arcade.window.draw.words import outcome_words
from grpo_arcade.arcade.window.watch.run_feed import News, champion_score
from grpo_arcade.arcade.window.watch.tile import Measure, Tile, draw_standing
from grpo_arcade.games import Picture, score_text


class Detail:
    """What is shown of one strategy.

    Args:
        tile: its board; it plays on from where it is.
        news: the run.
        measure: what the strategies of its step are measured by.
    """

    def __init__(self, tile: Tile, news: News, measure: Measure) -> None:
        self.tile = tile
        self.step = news.shown
        """The step it is of, which may have gone by while it is read."""
        self._measure = measure
        self.code = CodeView()
        self._board = pygame.Rect(0, 0, 0, 0)
        self._facts = pygame.Rect(0, 0, 0, 0)
        self._title = pygame.Rect(0, 0, 0, 0)
        self._news = news
        self.hear(news, measure)

    @property
    def of_step(self) -> bool:
        """Whether it is one of a step's, and not the champion."""
        return self.tile.entrant is not None

    def hear(self, news: News, measure: Measure) -> None:
        """Take in what may have come to be known about it; news of another step leave it as it is."""
        if self.of_step and news.shown != self.step:
            return
        self._news, self._measure = news, measure
        entrant = self.tile.entrant
        if entrant is None:
            self.code.show(news.champion.source.rstrip("\n") if news.champion else "")
        else:
            base = news.rival.source if news.rival is not None and entrant.source is not None else None
            self.code.show(entrant.text.rstrip("\n"), base)

    def lay_out(self, area: pygame.Rect, look: Theme, compact: bool, picture: Picture) -> None:
        """Board and facts on the left, the source on the right."""
        gap = look.px(theme.GAP)
        left = area.width * 2 // 5
        side = min(left, area.height if compact else area.height * 3 // 5)
        left = max(side, min(left, look.px(380)))
        room = side, side
        if self.tile.playback.game.clock_driven and not compact:
            room = left, area.height * 7 // 10  # a console's screen is high, and enlarged by whole numbers
        size = board_size(self.tile.playback.game, picture, room)
        side = size[1]
        self._board = pygame.Rect((area.left + (left - size[0]) // 2, area.top), size)
        self._facts = pygame.Rect(area.left, area.top + side + gap, left, area.height - side - gap)
        x = area.left + left + gap
        line = round(look.px(theme.BODY) * theme.LINE)
        self._title = pygame.Rect(x, area.top, area.right - x, line)
        self.code.rect = pygame.Rect(x, area.top + line, area.right - x, area.height - line)
        self.place()

    def place(self) -> None:
        """The tile's board lies where this one does, as long as this is shown."""
        self.tile.board = self._board.copy()
        self.tile.dirty = True

    def draw(self, surface: pygame.Surface, look: Theme) -> pygame.Rect:
        """All but the board; what it covers."""
        area = self._board.unionall([self._facts, self._title, self.code.rect])
        surface.fill(look.page, area)
        self._draw_title(surface, look)
        self.code.draw(surface, look)
        self._draw_facts(surface, look)
        return area

    def _draw_title(self, surface: pygame.Surface, look: Theme) -> None:
        height, entrant, rival = look.px(theme.BODY), self.tile.entrant, self._news.rival
        if entrant is None:
            words, colour = "The champion's source", look.gold
        elif entrant.source is None:
            words, colour = "The completion, which holds no strategy", look.bad
        elif rival is None:
            words, colour = "Source", look.ink
        elif not self.code.new:
            same = entrant.source == rival.source
            words = "Source: the champion's own" if same else "Source: nothing that the champion lacks"
            colour = look.ink
        else:
            count = len(self.code.new)
            words = f"Source: {count} line{'s' if count != 1 else ''} new against the champion of step {rival.step}"
            colour = look.ink
        at = self._title.left, self._title.top + self._title.height // 2 - look.px(2)
        paint.text(surface, words, at, height, colour, weight="bold", room=self._title.width)

    def _draw_facts(self, surface: pygame.Surface, look: Theme) -> None:
        measure = self._measure
        area, entrant, news = self._facts, self.tile.entrant, self._news
        height = look.px(theme.BODY)
        step = round(height * theme.LINE)
        y = area.top

        def line(label: str, value: str = "", colour: int = look.soft, note: str = "") -> None:
            nonlocal y
            if y + step > area.bottom:
                return
            middle, right = y + step // 2, area.right
            if value:
                right = (
                    paint.text(surface, value, (right, middle), height, look.ink, weight="bold", anchor="right").left
                    - height
                )
            box = paint.text(surface, label, (area.left, middle), height, colour, room=right - area.left)
            if note and right - box.right > 4 * height:
                at = box.right + height, middle
                paint.text(surface, note, at, look.px(theme.CAPTION), look.faint, room=right - box.right - height)
            y += step

        game = f"game {self.tile.number + 1} of {len(self.tile.episodes)}, seed {self.tile.playback.episode.seed}"
        if entrant is None:
            if news.champion is not None:
                line(f"Champion since step {news.champion.step}", champion_score(news), look.gold)
            line(game)
        else:
            line(outcome_words(entrant.outcome), score_text(entrant.score), look.outcome(entrant.outcome), "mean score")
            if entrant.error:
                for words in paint.wrapped(entrant.error, area.width, height)[:2]:
                    line(words, colour=look.bad)
            if news.baselines and y + 2 * step < area.bottom:
                track = pygame.Rect(area.left, y, area.width, step)
                draw_standing(surface, look, track, entrant.score, news.baselines)
                y += step
                line(
                    " · ".join(f"{name} {score_text(mean)}" for name, mean in news.baselines.items()), colour=look.faint
                )
            if entrant.reward is not None:
                line("Reward", f"{entrant.reward:+.2f}", look.ink)
            for name in measure.rewards:
                if name in entrant.rewards:
                    value = entrant.rewards[name] or 0.0
                    line(name.replace("_", " "), f"{value:+.2f}", note=entrant.reasons.get(name, ""))
            line(game, colour=look.faint)
