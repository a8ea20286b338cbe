"""Run folders as the trainer writes them, with strategies that really played."""

import dataclasses
import random
import sys
import time

from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.players import extract_source, play_match
from grpo_arcade.games.seeds import training_seeds
from grpo_arcade.recordings.runs.writer import RunWriter
from grpo_arcade.trainer import rewards
from grpo_arcade.trainer.champion import champion_seeds
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.counting import counted_score
from grpo_arcade.trainer.scoring import Assignment, Rollout, refused

KEY = "00" * 16
SEEDS = 2
ORDER = """def strategy(board):
    # Keep the large tiles in one corner.
    for move in "{order}":
        if can(board, move):
            return move
    return "{order}"[0]


def can(board, move):
    rows = board if move in "AD" else [list(row) for row in zip(*board)]
    for row in rows:
        row = row if move in "AW" else row[::-1]
        for a, b in zip(row, row[1:]):
            if b and (a == 0 or a == b):
                return True
    return False
"""
COUNTING = """def strategy(board):
    best, chosen = -1, "W"
    for number, move in enumerate("{order}"):
        empty = sum(row.count(0) for row in board)
        value = (empty * 7 + board[number % 4][0] * {weight}) % 11
        if value > best:
            best, chosen = value, move
    return chosen
"""
CRASHING = "def strategy(board):\n    return board[9][9]\n"
FORBIDDEN = "import os\n\n\ndef strategy(board):\n    return os.sep\n"
PROSE = "I would rather explain: keep your largest tile in a corner, and never press up.\n"
UNFINISHED = "```python\ndef strategy(board:\n    return 'W'\n```"


def completions(count, salt=0):
    """Completions of every kind a step has: most play, some fail."""
    orders = ("WASD", "SADW", "ASDW", "DSAW", "SDAW", "ADSW", "WDSA", "SWAD")
    texts = []
    for place in range(count):
        order = orders[(place + salt) % len(orders)]
        code = ORDER.format(order=order) if place % 3 else COUNTING.format(order=order, weight=place + salt + 1)
        texts.append(f"```python\n{code}```")
    for place, odd in zip((5, 9, 12, 15), (CRASHING, PROSE, UNFINISHED, FORBIDDEN), strict=True):
        if place < count:
            texts[place] = f"```python\n{odd}```" if odd in (CRASHING, FORBIDDEN) else odd
    return texts


PADDLE = """def strategy(state):
    aim = state["ball_y"] {aim}
    if state["ball_x"] < {wait}:
        return "NOOP"
    return "UP" if aim < state["player_y"] else "DOWN"
"""


def paddles(count, salt=0):
    """Strategies for Pong that miss the ball in different ways; one crashes, one is prose."""
    texts = []
    for place in range(count):
        code = PADDLE.format(aim=f"- {(place * 5 + salt) % 13}", wait=(place * 17 + salt) % 90)
        texts.append(f"```python\n{code}```")
    for place, odd in ((5, "def strategy(state):\n    return state['ball']\n"), (9, "")):
        if place < count:
            texts[place] = f"```python\n{odd}```" if odd else PROSE
    return texts


