"""Run folders as a trainer leaves them, written through its own writer, without the hours of training.

The numbers follow a plausible run and are the same at every call. Also a program: ``python made_run.py FOLDER STEPS
PAUSE`` writes a live run, one step every PAUSE seconds, and answers commands as a trainer does.
"""

import json
import math
import random
import sys
import time
from dataclasses import replace
from pathlib import Path

from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.recordings.runs.writer import RunWriter
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.scoring import Rollout

OPTIONS = {"size": 4, "target": 2048}
SEEDS = [2**33 + i for i in range(2)]
START = 1_700_000_000.0
GROUP = 8
SOURCES = (
    "def strategy(board):\n    return 'W'\n",
    "def strategy(board):\n    # The corner first.\n    for move in 'LDRU':\n        if can(board, move):\n            return move\n    return 'U'\n",
    "import random\n\ndef strategy(board):\n    return random.choice('WASD')\n",
    "def score(board):\n    return sum(cell == 0 for row in board for cell in row)\n\n\n"
    "def strategy(board):\n    best = max('WASD', key=lambda move: score(after(board, move)))\n    return best\n",
    "def strategy(board):\n    return board[9][9]\n",
)
REASONS = {
    "function_works": "it can be called",
    "no_cheating": "nothing forbidden in it",
    "strategy_succeeds": "played to the end without winning",
    "progress": "half way from random to the best baseline",
}
WEIGHTS = {"function_works": 1.0, "no_cheating": 1.0, "strategy_succeeds": 1.0, "progress": 2.0}


def episodes():
    """A few real games, by player."""
    return {name: tuple(_played(name, seed) for seed in SEEDS) for name in ("random", "greedy")}


def _played(player, seed):
    game, rng, actions = make("2048", **OPTIONS), random.Random(seed), []
    game.reset(seed)
    while game.outcome is None:
        actions.append(game.baselines[player](game, rng))
        game.step(actions[-1])
    return Episode("2048", game.options, seed, bytes(actions), game.outcome, game.score, versions={"rules": "1"})


def open_run(root, name="made", max_steps=100, game="2048", versions=None, **settings):
    """A fresh run's writer, and its folder."""
    config = TrainConfig(output_dir=str(root), run_name=name, max_steps=max_steps, num_generations=GROUP, **settings)
    facts = {
        "game": game,
        "model": "pocket",
        "max_steps": max_steps,
        "run_key": "00" * 16,
        "reward_weights": WEIGHTS,
        "reward_descriptions": {
            "strategy_succeeds": "Mean over the games of +20 won, +2 played to another end, −3 crash."
        },
        "episode_versions": versions or {"grpo-arcade": "0.1.0", "rules": "1"},
    }
    writer = RunWriter.create(config, facts)
    writer.note(status="running", started=START)
    return writer


def write_evaluation(writer, step, rng, mean=None):
    if mean is None:
        mean = 900 + 1500 * (1 - math.exp(-step / 60)) + rng.gauss(0, 60)
    baselines = {name: {"mean": value, "scores": [value]} for name, value in (("random", 1090.0), ("greedy", 2520.0))}
    writer.evaluation(
        {
            "step": step, "time": START + 7 * step + 3, "stage": 0, "options": OPTIONS, "seeds": [0, 1, 2, 3],
            "strategies": 2, "mean": mean, "low": mean - 180, "high": mean + 180, "compiled": 0.9, "won": 0.01,
            "distinct_share": 0.8, "outcomes": {"lost": 7, "crashed": 1},
            "histogram": {"64": 1, "128": 3, "256": 3, "512": 1},
            "scores": [[mean * rng.uniform(0.4, 1.8) for _ in range(4)] for _ in range(2)],
            "baselines": baselines, "champion": mean * 1.5, "seconds": 12.0,
        }
    )  # fmt: skip


