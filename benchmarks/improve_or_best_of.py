"""Feedback against luck: `arcade improve`, and the best of as many independent answers as the same tokens buy.

.venv/bin/python benchmarks/improve_or_best_of.py MODEL OUTPUTS [--games 2048 atari/pong ...] [--minutes 2] [--runs 2]

MODEL is an endpoint or a folder. Each game is searched for so many minutes with feedback, then with none until as many
tokens are spent, by one loaded model, from the same run key, so that both play the same seeds; every line of
OUTPUTS/results.jsonl is one search. What has been done there already is not done again, and a search that was cut short
goes on where its last whole round left it. A game whose search fails (its server is not there) is told of and left out;
the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from grpo_arcade.arcade.commands.improve import authors_of
from grpo_arcade.recordings.runs.folder import DATABASE
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.improvement.asking import Author, Question
from grpo_arcade.trainer.improvement.config import ImproveConfig
from grpo_arcade.trainer.improvement.run import ImproveResult, improve

MANY = 100_000
"""Rounds that no budget of these reaches."""


def main() -> None:
    read = argparse.ArgumentParser(description=__doc__)
    read.add_argument("model")
    read.add_argument("outputs", type=Path)
    read.add_argument("--games", nargs="+", default=["2048"])
    read.add_argument("--minutes", type=float, nargs="+", default=[2.0], help="of a search with feedback; one a game")
    read.add_argument("--runs", type=int, default=1, help="searches of each game, each with a run key of its own")
    read.add_argument("--candidates", type=int, default=32)
    read.add_argument("--islands", type=int, default=ImproveConfig.islands)
    read.add_argument("--fresh", type=float, default=ImproveConfig.fresh)
    read.add_argument("--temperature", type=float, default=ImproveConfig.temperature)
    read.add_argument("--max-completion-length", type=int, default=512)
    read.add_argument("--context-length", type=int, default=4096)
    read.add_argument("--memory", type=float, default=0.15, help="share of a card's memory for vLLM")
    read.add_argument("--workers", type=int)
    words = read.parse_args()
    words.outputs.mkdir(parents=True, exist_ok=True)
    results = words.outputs / "results.jsonl"
    known = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    done = {each["name"]: each for each in known if each["status"] == "finished"}
    config = ImproveConfig(
        model=(words.model,), rounds=MANY, candidates=words.candidates, islands=words.islands, fresh=words.fresh, eval_steps=0,
        temperature=words.temperature, max_completion_length=words.max_completion_length, context_length=words.context_length,
        output_dir=str(words.outputs), workers=words.workers, match_cpu_s=20.0,
        vllm_gpu_memory_utilization=words.memory,
    )  # fmt: skip
    authors = authors_of(config)
    for author in authors:  # loading a model is no part of the first search's minutes
        author.write([Question(("Say yes.",))], 0, lambda place, answer: None, lambda: False)
    failed = False
    for number in range(words.runs):
        for place, game in enumerate(words.games):
            minutes = words.minutes[min(place, len(words.minutes) - 1)]
            try:
                both_ways(config, authors, game, number, minutes, done, results)
            except Exception:
                traceback.print_exc()
                failed = True
    sys.exit(failed)


def both_ways(
    config: ImproveConfig,
    authors: Sequence[Author],
    game: str,
    number: int,
    minutes: float,
    done: dict[str, dict],
    results: Path,
) -> None:
    """Search a game with feedback, and then without until as many tokens are spent."""
    tokens = 0
    for programs in (ImproveConfig.programs, 0):
        name = f"{'-'.join(re.findall(r'[a-z0-9]+', game))}-{'feedback' if programs else 'best-of'}-{number}"
        if name not in done:
            asked: dict[str, Any] = {"game": game, "programs": programs, "run_name": name, "seed": number}
            asked |= {"run_key": f"{number:032x}"} | ({"minutes": minutes} if programs else {"tokens": tokens})
            found = searched(replace(config, **asked), authors)
            way = "feedback" if programs else "best of N"
            done[name] = told(name, found) | {"game": game, "seed": number, "way": way}
            with results.open("a") as file:
                file.write(json.dumps(done[name]) + "\n")
            print(json.dumps(done[name]), flush=True)
            if found.status != "finished":
                raise SystemExit(130)  # the same words again go on with it
        tokens = done[name]["tokens"]


def searched(config: ImproveConfig, authors: Sequence[Author]) -> ImproveResult:
    """One search to its end, new or gone on with."""
    folder = Path(config.output_dir, config.run_name)
    return improve(config, authors, resume=folder if (folder / DATABASE).exists() else None)


def told(name: str, result: ImproveResult) -> dict:
    """One search in a line: what it came to, round by round, and what it took."""
    with RunReader(result.folder) as run:
        steps, evaluations = run.steps(), run.evaluations()
        champions = [(champion.step, champion.score) for champion in run.champions()]
        outcomes: dict[str, int] = {}
        for row in steps:
            for outcome, count in row["outcomes"].items():
                outcomes[outcome] = outcomes.get(outcome, 0) + count
    last = evaluations[-1] if evaluations else {}
    return {
        "name": name,
        "status": result.status,
        "rounds": result.rounds,
        "answers": sum(outcomes.values()),
        "tokens": result.spent.tokens,
        "tokens_in": result.spent.tokens_in,
        "tokens_out": result.spent.tokens_out,
        "minutes": round(result.spent.seconds / 60, 2),
        "champion": result.champion,
        "held_out": last.get("mean"),
        "interval": [last.get("low"), last.get("high")],
        "held_out_seeds": len(last.get("seeds", ())),
        "baselines": {name: kept["mean"] for name, kept in last.get("baselines", {}).items()},
        "champions": champions,
        "score_of_a_round": [round(row["score"], 1) for row in steps],
        "outcomes": outcomes,
    }


if __name__ == "__main__":
    main()
