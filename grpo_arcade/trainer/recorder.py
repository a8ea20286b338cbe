"""What a run records and tells the person. Rank 0 writes the run folder; on every other rank nothing is written.

Knows rows and words, not what they are decided by. torch is not imported here.
"""

from __future__ import annotations

import bisect
import contextlib
import math
import operator
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from grpo_arcade.games import score_text
from grpo_arcade.recordings.runs import league
from grpo_arcade.recordings.runs.league import Meeting, Member
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.records import Champion
from grpo_arcade.trainer import alarms
from grpo_arcade.trainer.scoring import step_facts
from grpo_arcade.trainer.tracking import outcome_shares

if TYPE_CHECKING:
    from grpo_arcade.recordings.runs.writer import RunWriter
    from grpo_arcade.trainer.evaluation import Evaluation
    from grpo_arcade.trainer.judging import Judged
    from grpo_arcade.trainer.narration import Narrator
    from grpo_arcade.trainer.scoring import Assignment, Rollout

# Columns of the table `steps` and what TRL calls them.
_COLUMNS = {
    **{name: name for name in ("reward", "reward_std", "frac_reward_zero_std", "loss", "entropy", "kl")},
    **{name: name for name in ("learning_rate", "grad_norm", "num_tokens")},
    "clip_ratio": "clip_ratio/region_mean",
    "completion_length": "completions/mean_length",
}
# TRL counts as cut off whatever does not end in the tokenizer's own end token; a chat model has several.
_LEFT_OUT = {*_COLUMNS.values(), "epoch", "completions/clipped_ratio"}

_SAY_EVERY_S = 1.0
"""Between two notes of how far an evaluation is."""


class Command(NamedTuple):
    """Something that a person asks of the run, and nobody has answered."""

    id: int
    name: str
    argument: str