def write_step(writer, step, played, rng):
    """One step of two groups, all of its tables."""
    outcomes, ids = {}, []
    for group in range(2):
        writer.group(step, "training", group, 0, OPTIONS, SEEDS)
        ids, rewards, totals = [], [], []
        for place in range(GROUP):
            roll = rng.random() * (1 + step / 60)
            kind = 4 if roll < 0.15 else 2 if roll < 0.35 else 0 if roll < 0.4 else rng.choice((1, 3))
            source, games, error = SOURCES[kind], played["greedy" if kind in (1, 3) else "random"], ""
            if kind == 4:
                error = "IndexError: list index out of range\n  line 2, in strategy"
                games = tuple(_as(episode, Outcome.CRASHED) for episode in games)
            if kind in (1, 3):
                source += f"# variant {rng.randrange(40 + step)}\n"
            rollout = Rollout(source if place % 2 else f"```python\n{source}```", source, games, error)
            tokens = [3 + ord(letter) % 90 for letter in source]
            position = group * GROUP + place
            ids.append(writer.strategy(step, "training", position, group, rollout, tokens, False))
            split = {
                "function_works": 1.0, "no_cheating": 1.0, "strategy_succeeds": -3.0 if error else 2.0,
                "progress": rollout.score / 4000,
            }  # fmt: skip
            rewards.append(split)
            totals.append(sum(WEIGHTS[name] * value for name, value in split.items()))
            outcomes[rollout.outcome.value] = outcomes.get(rollout.outcome.value, 0) + 1
        mean = sum(totals) / len(totals)
        spread = math.sqrt(sum((total - mean) ** 2 for total in totals) / len(totals)) + 1e-4
        writer.judged(ids, rewards, [REASONS] * GROUP, totals, [(total - mean) / spread for total in totals])
    writer.step(step_row(step, rng, outcomes))
    return ids


def _as(episode, outcome):
    """Its first five moves, after which the program failed."""
    game = episode.new_game()
    for action in episode.actions[:5]:
        game.step(action)
    return replace(episode, outcome=outcome, actions=episode.actions[:5], score=game.score)


def step_row(step, rng, outcomes):
    gone = 1 - math.exp(-step / 40)
    means = {
        "function_works": 0.3 + 0.5 * gone, "no_cheating": 0.9, "strategy_succeeds": 1.8 * gone - 0.4,
        "progress": 0.1 + 1.35 * gone,
    }  # fmt: skip
    return {
        "step": step, "time": START + 7 * step, "stage": 0, "reward": 1 + 5 * gone + rng.gauss(0, 0.3),
        "reward_std": 2.5 - gone + rng.gauss(0, 0.1), "frac_reward_zero_std": max(0.0, rng.gauss(0.02, 0.05)),
        "score": 900 + 1500 * gone, "loss": rng.gauss(0, 0.01), "entropy": 0.7 - 0.4 * gone, "kl": 0.02 * gone,
        "learning_rate": 1e-4 * min(1, step / 3), "grad_norm": 0.6 + abs(rng.gauss(0, 0.2)), "clip_ratio": 0.01,
        "completion_length": 120 + 60 * gone + rng.gauss(0, 4), "clipped_ratio": 0.02, "num_tokens": 3000 * step,
        "identical_share": 0.1, "step_s": 6.8, "generate_s": 3.9, "score_s": 0.8, "learn_s": 1.9, "evaluate_s": 0.2,
        "outcomes": outcomes,
        "rewards": {name: {"mean": mean, "std": 0.5} for name, mean in means.items()},
        "metrics": {"memory": 2_100_000_000},
    }  # fmt: skip


def make_run(root, steps=30, name="made", status="finished", max_steps=None, alarms=True, kind="train"):
    """A whole run; the path of its folder."""
    rng, played = random.Random(7), episodes()
    with open_run(root, name, max_steps or steps) as writer:
        writer.event("started", 0, "training starts")
        write_evaluation(writer, 0, rng) if steps else None
        best = 0.0
        for step in range(1, steps + 1):
            ids = write_step(writer, step, played, rng)
            if step % 10 == 0:
                write_evaluation(writer, step, rng)
                writer.champion(
                    {"step": step, "strategy_id": ids[1], "time": START + 7 * step, "stage": 0, "score": 3000.0 + step,
                     "previous": best or None, "scores": [3000.0 + step] * 2}
                )  # fmt: skip
                best = 3000.0 + step
                writer.event("champion", step, f"a new champion: {best:,.0f}")
        if alarms and steps:
            writer.event(
                "alarm", steps, "62% of the strategies use random", name="uses_random",
                help="random play is too well paid: a smaller board, a higher target, or more weight on progress",
            )  # fmt: skip
        (writer.folder / "log.txt").write_text(
            "".join(f"step {step}: reward {step / 10:.2f}\n" for step in range(1, steps + 1)), encoding="utf-8"
        )
        writer.note(status=status, kind=kind, updated_for="tests")
        _date(writer, START + 7 * steps + 5)
    return writer.folder


