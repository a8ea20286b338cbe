"""Signs that a run goes wrong, in plain words; and the one that makes the trainer go back to a good checkpoint.

Pure functions of the recorded steps and evaluations, so that a resumed run raises what an unbroken one would.
"""

from __future__ import annotations

import bisect
import math
import operator
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grpo_arcade.games import score_text
from grpo_arcade.trainer.counting import FAILURES

WINDOW = 5
"""Steps a sign must last, on average, before it counts."""
_FAILED = tuple(outcome.value for outcome in FAILURES)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Sign:
    """One alarm."""

    name: str
    message: str
    """What is the matter, with its numbers."""
    help: str
    """What usually helps."""


def uses_random(source: str | None) -> bool:
    """Whether a strategy speaks of ``random``: the way a model gives up on a game."""
    return source is not None and re.search(r"\brandom\b", source) is not None


def failing_share(step: Row) -> float:
    """Share of a step's strategies, or of an evaluation's games, whose program failed."""
    outcomes = step["outcomes"]
    return sum(outcomes.get(name, 0) for name in _FAILED) / max(1, sum(outcomes.values()))


def finite(step: Row) -> bool:
    """Whether a step's loss and gradient are numbers."""
    return all(math.isfinite(step[name] or 0.0) for name in ("loss", "grad_norm"))


def signs(steps: Sequence[Row], evaluations: Sequence[Row] = ()) -> list[Sign]:
    """The alarms that are on after the last of ``steps`` (rows as of ``run.db``, oldest first).

    The first :data:`WINDOW` steps are what the model was like; nothing about training is said before there are as
    many to compare with.
    """
    found = [*_of_the_task(evaluations), *_of_the_server(steps, evaluations)]
    if len(steps) >= WINDOW:
        found += _of_the_strategies(steps)
        found += _of_the_model(steps)
    found += _of_held_out(steps, evaluations)
    return found


def _of_the_task(evaluations: Sequence[Row]) -> list[Sign]:
    if not evaluations:
        return []
    baselines = {name: kept["mean"] for name, kept in evaluations[-1]["baselines"].items()}
    won = evaluations[-1]["baselines"].get("random", {}).get("won", 0.0)
    random, best = baselines.get("random"), max(baselines.values(), default=0.0)
    if random is None or not (won >= 0.5 or (len(baselines) > 1 and best > 0 and random >= 0.7 * best)):
        return []
    return [
        Sign(
            "random_baseline_too_good",
            f"random play scores {score_text(random)} and wins {won:.0%} of the held-out games; "
            f"the best baseline {score_text(best)}",
            "the task is too easy to teach anything: take a smaller board or a higher target",
        )
    ]


def _of_the_server(steps: Sequence[Row], evaluations: Sequence[Row]) -> list[Sign]:
    """Speaks from the first game on: what a server broke off says nothing of a strategy."""
    last = steps[-WINDOW:]
    share = statistics.fmean(row["metrics"].get("broken_off_share") or 0.0 for row in last) if last else 0.0
    outcomes = evaluations[-1].get("outcomes", {}) if evaluations else {}
    held_out = outcomes.get("disconnected", 0) / max(1, sum(outcomes.values()))
    if not share and not held_out:
        return []
    what = f"{share:.0%} of the strategies had a game broken off by the server, and nothing is learnt from them"
    if not share:
        what = f"the server broke off {held_out:.0%} of the held-out games, so their mean says little"
    help = "check that it is running and allows enough sessions; workers 1 plays one match at a time"
    return [Sign("server_fails", what, help)]


def _of_the_strategies(steps: Sequence[Row]) -> list[Sign]:
    found = []
    last = steps[-WINDOW:]
    if (share := _mean(last, "identical_share")) > 0.5:
        found.append(
            Sign(
                "identical_strategies",
                f"{share:.0%} of the strategies are copies of another one of their group",
                "raise temperature or beta, lower learning_rate, make num_generations larger, or set copies to shared "
                "if each counts by itself",
            )
        )
    if (share := _mean(last, "frac_reward_zero_std")) >= 0.5:
        found.append(
            Sign(
                "zero_spread",
                f"{share:.0%} of the groups have no spread in their reward, so nothing is learnt from them",
                "add a reward that tells strategies apart (progress), raise temperature, or make the game harder",
            )
        )
    if (share := statistics.fmean(row["metrics"].get("random_share") or 0.0 for row in last)) > 0.5:
        found.append(
            Sign(
                "uses_random",
                f"{share:.0%} of the strategies use random",
                "random play is too well paid: a smaller board, a higher target, or more weight on progress",
            )
        )
    if (share := _outcome_share(last, "timeout")) > 0.1:
        found.append(
            Sign(
                "timeouts",
                f"{share:.0%} of the strategies run out of CPU time",
                "allow more of it (move_cpu_s, game_cpu_s), or do nothing: the reward pushes slow strategies down",
            )
        )
    if (share := statistics.fmean(map(failing_share, last))) > 0.5:
        found.append(
            Sign(
                "failing_strategies",
                f"{share:.0%} of the strategies fail before their game ends",
                "lower learning_rate or raise max_completion_length; the errors say what goes wrong",
            )
        )
    return found