def unfinished(game, moves, seed=3, **options):
    """An episode of so many moves in which every action is held for a while, as a person leaves it."""
    table = make(game, **options)
    table.reset(seed)
    actions = bytes(ply // 5 % len(table.actions) for ply in range(moves))
    for action in actions:
        table.step(action)
    return Episode(
        table.name,
        table.options,
        seed,
        actions,
        Outcome.UNFINISHED,
        table.score,
        player="held",
        versions=table.versions,
    )


BASELINES = {"random": 1064.0, "greedy": 2800.0, "expectimax": 26000.0}


class MadeRun:
    """One run that is being written, with so many strategies a step, in one or several groups; a context manager."""

    def __init__(
        self, outputs, name="2048-pocket-test", group=16, max_steps=10, groups=1, game="2048", options=None,
        baselines=BASELINES,
    ):  # fmt: skip
        self.baselines = baselines
        config = TrainConfig(
            output_dir=str(outputs), run_name=name, max_steps=max_steps, run_key=KEY, learning_rate=1e-4
        )  # fmt: skip
        self.game = make(game, **(options or {}))
        self.writer = RunWriter.create(
            config,
            {
                "game": game, "model": "pocket", "max_steps": max_steps, "run_key": KEY,
                "episode_versions": self.game.versions, "baselines": {"0": self.baselines},
            },
        )  # fmt: skip
        self.folder = self.writer.folder
        self.group, self.groups = group, groups
        self.rewards = rewards.load(["function_works", "no_cheating", "strategy_succeeds", "progress"])
        self.writer.note(status="running")
        self.champion = None
        self.evaluate(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.writer.close()

    def begin(self, step):
        seeds = training_seeds(bytes.fromhex(KEY), step, SEEDS * self.groups)
        self.seeds = [seeds[number :: self.groups] for number in range(self.groups)]
        for number in range(self.groups):
            self.writer.group(step, "training", number, 0, self.game.options, self.seeds[number])
        self.rollouts, self.ids = [], []

    def strategy(self, step, completion):
        """One strategy is played and written, as when the trainer has just scored it."""
        number = len(self.rollouts) * self.groups // self.group
        seeds = self.seeds[number]
        found = extract_source(completion)
        baselines = self.baselines
        if found.refusal is not None:
            rollout = refused(
                completion, found, Assignment(self.game.name, self.game.options, tuple(seeds), baselines), "pocket"
            )
        else:
            result = play_match(found.source, self.game.name, self.game.options, seeds, player="pocket")
            rollout = Rollout(
                completion, found.source, result.episodes, result.error, result.refusal, result.cpu_s, baselines
            )
        self.ids.append(self.writer.strategy(step, "training", len(self.rollouts), number, rollout, [1, 2, 3], False))
        self.rollouts.append(rollout)
        return rollout

    def judge(self):
        split = [{each.name: each.judge(rollout)[0] for each in self.rewards} for rollout in self.rollouts]
        reasons = [{each.name: each.judge(rollout)[1] for each in self.rewards} for rollout in self.rollouts]
        totals = [sum(each.weight * one[each.name] for each in self.rewards) for one in split]
        mean = sum(totals) / len(totals)
        self.writer.judged(self.ids, split, reasons, totals, [total - mean for total in totals])
        return mean

    def score(self):
        """Mean score of the step that was just played, failures counting 0."""
        return sum(rollout.score for rollout in self.rollouts if rollout.outcome.by_the_rules) / len(self.rollouts)

    def step(self, step, texts=None):
        """A whole step: played, judged, learnt from."""
        self.begin(step)
        for text in texts or completions(self.group, step):
            self.strategy(step, text)
        mean = self.judge()
        outcomes = {}
        for rollout in self.rollouts:
            outcomes[rollout.outcome.value] = outcomes.get(rollout.outcome.value, 0) + 1
        self.writer.step(
            {
                "step": step, "time": time.time(), "stage": 0, "reward": mean, "reward_std": 2.0 + step % 3,
                "step_s": 9.0 + step % 2, "score": self.score(), "outcomes": outcomes, "rewards": {}, "metrics": {},
            }
        )  # fmt: skip
        able = [(rollout.score, place) for place, rollout in enumerate(self.rollouts) if rollout.outcome.by_the_rules]
        if able:
            self.crown(step, max(able)[1])
        self.evaluate(step)

    def again(self, step, rollouts):
        """A whole step of new strategies that share out games played before: as a trainer writes it, without the work.

        Sources and scores are new, as in a real run, where hardly any comes twice.
        """
        self.begin(step)
        luck = random.Random(step)
        able = [rollout.episodes for rollout in rollouts if rollout.outcome.by_the_rules]
        for rollout in luck.sample(rollouts, self.group):
            if rollout.outcome.by_the_rules:
                source = f"# Idea {luck.randrange(10**9)}\n{rollout.source}"
                episodes = tuple(luck.choice(able)[place] for place in range(len(rollout.episodes)))
                rollout = dataclasses.replace(rollout, source=source, episodes=episodes)
            number = len(self.rollouts) * self.groups // self.group
            self.ids.append(
                self.writer.strategy(step, "training", len(self.rollouts), number, rollout, [1, 2, 3], False)
            )
            self.rollouts.append(rollout)
        mean = self.judge()
        now = time.time()
        row = {"step": step, "time": now, "stage": 0, "reward": mean, "reward_std": 2.0, "step_s": 8 + luck.random()}
        row["score"] = self.score()
        self.writer.step({**row, "outcomes": {}, "rewards": {}, "metrics": {}})
        if step % 10 == 0:
            place = max(range(self.group), key=lambda place: self.rollouts[place].score)
            row = {"step": step, "strategy_id": self.ids[place], "time": now, "stage": 0, "score": 1000.0 + step}
            self.writer.champion({**row, "previous": None, "scores": [1.0]})
        self.evaluate(step)

    def crown(self, step, place):
        rollout = self.rollouts[place]
        result = play_match(rollout.source, self.game.name, self.game.options, champion_seeds(bytes.fromhex(KEY), 2))
        score = sum(map(counted_score, result.episodes)) / 2
        if self.champion is None or score > self.champion:
            row = {"step": step, "strategy_id": self.ids[place], "time": time.time(), "stage": 0, "score": score}
            self.writer.champion({**row, "previous": self.champion, "scores": [score]})
            self.champion = score

    def evaluate(self, step, champion=None, mean=None, programs=()):
        """An evaluation, with the games of its programs if there are any."""
        if programs:
            self.writer.group(step, "evaluation", 0, 0, self.game.options, [7, 8])
        for place, source in enumerate(programs):
            result = play_match(source, self.game.name, self.game.options, [7, 8], player="pocket")
            rollout = Rollout(source, source, result.episodes, result.error, result.refusal, result.cpu_s)
            self.writer.strategy(step, "evaluation", place, 0, rollout, [1], False)
        self.writer.evaluation(
            {
                "step": step, "time": time.time(), "stage": 0, "options": dict(self.game.options), "seeds": [0, 1],
                "strategies": 2, "mean": 1500.0 + 120 * step if mean is None else mean, "low": 1400.0, "high": 1700.0, "compiled": 0.9, "won": 0.0,
                "distinct_share": 1.0, "outcomes": {}, "histogram": {}, "scores": [], "baselines": {}, "champion": champion,
                "seconds": 1.0,
            }
        )  # fmt: skip


def keep_writing(outputs, name, game, words):
    """A run that goes on for as long as words come in, a step for each; what its strategies play, three steps played."""
    texts = paddles if game == "atari/pong" else completions
    options = {"max_num_frames_per_episode": 1200} if game == "atari/pong" else None
    with MadeRun(outputs, name=name, game=game, options=options, max_steps=100_000) as run:
        played = []
        for step in (1, 2, 3):
            run.step(step, texts(run.group, step))
            played += run.rollouts
        for step, _ in enumerate(words, 4):
            run.again(step, played)
        run.writer.note(status="finished")


if __name__ == "__main__":
    keep_writing(sys.argv[1], sys.argv[2], sys.argv[3], sys.stdin)
