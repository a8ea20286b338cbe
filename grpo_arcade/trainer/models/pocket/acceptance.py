"""What a pocket model writes, measured game by game: does it run, does it vary, how well does it play.

``python -m grpo_arcade.trainer.models.pocket.acceptance [FOLDER]`` measures the shipped model (or another folder's),
stores the figures in its pretrain.json, and ends with status 1 if they miss what a pocket model has to be. ``--games``
measures some games only and keeps the stored figures of the others. ``--unseen`` measures games of any name, a server's
among them, for which there is no grammar: they are stored apart, beside what random play gets. Every game is stored as
soon as it is measured, and several of these may measure different games of one folder side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from grpo_arcade.games.game import Game
from grpo_arcade.games.players import MatchPool, extract_source
from grpo_arcade.games.registry import make
from grpo_arcade.games.seeds import EVALUATION_SEEDS
from grpo_arcade.trainer.config import parse_options
from grpo_arcade.trainer.counting import mean_score
from grpo_arcade.trainer.models.pocket.grammar import GRAMMARS
from grpo_arcade.trainer.models.pocket.names import Names, measure_names, only_names_of

KNOWN = tuple(game for game, grammar in GRAMMARS.items() if grammar.WANTED)
"""The games with a grammar that can be played."""
_QUICK = ("2048", "connect-four")
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
    names: float | None = None
    """Of a game without grammar: share of programs that use only names of the prompt."""
    random: float | None = None
    """Of a game without grammar: mean score of actions drawn at random."""
    options: dict[str, Any] = field(default_factory=dict)
    """Of a game without grammar: those that it was asked to have."""

    @property
    def accepted(self) -> bool:
        """Whether this may be shipped."""
        if self.names is not None:
            return self.plays >= 0.90 and self.distinct >= 0.70
        low, high = GRAMMARS[self.game].WANTED
        return self.plays >= 0.95 and self.distinct >= 0.80 and low <= self.mean_score <= high


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Figures of every game, in the order of the grammars."""

    seed: int
    """Of the sampling."""
    games: tuple[Figures, ...]
    names: Names | None = None
    """How well names of made-up games are copied."""
    unseen: tuple[Figures, ...] = ()
    """Of games without grammar."""

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> Acceptance:
        """From ``asdict``'s form, as it stands in pretrain.json."""
        rows = values["games"]
        assert isinstance(rows, list | tuple)
        unseen: Any = values.get("unseen") or ()
        names: Any = values.get("names")
        return cls(
            int(str(values["seed"])),
            tuple(Figures(**row) for row in rows),
            Names(**names) if names else None,
            tuple(Figures(**row) for row in unseen),
        )

    @property
    def accepted(self) -> bool:
        """Whether every game was measured and may be shipped."""
        every = (*self.games, *self.unseen)
        # A third of these games have names made to be confused.
        copies = self.names is not None and self.names.copied >= 0.85
        return {row.game for row in self.games} == set(KNOWN) and copies and all(row.accepted for row in every)

    def summary(self) -> str:
        """A table for people."""
        lines = [
            f"{'game':22}{'samples':>8}{'play':>8}{'distinct':>10}{'mean':>9}{'wanted':>18}{'sd':>8}{'best':>9}{'tokens':>8}"
        ]
        for row in (*self.games, *self.unseen):
            if row.names is None:
                low, high = GRAMMARS[row.game].WANTED
                wanted = f"{low:,.0f} to {high:,.0f}"
            else:
                wanted = f"random {row.random:,.2f}"
            lines.append(
                f"{row.game:22}{row.samples:>8}{row.plays:>8.1%}{row.distinct:>10.1%}{row.mean_score:>9,.1f}"
                f"{wanted:>18}{row.spread:>8,.1f}{row.best_mean_score:>9,.1f}{row.mean_tokens:>8.0f}"
                f"{'' if row.names is None else f'  names {row.names:.1%}'}{'' if row.accepted else '  MISSED'}"
            )
        if (names := self.names) is not None:
            lines.append(
                f"names of {names.samples} made-up games: {names.copied:.1%} of programs use only theirs, in other "
                f"scripts {names.copied_other_scripts:.1%} of {names.other_scripts}"
            )
        return "\n".join([*lines, "accepted" if self.accepted else "NOT accepted"])


