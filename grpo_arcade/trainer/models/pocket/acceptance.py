"""What a pocket model writes, measured: does it run, does it vary, how well does it play.

``python -m grpo_arcade.trainer.models.pocket.acceptance [FOLDER]`` measures the shipped model (or another folder's),
stores the figures in its pretrain.json, and ends with status 1 if they miss what a pocket model has to be.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

from grpo_arcade.games.players import MatchPool, extract_source
from grpo_arcade.games.registry import make
from grpo_arcade.games.seeds import EVALUATION_SEEDS
from grpo_arcade.trainer.scoring import mean_score

GAMES_EACH = 4
"""Evaluation seeds every program plays; the mean over 512 programs is then good to about 2 %."""

_RAN = ("won", "lost", "capped", "stuck")
"""Outcomes that the game's rules give: the program was compiled, called, and answered with moves to the end."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Figures over all samples; a program that fails counts 0."""

    samples: int
    seed: int
    plays: float
    """Share that compiled and played all its games to an end the rules know. At least 0.95 wanted."""
    distinct: float
    """Share of different completions. At least 0.80 wanted."""
    mean_score: float
    """On the standard 4×4 game. Between 1,500 and 4,000 wanted: room to learn."""
    best_mean_score: float
    """Of the best program."""
    mean_tokens: float
    """Length of a completion."""
    outcomes: dict[str, int]
    """How the games ended."""

    @property
    def accepted(self) -> bool:
        """Whether this may be shipped."""
        return self.plays >= 0.95 and self.distinct >= 0.80 and 1_500 <= self.mean_score <= 4_000

    def summary(self) -> str:
        """One line for people."""
        return (
            f"{self.samples} samples: {self.plays:.1%} play, {self.distinct:.1%} distinct, mean score "
            f"{self.mean_score:,.0f}, best {self.best_mean_score:,.0f}, {self.mean_tokens:.0f} tokens: "
            + ("accepted" if self.accepted else "NOT accepted")
        )


def measure(folder: Path, samples: int = 512, seed: int = 0) -> Acceptance:
    """Sample at temperature 1, play 4×4 2048 in the sandbox, and store the figures in ``folder``'s pretrain.json."""
    from grpo_arcade.trainer.models.chat import completion_text, ending_tokens, prompt_ids
    from grpo_arcade.trainer.models.loading import load
    from grpo_arcade.trainer.models.sampler import sample

    model, tokenizer = load(folder)
    game, ends = make("2048"), ending_tokens(model, tokenizer)
    prompt = prompt_ids(tokenizer, game.prompt())
    seeds = list(EVALUATION_SEEDS[:GAMES_EACH])
    futures = {}
    with MatchPool() as pool:

        def play(index: int, ids: list[int]) -> None:
            source = extract_source(completion_text(tokenizer, ids, ends)).source
            if source is not None:
                futures[index] = pool.submit(source, game.name, game.options, seeds)

        answers = sample(model, tokenizer, [prompt] * samples, max_new_tokens=256, seed=seed, on_finished=play)
        results = {index: future.result() for index, future in futures.items()}

    outcomes = Counter(episode.outcome.value for result in results.values() for episode in result.episodes)
    outcomes["no_code"] += len(seeds) * (samples - len(results))
    means = [mean_score(results[index].episodes) if index in results else 0.0 for index in range(samples)]
    figures = Acceptance(
        samples=samples,
        seed=seed,
        plays=sum(all(e.outcome.value in _RAN for e in result.episodes) for result in results.values()) / samples,
        distinct=len(set(map(tuple, answers))) / samples,
        mean_score=round(fmean(means), 1),
        best_mean_score=max(means),
        mean_tokens=round(fmean(map(len, answers)), 1),
        outcomes={name: count for name, count in outcomes.most_common() if count},
    )
    record_file = folder / "pretrain.json"
    record = json.loads(record_file.read_text(encoding="utf-8")) if record_file.is_file() else {}
    record["acceptance"] = asdict(figures)
    record_file.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return figures


if __name__ == "__main__":
    from grpo_arcade.trainer.models.loading import POCKET

    result = measure(Path(sys.argv[1]) if len(sys.argv) > 1 else POCKET)
    print(result.summary())
    sys.exit(not result.accepted)
