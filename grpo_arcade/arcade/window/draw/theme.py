"""The look of the window in one file: type scale, spacing, corners, colours, motion. Nothing else names a colour.

Lengths are in points: pixels of a 1280×800 window. :meth:`Theme.px` turns them into pixels of the window there is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from grpo_arcade.games import Outcome

# Heights of capitals, in points. Five sizes; anything else is drawn at one of them.
CAPTION, BODY, HEADING, TITLE, DISPLAY = 9, 11, 14, 21, 36

# Distances, in points.
TIGHT, GAP, PAD, ROOM = 6, 12, 20, 36
RADIUS = 10
LINE = 2.1
"""From one line of text to the next, in heights of its capitals."""

# Motion, in seconds. Something moves only to show where it came from or went to.
MOVE_S = 0.14
"""A move of a game: tiles slide and settle."""
EASE_S = 0.12
"""A highlight or an overlay appears."""
TOAST_S = 5.0
"""A message stays, at least; long ones stay longer."""
FRAME_S = 1 / 60

_SMALLEST_SCALE = 0.6
_DESIGN = 1280, 800


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as 0xRRGGBB, and the scale of one window.

    Whatever words are written in has a contrast of at least 4.5 to page, card and sunken, by the rules of WCAG 2.
    """

    page: int = 0xFAF7F1
    """Behind everything; the same as a board's page, so that a board has no visible edge."""
    card: int = 0xFFFFFF
    sunken: int = 0xF2EEE5
    """Behind what belongs together and is not a card: bars, tracks, code."""
    line: int = 0xE6DFD2
    ink: int = 0x3D3833
    soft: int = 0x5B5147
    """Secondary text."""
    faint: int = 0x6E665C
    """Captions and what is switched off."""
    accent: int = 0xB5492B
    """The person; what has the focus; the one thing to press."""
    on_accent: int = 0xFFFFFF
    rival: int = 0x22756E
    """The model."""
    good: int = 0x357842
    fair: int = 0x80641A
    bad: int = 0xA63A26
    gold: int = 0xD89A00
    """Marks the champion and what is new. Too light for words, which have :attr:`gold_ink`."""
    gold_ink: int = 0x8A5A00
    """The champion, a best score."""
    scrim: int = 0x3D3833
    """Laid half transparent over a scene below an overlay."""
    scale: float = 1.0

    def px(self, points: float) -> int:
        """Pixels for a length in points, at least 1 for anything above 0."""
        return max(1, round(points * self.scale)) if points > 0 else 0

    @property
    def marked(self) -> int:
        """Behind the lines of a program that are new."""
        return mix(self.card, self.gold, 0.14)

    def outcome(self, outcome: Outcome | None) -> int:
        """The colour that says how an episode ended."""
        if outcome in (None, Outcome.UNFINISHED, Outcome.DISCONNECTED):
            return self.faint
        if outcome is Outcome.WON:
            return self.good
        if outcome is Outcome.LOST:
            return self.soft  # how nearly every game ends: nothing to be alarmed by
        return self.fair if outcome.by_the_rules else self.bad


def mix(one: int, other: int, share: float) -> int:
    """A colour between two: ``share`` 0 is the first, 1 the second."""
    parts = (round((one >> s & 255) * (1 - share) + (other >> s & 255) * share) << s for s in (16, 8, 0))
    return sum(parts)


_THEMES = {
    "classic": Theme(),
    # Blue against ochre, which all common kinds of colour blindness tell apart.
    "colour-blind": Theme(
        accent=0x2D5A9E,
        rival=0x806200,
        good=0x1F5FA8,
        fair=0x666666,
        bad=0x9E5400,
        gold=0xB38A00,
        gold_ink=0x7D5C00,
    ),
}
PALETTES = tuple(_THEMES)


def theme_for(palette: str, size: tuple[int, int]) -> Theme:
    """The theme that goes with a game's palette, scaled for a window of ``size`` pixels.

    Letters never get smaller than can be read: below about 770×480 pixels layouts have to give up room instead.
    """
    scale = min(size[0] / _DESIGN[0], size[1] / _DESIGN[1])
    return replace(_THEMES.get(palette, _THEMES["classic"]), scale=max(_SMALLEST_SCALE, scale))
