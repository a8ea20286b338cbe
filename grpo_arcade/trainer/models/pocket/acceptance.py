"""What a pocket model writes, measured game by game: does it run, does it vary, how well does it play.

``python -m grpo_arcade.trainer.models.pocket.acceptance [FOLDER]`` measures the shipped model (or another folder's),
stores the figures in its pretrain.json, and ends with status 1 if they miss what a pocket model has to be. ``--games``
measures some games only and keeps the stored figures of the others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

from grpo_arcade.games.players import MatchPool, extract_source
from grpo_arcade.games.registry import make
from grpo_arcade.games.seeds import EVALUATION_SEEDS
from grpo_arcade.trainer.counting import mean_score
from grpo_arcade.trainer.models.pocket.grammar import GRAMMARS

_QUICK = ("2048",)
"""Games that take milliseconds. A game on the console takes a second or two, so a quarter of the samples play it, one
evaluation seed each."""

_RAN = ("won", "lost", "drawn", "capped", "stuck")
"""Outcomes that the game's rules give: the program was compiled, called, and answered with moves to the end."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured for one game, over all its samples; a program that fails counts the game's failure score."""

    game: str
    samples: int
    games_each: int
    """Evaluation seeds every program plays; the first programs the first seeds, and so on around."""
    plays: float
    """Share that compiled and played all its games to an end the rules know. At least 0.95 wanted."""
    distinct: float
    """Share of different completions. At least 0.80 wanted."""
    mean_score: float
    """For the game's default options. Between the two of the grammar's ``WANTED``."""
    best_mean_score: float
    """Of the best program."""
    spread: float
    """Standard deviation of the programs' scores: what a group of completions differs in."""
    mean_tokens: float
    """Length of a completion."""
    outcomes: dict[str, int]
    """How the games ended."""

    @property
    def accepted(self) -> bool:
        """Whether this may be shipped."""
        low, high = GRAMMARS[self.game].WANTED
        return self.plays >= 0.95 and self.distinct >= 0.80 and low <= self.mean_score <= high


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Figures of every game, in the order of the grammars."""

    seed: int
    """Of the sampling."""
    games: tuple[Figures, ...]

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> Acceptance:
        """From ``asdict``'s form, as it stands in pretrain.json."""
        rows = values["games"]
        assert isinstance(rows, list | tuple)
        return cls(int(str(values["seed"])), tuple(Figures(**row) for row in rows))

    @property
    def accepted(self) -> bool:
        """Whether every game was measured and may be shipped."""
        return {figures.game for figures in self.games} == set(GRAMMARS) and all(f.accepted for f in self.games)

    def summary(self) -> str:
        """A table for people."""
        lines = [
            f"{'game':22}{'samples':>8}{'play':>8}{'distinct':>10}{'mean':>9}{'wanted':>18}{'sd':>8}{'best':>9}{'tokens':>8}"
        ]
        for row in self.games:
            low, high = GRAMMARS[row.game].WANTED
            lines.append(
                f"{row.game:22}{row.samples:>8}{row.plays:>8.1%}{row.distinct:>10.1%}{row.mean_score:>9,.1f}"
                f"{f'{low:,.0f} to {high:,.0f}':>18}{row.spread:>8,.1f}{row.best_mean_score:>9,.1f}"
                f"{row.mean_tokens:>8.0f}{'' if row.accepted else '  MISSED'}"
            )
        return "\n".join([*lines, "accepted" if self.accepted else "NOT accepted"])


def measure(folder: Path, samples: int = 512, seed: int = 0, games: Sequence[str] = ()) -> Acceptance:
    """Sample at temperature 1, play in the sandbox, and store the figures in ``folder``'s pretrain.json.

    Args:
        folder: of the model.
        samples: programs for a quick game; a quarter of them for the others.
        seed: of the sampling.
        games: some of the grammars' games; all of them when empty.

    Raises:
        ValueError: a game without a grammar.
    """
    from grpo_arcade.trainer.models.loading import load

    if unknown := set(games) - set(GRAMMARS):
        raise ValueError(f"no grammar knows {', '.join(sorted(unknown))}; there are {', '.join(GRAMMARS)}")
    record_file = folder / "pretrain.json"
    record = json.loads(record_file.read_text(encoding="utf-8")) if record_file.is_file() else {}
    kept = {row["game"]: Figures(**row) for row in record.get("acceptance", {}).get("games", ())}
    model, tokenizer = load(folder)
    with MatchPool() as pool:
        for game in games or GRAMMARS:
            quick = game in _QUICK
            count = samples if quick else max(1, samples // 4)
            kept[game] = _measure_game(model, tokenizer, pool, game, count, 4 if quick else 1, seed)
    result = Acceptance(seed, tuple(kept[game] for game in GRAMMARS if game in kept))
    record["acceptance"] = asdict(result)
    record_file.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return result


def _measure_game(
    model: object, tokenizer: object, pool: MatchPool, name: str, samples: int, games_each: int, seed: int
) -> Figures:
    from grpo_arcade.trainer.models.chat import completion_text, ending_tokens, prompt_ids
    from grpo_arcade.trainer.models.sampler import sample

    game, ends = make(name), ending_tokens(model, tokenizer)
    prompt = prompt_ids(tokenizer, game.prompt())
    futures = {}

    def play(index: int, ids: list[int]) -> None:
        source = extract_source(completion_text(tokenizer, ids, ends)).source
        if source is not None:
            first = index * games_each
            seeds = [EVALUATION_SEEDS[(first + k) % len(EVALUATION_SEEDS)] for k in range(games_each)]
            futures[index] = pool.submit(source, game.name, game.options, seeds)

    answers = sample(model, tokenizer, [prompt] * samples, max_new_tokens=256, seed=seed, on_finished=play)
    results = {index: future.result() for index, future in futures.items()}

    outcomes = Counter(episode.outcome.value for result in results.values() for episode in result.episodes)
    outcomes["no_code"] += games_each * (samples - len(results))
    means = [mean_score(results[i].episodes) if i in results else game.failure_score for i in range(samples)]
    mean = fmean(means)
    return Figures(
        game=name,
        samples=samples,
        games_each=games_each,
        plays=sum(all(e.outcome.value in _RAN for e in result.episodes) for result in results.values()) / samples,
        distinct=len(set(map(tuple, answers))) / samples,
        mean_score=round(mean, 2),
        best_mean_score=round(max(means), 2),
        spread=round(fmean((value - mean) ** 2 for value in means) ** 0.5, 2),
        mean_tokens=round(fmean(map(len, answers)), 1),
        outcomes={outcome: count for outcome, count in outcomes.most_common() if count},
    )


def main() -> int:
    """The command line of this module; 0 where the model is accepted."""
    from grpo_arcade.trainer.models.loading import POCKET

    parser = argparse.ArgumentParser(description="Measure what a pocket model writes, and store the figures.")
    parser.add_argument("folder", nargs="?", type=Path, default=POCKET, help="the model; the shipped one when absent")
    parser.add_argument("--samples", type=int, default=512, help="programs for 2048; a quarter of it for other games")
    parser.add_argument("--games", nargs="+", default=(), metavar="GAME", help="only these, such as 2048 atari/pong")
    asked = parser.parse_args()
    try:
        result = measure(asked.folder, samples=asked.samples, games=asked.games)
    except ValueError as error:
        parser.error(str(error))
    print(result.summary())
    return not result.accepted


if __name__ == "__main__":
    sys.exit(main())
