"""What stands in each tab, made when it is first opened: all of them at once would delay the first picture."""

from __future__ import annotations

from pathlib import Path

from textual.widget import Widget

from grpo_arcade.recordings.runs.kind import RunKind

TABS = ("strategies", "groups", "evaluations", "commands", "log", "config", "rewards", "league")
"""The tabs beside the overview, in order; the last is there for runs by self-play only."""


def titled(tab: str, kind: RunKind) -> str:
    """What stands on one of :data:`TABS`: a search has no groups, its candidates are all beside each other."""
    return "Candidates" if tab == "groups" and kind is RunKind.SEARCH else tab.capitalize()


def content_of(tab: str, folder: Path, kind: RunKind, *, plain: bool) -> Widget:
    """The content of one of :data:`TABS`, whose module is imported here."""
    if tab == "strategies":
        from grpo_arcade.arcade.dashboard.tabs.strategies import Strategies

        return Strategies(folder, kind, plain=plain)
    if tab == "groups":
        from grpo_arcade.arcade.dashboard.tabs.groups import Groups

        return Groups(kind)
    if tab == "evaluations":
        from grpo_arcade.arcade.dashboard.tabs.evaluations import Evaluations

        return Evaluations(folder, kind, plain=plain)
    if tab == "rewards":
        from grpo_arcade.arcade.dashboard.tabs.rewards import Rewards

        return Rewards(kind, plain=plain)
    if tab == "league":
        from grpo_arcade.arcade.dashboard.tabs.league import League

        return League(plain=plain)
    if tab == "commands":
        from grpo_arcade.arcade.dashboard.tabs.commands import Commands

        return Commands(kind)
    if tab == "log":
        from grpo_arcade.arcade.dashboard.tabs.log import LogTail

        return LogTail()
    from grpo_arcade.arcade.dashboard.tabs.config import ConfigView

    return ConfigView()


def prepare() -> None:
    """Import what the tab that is opened most needs, before it is asked for."""
    import grpo_arcade.arcade.dashboard.tabs.strategies  # noqa: F401
