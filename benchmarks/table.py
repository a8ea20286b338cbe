"""The whole table of speed with its ratios, by one command: what we take, and what something else takes beside it.

    .venv/bin/python benchmarks/table.py [--only rules match ...] [--repeats 5] [--json]

CPU seconds of all processes that take part, the least of several repeats, ours and the other in turn in one run: the
machine may be busy. Ratios mean something, seconds are this machine's. A peer that is not installed leaves its row out
and says what would install it. ``benchmarks/compare.py`` sets two checkouts side by side by this table.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

BOARDS = 1024


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    name: str
    ours: float
    """In ``unit``."""
    unit: str
    other: float | None = None
    """What the other takes, in ``unit``; None where there is nothing to stand beside."""
    what: str = ""
    """What the other is."""

    @property
    def ratio(self) -> float | None:
        """Ours over the other's: below 1 we take less."""
        return None if self.other is None else self.ours / self.other


class AbsentError(Exception):
    """A peer is not installed; the words say how to get it."""


def least(repeats: int, *works: Callable[[], object]) -> list[float]:
    """CPU seconds of this process for each, in turn, the least of the repeats."""
    found = [float("inf")] * len(works)
    for _ in range(repeats):
        for place, work in enumerate(works):
            started = time.process_time()
            work()
            found[place] = min(found[place], time.process_time() - started)
    return found


# ---- The groups of rows -----------------------------------------------------------------------------------------------


def rules(repeats: int) -> Iterator[Row]:
    """2048 beside OpenSpiel's, whose rules are C++, driven from Python."""
    from test_twenty48_speed import record_open_spiel, record_ours, replay_open_spiel, replay_ours

    from grpo_arcade.games import make

    game = make("2048")
    mine = record_ours(game)
    spiel, theirs = None, []
    with contextlib.suppress(ImportError):
        import pyspiel

        spiel = pyspiel.load_game("2048")
        theirs = record_open_spiel(spiel)
    for look in ("step", "step + observation", "step + observation + legal actions"):
        works = [lambda look=look: [replay_ours(game, seed, each, look) for seed, each in enumerate(mine)]]
        if spiel is not None:
            works += [
                lambda look=look: [replay_open_spiel(spiel, seed, each, look) for seed, each in enumerate(theirs)]
            ]
        took = least(4 * repeats, *works)
        steps = [sum(map(len, mine)), sum(map(len, theirs))]
        each = [seconds / count * 1e6 for seconds, count in zip(took, steps, strict=False)]
        other = each[1] if len(each) > 1 else None
        yield Row(f"2048, {look}", each[0], "µs", other, "OpenSpiel's C++ from Python")
    if spiel is None:
        raise AbsentError("OpenSpiel: pip install open_spiel==2.0.2")


def boards(repeats: int) -> Iterator[Row]:
    """1,024 boards at once, random moves, beside pgx, which steps all of them in one compiled call."""
    from grpo_arcade.games import make

    games = [make("2048") for _ in range(BOARDS)]
    draw = random.Random(0)
    moves = [[draw.randrange(4) for _ in games] for _ in range(20)]

    def ours() -> None:
        for seed, game in enumerate(games):
            game.reset(seed)
        for row in moves:
            type(games[0]).step_together(games, bytes(row))

    works: list[Callable[[], object]] = [ours]
    with contextlib.suppress(ImportError):
        works.append(_pgx(moves))
    took = [seconds / (BOARDS * len(moves)) * 1e6 for seconds in least(2 * repeats, *works)]
    other = took[1] if len(took) > 1 else None
    yield Row(f"2048, a step of {BOARDS:,} boards at once, each", took[0], "µs", other, "pgx, compiled by XLA")
    if other is None:
        raise AbsentError("pgx: pip install pgx")


def _pgx(moves: list[list[int]]) -> Callable[[], object]:
    import jax  # type: ignore[import-not-found]
    import pgx  # type: ignore[import-not-found]

    env = pgx.make("2048")
    init, step = jax.jit(jax.vmap(env.init)), jax.jit(jax.vmap(env.step))
    keys = jax.random.split(jax.random.PRNGKey(0), BOARDS)
    rows = [jax.numpy.array(row, dtype=jax.numpy.int32) for row in moves]

    def play() -> object:
        state = init(keys)
        for row in rows:
            state = step(state, row, keys)
        return jax.block_until_ready(state.observation)

    play()  # compiles
    return play


