"""The page itself, part after part. Every text of the run goes through :func:`text` or :func:`program`."""

from __future__ import annotations

import base64
import shlex
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from grpo_arcade import __version__
from grpo_arcade.arcade.report.curves import Plot
from grpo_arcade.atomic_write import atomic_write
from grpo_arcade.foreign_text import clean_source, one_line
from grpo_arcade.games import Episode, score_text
from grpo_arcade.recordings import RecordingError
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.moments import failures, moments
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.records import HeldOut
from grpo_arcade.recordings.runs.snapshot import Snapshot, snapshot_of

MOST_GIF_BYTES = 3_000_000
_MOST_TEXT = 20_000
"""Characters of a program or answer that are shown."""
_MOST_ROWS = 12
"""Evaluations in the table, of a run that made more: the first, the last, and some between."""
_PRIVATE = ("run_key", "run_name", "output_dir")
_PARTS = 5
"""Reward functions that have a colour of their own."""


def write_report(
    folder: Path, path: Path, *, film: bool = True, progress: Callable[[int, int], None] | None = None
) -> int:
    """Write the page of the run in ``folder`` to ``path``; how many bytes it has.

    Args:
        folder: of the run.
        path: the file, written whole or not at all.
        film: whether the champion's game is filmed.
        progress: called with how much of the film is done, and of how much.

    Raises:
        RunFolderError: the folder is no run that can be read.
    """
    snapshot = snapshot_of(folder)
    with RunReader(folder) as run:
        parts = [
            *_heading(snapshot),
            *_verdict(snapshot),
            *_curves(snapshot),
            *_held_out(snapshot),
            *_moments(snapshot, run),
            *_champion(snapshot, run, film, progress),
            *_failures(run),
            *_settings(run),
        ]
    name = f"{snapshot.model} on {snapshot.game}"
    page = Template(files(__package__).joinpath("page.html").read_text("utf-8"))
    made = page.substitute(title=text(f"{name}, {folder.name}"), body="\n".join(parts)).encode()
    with atomic_write(path) as scratch:
        scratch.write_bytes(made)
    return len(made)


def text(value: object) -> str:
    """A line of anybody's as HTML."""
    return escape(one_line(value), quote=True)


def program(source: str) -> str:
    """A program of anybody's as HTML, its words coloured."""
    from pygments import highlight
    from pygments.formatters.html import HtmlFormatter
    from pygments.lexers.python import PythonLexer

    shown = clean_source(source)
    rest = f"\n# … and {len(shown) - _MOST_TEXT:,} more characters" if len(shown) > _MOST_TEXT else ""
    coloured = highlight(shown[:_MOST_TEXT].rstrip() + rest, PythonLexer(), HtmlFormatter(nowrap=True))
    return f"<pre>{coloured}</pre>"


def _heading(run: Snapshot) -> Iterable[str]:
    try:
        when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(run.updated))
    except (ValueError, OverflowError, OSError):
        when = ""  # a run says when, and may say anything
    yield f"<h1>{text(Path(run.model).name)} {run.kind.does} {text(run.game)}</h1>"
    yield (
        f'<p class="soft">{text(run.folder.name)}: {text(run.status)}, {run.kind.step} {run.step:,} of '
        f"{run.max_steps:,}, {run.strategies:,} strategies written, {run.distinct_sources:,} of them different; "
        f"{text(when)}</p>"
    )


def _verdict(run: Snapshot) -> Iterable[str]:
    kind = {"no clear change": "level"}.get(run.verdict.kind.value, run.verdict.kind.value)
    lines = "".join(f"<li>{text(line)}</li>" for line in run.verdict.evidence)
    yield f'<section class="verdict {kind}"><p>{text(run.verdict.line)}</p><ul>{lines}</ul></section>'
    for alarm in run.alarms:
        yield f'<p class="alarm">Since {run.kind.step} {alarm.step:,}: {text(alarm.message)} {text(alarm.help)}</p>'


def _curves(run: Snapshot) -> Iterable[str]:
    yield "<h2>How it went</h2>"
    kind = run.kind
    whose = "The champion's held-out score" if kind is RunKind.SEARCH else "Held-out score"
    yield _figure(score_plot(run), f"{whose}: the mean over seeds that {kind.unseen}, with its 95 % interval.")
    yield _figure(reward_plot(run), f"{_reward(kind)}: the mean of each {kind.step}, faint, and smoothed.")
    if plot := parts_plot(run):
        yield _figure(plot, "What the reward is made of: each function's mean, times its weight.")


