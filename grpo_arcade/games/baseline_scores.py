"""What the baselines score on the evaluation seeds: play them, and keep the results as data.

``python -m grpo_arcade.games.baseline_scores`` plays every entry of :func:`entries` on all cores and replaces the
``baseline_scores.json`` beside each game; followed by names (``2048``, ``atari/pong``, or ``atari/`` for all of them)
it plays those only. The same version gives the same file on every machine.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from grpo_arcade.atomic_write import atomic_write
from grpo_arcade.cores import cores
from grpo_arcade.games.episode import Episode, seat_results
from grpo_arcade.games.game import MOST_RETURNS, Game, Outcome
from grpo_arcade.games.registry import make
from grpo_arcade.games.seats import at_seat
from grpo_arcade.games.seeds import EVALUATION_SEEDS
from grpo_arcade.progress import progress


class Entry(NamedTuple):
    """One game whose baseline scores are stored."""

    game: str
    options: Mapping[str, Any]
    """Those not named here keep their defaults."""
    seeds: range = EVALUATION_SEEDS
    """The evaluation seeds that are played, the first one first."""


_ATARI_SEEDS = EVALUATION_SEEDS[:16]
"""An Atari game takes seconds; these are the ones that a trainer evaluates on unless told otherwise."""

_BOARDS = (
    Entry("2048", {"size": 4, "target": 2048}),
    Entry("2048", {"size": 4, "target": 1024}),
    Entry("2048", {"size": 4, "target": 512}),
    Entry("2048", {"size": 4, "target": 256}),
    Entry("2048", {"size": 3, "target": 256}),
    Entry("2048", {"size": 5, "target": 2048}),
    Entry("2048", {"size": 6, "target": 2048}),
    Entry("connect-four", {"opponent": "random"}),
    Entry("connect-four", {"opponent": "one-ply"}),
    Entry("connect-four", {"opponent": "alpha-beta"}),
)


@cache
def entries() -> tuple[Entry, ...]:
    """What is stored, in the files' order: of Atari, every game with a hand-written player."""
    from grpo_arcade.games.atari.titles import SYMBOLIC  # whoever plays a baseline of another game needs none of it

    return (*_BOARDS, *(Entry(f"atari/{title}", {}, _ATARI_SEEDS) for title in SYMBOLIC))


def play_baseline(game: str, options: Mapping[str, Any], name: str, seeds: Sequence[int]) -> tuple[Episode, ...]:
    """One episode for each seed, played by the baseline ``name`` in this process, at every seat there is.

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
    for _ in range(MOST_RETURNS + 1):
        rng = random.Random(f"{name} {seed}")
        actions = bytearray()
        game.reset(seed)
        while game.outcome is None:
            chosen = [baseline(at_seat(game, seat), rng) for seat in game.acting()]
            actions += bytes(chosen)
            game.step_seats(chosen)
        if game.outcome is not Outcome.DISCONNECTED or not game.comes_back():
            break
    assert game.outcome is not None
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
        per_step=game.per_step,
        seats=seat_results(game, [name] * len(game.seats)),
    )


_Task = tuple[int, str, int]
"""Index into :func:`entries`, baseline, seed."""


def _result(task: _Task) -> tuple[_Task, float, str]:
    entry, name, seed = task
    game, options, _ = entries()[entry]
    (episode,) = play_baseline(game, options, name, [seed])
    return task, episode.score, str(episode.outcome)


def _tasks(chosen: Sequence[int]) -> Iterator[_Task]:
    for entry in chosen:
        game, options, seeds = entries()[entry]
        # The slowest player first, so that no core ends alone with a long game.
        for name in reversed(tuple(make(game, **options).baselines)):
            for seed in seeds:
                yield entry, name, seed


def _chosen(names: Sequence[str]) -> list[int]:
    """Indices into :func:`entries` of the games of these names, of all if there are none."""
    for name in names:
        if not any(entry.game.startswith(name) for entry in entries()):
            raise ValueError(f"no scores of {name!r} are stored; there are {', '.join({e.game: 0 for e in entries()})}")
    return [place for place, entry in enumerate(entries()) if not names or entry.game.startswith(tuple(names))]


def _file_of(game: Game) -> Path:
    return Path(str(sys.modules[type(game).__module__].__file__)).with_name("baseline_scores.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Play what is asked for and write the files; Ctrl-C leaves the old ones as they were."""
    parser = argparse.ArgumentParser(prog="python -m grpo_arcade.games.baseline_scores", description=__doc__)
    parser.add_argument("games", nargs="*", metavar="GAME", help="2048, atari/pong, or atari/ for all of them")
    try:
        chosen = _chosen(parser.parse_args(arguments).games)
    except ValueError as error:
        parser.error(str(error))
    tasks = list(_tasks(chosen))
    results: dict[_Task, tuple[float, str]] = {}
    try:
        with get_context("spawn").Pool(cores()) as pool, progress() as shown:
            bar = shown.add_task("baseline games", total=len(tasks))
            for task, score, outcome in pool.imap_unordered(_result, tasks):
                results[task] = score, outcome
                shown.advance(bar)
    except KeyboardInterrupt:
        print("interrupted; the stored scores are as they were", file=sys.stderr)
        return 130
    files: dict[Path, list[dict[str, Any]]] = {}
    for place in chosen:
        name, options, seeds = entries()[place]
        game = make(name, **options)
        baselines = {}
        for baseline in game.baselines:
            scores, outcomes = zip(*(results[place, baseline, seed] for seed in seeds), strict=True)
            baselines[baseline] = {"scores": scores, "outcomes": outcomes}
            print(
                f"{name} {dict(options)}  {baseline:<10}  mean score {sum(scores) / len(scores):>8.1f}  "
                f"won {outcomes.count('won')} of {len(outcomes)}"
            )
        versions = {library: found for library, found in game.versions.items() if library != "grpo-arcade"}
        found = {"game": name, "options": dict(game.options), "versions": versions, "baselines": baselines}
        files.setdefault(_file_of(game), []).append(found)
    for path, played in files.items():
        _write(path, _merged(path, played))
        print(f"wrote {path}")
    return 0


def _merged(path: Path, played: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was played, among the entries of ``path`` that were not, in the order of :func:`entries`."""
    kept = json.loads(path.read_text(encoding="utf-8"))["games"] if path.exists() else []
    found = {_key(entry): entry for entry in (*kept, *played)}
    keys = [_key({"game": name, "options": make(name, **options).options}) for name, options, _ in entries()]
    return [found[key] for key in keys if key in found]


def _key(entry: Mapping[str, Any]) -> str:
    return json.dumps([entry["game"], dict(entry["options"])])


def _write(path: Path, games: list[dict[str, Any]]) -> None:
    text = json.dumps({"command": "python -m grpo_arcade.games.baseline_scores", "games": games}, indent=1)
    # One line for each list of results, so that a diff shows whose results changed.
    text = re.sub(r"\[([^][{}]*)\]", lambda results: f"[{' '.join(results[1].split())}]", text)
    with atomic_write(path) as scratch:
        scratch.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
