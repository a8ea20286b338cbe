"""Strategies in the styles language models write, each a whole program that must run unmodified."""

REALISTIC = {
    "fixed_order": '''
def strategy(board):
    """Corner strategy: prefer down, then left."""
    def can_move(b, d):
        n = len(b)
        for i in range(n):
            line = [b[i][j] for j in range(n)] if d in "AD" else [b[j][i] for j in range(n)]
            if d in "DS":
                line = line[::-1]
            seen_zero = False
            for k, v in enumerate(line):
                if v == 0:
                    seen_zero = True
                elif seen_zero or (k and line[k - 1] == v):
                    return True
        return False
    for d in "SADW":
        if can_move(board, d):
            return d
    return "W"
''',
    "typing_and_deepcopy": """
from typing import List, Tuple, Optional
import copy

Board = List[List[int]]

def merge(line: List[int]) -> Tuple[List[int], int]:
    tiles = [x for x in line if x != 0]
    score: int = 0
    out: List[int] = []
    while tiles:
        head = tiles.pop(0)
        if tiles and tiles[0] == head:
            head += tiles.pop(0)
            score += head
        out.append(head)
    return out + [0] * (len(line) - len(out)), score

def simulate(board: Board, move: str) -> Tuple[Optional[Board], int]:
    b = copy.deepcopy(board)
    n, total = len(b), 0
    for i in range(n):
        line = b[i][:] if move in ("A", "D") else [b[r][i] for r in range(n)]
        if move in ("D", "S"):
            line.reverse()
        line, s = merge(line)
        total += s
        if move in ("D", "S"):
            line.reverse()
        for j in range(n):
            if move in ("A", "D"):
                b[i][j] = line[j]
            else:
                b[j][i] = line[j]
    return (None, 0) if b == board else (b, total)

def strategy(board: Board) -> str:
    scores = {m: simulate(board, m) for m in "WASD"}
    legal = {m: s for m, (b, s) in scores.items() if b is not None}
    return max(legal, key=legal.get) if legal else "W"
""",
    "class_with_properties": """
class Grid:
    def __init__(self, cells):
        self._cells = [list(r) for r in cells]
        self.__size = len(cells)

    @property
    def size(self):
        return self.__size

    @classmethod
    def empty(cls, n):
        return cls([[0] * n for _ in range(n)])

    @staticmethod
    def key(rc):
        return rc[0] * 10 + rc[1]

    def __getitem__(self, rc):
        return self._cells[rc[0]][rc[1]]

    def __len__(self):
        return sum(1 for r in self._cells for c in r if c)

    def __repr__(self):
        return f"{self.__class__.__name__}({self._cells!r})"

def strategy(board):
    g = Grid(board)
    assert Grid.empty(3).size == 3 and "Grid" in repr(g)
    return "WASD"[(len(g) + g[0, 0]) % 4]
""",
    "dataclass_nodes": """
from dataclasses import dataclass, field
import heapq

@dataclass(order=True)
class Node:
    priority: float
    move: str = field(compare=False)
    children: list = field(default_factory=list, compare=False)

@dataclass(frozen=True)
class Weights:
    empty: float = 2.7
    corner: float = 1.5

def strategy(board):
    w = Weights()
    heap = []
    for i, move in enumerate("ASWD"):
        heapq.heappush(heap, Node(-w.empty * board[i % len(board)].count(0) - w.corner * i, move))
    return heapq.heappop(heap).move
""",
    "dataclass_future_annotations": """
from __future__ import annotations
from dataclasses import dataclass, replace

@dataclass
class State:
    board: list[list[int]]
    score: int = 0

    def better(self, other: State | None) -> bool:
        return other is None or self.score > other.score

def strategy(board):
    best: State | None = None
    pick = "W"
    for k, m in enumerate("WASD"):
        s = replace(State(board), score=board[k % len(board)][0] + k)
        if s.better(best):
            best, pick = s, m
    return pick
""",
    "lru_cache_rows": """
from functools import lru_cache

@lru_cache(maxsize=None)
def slide(row):
    t = [x for x in row if x]
    out, gain, i = [], 0, 0
    while i < len(t):
        if i + 1 < len(t) and t[i] == t[i + 1]:
            out.append(2 * t[i]); gain += 2 * t[i]; i += 2
        else:
            out.append(t[i]); i += 1
    return tuple(out + [0] * (len(row) - len(out))), gain

def moves(b):
    n = len(b)
    yield "A", [slide(r)[0] for r in b], sum(slide(r)[1] for r in b)
    yield "D", [slide(r[::-1])[0][::-1] for r in b], sum(slide(r[::-1])[1] for r in b)
    t = [tuple(c) for c in zip(*b)]
    yield "W", list(zip(*[slide(r)[0] for r in t])), sum(slide(r)[1] for r in t)
    yield "S", list(zip(*[slide(r[::-1])[0][::-1] for r in t])), sum(slide(r[::-1])[1] for r in t)

def strategy(board):
    b = [tuple(r) for r in board]
    best = max(((g + 10 * sum(r.count(0) for r in nb), m) for m, nb, g in moves(b) if nb != b), default=(0, "W"))
    return best[1]
""",
    "expectimax_recursion": """
import math

def strategy(board):
    N = len(board)
    SNAKE = [[4 ** (i * N + (j if i % 2 == 0 else N - 1 - j)) for j in range(N)] for i in range(N)]

    def slide(row):
        r = [x for x in row if x]
        i = 0
        while i < len(r) - 1:
            if r[i] == r[i + 1]:
                r[i] *= 2
                del r[i + 1]
            i += 1
        return r + [0] * (N - len(r))

    def move(b, d):
        if d == "A":
            return [slide(r) for r in b]
        if d == "D":
            return [slide(r[::-1])[::-1] for r in b]
        t = [list(c) for c in zip(*b)]
        t = [slide(r) for r in t] if d == "W" else [slide(r[::-1])[::-1] for r in t]
        return [list(c) for c in zip(*t)]

    def value(b):
        return sum(SNAKE[i][j] * b[i][j] for i in range(N) for j in range(N))

    def expect(b, depth):
        empty = [(i, j) for i in range(N) for j in range(N) if b[i][j] == 0][:2]
        if not empty or depth == 0:
            return value(b)
        total = 0.0
        for i, j in empty:
            b[i][j] = 2
            total += best(b, depth - 1)[0]
            b[i][j] = 0
        return total / len(empty)

    def best(b, depth):
        top = (-math.inf, None)
        for d in "SADW":
            nb = move(b, d)
            if nb != b:
                v = expect(nb, depth)
                if v > top[0]:
                    top = (v, d)
        return top if top[1] else (value(b), None)

    return best([list(r) for r in board], 1)[1] or "W"
""",
    "monte_carlo": """
import random

def strategy(board):
    def slide(row):
        r = [x for x in row if x]
        out = []
        skip = False
        for i, x in enumerate(r):
            if skip:
                skip = False
                continue
            if i + 1 < len(r) and r[i + 1] == x:
                out.append(2 * x)
                skip = True
            else:
                out.append(x)
        return out + [0] * (len(row) - len(out))

    def move(b, d):
        if d in "WS":
            b = list(map(list, zip(*b)))
        b = [slide(r) if d in "WA" else slide(r[::-1])[::-1] for r in b]
        return list(map(list, zip(*b))) if d in "WS" else b

    def rollout(b, first):
        nb = move(b, first)
        if nb == b:
            return -1
        for _ in range(5):
            empty = [(i, j) for i, r in enumerate(nb) for j, v in enumerate(r) if not v]
            if not empty:
                break
            i, j = random.choice(empty)
            nb[i][j] = 4 if random.random() < 0.1 else 2
            nb = move(nb, random.choice("WASD"))
        return sum(r.count(0) for r in nb)

    random.seed()
    scores = {d: sum(rollout(board, d) for _ in range(3)) for d in "WASD"}
    return max(scores, key=scores.get)
""",
    "numpy_with_fallback": """
try:
    import numpy as np
    HAVE_NUMPY = True
except ImportError:
    np = None
    HAVE_NUMPY = False

def strategy(board):
    if HAVE_NUMPY:
        empty = int((np.array(board) == 0).sum())
    else:
        empty = sum(row.count(0) for row in board)
    return "WASD"[empty % 4]
""",
    "numpy_with_fallback_inside": """
def strategy(board):
    try:
        import numpy as np
        from numpy import array
    except (ImportError, ModuleNotFoundError):
        np = None
    if np is not None:
        board = np.array(board).tolist()
    return "S" if board[0][0] else "A"
""",
    "generators": """
from itertools import count, cycle, islice, product, chain

def cells(board):
    for r, c in product(range(len(board)), repeat=2):
        yield r, c, board[r][c]

def pairs(board):
    yield from ((a, b) for row in board for a, b in zip(row, row[1:]))
    yield from ((a, b) for col in zip(*board) for a, b in zip(col, col[1:]))

turn = cycle("ASAD")

def strategy(board):
    equal = sum(1 for a, b in pairs(board) if a == b != 0)
    biggest = max(v for _, _, v in cells(board))
    if equal > 3:
        return "W"
    return next(turn) if biggest < 64 else next(islice(turn, 1, None))
""",
    "memory_in_globals": """
history = []
COUNTER = 0
memo = {}

def strategy(board):
    global COUNTER
    COUNTER += 1
    key = tuple(map(tuple, board))
    if key in memo:
        memo[key] += 1
    else:
        memo[key] = 0
    history.append(key)
    if len(history) > 1 and history[-1] == history[-2]:
        return "WASD"[(COUNTER + memo[key]) % 4]
    return "AS"[COUNTER % 2]
""",
    "function_attributes": """
def strategy(board):
    strategy.calls = getattr(strategy, "calls", 0) + 1
    if not hasattr(strategy, "last"):
        strategy.last = None
    move = "ASDW"[strategy.calls % 4] if strategy.last == board else "S" if strategy.calls % 2 else "A"
    strategy.last = [row[:] for row in board]
    return move
""",
    "enum_moves": """
from enum import Enum, IntEnum

class Move(str, Enum):
    UP = "W"
    LEFT = "A"
    DOWN = "S"
    RIGHT = "D"

class Direction(IntEnum):
    UP = 0
    RIGHT = 1
    DOWN = 2
    LEFT = 3

def strategy(board):
    if board[0][0]:
        return Direction.DOWN
    return list(Move)[sum(board[-1]) // 2 % 4]
""",
    "match_statement": """
from collections import Counter, defaultdict, deque, namedtuple

Cell = namedtuple("Cell", "row col value")

def strategy(board):
    counts = Counter(v for row in board for v in row)
    groups = defaultdict(list)
    for r, row in enumerate(board):
        for c, v in enumerate(row):
            groups[v].append(Cell(r, c, v))
    window = deque(maxlen=3)
    for cell in groups[0]:
        window.append(cell.row)
    match list(window):
        case [0, *_]:
            return "W"
        case [a, b] if a == b:
            return "A"
        case [_, _, int(last)]:
            return "S" if last > 1 else "D"
        case _:
            return "A" if counts[0] % 2 else "D"
""",
    "breadth_first": """
import collections

def strategy(board):
    def components(b):
        seen = set()
        groups = 0
        for start in [(r, c) for r in range(len(b)) for c in range(len(b))]:
            if start in seen:
                continue
            groups += 1
            queue = collections.deque([start])
            while queue:
                r, c = queue.popleft()
                if (r, c) in seen:
                    continue
                seen.add((r, c))
                for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                    rr, cc = r + dr, c + dc
                    if 0 <= rr < len(b) and 0 <= cc < len(b) and b[rr][cc] == b[r][c]:
                        queue.append((rr, cc))
        return groups
    return "ADSW"[components(board) % 4]
""",
    "printing_and_main": """
import sys

print("loading strategy")

def helper(values):
    print("values", values, sep=": ", end="\\n", flush=True)
    return sum(values)

def strategy(board):
    print(board, file=sys.stderr) if hasattr(sys, "stderr") else print(board)
    return "WASD"[helper([max(r) for r in board]) // 2 % 4]

if __name__ == "__main__":
    print(strategy([[2, 0], [0, 2]]))
""",
    "context_manager_and_exceptions": """
class BoardError(Exception):
    def __init__(self, message, row=None):
        super().__init__(message)
        self.row = row

class Guard:
    def __enter__(self):
        return self
    def __exit__(self, kind, value, trace):
        return kind is not None and issubclass(kind, BoardError)

def check(board):
    if all(v == 0 for v in board[0]):
        raise BoardError("top row is empty", row=0)

def strategy(board):
    move = "W"
    with Guard():
        check(board)
        move = "A"
    try:
        check(board[::-1])
    except BoardError as error:
        move = "S" if error.row == 0 else "D"
    except (IndexError, ValueError, Exception):
        move = "A"
    finally:
        board = None
    return move
""",
    "decorators_and_closures": """
import functools
import operator

def memoize(fn):
    cache = {}
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        key = (args, tuple(sorted(kwargs.items())))
        if key not in cache:
            cache[key] = fn(*args, **kwargs)
        return cache[key]
    return wrapper

@memoize
def monotone(row, *, weight=1):
    return weight * sum(a >= b for a, b in zip(row, row[1:]))

def strategy(board):
    product = functools.reduce(operator.mul, (monotone(tuple(r), weight=2) + 1 for r in board), 1)
    by_value = sorted(enumerate("WASD"), key=operator.itemgetter(0), reverse=bool(product % 2))
    add = functools.partial(operator.add, product)
    return by_value[add(1) % 4][1]
""",
    "abstract_heuristics": """
from abc import ABC, abstractmethod
from typing import Protocol, NamedTuple

class Heuristic(ABC):
    weight = 1.0

    @abstractmethod
    def score(self, board) -> float: ...

class Empty(Heuristic):
    def score(self, board):
        return float(sum(r.count(0) for r in board))

class Smooth(Heuristic):
    weight = 0.1
    def score(self, board):
        return -sum(abs(a - b) for r in board for a, b in zip(r, r[1:]))

class Choice(NamedTuple):
    value: float
    move: str

def strategy(board):
    heuristics: list[Heuristic] = [Empty(), Smooth()]
    total = sum(h.weight * h.score(board) for h in heuristics)
    return max(Choice((total * k) % 7, m) for k, m in enumerate("WASD", 1)).move
""",
    "lambda_entry": """
strategy = lambda board: max("WASD", key=lambda m: (hash((m, str(board))) % 101, m))
""",
    "random_instance_and_shuffle": """
import random
rng = random.Random(42)
other = random.Random()

def strategy(board):
    order = list("WASD")
    rng.shuffle(order)
    if other.random() < 0.1:
        return random.choices(order, weights=[4, 3, 2, 1], k=1)[0]
    return random.sample(order, 2)[0] if random.randint(0, 1) else order[int(random.uniform(0, 3.99))]
""",
    "bit_board_and_strings": """
import re, string, json
from bisect import bisect_left
from statistics import mean, pstdev

def strategy(board):
    text = ";".join(",".join("{:>4}".format(v) for v in row) for row in board)
    big = [int(x) for x in re.findall(r"\\d+", text)]
    encoded = sum((v.bit_length() << (4 * i)) for i, v in enumerate(big))
    spread = pstdev(big) if mean(big) else 0
    letters = string.ascii_uppercase
    assert json.loads(json.dumps(board)) == board
    return "WASD"[(bisect_left(sorted(big), 2) + encoded % 7 + int(spread)) % 4] if letters else "W"
""",
    "annealed_weights_at_load": """
import math, random

WEIGHTS = [random.gauss(0, 1) for _ in range(16)]
TABLE = {(a, b): math.log2(a + 1) * b for a in range(64) for b in range(16)}

def strategy(board):
    flat = [v for row in board for v in row]
    score = sum(w * math.log2(v) if v else 0.0 for w, v in zip(WEIGHTS, flat))
    return "WASD"[int(abs(score) * 10 + TABLE[3, 4]) % 4]
""",
}
