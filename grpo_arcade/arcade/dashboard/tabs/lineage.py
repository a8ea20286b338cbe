"""Where a strategy comes from, in words: a line of scores, and the family as a tree."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from grpo_arcade.arcade.dashboard.draw.numbers import score
from grpo_arcade.arcade.dashboard.draw.shares import outcome_style
from grpo_arcade.foreign_text import one_line
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.lineage import Branch, Line

_SHOWN = 4
"""Ancestors in a line of words; of a longer one the nearest."""


def line_words(line: Line) -> str:
    """The line in half a line: the scores of whom it comes from, the nearest last."""
    if line.parent is None:
        return "written from the game's words alone"
    told = [score(kin.score) for kin in line.kin[-_SHOWN - 1 :]]
    return ("… " if len(line.kin) > _SHOWN + 1 else "") + " → ".join(told)


def family_words(line: Line, family: Sequence[Branch], *, plain: bool) -> Text:
    """The tree: a strategy a line, indented by generations, those on the line in bold."""
    corner = "`-" if plain else "└─"
    text = Text()
    text.append(f"island {line.island + 1}, by {one_line(line.author, 60)}", style="dim")
    if line.twin is not None:
        text.append(f"; plays just as #{line.twin} does", style="yellow")
    text.append("\n\n")
    for branch in family:
        kin = branch.kin
        text.append("  " * max(0, branch.depth - 1) + (f"{corner} " if branch.depth else ""), style="dim")
        text.append(f"#{kin.id}", style="bold" if branch.on_line else "dim")
        text.append(f"  {RunKind.SEARCH.step} {kin.step}  ", style="dim")
        text.append(score(kin.score), style="bold" if branch.on_line else "")
        text.append(f"  {kin.outcome}", style=outcome_style(kin.outcome))
        if kin.id == line.kin[-1].id:
            text.append("  this one", style="bold")
        if branch.more:
            text.append(f"  and {branch.more} more from it", style="dim")
        if kin.note and branch.on_line:
            text.append("\n" + "  " * branch.depth + "   " + one_line(kin.note, 300), style="italic")
        text.append("\n")
    return text
