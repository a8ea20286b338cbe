"""Where a match's time goes, part by part, beside the bare function: microseconds of CPU time a move.

    .venv/bin/python benchmarks/match_parts.py [--games 1 8 32] [--strategies trivial one-ply] [--repeats 5]

CPU time of all processes together is what a match costs a busy machine, and what it takes alone but for waiting: the
games and the program never run at the same time. The least of several repeats is told, which a busy machine disturbs
least. What a part takes is measured by itself, on exactly the boards of the match; ``waiting for each other`` is what
is left of the two processes' time: system calls, wake-ups, and what both do once a round.
"""

from __future__ import annotations

import argparse
import contextlib
import marshal
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from grpo_arcade.games import Episode
from grpo_arcade.games.players import Limits, play_match
from grpo_arcade.games.players.sandbox import child, kernel_wall, wire
from grpo_arcade.games.registry import make
from grpo_arcade.games.replay import Replay

TRIVIAL = """
def strategy(board):
    return "WASD"[sum(map(sum, board)) // 2 % 4]
"""

ONE_PLY = """
def slide(row):
    tiles = [tile for tile in row if tile]
    out, gained, i = [], 0, 0
    while i < len(tiles):
        if i + 1 < len(tiles) and tiles[i] == tiles[i + 1]:
            out.append(tiles[i] * 2)
            gained += tiles[i] * 2
            i += 2
        else:
            out.append(tiles[i])
            i += 1
    return out + [0] * (len(row) - len(out)), gained

def moved(board, key):
    columns = key in "WS"
    lines = [list(line) for line in zip(*board)] if columns else board
    back = key in "SD"
    out, total = [], 0
    for line in lines:
        new, gained = slide(line[::-1] if back else line)
        out.append(new[::-1] if back else new)
        total += gained
    return [list(line) for line in zip(*out)] if columns else out, total

def value(board):
    empty = sum(row.count(0) for row in board)
    smooth = sum(abs(a - b) for row in board for a, b in zip(row, row[1:]))
    return 10 * empty - smooth + board[-1][0]

def strategy(board):
    best, choice = float("-inf"), "W"
    for key in "WASD":
        after, gained = moved(board, key)
        if after != board:
            score = gained + value(after)
            if score > best:
                best, choice = score, key
    return choice
"""

STRATEGIES = {"trivial": TRIVIAL, "one-ply": ONE_PLY}
FAILS = "def strategy(board):\n    return 1 / 0\n"
LIMITS = Limits(move_cpu_s=5, game_cpu_s=600, match_cpu_s=600)

Rounds = list[list[Any]]
"""By round of a match: the games that still go on, each as a 2048 in its position."""


def least(work: Callable[[], object], repeats: int) -> float:
    """Seconds of this process's CPU time."""
    found = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        found.append(time.process_time() - started)
    return min(found)


def match_cpu(source: str, games: int) -> tuple[float, float, float, tuple[Episode, ...]]:
    """CPU seconds of this process and of the program's, seconds by the clock, and the episodes."""
    started, clock = time.process_time(), time.perf_counter()
    result = play_match(source, "2048", {}, range(games), limits=LIMITS)
    return time.process_time() - started, result.cpu_s, time.perf_counter() - clock, result.episodes


def rounds_of(episodes: tuple[Episode, ...]) -> Rounds:
    """What each round of the match asked about."""
    games = [[replay.game.observation() for ply in replay.plies() if ply < replay.length]
             for replay in map(Replay, episodes)]  # fmt: skip
    return [[each[at] for each in games if at < len(each)] for at in range(max(map(len, games)))]


def bare_and_match(source: str, games: int, repeats: int) -> tuple[float, float]:
    """CPU seconds a move: the function alone on the boards of a match, and the match, of both processes."""
    names: dict[str, Any] = {}
    exec(source, names)
    strategy = names["strategy"]
    boards = [board for asked in rounds_of(match_cpu(source, games)[3]) for board in asked]
    alone = whole = float("inf")
    for _ in range(repeats):
        alone = min(alone, least(lambda: [strategy(board) for board in boards], 1))
        whole = min(whole, sum(match_cpu(source, games)[:2]))
    return alone / len(boards), whole / len(boards)


