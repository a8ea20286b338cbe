"""One strategy of Watch, large, as the story of its run: a sentence, its board, its program and what is new, a curve.

Shown whole, or one part of it at a time, large enough for the back of a room.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.boards import board_size
from grpo_arcade.arcade.window.draw.code_view import CodeView
from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.arcade.window.draw.words import outcome_words
from grpo_arcade.arcade.window.watch.descent import against_parent, draw_line
from grpo_arcade.arcade.window.watch.run_feed import News, champion_score
from grpo_arcade.arcade.window.watch.story_chart import StoryChart
from grpo_arcade.arcade.window.watch.tile import Measure, Tile, draw_named_standing
from grpo_arcade.games import Picture, fonts, score_text
from grpo_arcade.recordings.runs.kind import RunKind

Part = Literal["all", "board", "code", "curve"]
_ENLARGED = 1.5
"""How much larger letters are where only one part is shown."""
_LEAST_FACTS = 190
"""Points for them below a board."""


class Spotlight:
    """What is shown of one strategy.

    Args:
        tile: its board; it plays on from where it is.
        news: the run.
        measure: what the strategies of its step are measured by.
        best: whether it is shown for being the best of its step, and gives way to the best of the next.
        part: what of it.
    """

    def __init__(self, tile: Tile, news: News, measure: Measure, *, best: bool = False, part: Part = "all") -> None:
        self.tile = tile
        self.step = news.shown
        """The step it is of, which may have gone by while it is read."""
        self.best = best
        self.part = part
        self.code = CodeView()
        self.chart = StoryChart()
        self.headline = pygame.Rect(0, 0, 0, 0)
        self._compact = False
        self._measure = measure
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
        """Take in what may have come to be known about it; news of another step leave the strategy as it is."""
        if self.of_step and news.shown != self.step:
            self._news = dataclasses.replace(news, rival=self._news.rival)
            return
        self._news, self._measure = news, measure
        entrant = self.tile.entrant
        if entrant is None:
            self.code.show(news.champion.source.rstrip("\n") if news.champion else "")
        else:
            base = news.rival.source if news.rival is not None else None
            if entrant.line is not None and entrant.line.parent_source is not None:
                base = entrant.line.parent_source
            self.code.show(entrant.text.rstrip("\n"), base if entrant.source is not None else None)

    def lay_out(self, area: pygame.Rect, look: Theme, compact: bool, picture: Picture) -> None:
        """The sentence above; below it board and facts on the left, program and curve on the right."""
        gap = look.px(theme.GAP)
        self._compact = compact
        tall = self._headline_height(look, compact)
        inset = 0 if compact else look.px(theme.PAD) - gap  # begins where the heading above it does
        self.headline = pygame.Rect(area.left + inset, area.top, area.width - inset, tall)
        body = pygame.Rect(self.headline.left, area.top + tall + gap // 2, self.headline.width, 0)
        body.height = max(1, area.bottom - body.top)
        nothing = pygame.Rect(body.topleft, (0, 0))
        self._facts, self._title = nothing.copy(), nothing.copy()
        self.code.rect, self.chart.rect, self._board = nothing.copy(), nothing.copy(), nothing.copy()
        if self.part in ("all", "board"):
            self._lay_out_board(body, look, compact, picture)
        if self.part == "all":
            left = self._facts.right + gap
            right = pygame.Rect(left, body.top, body.right - left, body.height)
            curve = 0 if compact else max(look.px(170), right.height * 2 // 5)
            self._lay_out_code(pygame.Rect(right.topleft, (right.width, right.height - curve)), look)
            if curve:
                self.chart.rect = pygame.Rect(right.left, right.bottom - curve + gap, right.width, curve - gap)
        elif self.part == "code":
            self._lay_out_code(body, self._large(look))
        elif self.part == "curve":
            self.chart.rect = body
        self.place()

    def _headline_height(self, look: Theme, compact: bool) -> int:
        if not self._news.headline.line:
            return 0
        return look.px(16) if compact else look.px(theme.TITLE * 1.7 + theme.CAPTION * theme.LINE)

    def _lay_out_board(self, body: pygame.Rect, look: Theme, compact: bool, picture: Picture) -> None:
        gap = look.px(theme.GAP)
        alone = self.part == "board"
        left = body.width * (3 if alone else 2) // 5
        game = self.tile.playback.game
        if alone or compact:
            size = board_size(game, picture, (left, body.height))
        else:
            room = left * 19 // 20, body.height - self._facts_height(look, body.height // 2)
            size = board_size(game, picture, room)
            larger = board_size(game, picture, (room[0], body.height - look.px(_LEAST_FACTS)))
            # A console's screen grows by whole pixels: some facts are worth less than twice the board.
            size = larger if larger[1] > size[1] * 3 // 2 else size
        if alone:
            left = size[0]
            self._board = pygame.Rect(body.topleft, size)
            x = body.left + left + 3 * gap
            tall = min(body.height, look.px(330))
            self._facts = pygame.Rect(x, body.top, body.right - x, tall)
            if not compact:
                self.chart.rect = pygame.Rect(x, body.top + tall + gap, body.right - x, body.height - tall - gap)
            return
        left = max(size[0], min(left, look.px(380)) if not compact else size[0])
        self._board = pygame.Rect((body.left + (left - size[0]) // 2, body.top), size)
        top = body.top + size[1] + gap
        self._facts = pygame.Rect(body.left, top, left, max(0, body.bottom - top))

    def _facts_height(self, look: Theme, most: int) -> int:
        """What its score, its place among the baselines, its reward and the functions that paid it need."""
        lines = 4 + len(self._measure.rewards) + (self.tile.entrant is not None and bool(self.tile.entrant.error))
        step = round(look.px(theme.BODY) * theme.LINE)
        return min(most, look.px(theme.HEADING * 1.9) + lines * step + look.px(theme.GAP))

    def _lay_out_code(self, area: pygame.Rect, look: Theme) -> None:
        line = round(look.px(theme.BODY) * theme.LINE)
        self._title = pygame.Rect(area.left, area.top, area.width, line)
        self.code.rect = pygame.Rect(area.left, area.top + line, area.width, area.height - line)

    def _large(self, look: Theme) -> Theme:
        """Larger letters where only one part is shown."""
        return look if self.part == "all" or self._compact else dataclasses.replace(look, scale=look.scale * _ENLARGED)

    def place(self) -> None:
        """The tile's board lies where this one does, as long as this is shown."""
        self.tile.board = self._board.copy()
        self.tile.dirty = True

    @property
    def shows_board(self) -> bool:
        """Whether the board is in sight."""
        return self._board.width > 0

    def draw(self, surface: pygame.Surface, look: Theme) -> pygame.Rect:
        """All but the board; what it covers."""
        area = self.headline.unionall([self._board, self._facts, self._title, self.code.rect, self.chart.rect])
        surface.fill(look.page, area)
        self.draw_headline(surface, look)
        if self._title.width:
            self._draw_title(surface, self._large(look))
            self.draw_code(surface, look)
        self._draw_facts(surface, self._large(look))
        self.draw_chart(surface, look)
        return area

    def draw_headline(self, surface: pygame.Surface, look: Theme) -> pygame.Rect:
        """How the run stands, in one sentence, and what its numbers are."""
        box, headline = self.headline, self._news.headline
        surface.fill(look.page, box)
        if not box.height:
            return box
        compact = box.height < look.px(theme.TITLE)
        most = look.px(theme.BODY) if compact else look.px(theme.TITLE)
        height = max(6, fonts.tallest(headline.line, box.width, most))
        y = box.top + box.height // 2 if compact else box.top + look.px(theme.TITLE) // 2 + look.px(2)
        paint.text(surface, headline.line, (box.left, y), height, look.rival, weight="bold", room=box.width)
        if not compact:
            small = look.px(theme.CAPTION)
            x, y = box.left, box.bottom - small
            if self._news.warnings:
                words = f"Alarm: {self._news.warnings[0].message}"
                x = paint.text(surface, words, (x, y), small, look.bad, room=box.width).right + small
            room = box.right - x
            fitting = max(look.px(theme.CAPTION * 0.8), fonts.tallest(headline.meaning, room, small, "medium"))
            paint.text(surface, headline.meaning, (x, y), fitting, look.soft, room=room)
        return box

    def draw_code(self, surface: pygame.Surface, look: Theme) -> pygame.Rect:
        """The program."""
        surface.fill(look.page, self.code.rect)  # soft corners that are painted again and again would grow hard
        self.code.draw(surface, self._large(look))
        return self.code.rect

    def draw_chart(self, surface: pygame.Surface, look: Theme) -> pygame.Rect:
        """The climb."""
        if self.chart.rect.width:
            self.chart.draw(surface, self._large(look), self._news)
        return self.chart.rect

    def _draw_title(self, surface: pygame.Surface, look: Theme) -> None:
        height, entrant, rival = look.px(theme.BODY), self.tile.entrant, self._news.rival
        if entrant is None:
            words, colour = "The champion's program: the best so far", look.gold_ink
        elif entrant.source is None:
            words, colour = "What the model wrote: it holds no program", look.bad
        elif entrant.line is not None and entrant.line.parent is not None:
            words, colour = against_parent(entrant.line, len(self.code.new)), look.ink
        elif rival is None:
            words, colour = "Its program", look.ink
        elif not self.code.new:
            same = entrant.source == rival.source
            words = "Its program: the champion's own" if same else "Its program: nothing that the champion lacks"
            colour = look.ink
        else:
            count = len(self.code.new)
            words = f"Its program: {count} line{'s' if count != 1 else ''} new"
            longer = f"{words} against the champion of {self._news.kind.step} {rival.step}"
            words = longer if paint.text_width(longer, height, "bold") <= self._title.width else words
            colour = look.ink
        at = self._title.left, self._title.top + self._title.height // 2 - look.px(2)
        paint.text(surface, words, at, height, colour, weight="bold", room=self._title.width)

    def _draw_facts(self, surface: pygame.Surface, look: Theme) -> None:
        measure = self._measure
        area, entrant, news = self._facts, self.tile.entrant, self._news
        height = look.px(theme.BODY)
        step = round(height * theme.LINE)
        y = area.top

        def line(
            label: str, value: str = "", colour: int = look.soft, note: str = "", tall: int = height, high: int = step
        ) -> None:
            nonlocal y
            if y + high > area.bottom:
                return
            middle, right = y + high // 2, area.right
            if value:
                right = (
                    paint.text(surface, value, (right, middle), tall, look.ink, weight="bold", anchor="right").left
                    - height
                )
            box = paint.text(surface, label, (area.left, middle), min(tall, 2 * height), colour, room=right - area.left)
            if note and right - box.right > 4 * height:
                at, small = (box.right + height, middle), look.px(theme.CAPTION)
                room = right - box.right - height
                paint.text(surface, paint.whole_clauses(note, room, small), at, small, look.faint)
            y += high

        large = look.px(theme.HEADING), look.px(theme.HEADING * 1.9)
        game = f"game {self.tile.number + 1} of {len(self.tile.episodes)}, seed {self.tile.playback.episode.seed}"
        if entrant is None:
            if news.champion is not None:
                line(
                    f"Champion since {news.kind.step} {news.champion.step}",
                    champion_score(news),
                    look.gold_ink,
                    "",
                    *large,
                )
            line(game)
            return
        which = f"Best of {news.kind.step} {self.step}" if self.best else outcome_words(entrant.outcome)
        colour = look.ink if self.best else look.outcome(entrant.outcome)
        line(which, score_text(entrant.score), colour, "" if self.best else "mean score", *large)
        if entrant.error:
            for words in paint.wrapped(entrant.error, area.width, height)[:2]:
                line(words, colour=look.bad)
        if news.baselines and y + 2 * step < area.bottom:
            track = pygame.Rect(area.left, y, area.width, 2 * step)
            draw_named_standing(surface, look, track, entrant.score, news.baselines)
            y += 2 * step
        if entrant.line is not None:
            y += draw_line(surface, look, pygame.Rect(area.left, y, area.width, area.bottom - y), entrant.line)
        if entrant.reward is not None:
            line(
                "Reward",
                f"{entrant.reward:+.2f}",
                look.ink,
                "what training pays it" if news.kind is RunKind.TRAINING else "",
            )
        for name in measure.rewards:
            if name in entrant.rewards:
                value = entrant.rewards[name] or 0.0
                line(name.replace("_", " "), f"{value:+.2f}", note=entrant.reasons.get(name, ""))
        line(game, colour=look.faint)
