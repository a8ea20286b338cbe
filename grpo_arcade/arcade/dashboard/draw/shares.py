"""Shares of a whole as one line of coloured parts, each with its name in it, so that it reads without colour too."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rich.style import Style
from rich.text import Text

OUTCOME_COLOURS = {
    "won": "#3cb482", "drawn": "#7fb8a0", "lost": "#4c78a8", "capped": "#6fa3c7", "stuck": "#c9b458",
    "illegal": "#d99a3d", "timeout": "#d9793d", "crashed": "#d64550", "forbidden": "#a24fb5", "no_code": "#8a6d9c",
    "syntax_error": "#b0507a", "disconnected": "#94825f", "unfinished": "#7a7f8a",
}  # fmt: skip
TIME_COLOURS = {
    "generate": "#4c78a8",
    "score": "#c9b458",
    "learn": "#3cb482",
    "evaluate": "#a24fb5",
    "other": "#7a7f8a",
}


_TEXT_COLOURS = {
    "won": "#5fd7a7", "drawn": "#a7d7c5", "lost": "#8fb8e0", "capped": "#a8cbe3", "stuck": "#e0d27a",
    "illegal": "#f0b860", "timeout": "#f09a60", "crashed": "#ff7b80", "forbidden": "#d48be6", "no_code": "#bfa3d4",
    "syntax_error": "#e68fb8", "disconnected": "#cbbb9c", "unfinished": "#b0b4bc",
}  # fmt: skip
"""Lighter, so that thin letters are read on a dark ground."""


def outcome_style(outcome: str) -> str:
    """The colour of an outcome's name in text."""
    return _TEXT_COLOURS.get(outcome, "default")


def stacked(shares: Mapping[str, float], width: int, colours: Mapping[str, str]) -> Text:
    """One line of ``width`` cells; every share above nothing gets at least one, and its name where there is room."""
    parts = _parts(shares, width)
    if not parts:
        return Text("–".ljust(width), style="dim")
    line = Text(no_wrap=True)
    for name, share, room in parts:
        label = next((words for words in _labels(name, share) if len(words) <= room), "")
        line.append(label.ljust(room), style=Style(color="#ffffff", bgcolor=colours.get(name, "#7a7f8a"), bold=True))
    return line


def nameless(shares: Mapping[str, float], width: int) -> frozenset[str]:
    """The parts whose names :func:`stacked` has no room for."""
    return frozenset(name for name, share, room in _parts(shares, width) if len(_labels(name, share)[0]) > room)


def _labels(name: str, share: float) -> tuple[str, str]:
    return f" {name} {share:.0%} ", f" {share:.0%} "


def _parts(shares: Mapping[str, float], width: int) -> list[tuple[str, float, int]]:
    """Name, share of the whole, and cells of each part."""
    whole = sum(shares.values())
    if whole <= 0 or width < 4:
        return []
    kept = {name: share / whole for name, share in shares.items() if share > 0}
    cells = _cells(list(kept.values()), width)
    return [(name, share, room) for (name, share), room in zip(kept.items(), cells, strict=False)]


def legend(shares: Mapping[str, float], colours: Mapping[str, str], names: Collection[str] | None = None) -> Text:
    """Every part with its share, in words; or only those of ``names``."""
    whole = sum(shares.values()) or 1
    line = Text()
    for name, share in shares.items():
        if share > 0 and (names is None or name in names):
            line.append("■ ", style=colours.get(name, "#7a7f8a"))
            line.append(f"{name} {share / whole:.0%}   ")
    return line


def _cells(shares: list[float], width: int) -> list[int]:
    """Whole cells that sum to ``width``, none 0 as long as there is room: largest remainders first."""
    if len(shares) > width:
        shares = shares[:width]
    cells = [max(1, int(share * width)) for share in shares]
    while sum(cells) > width:
        cells[cells.index(max(cells))] -= 1
    rest = sorted(range(len(cells)), key=lambda i: shares[i] * width - cells[i], reverse=True)
    for turn in range(width - sum(cells)):
        cells[rest[turn % len(rest)]] += 1
    return cells
