"""What a sandboxed match costs over the bare function, beside the way the notebooks do it.

Every row is measured in one run: the match (fork, checks, messages, games and all), the bare function called on exactly
the boards of that match, and in-process ``exec`` under ``SIGALRM`` with a plain engine of lists.
"""

import random
import signal
import statistics
import time

import pytest

from benchmarks.match_parts import LIMITS, ONE_PLY, TRIVIAL
from grpo_arcade.games.players import MatchPool, play_match
from grpo_arcade.games.replay import Replay

pytestmark = pytest.mark.benchmark

TWO_PLY = (
    ONE_PLY.partition("def value")[0]
    + """
def value(board, depth):
    best = -1
    for key in "WASD":
        after, gained = moved(board, key)
        if after != board:
            score = gained + 10 * sum(row.count(0) for row in after)
            if depth:
                score += value(after, depth - 1)
            if score > best:
                best = score
    return best

def strategy(board):
    best, choice = -2, "W"
    for key in "WASD":
        after, gained = moved(board, key)
        if after != board:
            score = gained + value(after, 0)
            if score > best:
                best, choice = score, key
    return choice
"""
)

REPEATS = 5


class PlainBoard:
    """2048 as a first program writes it: lists, one spawn after a move that changed something."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.board = [[0] * 4 for _ in range(4)]
        self.score = 0
        self.spawn()
        self.spawn()

    def spawn(self):
        empty = [(row, column) for row in range(4) for column in range(4) if not self.board[row][column]]
        row, column = self.random.choice(empty)
        self.board[row][column] = 4 if self.random.random() < 0.1 else 2

    def left(self, board):
        out = []
        for row in board:
            tiles = [tile for tile in row if tile]
            merged = []
            while tiles:
                tile = tiles.pop(0)
                if tiles and tiles[0] == tile:
                    tile += tiles.pop(0)
                    self.score += tile
                merged.append(tile)
            out.append(merged + [0] * (4 - len(merged)))
        return out

    def move(self, key):
        board = [list(row) for row in self.board]
        turns = "AWDS".index(key)
        for _ in range(turns):
            board = [list(row) for row in zip(*board, strict=True)][::-1]
        board = self.left(board)
        for _ in range(4 - turns if turns else 0):
            board = [list(row) for row in zip(*board, strict=True)][::-1]
        if board != self.board:
            self.board = board
            self.spawn()
            return True
        return False


def in_process(source, seeds, plies):
    """The notebooks' way: the number of moves played."""

    def late(_signal, _frame):
        raise TimeoutError

    moves = 0
    names = {}
    exec(source, names)
    strategy = names["strategy"]
    signal.signal(signal.SIGALRM, late)
    for seed, limit in zip(seeds, plies, strict=True):
        game = PlainBoard(seed)
        stuck = 0
        signal.alarm(60)
        try:
            for _ in range(limit):
                stuck = 0 if game.move(strategy([list(row) for row in game.board])) else stuck + 1
                moves += 1
                if stuck == 32:
                    break
        finally:
            signal.alarm(0)
    return moves


def boards_of(episodes):
    boards = []
    for episode in episodes:
        replay = Replay(episode)
        boards += [replay.game.observation() for ply in replay.plies() if ply < replay.length]
    return boards


def bare(source, boards):
    names = {}
    exec(source, names)
    strategy = names["strategy"]
    for board in boards:
        strategy(board)


def clocked(work, *arguments, **keywords):
    started = time.perf_counter()
    result = work(*arguments, **keywords)
    return time.perf_counter() - started, result


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="the notebooks' way needs SIGALRM")
def test_match_over_bare_function(capsys):
    rows = []
    ratios = {}
    for name, source, target in (("trivial", TRIVIAL, 2048), ("one-ply", ONE_PLY, 2048), ("two-ply", TWO_PLY, 256)):
        for count in (1, 8, 32):
            seeds = range(count)
            options = {"target": target}
            episodes = play_match(source, "2048", options, seeds, limits=LIMITS).episodes
            boards = boards_of(episodes)
            plies = [len(episode.actions) for episode in episodes]
            repeats = REPEATS if len(boards) < 8000 or name == "trivial" else 3
            ours, alone, theirs = [], [], []
            for _ in range(repeats):
                # Side by side, so that a busy moment of the machine hits all three.
                alone.append(clocked(bare, source, boards)[0])
                ours.append(clocked(play_match, source, "2048", options, seeds, limits=LIMITS)[0])
                seconds, moves = clocked(in_process, source, seeds, plies)
                theirs.append(seconds * len(boards) / moves)
            ratio = statistics.median(ours) / statistics.median(alone)
            ratios[name, count] = ratio
            each = [statistics.median(times) / len(boards) * 1e6 for times in (alone, ours, theirs)]
            rows.append((name, count, len(boards), *each, ratio, statistics.median(theirs) / statistics.median(alone)))
    with capsys.disabled():
        print("\nstrategy  games  moves   bare µs  match µs  exec µs   match/bare  exec/bare")
        for name, count, moves, alone_us, ours_us, theirs_us, ratio, theirs_ratio in rows:
            print(
                f"{name:9} {count:5} {moves:6} {alone_us:9.2f} {ours_us:9.2f} {theirs_us:8.2f} {ratio:12.2f} {theirs_ratio:10.2f}"
            )
    assert ratios["one-ply", 8] < 3, "far from the aim of 1.3: something is wrong, not slow"


def test_candidates_per_second(capsys):
    sources = [f"def strategy(board):\n    return {number}\n" for number in range(200)]
    play_match(sources[0], "2048", {}, range(8))
    seconds, _ = clocked(lambda: [play_match(source, "2048", {}, range(8)) for source in sources])
    with MatchPool(workers=2) as pool:
        [pool.submit(source, "2048", {}, range(8)).result() for source in sources[:4]]
        pooled, _ = clocked(lambda: [f.result() for f in [pool.submit(s, "2048", {}, range(8)) for s in sources]])
    with capsys.disabled():
        print(f"\na new candidate that answers once in 8 games: {seconds / 200 * 1e3:.2f} ms in this process,")
        print(f"{pooled / 200 * 1e3:.2f} ms in a pool of 2 hosts ({200 / pooled:.0f} candidates a second)")
