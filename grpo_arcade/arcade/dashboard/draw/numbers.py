"""Numbers and times as they are written everywhere in the dashboard."""

from __future__ import annotations

from collections.abc import Mapping

from grpo_arcade.games import score_text


def duration(seconds: float | None) -> str:
    """4 s, 12:30, 3:05:00, 2 d 04 h."""
    if seconds is None:
        return "–"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02}"
    if whole < 86400:
        return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{whole // 86400} d {whole // 3600 % 24:02} h"


def number(value: float | None) -> str:
    """A number as short as it is still told apart: 12,345, 123, 1.23, 0.0123, 1e-05."""
    if value is None or value != value:
        return "–"
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 1 or size == 0:
        return f"{value:.2f}"
    return f"{value:.4f}".rstrip("0") if size >= 0.001 else f"{value:.1e}".replace("e-0", "e-")


def reward_words(earned: Mapping[str, float | None]) -> str:
    """A reward function's mean; where its weight is not 1, times it."""
    if earned["weight"] in (None, 1):
        return number(earned["mean"])
    return f"{number(earned['mean'])} × {earned['weight']:g} = {number(earned['contribution'])}"


def score(value: float | None) -> str:
    """A game's score, as it is written everywhere."""
    return "–" if value is None or value != value else score_text(value)