def _of_the_model(steps: Sequence[Row]) -> list[Sign]:
    found = []
    first, last = steps[:WINDOW], steps[-WINDOW:]
    before, now = _mean(first, "entropy"), _mean(last, "entropy")
    if before > 0 and now < 0.2 * before:
        found.append(
            Sign(
                "entropy_collapse",
                f"the model's entropy fell from {before:.2f} to {now:.2f}: it hardly tries anything new",
                "lower learning_rate, raise temperature or beta, or set entropy_coef",
            )
        )
    before, now = _mean(first, "completion_length"), _mean(last, "completion_length")
    if before > 0 and now < 0.35 * before:
        found.append(
            Sign(
                "length_collapse",
                f"completions shrank from {before:.0f} to {now:.0f} tokens",
                "loss_type dapo or dr_grpo has no length bias; lower learning_rate",
            )
        )
    if (share := _mean(last, "clipped_ratio")) > 0.5:
        found.append(
            Sign(
                "cut_off",
                f"{share:.0%} of the completions are cut off",
                "raise max_completion_length, or lower reasoning_effort",
            )
        )
    return found


def _of_held_out(steps: Sequence[Row], evaluations: Sequence[Row]) -> list[Sign]:
    if len(evaluations) < 2 or evaluations[-1]["stage"] != evaluations[-2]["stage"]:
        return []
    same = [row for row in evaluations if row["stage"] == evaluations[-1]["stage"]]
    best = max(same[:-1], key=lambda row: row["mean"])
    last = same[-1]
    then = _until(steps, best["step"]) or list(steps[:WINDOW])
    now = _until(steps, last["step"])
    if not then or not now or last["high"] >= best["low"] or _mean(now, "reward") <= _mean(then, "reward"):
        return []
    return [
        Sign(
            "held_out_falls",
            f"the held-out score fell from {score_text(best['mean'])} to {score_text(last['mean'])} "
            "while the training reward rose",
            "the reward is being gamed: look at the best strategies, and drop or lower the reward they exploit",
        )
    ]


def _until(steps: Sequence[Row], step: int) -> list[Row]:
    """The last :data:`WINDOW` of the steps until ``step``."""
    end = bisect.bisect_right(steps, step, key=operator.itemgetter("step"))
    return list(steps[max(0, end - WINDOW) : end])


def collapsed(steps: Sequence[Row], evaluations: Sequence[Row] = ()) -> str:
    """Why training is beyond repair, or nothing.

    ``steps`` begin where the weights were last known to be good. It has collapsed when four of five strategies fail,
    over a whole window, though fewer than half did in an earlier one or in the evaluation before the first step; or
    when the loss is no number.
    """
    if steps and not finite(steps[-1]):
        return "the loss or its gradient is not a number"
    if len(steps) < WINDOW:
        return ""
    last = statistics.fmean(map(failing_share, steps[-WINDOW:]))
    if last < 0.8:
        return ""  # as after nearly every step, whatever was long ago
    shares = [failing_share(row) for row in steps]
    earlier = [statistics.fmean(shares[at : at + WINDOW]) for at in range(len(shares) - WINDOW)]
    best = min([*earlier, *(failing_share(row) for row in evaluations[:1])], default=1.0)
    if best < 0.5:
        return f"{last:.0%} of the strategies fail, where once {best:.0%} did"
    return ""


def newest_good(checkpoints: Sequence[int], steps: Sequence[Row], falls: Sequence[int], latest: int) -> int | None:
    """The newest of ``checkpoints`` until ``latest`` around which hardly more strategies failed than around any other.

    Args:
        checkpoints: the steps after which they were made, ascending.
        steps: all steps so far.
        falls: after which of them training fell back, so that the weights are others than those that made the step.
        latest: the last step after which the weights may have been good.
    """

    def failing(at: int) -> float:
        # Step at + 1 was written by the weights of this checkpoint, those before it by weights close to them.
        first = at + 1 if at in falls else at - 1
        around = [row for row in _until(steps, at + 1) if row["step"] >= first]
        return statistics.fmean(map(failing_share, around)) if around else 0.0

    found = {at: failing(at) for at in checkpoints if at <= latest}
    calm = min(found.values(), default=0.0) + 0.15
    return max((at for at, share in found.items() if share <= calm), default=None)


def _mean(rows: Sequence[Row], name: str) -> float:
    values = [row[name] for row in rows if row[name] is not None]
    return statistics.fmean(values) if values else 0.0


def _outcome_share(rows: Sequence[Row], outcome: str) -> float:
    whole = sum(sum(row["outcomes"].values()) for row in rows)
    return sum(row["outcomes"].get(outcome, 0) for row in rows) / max(1, whole)
