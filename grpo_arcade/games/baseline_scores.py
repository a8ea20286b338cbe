"""What the baselines score on the evaluation seeds: play them, and keep the results as data.

``python -m grpo_arcade.games.baseline_scores`` plays every entry of :data:`STORED` on all cores and replaces the
``baseline_scores.json`` beside each game. The same version gives the same file on every machine.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from grpo_arcade.cores import cores
from grpo_arcade.games.episode import Episode
from grpo_arcade.games.game import Game
from grpo_arcade.games.registry import make
from grpo_arcade.games.seeds import EVALUATION_SEEDS
from grpo_arcade.whole import whole

STORED: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("2048", {"size": 4, "target": 2048}),
    ("2048", {"size": 4, "target": 1024}),
    ("2048", {"size": 4, "target": 512}),
    ("2048", {"size": 4, "target": 256}),
    ("2048", {"size": 3, "target": 256}),
    ("2048", {"size": 5, "target": 2048}),
    ("2048", {"size": 6, "target": 2048}),
)
"""Games and options whose baseline scores are stored; those not named here keep their defaults."""


def play_baseline(game: str, options: Mapping[str, Any], name: str, seeds: Sequence[int]) -> tuple[Episode, ...]:
    """One episode for each seed, played by the baseline ``name`` in this process.

    The baseline's own randomness is ``random.Random("<name> <seed>")``, so an episode is the same at every call.

    Raises:
        ValueError: an unknown game, option or baseline.
    """
    table = make(game, **options)
    if name not in table.baselines:
        raise ValueError(f"{game} has no baseline {name!r}; it has {', '.join(table.baselines)}")
    return tuple(_play(game, table, name, seed) for seed in seeds)


def _play(registered: str, game: Game, name: str, seed: int) -> Episode:
    baseline = game.baselines[name]
    rng = random.Random(f"{name} {seed}")
    actions = bytearray()
    game.reset(seed)
    while game.outcome is None:
        action = baseline(game, rng)
        actions.append(action)
        game.step(action)
    return Episode(
        game=registered,
        options=dict(game.options),
        seed=seed,
        actions=bytes(actions),
        outcome=game.outcome,
        score=game.score,
        wasted=game.wasted,
        player=name,
        versions=game.versions,
        observations=game.kept(),
    )


_Task = tuple[int, str, int]
"""Index into :data:`STORED`, baseline, seed."""


def _result(task: _Task) -> tuple[_Task, float, str]:
    entry, name, seed = task
    game, options = STORED[entry]
    (episode,) = play_baseline(game, options, name, [seed])
    return task, episode.score, str(episode.outcome)


def _tasks() -> Iterator[_Task]:
    for entry, (game, options) in enumerate(STORED):
        # The slowest player first, so that no core ends alone with a long game.
        for name in reversed(tuple(make(game, **options).baselines)):
            for seed in EVALUATION_SEEDS:
                yield entry, name, seed


def _file_of(game: Game) -> Path:
    return Path(str(sys.modules[type(game).__module__].__file__)).with_name("baseline_scores.json")


def main() -> int:
    """Play everything in :data:`STORED` and write the files; Ctrl-C leaves the old ones as they were."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    tasks = list(_tasks())
    results: dict[_Task, tuple[float, str]] = {}
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    try:
        with get_context("spawn").Pool(cores()) as pool, Progress(*columns) as progress:
            bar = progress.add_task("baseline games", total=len(tasks))
            for task, score, outcome in pool.imap_unordered(_result, tasks):
                results[task] = score, outcome
                progress.advance(bar)
    except KeyboardInterrupt:
        print("interrupted; the stored scores are as they were", file=sys.stderr)
        return 130
    files: dict[Path, list[dict[str, Any]]] = {}
    for entry, (name, options) in enumerate(STORED):
        game = make(name, **options)
        baselines = {}
        for baseline in game.baselines:
            scores, outcomes = zip(*(results[entry, baseline, seed] for seed in EVALUATION_SEEDS), strict=True)
            baselines[baseline] = {"scores": scores, "outcomes": outcomes}
            print(
                f"{name} {dict(options)}  {baseline:<10}  mean score {sum(scores) / len(scores):>8.1f}  "
                f"won {outcomes.count('won')} of {len(outcomes)}"
            )
        stored = {"options": dict(game.options), "rules_version": game.rules_version, "baselines": baselines}
        files.setdefault(_file_of(game), []).append(stored)
    for path, stored_games in files.items():
        _write(path, stored_games)
        print(f"wrote {path}")
    return 0


def _write(path: Path, games: list[dict[str, Any]]) -> None:
    text = json.dumps({"command": "python -m grpo_arcade.games.baseline_scores", "games": games}, indent=1)
    # One line for each list of results, so that a diff shows whose results changed.
    text = re.sub(r"\[([^][{}]*)\]", lambda results: f"[{' '.join(results[1].split())}]", text)
    with whole(path) as scratch:
        scratch.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