@dataclass
class History:
    """What a run has recorded so far, as far as decisions need it."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    """Rows of ``steps``."""
    evaluations: list[dict[str, Any]] = field(default_factory=list)
    """Rows of ``evaluations``."""
    falls: list[int] = field(default_factory=list)
    """After which steps training went back to a checkpoint."""
    saves_asked: set[int] = field(default_factory=set)
    """After which steps somebody asked for a checkpoint."""
    baselines: dict[str, dict[str, float]] = field(default_factory=dict)
    """Held-out means by stage (as text, since it is JSON) and name."""
    champions: dict[int, Champion] = field(default_factory=dict)
    """The last one of each stage when the run was opened."""
    league: list[Member] = field(default_factory=list)
    """Everybody in the league of a run by self-play, in the order of joining."""
    meetings: list[Meeting] = field(default_factory=list)
    """What came of their games, oldest first."""
    hall: list[Champion] = field(default_factory=list)
    """Every champion so far, oldest first."""

    def since_fall(self) -> list[dict[str, Any]]:
        """The steps made with the weights that came out of the last return to a checkpoint."""
        if not self.falls:
            return self.steps
        return self.steps[bisect.bisect_right(self.steps, self.falls[-1], key=operator.itemgetter("step")) :]


class Recorder:
    """Takes what there is to record, and records nothing: a rank other than 0, whose work rank 0 records too."""

    def __init__(self) -> None:
        """Without history, which only decisions need."""
        self.history = History()

    def note(self, **facts: Any) -> None:
        """Facts of the run."""

    def event(self, kind: str, step: int, message: str, **more: Any) -> None:
        """Something happened."""

    def say(self, line: str) -> None:
        """Tell the person."""

    def warn(self, line: str) -> None:
        """Tell the person something that should be seen."""

    def begin(self, step: int, stage: int, groups: Sequence[Assignment]) -> None:
        """What the groups of a step are about to play."""

    def rollout(self, step: int, place: int, rollout: Rollout) -> None:
        """A completion of a step, as soon as it is known what it did; ``place`` is in the whole step."""

    def judged(self, batch: Sequence[Judged], totals: Sequence[float], advantages: Sequence[float]) -> list[int]:
        """What a step's completions earned; their ids."""
        return []

    def lineage(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Whom strategies come from that were written from an earlier one: rows of the table."""

    def shares(self) -> dict[str, float]:
        """What trackers are told of a step beside TRL's numbers."""
        return {}

    def step(self, step: int, stage: int, logs: Mapping[str, float], seconds: Mapping[str, float], **more: Any) -> None:
        """A step has ended; ``logs`` are TRL's numbers."""

    @contextlib.contextmanager
    def evaluating(self, strategies: int) -> Iterator[Callable[[int, int], None] | None]:
        """While an evaluation is made; gives what to call with strategies done and in all."""
        yield None

    def evaluation(
        self, step: int, stage: int, found: Evaluation, champion: float | None, started: float
    ) -> dict[str, Any]:
        """An evaluation; its row."""
        return {}

    def champion(self, champion: Champion) -> None:
        """A new champion."""

    def league(self, step: int, joined: Sequence[Member], played: Sequence[Meeting], members: Sequence[Member]) -> None:
        """In self-play: who joined in a step, what came of its games, and everybody as rated then, if that changed."""

    def shows_first_time(self, champion: Champion) -> bool:
        """Whether trackers have not been shown this one."""
        return False

    def checkpoint(self, step: int, *, asked: bool) -> None:
        """A checkpoint that is kept for its turn."""

    def sound(self, step: int, signs: Sequence[alarms.Sign]) -> None:
        """The alarms that are on; those that were not, or are no longer, are told."""

    def commands(self) -> list[Command]:
        """What people have asked and nobody has answered."""
        return []

    def answer(self, command: int, status: str, answer: str, step: int) -> None:
        """Answer a command: accepted, done or refused, with words."""


class RunRecorder(Recorder):
    """Rank 0's: into the run folder, and to the person at the terminal."""

    def __init__(
        self, writer: RunWriter, narrator: Narrator, group_size: int, champion_in_group: bool | None = False
    ) -> None:
        """Take up the run where ``writer``'s folder stands."""
        super().__init__()
        self._writer, self._narrator, self._size = writer, narrator, group_size
        self._champion_in_group = champion_in_group
        self._ids: dict[int, int] = {}
        """Of the strategies of the step, by their place in it."""
        self._facts: dict[str, Any] = {}
        """Of the step in progress."""
        self._shown: int | None = None
        with RunReader(writer.folder) as run:
            events = run.events()
            self._on = {alarm.name for alarm in run.alarms()}
            self.history = History(
                run.steps(),
                run.evaluations(),
                [event["step"] for event in events if event["kind"] == "fallback"],
                {event["step"] for event in events if event["data"].get("asked")},
                dict(run.facts().get("baselines", {})),
                {champion.stage: champion for champion in run.champions()},
                league.members(run),
                league.meetings(run),
                hall=run.champions(),
            )

    def note(self, **facts: Any) -> None:
        """Facts of the run."""
        self._writer.note(**facts)

    def event(self, kind: str, step: int, message: str, **more: Any) -> None:
        """Something happened."""
        self._writer.event(kind, step, message, **more)

    def say(self, line: str) -> None:
        """Tell the person."""
        self._narrator.say(line)

    def warn(self, line: str) -> None:
        """Tell the person something that should be seen."""
        self._narrator.warn(line)

    def begin(self, step: int, stage: int, groups: Sequence[Assignment]) -> None:
        """What the groups of a step are about to play."""
        for number, group in enumerate(groups):
            self._writer.group(step, "training", number, stage, group.options, group.games)
        self._ids.clear()

    def rollout(self, step: int, place: int, rollout: Rollout) -> None:
        """A completion of a step, as soon as it is known what it did."""
        self._ids[place] = self._strategy(step, "training", place, place // self._size, rollout)

    def _strategy(self, step: int, purpose: str, place: int, group: int, rollout: Rollout) -> int:
        return self._writer.strategy(
            step, purpose, place, group, rollout, rollout.tokens, rollout.truncated, rollout.token_count
        )

    def judged(self, batch: Sequence[Judged], totals: Sequence[float], advantages: Sequence[float]) -> list[int]:
        """What a step's completions earned; their ids."""
        values = [{name: verdict.value for name, verdict in judged.verdicts.items()} for judged in batch]
        reasons = [{name: each.reason for name, each in judged.verdicts.items() if each.reason} for judged in batch]
        ids = [self._ids[place] for place in range(len(batch))]
        self._writer.judged(ids, values, reasons, totals, advantages)
        self._facts = step_facts(self._written_groups([judged.rollout for judged in batch]))
        return ids

    def _written_groups(self, rollouts: Sequence[Rollout]) -> list[Sequence[Rollout]]:
        """What the model wrote, by groups: without the champion's completion that it was given."""
        groups = [rollouts[start : start + self._size] for start in range(0, len(rollouts), self._size)]
        given = self._champion_in_group and any(rollout.champion for rollout in rollouts)
        return [group[:-1] for group in groups] if given else groups

    def lineage(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Whom strategies come from."""
        self._writer.lineage(rows)

    def shares(self) -> dict[str, float]:
        """What trackers are told of a step beside TRL's numbers."""
        return outcome_shares(self._facts.get("outcomes", {}), "") | {"score": self._facts.get("score", 0.0)}

    def step(self, step: int, stage: int, logs: Mapping[str, float], seconds: Mapping[str, float], **more: Any) -> None:
        """A step has ended."""
        names = dict.fromkeys(name.split("/")[1] for name in logs if name.startswith("rewards/"))
        row = {
            "step": step,
            "time": time.time(),
            "stage": stage,
            **{column: logs.get(name) for column, name in _COLUMNS.items()},
            **{key: self._facts.get(key) for key in ("score", "identical_share", "clipped_ratio")},
            **seconds,
            "learn_s": max(0.0, seconds["step_s"] - seconds["generate_s"] - seconds["score_s"]),
            "evaluate_s": 0.0,
            "outcomes": self._facts.get("outcomes", {}),
            "rewards": {name: {kind: logs.get(f"rewards/{name}/{kind}") for kind in ("mean", "std")} for name in names},
            "metrics": {
                **{name: value for name, value in logs.items() if name not in _LEFT_OUT},
                **{key: self._facts.get(key) for key in ("random_share", "broken_off_share")},
                **more,
                **_memory(),
            },
        }
        self.history.steps.append(row)
        self._writer.step(row)
        evaluations = self.history.evaluations
        self._narrator.step(row, evaluations[-1]["mean"] if evaluations else None)

    @contextlib.contextmanager
    def evaluating(self, strategies: int) -> Iterator[Callable[[int, int], None] | None]:
        """While an evaluation is made; how far it is, whoever looks at the run sees too."""
        said = -math.inf

        def say(done: int, total: int) -> None:
            nonlocal said
            progress(done, total)
            if time.monotonic() - said >= _SAY_EVERY_S:
                said = time.monotonic()
                self._writer.note(evaluating=[done, strategies])

        with self._narrator.task("evaluating", strategies) as progress:
            yield say
        self._writer.note(evaluating=[])

    def evaluation(
        self, step: int, stage: int, found: Evaluation, champion: float | None, started: float
    ) -> dict[str, Any]:
        """An evaluation; its row."""
        low, high = found.interval
        row = {
            "step": step,
            "time": time.time(),
            "stage": stage,
            "options": dict(found.options),
            "seeds": list(found.seeds),
            "strategies": len(found.rollouts),
            "mean": found.mean,
            "low": low,
            "high": high,
            "compiled": found.compiled,
            "won": found.won,
            "distinct_share": found.distinct_share,
            "outcomes": found.outcomes,
            "histogram": found.histogram(),
            "scores": found.scores,
            "baselines": {name: dict(kept) for name, kept in found.baselines.items()},
            "champion": champion,
            "seconds": time.time() - started,
        }
        steps, evaluations = self.history.steps, self.history.evaluations
        with self._writer.together():
            # There is one already if the stage has changed since, and somebody asks for another.
            self._writer.drop_evaluation(step)
            self._writer.group(step, "evaluation", 0, stage, found.options, found.seeds)
            for place, rollout in enumerate(found.rollouts):
                self._strategy(step, "evaluation", place, 0, rollout)
            self._writer.evaluation(row)
            if steps and steps[-1]["step"] == step:
                steps[-1]["evaluate_s"] += row["seconds"]
                self._writer.step(steps[-1])
        evaluations[:] = [*(kept for kept in evaluations if kept["step"] != step), row]
        self._narrator.evaluation(row)
        return row

    def champion(self, champion: Champion) -> None:
        """A new champion."""
        self.history.hall.append(champion)
        self._writer.champion(
            {
                "step": champion.step,
                "strategy_id": champion.strategy_id,
                "time": time.time(),
                "stage": champion.stage,
                "score": champion.score,
                "previous": champion.previous,
                "scores": list(champion.scores),
            }
        )
        message = f"a new champion scores {score_text(champion.score)}"
        self.event("champion", champion.step, message, data={"strategy_id": champion.strategy_id})

    def league(self, step: int, joined: Sequence[Member], played: Sequence[Meeting], members: Sequence[Member]) -> None:
        """In self-play: who joined in a step, what came of its games, and everybody as rated then, if that changed."""
        league.write(self._writer, step, joined, played, members)
        self.history.meetings += played
        if members:
            self.history.league = list(members)

    def shows_first_time(self, champion: Champion) -> bool:
        """Whether trackers have not been shown this one."""
        before, self._shown = self._shown, champion.strategy_id
        return before != champion.strategy_id

    def checkpoint(self, step: int, *, asked: bool) -> None:
        """A checkpoint that is kept for its turn."""
        if asked:
            self.history.saves_asked.add(step)
        self.event("checkpoint", step, f"saved checkpoint-{step}", data={"asked": asked})

    def sound(self, step: int, signs: Sequence[alarms.Sign]) -> None:
        """The alarms that are on; those that were not, or are no longer, are told."""
        for sign in signs:
            if sign.name not in self._on:
                self.event("alarm", step, sign.message, name=sign.name, help=sign.help)
                self.warn(f"step {step}: {sign.message}; {sign.help}")
        now = {sign.name for sign in signs}
        for name in sorted(self._on - now):
            self.event("alarm_over", step, f"{name.replace('_', ' ')} is over", name=name)
        self._on = now

    def commands(self) -> list[Command]:
        """What people have asked and nobody has answered."""
        return [Command(*row) for row in self._writer.asked()]

    def answer(self, command: int, status: str, answer: str, step: int) -> None:
        """Answer a command."""
        self._writer.answer(command, status, answer, step)


def _memory() -> dict[str, int]:
    """The most this process has used, in bytes, where the system says."""
    with contextlib.suppress(ImportError):
        import resource

        # Linux counts in KiB, macOS in bytes.
        unit = 1 if sys.platform == "darwin" else 1024
        return {"memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}
    return {}