def score_plot(run: Snapshot) -> Plot:
    """The held-out score beside the baselines; of a curriculum, that of the last stage."""
    shown = [each for each in run.held_out if each.stage == run.held_out[-1].stage]
    band = [(each.step, each.high) for each in shown] + [(each.step, each.low) for each in reversed(shown)]
    means = [(each.step, each.mean) for each in shown]
    whose = "the champion" if run.kind is RunKind.SEARCH else "the model"
    name = f"{whose} {score_text(shown[-1].mean)}" if shown else ""
    levels = dict(shown[-1].baselines) if shown else {}
    return Plot(
        f"held-out score by {run.kind.step}",
        max(1, run.step),
        run.kind.step,
        curves=[("score", name, means)],
        band=band if len(shown) > 1 else (),
        levels={one_line(baseline, 40): mean for baseline, mean in levels.items()},
        marked=True,
    )


def _reward(kind: RunKind) -> str:
    return "Reward" if kind is RunKind.SEARCH else "Training reward"


def reward_plot(run: Snapshot) -> Plot:
    """The mean reward of every step."""
    points = [(step, reward) for step, reward in run.history.points("reward") if reward is not None]
    return Plot(
        f"mean {_reward(run.kind).lower()} by {run.kind.step}",
        max(1, run.step),
        run.kind.step,
        height=220,
        curves=[("faint", "", points), ("reward", "reward" if points else "", _smoothed(points))],
    )


def parts_plot(run: Snapshot) -> Plot | None:
    """Each function's part of it; None where the run does not say, or there is one alone."""
    columns = run.history.reward_columns()
    weights = run.weights
    if len(columns) < 2 or not weights:
        return None
    curves = []
    for number, (name, values) in enumerate(columns.items()):
        steps = zip(run.history.steps, values, strict=True)
        points = [(step, value * weights.get(name, 1.0)) for step, value in steps if value == value]
        curves.append((f"part{number % _PARTS}", one_line(name, 24), _smoothed(points)))
    return Plot(f"parts of the reward by {run.kind.step}", max(1, run.step), run.kind.step, height=240, curves=curves)


