"""The README of a submission: problem, actions, observations, rewards, results, how to repeat it, a two-minute story.

Every number is read from the run. What a model wrote stands in blocks of code that nothing in it can end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grpo_arcade.arcade.report.page import measured
from grpo_arcade.foreign_text import clean_source, one_line
from grpo_arcade.games import Game, score_text
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.moments import Moment, moments
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.records import HeldOut
from grpo_arcade.recordings.runs.snapshot import Snapshot

_TOLD = 6
"""Moments that two minutes have room for."""
_BEGIN_S, _END_S = 30, 90
"""Between which seconds of the story they are told."""
_MOST_OBSERVED = 1_200
"""Characters of an observation that are shown."""

_METHOD = {
    RunKind.TRAINING: ("GRPO makes those answers likelier whose programs did better than the others of their group."),
    RunKind.SEARCH: (
        "Nothing is trained: the model is shown earlier programs with their scores and what happened in their games, "
        "and is asked for a better one."
    ),
}
_PLAYS = {
    RunKind.TRAINING: "Each completion plays the same seeds as its group",
    RunKind.SEARCH: "All candidates play the same seeds",
}
_REWARD = {RunKind.TRAINING: "Its reward", RunKind.SEARCH: "A candidate's reward"}
_NO_REWARD = {RunKind.TRAINING: "", RunKind.SEARCH: "; the search itself goes by scores alone"}
_SAME = {
    RunKind.TRAINING: (
        "On the same kind of machine with the same versions the steps are the same; elsewhere floating-point numbers "
        "differ, and with them what is sampled."
    ),
    RunKind.SEARCH: (
        "The games are the same; what the model answers is so only where whoever serves it answers the same seed alike."
    ),
}
_BEGINNING = {
    RunKind.TRAINING: "Before training its programs scored",
    RunKind.SEARCH: "Its first champion scored",
}
_UNSEEN = {RunKind.TRAINING: "it is never trained on", RunKind.SEARCH: "it is told nothing of"}
_WHOSE = {RunKind.TRAINING: "the model's", RunKind.SEARCH: "the champion's"}


@dataclass(frozen=True)
class Pictures:
    """Files beside the README."""

    gif: str
    curve: str
    report: str
    champion: str
    """Empty where the run has none."""
    config: str


def readme(game: Game, run: Snapshot, reader: RunReader, space: str, files: Pictures, installing: str) -> str:
    """The text.

    Args:
        game: the environment.
        run: what is told.
        reader: the same run, for its moments.
        space: the README of the environment alone, with its front matter.
        files: what stands beside it.
        installing: the command that installs what the run was made with.
    """
    _, front, about = space.split("---\n", 2)
    parts = [
        f"---\n{front}---\n",
        f"# {_model(run)} {run.kind.does} {game.name}\n",
        "<!-- Made from the run by `arcade submit`: every number is its own. Edit the words. -->\n",
        *_problem(game, run.kind),
        *_rewards(run, reader),
        *_results(run, files),
        *_repeat(files, installing, run.kind),
        *_story(game, run, reader, files),
        *_environment(about),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _model(run: Snapshot) -> str:
    name = one_line(Path(run.model.rstrip("/")).name, 80)
    return "A pocket model" if name == "pocket" else name


def _problem(game: Game, kind: RunKind) -> Iterable[str]:
    yield "## Problem\n"
    yield (
        f"A language model is asked for a Python function `strategy`, which then plays {game.name} without it: one "
        "answer, whole games. The program runs in a sandbox; the game stands outside, so that no program can write its "
        f"own score. {_METHOD[kind]}\n"
    )
    yield f"<details><summary>The prompt</summary>\n\n{_block(game.prompt(), 'text')}\n</details>\n"
    yield "## Actions\n"
    yield f"{len(game.actions)}: {', '.join(f'`{action}`' for action in game.actions)}.\n"
    yield "## Observations\n"
    game.reset(0)
    seen = json.dumps(game.observation(), default=str)
    more = " …" if len(seen) > _MOST_OBSERVED else ""
    yield f"What `strategy` is called with; at the start of seed 0:\n\n{_block(seen[:_MOST_OBSERVED] + more, 'json')}"


def _rewards(run: Snapshot, reader: RunReader) -> Iterable[str]:
    described = reader.facts().get("reward_descriptions") or {}
    yield "## Rewards\n"
    yield (
        f"{_PLAYS[run.kind]}, drawn for every {run.kind.step} from a secret key. {_REWARD[run.kind]} is the sum of "
        f"these, each times its weight{_NO_REWARD[run.kind]}.\n"
    )
    yield f"| function | weight | what it is | mean of the last {run.kind.step}s |\n|---|---:|---|---:|"
    for name, mean in run.history.reward_means().items():
        weight = f"{run.weights[name]:g}" if name in run.weights else ""
        words = _cell(described.get(name) or _described(name))
        yield f"| {_code(name)} | {weight} | {words} | {'' if mean is None else f'{mean:.2f}'} |"
    yield ""


def _described(name: str) -> str:
    from grpo_arcade.trainer.rewards import load, names

    return (load([name])[0].function.__doc__ or "").split("\n\n")[0] if name in names() else ""


def _results(run: Snapshot, files: Pictures) -> Iterable[str]:
    first, last = run.held_out[0], run.held_out[-1]
    yield "## Results\n"
    yield f"{_cell(run.verdict.line[:1].upper() + run.verdict.line[1:])}.\n"
    games = f"A game {run.kind.when(first.step)} and one {run.kind.when(last.step)}, on the same held-out seed"
    yield f"![{games}]({files.gif})\n"
    yield f"![Held-out score beside the baselines, and the reward]({files.curve})\n"
    yield (
        f"{measured(run.kind, last)}, on {last.seeds} published seeds that {run.kind.unseen}; the baselines play the "
        "same seeds.\n"
    )
    more = run.kind is RunKind.TRAINING
    yield f"| | mean score | 95 % interval | games won |{' strategies that run |' * more}"
    yield f"|---|---:|---:|---:|{'---:|' * more}"
    for name, mean in sorted(last.baselines.items(), key=lambda item: item[1]):
        yield f"| {_cell(name)} | {score_text(mean)} | | |{' |' * more}"
    same = first.stage == last.stage and first is not last
    for row in (first, last) if same else (last,):
        yield _row(row, last, run.kind)
    if last.champion is not None and more:
        yield f"| the best program | {score_text(last.champion)} | | | |"
    yield f"\nEverything else, the best program's film and what failed: [{files.report}]({files.report}).\n"


def _row(row: HeldOut, last: HeldOut, kind: RunKind) -> str:
    name = kind.when(row.step)
    name = f"**{name}**" if row is last else name
    interval = f"{score_text(row.low)} to {score_text(row.high)}"
    return f"| {name} | {score_text(row.mean)} | {interval} | {row.won:.0%} |" + f" {row.compiled:.0%} |" * (
        kind is RunKind.TRAINING
    )


def _repeat(files: Pictures, installing: str, kind: RunKind) -> Iterable[str]:
    yield "## Repeat it\n"
    yield _block(f"{installing}\narcade {kind} --config {files.config}", "sh")
    yield (f"`{files.config}` is the whole configuration, the key that seeds are drawn from included. {_SAME[kind]}\n")


def _story(game: Game, run: Snapshot, reader: RunReader, files: Pictures) -> Iterable[str]:
    first, last = run.held_out[0], run.held_out[-1]
    yield "## The story, in two minutes\n"
    yield "<!-- To be spoken over the film and the dashboard; in your own words. -->\n"
    baselines = sorted(last.baselines.items(), key=lambda item: item[1])
    told = [
        (
            0,
            f"This is {game.name}. A language model has to play it, and may not touch it: it writes a program.",
        ),
        (
            12,
            f"{_BEGINNING[run.kind]} {score_text(first.mean)} on average, over {first.seeds} games that "
            f"{_UNSEEN[run.kind]}. {_beside(baselines)}",
        ),
    ]
    chosen = _chosen(moments(reader, last.baselines))
    for number, each in enumerate(chosen):
        at = _BEGIN_S + (_END_S - _BEGIN_S) * number // max(1, len(chosen))
        outcome = f", {one_line(each.outcome, 40).replace('_', ' ')}" if each.outcome else ""
        what = each.what[:1].upper() + each.what[1:]
        told.append(
            (at, f"{run.kind.step.capitalize()} {each.step:,}. {what}. It scored {score_text(each.score)}{outcome}.")
        )
    told.append(
        (
            _END_S,
            f"After {run.kind.steps(run.step)} and {run.strategies:,} programs {_WHOSE[run.kind]} average is "
            f"{score_text(last.mean)} "
            f"({score_text(last.low)} to {score_text(last.high)}). {_beside(baselines)}",
        )
    )
    if run.champions:
        best = run.champions[-1]
        fair = f"{score_text(last.champion)} on the held-out games" if last.champion is not None else ""
        fair = fair or f"{score_text(best.score)} on the seeds champions are chosen on"
        lines = len(best.source.rstrip().splitlines())
        told.append((102, f"The best program is of {run.kind.step} {best.step:,}: {lines} lines, {fair}. Here it is."))
    told.append((112, f"The environment is in this Space, and one command repeats all of it: {files.config}."))
    for at, words in told:
        yield f"- **{at // 60}:{at % 60:02}** {_cell(words)}"
    yield ""
    if run.champions:
        yield f"The program (`{files.champion}`; run it nowhere without a sandbox):\n"
        yield _block(clean_source(run.champions[-1].source).rstrip(), "python")


def _chosen(found: Sequence[Moment]) -> list[Moment]:
    """The first moments and the last ones, where there are more than can be told."""
    if len(found) <= _TOLD:
        return list(found)
    return [*found[: _TOLD // 2], *found[-(_TOLD - _TOLD // 2) :]]


def _beside(baselines: Sequence[tuple[str, float]]) -> str:
    if not baselines:
        return ""
    return "Beside it: " + ", ".join(f"{one_line(name, 40)} {score_text(mean)}" for name, mean in baselines) + "."


def _environment(about: str) -> Iterable[str]:
    """The environment's own README, a heading lower."""
    yield re.sub(r"^# .*$", "## The environment", about.strip(), count=1, flags=re.MULTILINE)


def _cell(text: str) -> str:
    """Words of anybody's inside a line of Markdown: no markup, no column of a table."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", one_line(text))


def _code(name: str) -> str:
    """A name as code, where it is one."""
    return f"`{name}`" if re.fullmatch(r"[\w.:]+", name, re.ASCII) else _cell(name)


def _block(text: str, language: str) -> str:
    """A block of code whose fence is longer than any in it."""
    longest = max((len(found) for found in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}\n"
