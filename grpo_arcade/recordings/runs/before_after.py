"""What training did, as two games anybody can watch: a typical one of the first evaluation and one of the last.

Both are played on the same held-out seed, so that what differs is the player.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from grpo_arcade.games import Episode
from grpo_arcade.recordings.runs.reader import RunReader


def before_and_after(run: RunReader) -> list[Episode]:
    """A typical game of the first and of the last evaluation, both on the first held-out seed.

    Where a curriculum changed the game, those of its last stage, which alone can be compared.

    Raises:
        ValueError: the run has no evaluation yet.
    """
    held_out = run.held_out()
    if not held_out:
        raise ValueError(f"{run.folder}: this run has not been evaluated yet")
    kept = {row["step"] for row in run.query("SELECT DISTINCT step FROM strategies WHERE purpose = 'evaluation'")}
    same = [each.step for each in held_out if each.stage == held_out[-1].stage]
    steps = [step for step in same if step in kept] or same[-1:]
    return [typical_episode(run, step) for step in (steps[0], steps[-1])]


def typical_episode(run: RunReader, step: int) -> Episode:
    """The game on the first held-out seed of the strategy whose score there is the median of that evaluation.

    Raises:
        ValueError: none was kept.
    """
    rows = run.query(
        "SELECT strategies.id FROM strategies JOIN episodes ON strategy_id = strategies.id WHERE step = ? AND "
        "purpose = 'evaluation' AND episodes.number = 0 ORDER BY episodes.score, strategies.position",
        (step,),
    )
    if not rows:
        raise ValueError(f"{run.folder}: no game of the evaluation after step {step} was kept")
    episode = run.episodes(rows[(len(rows) - 1) // 2]["id"])[0]
    when = run.kind.when(step)
    model = Path(str(run.facts().get("model", "")).rstrip("/")).name
    return dataclasses.replace(episode, player=f"{model} {when}".strip())


def typical_source(run: RunReader, step: int) -> str | None:
    """The program whose score is the median of those of a training step that could be played; None: none could."""
    rows = run.query(
        "SELECT source FROM strategies JOIN sources ON sources.id = source_id WHERE step = ? AND purpose = 'training' "
        "AND outcome NOT IN ('forbidden', 'syntax_error', 'no_code') ORDER BY score, position",
        (step,),
    )
    return str(rows[(len(rows) - 1) // 2]["source"]) if rows else None
