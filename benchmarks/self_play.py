"""What a run by self-play has learnt: its champion, and the model it ends with, against whom it never trained with.

``python benchmarks/self_play.py RUN [--seeds 16] [--strategies 16]`` writes one JSON object:

- ``untrained``: the champion, and the model's newest strategies, against the strategies that the untrained model wrote
  for the first evaluation, from both sides on held-out seeds: share of the points of the game, and of the games;
- ``fixed``: the champion in the game for one on the held-out seeds, against each of the opponents it can have there
  (the cartridge's own in Pong, the baselines in Connect Four), with its 95 % interval.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any

from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.players import Contender, MatchPool
from grpo_arcade.games.replay import Replay
from grpo_arcade.games.seeds import EVALUATION_SEEDS
from grpo_arcade.recordings.runs.find import find_run
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.evaluate import evaluate_source
from grpo_arcade.trainer.self_play.court import court_options

_FIXED: dict[str, tuple[dict[str, Any], ...]] = {
    "connect-four": tuple({"opponent": name} for name in ("random", "one-ply", "alpha-beta")),
}


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run")
    parser.add_argument("--outputs", default="outputs")
    parser.add_argument("--seeds", type=int, default=16, help="held-out seeds against fixed opponents")
    parser.add_argument("--strategies", type=int, default=16, help="of each model, at most")
    asked = parser.parse_args()
    if not 1 <= asked.seeds <= len(EVALUATION_SEEDS):
        parser.error(f"--seeds {asked.seeds}: there are 1 to {len(EVALUATION_SEEDS)} published held-out seeds")
    try:
        folder = find_run(asked.run, asked.outputs)
    except ValueError as error:
        parser.error(str(error))
    with RunReader(folder) as run:
        config, champion = TrainConfig.of(run), run.champion()
        if not config.self_play:
            parser.error(f"{folder} was not trained with --self-play")
        steps = [row["step"] for row in run.evaluations()]
        if not steps:
            parser.error(f"{folder} has not been evaluated yet")
        before = _written(run, steps[0])[: asked.strategies]
        after = _written(run, steps[-1])[: asked.strategies]
        step = run.facts()["step"]
        minutes = sum((row["step_s"] or 0) + (row["evaluate_s"] or 0) for row in run.steps()) / 60
    if champion is None:
        parser.error(f"{folder} has no champion yet")
    game = make(config.game, **config.options)
    options = court_options(game, {})
    found: dict[str, Any] = {"run": folder.name, "game": game.name, "seed": config.seed, "steps": step}
    found |= {"minutes": round(minutes, 1), "champion_step": champion.step, "champion": champion.source}
    with MatchPool() as pool:
        found["untrained"] = {
            "champion": _against(pool, game.name, options, [champion.source], before),
            "model": _against(pool, game.name, options, after, before),
        }
        found["fixed"] = []
        for more in _FIXED.get(game.name, ({},)):
            alone = make(game.name, **{**game.options, **more})
            result = evaluate_source(champion.source, alone, list(EVALUATION_SEEDS[: asked.seeds]), pool=pool)
            low, high = result.interval
            facts = {"options": dict(alone.options), "won": result.won, "mean": result.mean, "low": low, "high": high}
            found["fixed"].append(facts)
    print(json.dumps(found, indent=1))


def _written(run: RunReader, step: int) -> list[str]:
    """The strategies that the model wrote for an evaluation, each once, those that are no programs left out."""
    return list(dict.fromkeys(row["source"] for row in run.strategies(step, "evaluation") if row["source"]))


def _against(
    pool: MatchPool, game: str, options: dict[str, Any], mine: Sequence[str], theirs: Sequence[str]
) -> dict[str, Any]:
    """Each of one side against each of the other, on one held-out seed after another, from both sides."""
    pairs = [(one, other) for one in mine for other in theirs]
    futures = [
        pool.submit_seats(
            [Contender("one", source=one), Contender("other", source=other)],
            game,
            options,
            [EVALUATION_SEEDS[number % len(EVALUATION_SEEDS)]],
        )
        for number, (one, other) in enumerate(pairs)
    ]
    won = lost = games = 0
    points = 0.0
    for future in futures:
        result = future.result()
        for episode, seating in zip(result.episodes, result.seatings, strict=True):
            seat = seating.index(0)
            sides = _points(episode)
            won, lost, games = won + sides[seat], lost + sides[1 - seat], games + 1
            outcome = episode.seats[seat].outcome
            points += outcome is Outcome.WON or 0.5 * (outcome in (Outcome.DRAWN, Outcome.CAPPED, Outcome.STUCK))
    return {
        **{"programs": [len(mine), len(theirs)], "games": games, "points_won": won, "points_lost": lost},
        **{"share_of_points": won / max(1, won + lost), "share_of_games": points / max(1, games)},
    }


def _points(episode: Episode) -> tuple[int, int]:
    """How often each of two seats came forward: points of a game in which what one wins the other loses."""
    replay, before, gained = Replay(episode), 0.0, [0, 0]
    for _ in replay.plies():
        change = replay.game.score - before
        before = replay.game.score
        gained[change < 0] += round(abs(change))
    return gained[0], gained[1]


if __name__ == "__main__":
    main()