def _smoothed(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A running mean, as the run's learning curve has it."""
    found: list[tuple[float, float]] = []
    for step, value in points:
        before = found[-1][1] if found else value
        found.append((step, before + 0.2 * (value - before)))
    return found


def _figure(plot: Plot, caption: str) -> str:
    return f"<figure>{plot.svg()}<figcaption>{caption}</figcaption></figure>"


def _held_out(run: Snapshot) -> Iterable[str]:
    if not run.held_out:
        return
    last = run.held_out[-1]
    rows = [each for each in run.held_out if each.stage == last.stage]
    step = max(1, -(-len(rows) // _MOST_ROWS))
    rows = [row for place, row in enumerate(rows) if place % step == 0 or row is last]
    yield "<h2>Held-out score</h2>"
    yield (
        f"<p>{measured(run.kind, last)}, on {last.seeds} published seeds that {run.kind.unseen}; the baselines play "
        "the same seeds.</p>"
    )
    # In a search the champion is all that is measured.
    more = run.kind is RunKind.TRAINING
    yield '<div class="scroll"><table><tr><th></th><th>mean score</th><th>95 % interval</th><th>games won</th>'
    yield "<th>strategies that run</th><th>champion</th></tr>" if more else "</tr>"
    for name, mean in sorted(last.baselines.items(), key=lambda item: item[1]):
        yield f"<tr><td>{text(name)}</td><td>{score_text(mean)}</td>{'<td></td>' * (4 if more else 2)}</tr>"
    for row in rows:
        champion = score_text(row.champion) if row.champion is not None else ""
        kind = ' class="model"' if row is last else ""
        name = run.kind.when(row.step)
        yield (
            f"<tr{kind}><td>{name}</td><td>{score_text(row.mean)}</td><td>{score_text(row.low)} to "
            f"{score_text(row.high)}</td><td>{row.won:.0%}</td>"
            + (f"<td>{row.compiled:.0%}</td><td>{champion}</td></tr>" if more else "</tr>")
        )
    yield "</table></div>"


def measured(kind: RunKind, last: HeldOut) -> str:
    """Who plays the held-out games, at the beginning of a sentence."""
    if kind is RunKind.SEARCH:
        return "The champion as it was then"
    return f"{last.strategies} strategies sampled from the model, each"


def _moments(snapshot: Snapshot, run: RunReader) -> Iterable[str]:
    baselines = snapshot.held_out[-1].baselines if snapshot.held_out else {}
    found = moments(run, baselines)
    if not found:
        return
    yield "<h2>Moments</h2>"
    yield '<div class="scroll"><table class="moments"><tr><th>' + snapshot.kind.step
    yield "</th><th></th><th>score</th><th>outcome</th></tr>"
    for each in found:
        yield (
            f"<tr><td>{each.step:,}</td><td>{text(each.what)}</td><td>{score_text(each.score)}</td>"
            f"<td>{text(each.outcome)}</td></tr>"
        )
    yield "</table></div>"


def _champion(
    snapshot: Snapshot, run: RunReader, film: bool, progress: Callable[[int, int], None] | None
) -> Iterable[str]:
    if not snapshot.champions:
        return
    champion = snapshot.champions[-1]
    yield "<h2>The champion</h2>"
    held_out = snapshot.held_out[-1].champion if snapshot.held_out else None
    fair = f"{score_text(held_out)} held-out, " if held_out is not None else ""
    yield (
        f"<p>Written at {snapshot.kind.step} {champion.step:,}: {fair}{score_text(champion.score)} on the seeds "
        "champions are chosen on.</p>"
    )
    if film and (episode := best_game(run, champion.strategy_id)) is not None:
        yield _film(episode, progress)
    yield program(champion.source)


def best_game(run: RunReader, strategy_id: int) -> Episode | None:
    """Of a strategy's recorded games the one with the highest score; None where nothing was played."""
    played = [episode for episode in run.episodes(strategy_id) if episode.actions]
    return max(played, key=lambda episode: episode.score, default=None)


def _film(episode: Episode, progress: Callable[[int, int], None] | None) -> str:
    from grpo_arcade.games import PixelPicture
    from grpo_arcade.recordings.films import write_gif

    try:
        console = isinstance(episode.new_game().picture(), PixelPicture)
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch, "champion.gif")
            options: dict[str, Any] = {} if console else {"frames_per_move": 1, "size": 320}
            write_gif(episode, path, max_bytes=MOST_GIF_BYTES, progress=progress, **options)
            picture = base64.b64encode(path.read_bytes()).decode()
    except (RecordingError, ValueError, ImportError) as error:
        return f'<p class="none">No film: {text(error)}</p>'
    told = (
        f"Seed {episode.seed}: {score_text(episode.score)} points, {episode.outcome}. Its best game of those recorded."
    )
    kind = "film console" if console else "film"
    return (
        f'<figure><img class="{kind}" alt="The champion plays" src="data:image/gif;base64,{picture}">'
        f"<figcaption>{text(told)}</figcaption></figure>"
    )


def _failures(run: RunReader) -> Iterable[str]:
    found = failures(run)
    if not found:
        return
    yield "<h2>What failed, and how</h2>"
    for each in found:
        outcome = each.outcome.replace("_", " ")
        yield f"<h3>{run.kind.step.capitalize()} {each.step:,}, strategy {each.strategy_id:,}: {text(outcome)}</h3>"
        why = f"<code>{text(each.error)}</code>; " if each.error else ""
        alike = f"{each.alike:,} strategies ended so" if each.alike > 1 else "the only one"
        if each.played:
            alike = "among the lowest scores of all that played to the end"
        yield f"<p>{why}mean score {score_text(each.score)}; {alike}</p>"
        yield f"<details><summary>What the model wrote</summary>{program(each.text)}</details>"


def _settings(run: RunReader) -> Iterable[str]:
    told = run.config()
    config, defaults = told["config"], told.get("defaults") or {}
    chosen = {
        name: value for name, value in config.items() if name not in _PRIVATE and defaults.get(name, value) != value
    }
    yield "<h2>Configuration</h2>"
    if isinstance(command := told.get("command"), list) and command:
        yield f"<pre>{escape(_command_line(command))}</pre>"
    yield '<table class="settings"><tr><th>setting</th><th>value</th><th>default</th></tr>'
    for name in dict.fromkeys(["game", "model", *chosen]):
        default = text(_value(defaults[name])) if name in chosen else ""
        yield f"<tr><td>{text(name)}</td><td>{text(_value(config.get(name)))}</td><td>{default}</td></tr>"
    yield "</table>"
    rest = {name: value for name, value in config.items() if name not in (*_PRIVATE, *chosen, "game", "model")}
    rows = "".join(f"<tr><td>{text(name)}</td><td>{text(_value(value))}</td></tr>" for name, value in rest.items())
    yield f'<details><summary>Everything else was at its default</summary><table class="settings">{rows}'
    yield "</table></details>"
    versions_told = told.get("versions")
    known = versions_told if isinstance(versions_told, dict) else {}
    versions = [f"{name} {version}" for name, version in {**known, "git": told.get("git")}.items() if version]
    yield f"<h2>Versions</h2><p>{text(', '.join(versions))}</p>"
    yield f"<footer>Written by GRPO Arcade {text(__version__)}. This page asks for nothing from anywhere.</footer>"


def _command_line(command: Sequence[object]) -> str:
    """What was typed, without where it was and where it wrote."""
    words = [one_line(word) for word in command[1:]]
    private = tuple(f"--{name.replace('_', '-')}" for name in _PRIVATE)
    kept = [
        word
        for place, word in enumerate(words)
        if not word.startswith(private) and (place == 0 or words[place - 1] not in private)
    ]
    return " ".join(map(shlex.quote, ["arcade", *kept]))


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