def match(repeats: int) -> Iterator[Row]:
    """Matches behind the wall beside the function itself, called on the same boards."""
    from match_parts import STRATEGIES, bare_and_match

    for name, games in (("trivial", 8), ("trivial", 32), ("one-ply", 8), ("one-ply", 32)):
        alone, whole = bare_and_match(STRATEGIES[name], games, repeats)
        yield Row(f"a match, {name}, {games} games, a move", whole * 1e6, "µs", alone * 1e6, "the bare function")


def candidate(repeats: int) -> Iterator[Row]:
    """What a program that fails at once costs, which is what any program costs before its first move."""
    from match_parts import candidate as one

    clock, here, whole = one(40 * repeats)
    yield Row("a new candidate in 8 games, by the clock, the quickest", clock * 1e3, "ms")
    yield Row("the same, CPU of the process that plays", here * 1e3, "ms")
    yield Row("the same, CPU of all processes", whole * 1e3, "ms")


def console(repeats: int) -> Iterator[Row]:
    """Matches of console games beside the bare emulator."""
    from test_atari_speed import Bare, match_steps_per_second

    for title in ("pong", "breakout"):
        bare = Bare(title)
        lengths, best = match_steps_per_second(title)
        alone = 0.0
        for _ in range(repeats):
            alone = max(alone, bare.steps_per_second(lengths))
            best = max(best, match_steps_per_second(title)[1])
        yield Row(f"a match, {title}, 16 games, a step", 1e6 / best, "µs", 1e6 / alone, "the bare emulator")


def gif(repeats: int) -> Iterator[Row]:
    """A film of 200 moves beside plain imageio, which is given the frames."""
    from test_gif_speed import SIZE, episode, ours, plain_imageio

    from grpo_arcade.recordings.films import Film

    played = episode(200)
    frames = list(Film(played, size=SIZE))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.gif"
        took = least(repeats, lambda: ours(frames, played, path), lambda: plain_imageio(frames, played, path))
    yield Row("2048, 200 moves as a GIF, drawing included", took[0], "s", took[1], "plain imageio, drawn before")


def pocket(repeats: int) -> Iterator[Row]:
    """The pocket model writes and learns, on one thread."""
    import torch
    from pocket_step import GROUP, LENGTH, learn, write

    from grpo_arcade.games import make
    from grpo_arcade.trainer.models import load
    from grpo_arcade.trainer.models.chat import prompt_ids

    torch.set_num_threads(1)
    model, tokenizer = load("pocket")
    prompt = prompt_ids(tokenizer, make("2048").prompt(), {})
    written = sorted(write(model, tokenizer, prompt, False), key=len)

    def generate() -> None:
        torch.manual_seed(1)
        model.eval().generate(torch.tensor([prompt] * GROUP), do_sample=True, top_k=0, max_new_tokens=LENGTH)

    ours, theirs = least(repeats, lambda: write(model, tokenizer, prompt, False), generate)
    yield Row(f"{GROUP} completions written, float32", ours, "s", theirs, "Hugging Face's generate")
    works = [lambda low=low: learn(model, prompt, written, 8, low) for low in (True, False)]
    low, full = least(repeats, *works)
    yield Row(f"{GROUP} completions learnt from, float32", full, "s")
    yield Row(f"{GROUP} completions learnt from, autocast", low, "s", full, "float32")


GROUPS: dict[str, Callable[[int], Iterator[Row]]] = {
    each.__name__: each for each in (rules, boards, match, candidate, console, gif, pocket)
}


def measured(names: list[str], repeats: int) -> Iterator[Row | str]:
    """The rows of the groups, one as soon as it is known; a text for what could not be measured."""
    for name in names:
        try:
            # Libraries greet the person on their way in.
            with contextlib.redirect_stdout(io.StringIO()):
                group = GROUPS[name](repeats)
                row = next(group, None)
            while row is not None:
                yield row
                row = next(group, None)
        except AbsentError as absent:
            yield f"{name}: without {absent}"
        except Exception as error:  # another checkout may not have what is measured
            yield f"{name}: {type(error).__name__}: {error}"


def line(row: Row) -> str:
    """A row of the table."""
    other = "" if row.other is None else f"{row.other:10.3g} {row.unit:2}  {row.ratio:6.2f}  {row.what}"
    return f"{row.name:58}{row.ours:10.3g} {row.unit:2}{other}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=list(GROUPS), default=list(GROUPS))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="a row a line, as JSON")
    args = parser.parse_args()
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    if not args.json:
        print(f"{'':58}{'ours':>10}   {'other':>10}      ratio")
    for found in measured(args.only, args.repeats):
        if isinstance(found, str):
            print(json.dumps({"problem": found}) if args.json else f"({found})", flush=True)
        else:
            print(json.dumps(asdict(found)) if args.json else line(found), flush=True)


if __name__ == "__main__":
    main()
