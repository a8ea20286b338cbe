"""Is it learning, and is it cheating? A run judged in one line, with the evidence.

A trend is a straight line through the held-out means, weighted by what each is known to, with the 95 % interval of its
slope. A run learns when that interval lies above zero: then the training reward, which a program may have found a way
to game, need not be believed. The reward is asked only what the held-out score cannot say.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, pairwise

from grpo_arcade.games import score_text
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.records import RECENT, HeldOut

_FEWEST = 4
"""Evaluations that tell whether the held-out score goes another way than the reward."""
_BLOCKS = 8
"""Stretches whose means a trend of the reward is laid through: single steps are too noisy, and not independent."""
_NORMAL, _STUDENT = 1.96, 2.45
"""Half of a 95 % interval in standard errors: of means whose error is known, and of eight whose error is estimated."""
_HARDLY = 0.2
"""Of its level: a score that rose by less at most stood still, where the reward rose for all to see."""
_CLEAR = 4.0
"""A reward that fell by so many standard errors of its recent means did not do so by chance."""
_NOISE_STEPS = 400
"""The last steps, from which one sees how noisy they are."""
Rewards = Sequence[tuple[int, float]]
"""Step and mean reward, oldest first."""


class Kind(StrEnum):
    """How a run is going."""

    WAITING = "waiting"
    """Too little is known."""
    LEARNING = "learning"
    """The held-out score rises."""
    LEVEL = "no clear change"
    """It neither rises nor falls, as far as one can tell."""
    HACKING = "hacking"
    """The training reward rises, and the held-out score does not: the reward is being gamed."""
    COLLAPSING = "collapsing"
    """What the model could do it is losing."""


@dataclass(frozen=True)
class Verdict:
    """A judgement."""

    kind: Kind
    line: str
    """In one line; begins with the kind."""
    evidence: tuple[str, ...]
    """What it rests on, a line each."""


@dataclass(frozen=True)
class Trend:
    """A slope a step, and the ends of its 95 % interval."""

    slope: float
    low: float
    high: float

    @property
    def rises(self) -> bool:
        """Whether it surely does."""
        return self.low > 0

    @property
    def falls(self) -> bool:
        """Whether it surely does."""
        return self.high < 0


def judge(
    rewards: Rewards,
    held_out: Sequence[HeldOut],
    *,
    failure: str = "",
    live: bool = True,
    of: RunKind = RunKind.TRAINING,
) -> Verdict:
    """Judge a run.

    Args:
        rewards: of every step.
        held_out: every evaluation, by step. Those of the last stage of a curriculum count: scores of different games
            cannot be compared.
        failure: why training failed for good, if it did.
        live: whether it still goes on, which changes nothing but a word.
        of: what kind of run, which changes nothing but words.
    """
    rewards = [(step, reward) for step, reward in rewards if math.isfinite(reward)]
    same = [each for each in held_out if each.stage == held_out[-1].stage]
    evidence = (*_told_of_scores(same, of), *_told_of_rewards(rewards, of))
    kind, line = _judged(rewards, same, live, of) if not failure else (Kind.COLLAPSING, f"collapsed: {failure}")
    return Verdict(kind, line, evidence)


def _judged(rewards: Rewards, held_out: Sequence[HeldOut], live: bool, of: RunKind) -> tuple[Kind, str]:
    made = f"{of.steps(len(rewards))} {'so far' if live else 'made'}"
    if of is RunKind.SEARCH:
        rewards = []  # of candidates that need not be kept: nobody is paid by them
    if fall := _reward_fall(rewards, of):
        return Kind.COLLAPSING, f"collapsing: {fall}"
    if len(held_out) < 2:
        have = "one" if held_out else "none"
        known = f"a trend takes two evaluations, there is {have}; {made}"
        return Kind.WAITING, f"{'waiting' if live else 'too short to tell'}: {known}"
    trend, last = score_trend(held_out), held_out[-1]
    peak = max(held_out[:-1], key=lambda each: each.mean)
    if last.high < peak.low or trend.falls:
        fell = f"held-out {_at(peak, of)}, {_at(last, of)}"
        if of is RunKind.SEARCH:
            return Kind.LEVEL, f"no gain: a later champion is worse than an earlier one: {fell}"
        if (rise := _reward_rise(rewards, peak.step, last.step, of)) is not None:
            return Kind.HACKING, f"hacking: the reward rises ({rise}), the held-out score falls: {fell}"
        return Kind.COLLAPSING, f"collapsing: the score falls: {fell}"
    recent = held_out[-max(_FEWEST, len(held_out) // 2) :]
    rise = _reward_rise(rewards, recent[0].step, last.step, of)
    if rise is not None and _stands_still(recent):
        since = f"{slope_text(score_trend(recent), recent, of)} since {of.step} {recent[0].step:,}"
        return Kind.HACKING, f"hacking: the reward rises ({rise}), the held-out score does not: {since}"
    place = f"{score_text(last.mean)} is {_among(last)}" if last.baselines else f"now {score_text(last.mean)}"
    if trend.rises:
        return Kind.LEARNING, f"{_rising(live, of)}: held-out {slope_text(trend, held_out, of)}; {place}"
    return Kind.LEVEL, f"no clear change: held-out {slope_text(trend, held_out, of)}; {place}"


def _stands_still(held_out: Sequence[HeldOut]) -> bool:
    """Whether the score does not surely rise, and enough is known to say that it hardly can have."""
    trend, span = score_trend(held_out), held_out[-1].step - held_out[0].step
    level = statistics.fmean(abs(each.mean) for each in held_out)
    return len(held_out) >= _FEWEST and not trend.rises and trend.high * span < _HARDLY * level


def score_trend(held_out: Sequence[HeldOut]) -> Trend:
    """The straight line through at least two held-out means, weighted by their intervals."""
    xs, ys = [each.step for each in held_out], [each.mean for each in held_out]
    widths = [(each.high - each.low) / (2 * _NORMAL) for each in held_out]
    least = max(*widths, *(abs(y) for y in ys), 1.0) * 1e-3  # an interval without length is of games all alike
    weights = [1 / max(width, least) ** 2 for width in widths]
    slope, spread, misfit = _line(xs, ys, weights)
    # Where the means scatter more than their intervals say, the scatter counts.
    error = spread * max(1.0, math.sqrt(misfit / (len(xs) - 2)) if len(xs) > 2 else 1.0)
    return Trend(slope, slope - _NORMAL * error, slope + _NORMAL * error)


def reward_trend(rewards: Rewards) -> Trend | None:
    """The straight line through the means of eight stretches of steps; None of fewer than sixteen steps."""
    if len(rewards) < 2 * _BLOCKS:
        return None
    ends = [len(rewards) * place // _BLOCKS for place in range(_BLOCKS + 1)]
    blocks = [rewards[first:last] for first, last in pairwise(ends)]
    xs = [statistics.fmean(step for step, _ in block) for block in blocks]
    ys = [statistics.fmean(reward for _, reward in block) for block in blocks]
    slope, spread, misfit = _line(xs, ys, [1.0] * _BLOCKS)
    error = spread * math.sqrt(misfit / (_BLOCKS - 2))
    return Trend(slope, slope - _STUDENT * error, slope + _STUDENT * error)


def _line(xs: Sequence[float], ys: Sequence[float], weights: Sequence[float]) -> tuple[float, float, float]:
    """The slope by least squares, its standard error if the weights are inverse variances, and the weighted misfit."""
    whole = sum(weights)
    middle = sum(w * x for w, x in zip(weights, xs, strict=True)) / whole
    height = sum(w * y for w, y in zip(weights, ys, strict=True)) / whole
    length = sum(w * (x - middle) ** 2 for w, x in zip(weights, xs, strict=True))
    slope = sum(w * (x - middle) * (y - height) for w, x, y in zip(weights, xs, ys, strict=True)) / length
    misfit = sum(w * (y - height - slope * (x - middle)) ** 2 for w, x, y in zip(weights, xs, ys, strict=True))
    return slope, 1 / math.sqrt(length), misfit


def _reward_rise(rewards: Rewards, first: int, last: int, of: RunKind) -> str | None:
    """Whether the reward rises between two steps, surely and by more than one step differs from the next: from what
    to what, or None.
    """
    between = [(step, reward) for step, reward in rewards if first <= step <= last]
    trend = reward_trend(between)
    if trend is None or not trend.rises:
        return None
    before, now = _mean(between[:RECENT]), _mean(between[-RECENT:])
    return f"{before:.2f} to {now:.2f} since {of.step} {first:,}" if now - before > _noise(between) else None


def _reward_fall(rewards: Rewards, of: RunKind) -> str:
    """What the reward has lost of all it had gained, and more, if it has."""
    if len(rewards) < 3 * RECENT:
        return ""
    sums = list(accumulate((reward for _, reward in rewards), initial=0.0))
    begins = range(0, len(rewards) - RECENT + 1, RECENT // 2)
    windows = [(sums[at + RECENT] - sums[at]) / RECENT for at in begins]
    now, first, best = _mean(rewards[-RECENT:]), windows[0], max(windows)
    noise = _noise(rewards) * math.sqrt(2 / RECENT)  # of the difference of two means
    if best - now <= _CLEAR * max(noise, 1e-9) or now > first:
        return ""
    at = rewards[windows.index(best) * (RECENT // 2) + RECENT - 1][0]
    return f"the reward fell from {best:.2f} by {of.step} {at:,} to {now:.2f}; at first it was {first:.2f}"


def _noise(rewards: Rewards) -> float:
    """The standard deviation of single steps about where the reward is going, in spite of some that stand out."""
    last = rewards[-_NOISE_STEPS:]
    return 1.05 * statistics.median(abs(later - before) for (_, before), (_, later) in pairwise(last))


def _told_of_scores(held_out: Sequence[HeldOut], of: RunKind) -> list[str]:
    if not held_out:
        return ["no evaluation on the held-out seeds yet"]
    first, last = held_out[0], held_out[-1]
    peak = max(held_out, key=lambda each: each.mean)
    who = of.held_out if of is RunKind.SEARCH else f"{last.strategies} {of.held_out}"
    told = [
        f"held-out: {_with_interval(last)} at {of.step} {last.step:,}; "
        f"{_with_interval(first)} at {of.step} {first.step:,}; best {_at(peak, of)}",
        f"each the mean of {who} × {last.seeds} seeds that {of.unseen}",
    ]
    if len(held_out) >= 2:
        told.append(f"slope over {len(held_out)} evaluations: {slope_text(score_trend(held_out), held_out, of)}")
    if len(held_out) >= 2 * _FEWEST:
        half = held_out[-(len(held_out) // 2) :]
        told.append(f"over the last {len(half)}: {slope_text(score_trend(half), half, of)}")
    for name, mean in sorted(last.baselines.items(), key=lambda item: item[1]):
        way = "above" if last.mean > mean else "below"
        sure = "" if last.low > mean or last.high < mean else ", within the interval"
        told.append(f"{score_text(abs(last.mean - mean))} {way} {name} ({score_text(mean)}){sure}")
    return told


def _told_of_rewards(rewards: Rewards, of: RunKind) -> list[str]:
    if not rewards:
        return []
    told = f"reward: {_mean(rewards[-RECENT:]):.2f} now, {_mean(rewards[:RECENT]):.2f} at first (means of {RECENT})"
    trend = reward_trend(rewards)
    if trend is None:
        return [told]
    span = rewards[-1][0] - rewards[0][0]
    return [told, f"slope of the reward: {_slope(trend, span, '{:+.2f}', of)}"]


def _with_interval(each: HeldOut) -> str:
    return f"{score_text(each.mean)} (95 %: {score_text(each.low)} to {score_text(each.high)})"


def slope_text(trend: Trend, held_out: Sequence[HeldOut], of: RunKind = RunKind.TRAINING) -> str:
    """A slope with its interval, a round number of steps long."""
    return _slope(trend, held_out[-1].step - held_out[0].step, "{:+,.0f}", of)


def _slope(trend: Trend, span: float, form: str, of: RunKind) -> str:
    unit = 100 if span >= 100 else 10
    slope, low, high = (form.format(value * unit + 0.0) for value in (trend.slope, trend.low, trend.high))
    return f"{slope} per {unit} {of.step}s (95 %: {low} to {high})"


def _among(last: HeldOut) -> str:
    """Between which baselines a score stands."""
    below = max(((mean, name) for name, mean in last.baselines.items() if mean <= last.mean), default=None)
    above = min(((mean, name) for name, mean in last.baselines.items() if mean > last.mean), default=None)
    words = [f"{way} {each[1]} ({score_text(each[0])})" for way, each in (("above", below), ("below", above)) if each]
    return ", ".join(words)


def _mean(rewards: Rewards) -> float:
    return statistics.fmean(reward for _, reward in rewards)


def _at(each: HeldOut, of: RunKind) -> str:
    return f"{score_text(each.mean)} at {of.step} {each.step:,}"


def _rising(live: bool, of: RunKind) -> str:
    if of is RunKind.SEARCH:
        return "getting better" if live else "got better"
    return "learning" if live else "learnt"