def candidate(count: int) -> tuple[float, float, float]:
    """A new program that fails at once in 8 games: seconds by the clock of the quickest, CPU seconds here and in all.

    The processes of all of them are counted by the server's clock ticks, so that a hundred are needed for a figure.
    """
    sources = [f"{FAILS}# {number}\n" for number in range(count)]
    for source in sources[:3]:
        play_match(source, "2048", {}, range(8))
    server = kernel_wall.fork_server()._process.pid
    ticks, here, quickest = _ticks(server), time.process_time(), float("inf")
    for source in sources:
        started = time.perf_counter()
        play_match(source, "2048", {}, range(8))
        quickest = min(quickest, time.perf_counter() - started)
    here = (time.process_time() - here) / count
    return quickest, here, here + (_ticks(server) - ticks) / os.sysconf("SC_CLK_TCK") / count


def _ticks(pid: int) -> int:
    """Of the clock, that a process and those of its children that it has reaped have had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))


def parts(source: str, games: int, repeats: int) -> dict[str, float]:
    """Microseconds a move."""
    matches = [match_cpu(source, games) for _ in range(repeats)]
    begun = [match_cpu(FAILS, games) for _ in range(3 * repeats)]
    here, there, clock, episodes = min(matches, key=lambda match: match[0] + match[1])
    begin_here, begin_there, _, _ = min(begun, key=lambda match: match[0] + match[1])
    rounds = rounds_of(episodes)
    names: dict[str, Any] = {}
    exec(source, names)
    strategy = names["strategy"]
    boards = [board for asked in rounds for board in asked]
    packed = [marshal.dumps((list(range(len(asked))), asked), 2) for asked in rounds]
    unpacked = [marshal.loads(message) for message in packed]
    tables = [[_table(board) for board in asked] for asked in rounds]
    kind = type(tables[0][0])
    played = [_round(episodes, ply) for ply in range(len(rounds))]
    found = {
        "bare": least(lambda: [strategy(board) for board in boards], repeats),
        "rules": least(lambda: _play_again(episodes, played), repeats),
        "packing": least(lambda: [wire.pack_round([*range(len(t))], kind.packed_observations(t)) for t in tables], repeats),
        "unpacking": least(lambda: [marshal.loads(message) for message in packed], repeats),
        "child's loop": least(lambda: _loop(iter(unpacked), games, kind.aliases), repeats),
        "beginning and end": begin_here + begin_there,
    }  # fmt: skip
    known = sum(found.values())
    found |= {"waiting for each other": here + there - known, "together": here + there, "by the clock": clock}
    return {part: seconds / len(boards) * 1e6 for part, seconds in found.items()} | {"moves": float(len(boards))}


def _table(board: list[list[int]]) -> Any:
    from grpo_arcade.games.twenty48 import rules

    game: Any = make("2048")
    game._board = rules.board_of(board)
    return game


def _round(episodes: tuple[Episode, ...], ply: int) -> tuple[list[int], bytes]:
    """The games that go on then, and what was answered in each."""
    going_on = [place for place, episode in enumerate(episodes) if ply < len(episode.actions)]
    return going_on, bytes(episodes[place].actions[ply] for place in going_on)


def _play_again(episodes: tuple[Episode, ...], played: list[tuple[list[int], bytes]]) -> None:
    games = [episode.new_game() for episode in episodes]
    for places, actions in played:
        type(games[0]).step_together([games[place] for place in places], actions)


class _Over(BaseException):
    pass


class _Messages:
    """A child's channel that brings what was packed, and takes every answer."""

    def __init__(self, messages: Iterator[Any]) -> None:
        view = memoryview(bytearray(wire.PAGE_BYTES))
        self.now, self.spent = view[: wire.PAGE_HEADER_BYTES].cast("I"), view[wire.PAGE_HEADER_BYTES :].cast("d")
        self._messages = messages

    def receive(self) -> Any:
        for message in self._messages:
            return message
        raise _Over

    def reply(self, *_answer: object) -> None:
        pass


def _loop(messages: Iterator[Any], games: int, aliases: Any) -> None:
    channel: Any = _Messages(messages)
    with contextlib.suppress(_Over):
        child._answer(channel, [lambda board: "W"] * games, aliases)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--games", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--strategies", nargs="+", default=list(STRATEGIES), choices=list(STRATEGIES))
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    columns: dict[str, dict[str, float]] = {}
    for name in args.strategies:
        for games in args.games:
            columns[f"{name}, {games}"] = parts(STRATEGIES[name], games, args.repeats)
    width = max(map(len, columns)) + 2
    print(f"{'CPU µs a move':24}" + "".join(f"{name:>{width}}" for name in columns))
    for part in next(iter(columns.values())):
        print(f"{part:24}" + "".join(f"{found[part]:{width}.2f}" for found in columns.values()))
    ratios = [found["together"] / found["bare"] for found in columns.values()]
    print(f"{'together / bare':24}" + "".join(f"{ratio:{width}.2f}" for ratio in ratios))


if __name__ == "__main__":
    main()
