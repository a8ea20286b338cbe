"""A run in one sentence, for people who have never seen one: where it stands, and where it began.

Only words: made where the run is read (``run_feed``), shown wherever there is room for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grpo_arcade.games import score_text
from grpo_arcade.recordings.runs.history import History
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.records import RECENT, HeldOut
from grpo_arcade.recordings.runs.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Headline:
    """What to say of a run at one of its steps; both lines are empty while nothing has been played."""

    line: str = ""
    meaning: str = ""
    """What the numbers are, and what a step does, in plain words."""


def headline_of(run: Snapshot, step: int, group: int, baselines: Mapping[str, float]) -> Headline:
    """The headline of a run as it stood after a step.

    Args:
        run: it.
        step: after which.
        group: how many strategies a group of that step has.
        baselines: mean held-out scores, as of that step's stage.
    """
    held_out = [each for each in run.held_out if each.step <= step]
    same = [each for each in held_out if each.stage == held_out[-1].stage]
    count = group if group > 1 else "several"
    does = (
        f"In each step the model writes {count} programs, lets them play the same games, and learns from those that "
        "beat the others (GRPO)."
    )
    if run.kind is RunKind.SEARCH:
        does = f"In each round a model writes {count} programs from earlier ones and what it is told of their games."
    if same:
        programs = "the champion" if run.kind is RunKind.SEARCH else _count(same[-1].strategies, "new program")
        unseen = "it is told nothing of" if run.kind is RunKind.SEARCH else "it never trains on"
        line = _told_of_held_out(same, same[-1].baselines or baselines, run.kind)
        score = f"the mean of {programs} in {_count(same[-1].seeds, 'game')} {unseen} (held-out)"
        return Headline(line, f"{does} Score: {score}.")
    line = _told_of_training(run.history, step, baselines, run.kind, comparable=len(run.baselines) < 2)
    return Headline(line, f"{does} Score: the mean of their games; none is held out." if line else "")


def _told_of_held_out(held_out: Sequence[HeldOut], baselines: Mapping[str, float], kind: RunKind) -> str:
    first, last = held_out[0], held_out[-1]
    when = f"After {kind.steps(last.step)}" if last.step else "Before training"
    place = _place(last.mean, last.low, last.high, baselines)
    who = "its champion" if kind is RunKind.SEARCH else "it"
    line = f"{when} {who} scores {score_text(last.mean)}{place}"
    return line if len(held_out) < 2 else f"{line}; it began at {score_text(first.mean)}"


def _told_of_training(
    history: History, step: int, baselines: Mapping[str, float], kind: RunKind, *, comparable: bool
) -> str:
    """The same of the games it was trained on, for a run that was not evaluated; means of some steps, as one is luck.

    ``comparable``: whether the first steps played the same game.
    """
    scores = history.columns["score"][history.between(0, max(step, 1))]
    known = [score for score in scores if score == score]
    if not known:
        return ""
    window = max(1, min(RECENT, len(known) // 2))
    last, first = sum(known[-window:]) / window, sum(known[:window]) / window
    line = f"After {kind.steps(step)} its programs score {score_text(last)}{_place(last, last, last, baselines)}"
    return line if len(known) < 2 or not comparable else f"{line}; at first {score_text(first)}"


def _place(mean: float, low: float, high: float, baselines: Mapping[str, float]) -> str:
    """Among which baselines a score stands; not above one that lies within its interval."""
    near = [name for name, level in baselines.items() if low <= level <= high and low < high]
    if near:
        return f", level with {min(near, key=lambda name: abs(baselines[name] - mean))}"
    below = [name for name, level in baselines.items() if level < mean]
    if below and len(below) == len(baselines) > 1:
        return f", above {max(below, key=baselines.__getitem__)}, the best baseline"
    if below:
        return f", above {max(below, key=baselines.__getitem__)}"
    return f", below {min(baselines, key=baselines.__getitem__)}" if baselines else ""


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def time_left(seconds: float) -> str:
    """How long it still takes, as people say it."""
    if seconds < 90:
        return f"{max(10, round(seconds / 10) * 10)} s left"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min left"
    hours = round(minutes / 60)
    return f"{hours} h left" if hours < 48 else f"{round(hours / 24)} days left"