def measure(
    folder: Path,
    samples: int = 512,
    seed: int = 0,
    games: Sequence[str] = (),
    unseen: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
) -> Acceptance:
    """Sample at temperature 1, play in the sandbox, and store the figures in ``folder``'s pretrain.json.

    Args:
        folder: of the model.
        samples: programs for a quick game; a quarter of them for the others.
        seed: of the sampling.
        games: some of the grammars' games, ``made-up`` for the copying of names; all of them when empty and nothing is
            named as ``unseen``.
        unseen: games without grammar, by any name that :func:`~grpo_arcade.games.registry.make` takes; each is sampled
            ``samples`` times and stored under the name it has then.
        options: of the games in ``unseen``.

    Raises:
        ValueError: a game without a grammar, or none of that name.
    """
    import torch

    from grpo_arcade.trainer.models.loading import load

    if unknown := set(games) - set(GRAMMARS):
        raise ValueError(f"no grammar knows {', '.join(sorted(unknown))}; there are {', '.join(GRAMMARS)}")
    wanted = games or (() if unseen else GRAMMARS)
    model, tokenizer = load(folder)
    if torch.cuda.is_available():
        model.to("cuda")
    with MatchPool() as pool:
        for name in wanted:
            if name == "made-up":
                _store(folder, seed, names=measure_names(model, tokenizer, samples, seed))
            elif name in KNOWN:
                quick = name in _QUICK
                count = samples if quick else max(1, samples // 4)
                _store(folder, seed, _measure_game(model, tokenizer, pool, make(name), count, 4 if quick else 1, seed))
        for name in unseen:
            game = make(name, **(options or {}))
            _store(folder, seed, _measure_game(model, tokenizer, pool, game, samples, 1, seed, options or {}))
    return _store(folder, seed)


def _store(folder: Path, seed: int, found: Figures | None = None, names: Names | None = None) -> Acceptance:
    """Put what was found among the stored figures, others of which may be stored by others meanwhile; all of them."""
    record_file = folder / "pretrain.json"
    with _alone(folder):
        record = json.loads(record_file.read_text(encoding="utf-8")) if record_file.is_file() else {}
        before = Acceptance.from_dict({"seed": seed, "games": (), **record.get("acceptance", {})})
        kept, apart = {row.game: row for row in before.games}, {row.game: row for row in before.unseen}
        if found is not None:
            (kept if found.names is None else apart)[found.game] = found
        games = tuple(kept[name] for name in KNOWN if name in kept)
        result = Acceptance(seed, games, names or before.names, tuple(apart.values()))
        record["acceptance"] = asdict(result)
        whole = record_file.with_suffix(f".{os.getpid()}")
        whole.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        whole.replace(record_file)
    return result


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While this lasts nobody else stores figures in the folder; on Windows that is not seen to."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _measure_game(
    model: object,
    tokenizer: object,
    pool: MatchPool,
    game: Game,
    samples: int,
    games_each: int,
    seed: int,
    options: Mapping[str, Any] | None = None,
) -> Figures:
    """``options`` are those of a game without grammar, None of one that has a grammar."""
    from grpo_arcade.trainer.models.chat import completion_text, ending_tokens, prompt_ids
    from grpo_arcade.trainer.models.sampler import sample

    ends = ending_tokens(model, tokenizer)
    prompt = prompt_ids(tokenizer, game.prompt())
    futures, sources = {}, {}

    def submit(index: int, source: str) -> Any:
        first = index * games_each
        seeds = [EVALUATION_SEEDS[(first + k) % len(EVALUATION_SEEDS)] for k in range(games_each)]
        return pool.submit(source, game.name, game.options, seeds)

    def play(index: int, ids: list[int]) -> None:
        source = extract_source(completion_text(tokenizer, ids, ends)).source
        if source is not None:
            sources[index] = source
            futures[index] = submit(index, source)

    answers = sample(model, tokenizer, [prompt] * samples, max_new_tokens=256, seed=seed, on_finished=play)
    results = {index: future.result() for index, future in futures.items()}

    outcomes = Counter(episode.outcome.value for result in results.values() for episode in result.episodes)
    outcomes["no_code"] += games_each * (samples - len(results))
    means = [mean_score(results[i].episodes) if i in results else game.failure_score for i in range(samples)]
    mean = fmean(means)
    by_chance = None
    if options is not None:
        drawn = f"import random\n\n\ndef strategy(seen):\n    return random.choice({list(game.actions)!r})\n"
        played = [submit(i, drawn) for i in range(min(samples, 100))]
        by_chance = fmean(mean_score(future.result().episodes) for future in played)
    return Figures(
        game=game.name,
        samples=samples,
        games_each=games_each,
        plays=sum(all(e.outcome.value in _RAN for e in result.episodes) for result in results.values()) / samples,
        distinct=len(set(map(tuple, answers))) / samples,
        mean_score=round(mean, 2),
        best_mean_score=round(max(means), 2),
        spread=round(fmean((value - mean) ** 2 for value in means) ** 0.5, 2),
        mean_tokens=round(fmean(map(len, answers)), 1),
        outcomes={outcome: count for outcome, count in outcomes.most_common() if count},
        names=None
        if options is None
        else sum(only_names_of(game.prompt(), text) for text in sources.values()) / samples,
        random=None if by_chance is None else round(by_chance, 3),
        options=dict(options or {}),
    )


def main() -> int:
    """The command line of this module; 0 where the model is accepted."""
    from grpo_arcade.trainer.models.loading import POCKET

    parser = argparse.ArgumentParser(description="Measure what a pocket model writes, and store the figures.")
    parser.add_argument("folder", nargs="?", type=Path, default=POCKET, help="the model; the shipped one when absent")
    parser.add_argument("--samples", type=int, default=512, help="programs for 2048; a quarter of it for other games")
    parser.add_argument("--games", nargs="+", default=(), metavar="GAME", help="only these, such as 2048 atari/pong")
    parser.add_argument("--unseen", nargs="+", default=(), metavar="GAME", help="games for which there is no grammar")
    parser.add_argument("--options", nargs="+", default=(), metavar="NAME=VALUE", help="of the games in --unseen")
    asked = parser.parse_args()
    try:
        options = parse_options(tuple(asked.options), "--options")
        result = measure(asked.folder, asked.samples, games=asked.games, unseen=asked.unseen, options=options)
    except ValueError as error:
        parser.error(str(error))
    print(result.summary())
    return not result.accepted


if __name__ == "__main__":
    sys.exit(main())
