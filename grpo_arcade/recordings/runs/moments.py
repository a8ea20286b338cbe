"""What is worth telling of a run: the moments in which something came for the first time, and failures that explain.

Knows rows and no words of a page; every text here is as the model or the trainer left it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from grpo_arcade.games import Outcome, score_text
from grpo_arcade.recordings.runs.reader import RunReader

_PLAYED = tuple(outcome.value for outcome in Outcome if outcome.by_the_rules and outcome is not Outcome.STUCK)
"""Outcomes of a program that did what a player does."""
_FAILED = (
    *(Outcome.CRASHED, Outcome.TIMEOUT, Outcome.ILLEGAL, Outcome.FORBIDDEN, Outcome.SYNTAX_ERROR, Outcome.NO_CODE),
    Outcome.STUCK,
)


@dataclass(frozen=True)
class Moment:
    """Something that happened for the first time."""

    step: int
    what: str
    """In plain words: what the strategy was the first to do, several things after one another."""
    score: float
    """Its mean score on the seeds it played then."""
    outcome: str
    strategy_id: int


@dataclass(frozen=True)
class Failure:
    """One strategy that failed, for all that failed the same way."""

    step: int
    strategy_id: int
    outcome: str
    score: float
    error: str
    """Why; empty where nothing went wrong but the play."""
    alike: int
    """How many strategies of the run failed in this way."""
    played: bool
    """Whether it played to the end, and is told for its low score."""
    text: str
    """Its source, or what the model wrote instead of one."""


def moments(run: RunReader, baselines: Mapping[str, float]) -> list[Moment]:
    """The first that played, that passed each baseline, that won, and every champion; by step.

    Args:
        run: it.
        baselines: mean held-out score of each, as of the run's last stage.
    """
    marks = ", ".join("?" * len(_PLAYED))
    found = [_first(run, "the first that played", f"outcome IN ({marks})", *_PLAYED)]
    for name, mean in sorted(baselines.items(), key=lambda item: item[1]):
        said = f"the first above {name} ({score_text(mean)})"
        found.append(_first(run, said, f"score > ? AND outcome IN ({marks})", mean, *_PLAYED))
    found.append(_first(run, "the first that won", "outcome = ?", Outcome.WON.value))
    for number, champion in enumerate(run.champions()):
        row = run.query("SELECT outcome, score FROM strategies WHERE id = ?", (champion.strategy_id,))[0]
        said = "a new champion" if number else "the first champion"
        said += f", {score_text(champion.score)} on the seeds champions are chosen on"
        found.append(Moment(champion.step, said, row["score"], row["outcome"], champion.strategy_id))
    by_strategy: dict[int, Moment] = {}
    for each in found:
        if each is not None:
            told = by_strategy.get(each.strategy_id)
            by_strategy[each.strategy_id] = each if told is None else replace(told, what=f"{told.what}; {each.what}")
    return sorted(by_strategy.values(), key=lambda each: (each.step, each.strategy_id))


def _first(run: RunReader, what: str, where: str, *values: object) -> Moment | None:
    sql = f"SELECT id, step, outcome, score FROM strategies WHERE purpose = 'training' AND {where} ORDER BY id LIMIT 1"
    return next(
        (Moment(row["step"], what, row["score"], row["outcome"], row["id"]) for row in run.query(sql, values)), None
    )


def failures(run: RunReader, most: int = 3) -> list[Failure]:
    """Instructive failures: of each way to fail the most frequent one, the last program that failed so.

    Where fewer ways than ``most`` are known, the lowest scores of those that played are told too.
    """
    marks = ", ".join("?" * len(_FAILED))
    rows = run.query(
        f"SELECT max(id) AS id, outcome, error, count(*) AS alike FROM strategies JOIN completions ON strategy_id = id "
        f"WHERE purpose = 'training' AND outcome IN ({marks}) GROUP BY outcome, error ORDER BY alike DESC, id DESC",
        [outcome.value for outcome in _FAILED],
    )
    # One of each outcome before a second of any.
    seen: dict[str, int] = {}
    ranked = []
    for row in rows:
        seen[row["outcome"]] = seen.get(row["outcome"], 0) + 1
        ranked.append((seen[row["outcome"]], -row["alike"], row["id"], row["alike"]))
    chosen = [(identity, alike) for _, _, identity, alike in sorted(ranked)[:most]]
    if len(chosen) < most:
        lowest = run.query(
            f"SELECT max(id) AS id, count(*) AS alike FROM strategies WHERE purpose = 'training' AND source_id IS NOT "
            f"NULL AND outcome IN ({', '.join('?' * len(_PLAYED))}) GROUP BY source_id ORDER BY min(score), id LIMIT ?",
            (*_PLAYED, most - len(chosen)),
        )
        chosen += [(row["id"], row["alike"]) for row in lowest]
    found = []
    for identity, alike in chosen:
        told = run.strategy(identity)
        text = told["source"] or told["text"] or ""
        played = told["outcome"] in _PLAYED
        found.append(
            Failure(told["step"], identity, told["outcome"], told["score"], told["error"], alike, played, text)
        )
    return found