def make_pictured_run(root, name="pong", moves=40):
    """One step of one strategy that played Pong: a game that is drawn."""
    game, rng = make("atari/pong"), random.Random(3)
    game.reset(SEEDS[0])
    actions = bytes(rng.randrange(len(game.actions)) for _ in range(moves))
    for action in actions:
        game.step(action)
    episode = Episode(game.name, game.options, SEEDS[0], actions, Outcome.TIMEOUT, game.score, versions=game.versions)
    with open_run(root, name, 1, game=game.name, versions=dict(game.versions)) as writer:
        writer.group(1, "training", 0, 0, dict(game.options), SEEDS[:1])
        rollout = Rollout(SOURCES[0], SOURCES[0], (episode,), "")
        number = writer.strategy(1, "training", 0, 0, rollout, [1, 2], False)
        writer.judged([number], [{"function_works": 1.0}], [{"function_works": "it can be called"}], [1.0], [0.0])
        writer.step(step_row(1, rng, {"timeout": 1}))
        writer.note(status="finished")
    return writer.folder


def _date(writer, when):
    """``note`` stamps the present; a picture that is compared needs a fixed time."""
    writer._connection.execute("UPDATE run SET value = ? WHERE key = 'updated'", (str(when),))


def make_large_run(root, strategies=100_000, steps=5_000, name="large"):
    """A run of so many strategies and steps: real rows, copied under new numbers by SQL. Takes seconds."""
    folder = make_run(root, 50, name, max_steps=steps, alarms=False)
    from grpo_arcade.recordings.runs.database import connect

    connection = connect(folder / "run.db")
    connection.execute("BEGIN")
    have = connection.execute("SELECT count(*) FROM strategies").fetchone()[0]
    per_step = -(-strategies // steps)
    rng = random.Random(11)
    connection.execute("DELETE FROM steps")
    for step in range(1, steps + 1):
        row = step_row(step, rng, {"lost": per_step - 2, "crashed": 1, "won": 1})
        values = [json.dumps(value) if isinstance(value, dict) else value for value in row.values()]
        connection.execute(f"INSERT INTO steps ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", values)
    highest = connection.execute("SELECT max(id) FROM strategies").fetchone()[0]
    missing = strategies - have
    connection.execute("CREATE TEMP TABLE copies (id INTEGER PRIMARY KEY, original INTEGER)")
    connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
        "INSERT INTO copies SELECT ? + i, 1 + (i - 1) % ? FROM n",
        (missing, highest, highest),
    )
    connection.execute(
        "INSERT INTO strategies SELECT c.id, 51 + (c.id - ? - 1) / ?, s.purpose, 10000 + c.id, s.number, s.time, "
        "s.source_id, s.outcome, s.score * (0.5 + (c.id * 7919 % 1000) / 1000.0), s.reward + (c.id % 97) / 97.0, "
        "s.advantage, s.rewards, 40 + c.id * 31 % 300, 0, s.cpu_s FROM copies c JOIN strategies s ON s.id = c.original",
        (highest, max(1, missing // max(1, steps - 50) + 1)),
    )
    connection.execute(
        "INSERT INTO completions SELECT c.id, k.text, k.token_ids, k.error, k.reasons FROM copies c "
        "JOIN completions k ON k.strategy_id = c.original"
    )
    connection.execute(
        "INSERT OR IGNORE INTO groups SELECT DISTINCT s.step, s.purpose, s.number, 0, g.options, g.seeds FROM strategies s "
        "JOIN groups g ON g.step = 1 AND g.purpose = 'training' AND g.number = s.number"
    )
    connection.execute(
        "INSERT INTO episodes SELECT c.id, e.number, e.seed, e.outcome, e.score, e.plies, e.wasted, e.actions "
        "FROM copies c JOIN episodes e ON e.strategy_id = c.original"
    )
    connection.execute("UPDATE run SET value = ? WHERE key = 'step'", (str(steps),))
    connection.execute("COMMIT")
    connection.close()
    return folder


def main(root, steps, pause, first=1):
    """A live run until ``steps`` are done or it is stopped; every command is answered within a step."""
    rng, played = random.Random(3), episodes()
    with open_run(root, "live", steps) as writer:
        writer.note(started=time.time())
        print(writer.folder, flush=True)
        paused = False
        step = first
        while step <= steps:
            for number, name, argument in writer.asked():
                if name == "gif" and argument == "refuse":
                    writer.answer(number, "refused", "there is no champion yet", step)
                    continue
                paused = name == "pause" or (paused and name != "resume")
                writer.note(status="paused" if paused else "running")
                status = "accepted" if name == "pause" else "done"
                writer.answer(number, status, f"{name}: answered after step {step - 1}", step)
                if name == "stop":
                    writer.note(status="stopped")
                    return
            if not paused:
                write_step(writer, step, played, rng)
                step += 1
            time.sleep(pause)
        writer.note(status="finished")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
