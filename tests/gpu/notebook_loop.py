"""What the public 2048 tutorials do, in our words, to be timed beside our own step: TRL's trainer as it comes, its
``generate``, and rewards that run each strategy here, one after the other, against a board of nested lists.

    python tests/gpu/notebook_loop.py MODEL GROUP COMPLETION_LENGTH STEPS FILE
"""

import contextlib
import itertools
import json
import random
import signal
import sys
import time

SIZE, TARGET, SECONDS, MOVES = 4, 2048, 2, 2000


def slid(row):
    """One row moved to the left, and what it earned."""
    tiles, out, earned = [tile for tile in row if tile], [], 0
    while tiles:
        tile = tiles.pop(0)
        if tiles and tiles[0] == tile:
            tile += tiles.pop(0)
            earned += tile
        out.append(tile)
    return out + [0] * (len(row) - len(out)), earned


def moved(board, key):
    turned = [list(line) for line in zip(*board, strict=True)] if key in "WS" else board
    lines = [line[::-1] if key in "SD" else line for line in turned]
    lines = [slid(line)[0] for line in lines]
    lines = [line[::-1] if key in "SD" else line for line in lines]
    return [list(line) for line in zip(*lines, strict=True)] if key in "WS" else lines


def spawn(board, dice):
    free = [(y, x) for y, row in enumerate(board) for x, tile in enumerate(row) if not tile]
    if free:
        y, x = dice.choice(free)
        board[y][x] = 4 if dice.random() < 0.1 else 2


def play(strategy, seed):
    """The outcome of one game: won, lost, or stuck."""
    dice = random.Random(seed)
    board = [[0] * SIZE for _ in range(SIZE)]
    spawn(board, dice)
    spawn(board, dice)
    for _ in range(MOVES):
        if any(tile >= TARGET for row in board for tile in row):
            return "won"
        if all(moved(board, key) == board for key in "WASD"):
            return "lost"
        new = moved(board, strategy([list(row) for row in board]))
        if new == board:
            return "stuck"
        spawn(new, dice)
        board = new
    return "stuck"


@contextlib.contextmanager
def limited(seconds):
    def stop(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def source(text):
    """The first code block, from its ``def strategy`` on."""
    block = text.split("```")[1].removeprefix("python") if text.count("```") >= 2 else ""
    at = block.find("def strategy")
    return block[at:] if at >= 0 else None


class Rewards:
    """Three functions, timed together; the code is run in this very process, as the tutorials do."""

    def __init__(self):
        self.seconds = 0.0

    def compiled(self, completion):
        space = {}
        code = source(completion[-1]["content"])
        if code is None:
            return None
        try:
            exec(code, space)
        except Exception:
            return None
        return space.get("strategy")

    def function_works(self, completions, **_):
        started = time.perf_counter()
        values = [1.0 if self.compiled(each) else -2.0 for each in completions]
        self.seconds += time.perf_counter() - started
        return values

    def strategy_succeeds(self, completions, **_):
        started = time.perf_counter()
        values = []
        for each in completions:
            strategy = self.compiled(each)
            if strategy is None:
                values.append(0.0)
                continue
            try:
                with limited(SECONDS):
                    values.append(20.0 if play(strategy, 3407) == "won" else 2.0)
            except TimeoutError:
                values.append(-1.0)
            except Exception:
                values.append(-3.0)
        self.seconds += time.perf_counter() - started
        return values


def main(model_name, group, length, steps, file):
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.models.backends import choose

    small = model_name == "pocket"
    config = TrainConfig(
        model=model_name, lora_r=0 if small else 4, max_completion_length=length, gradient_checkpointing=True
    )
    backend = choose(config)
    backend.prepare()
    import torch
    from datasets import Dataset
    from transformers import TrainerCallback
    from trl import GRPOConfig, GRPOTrainer

    from grpo_arcade.games import make
    from grpo_arcade.trainer.models.learner import open_learner

    learner = open_learner(config, backend)
    rewards = Rewards()
    ends = []

    class Clock(TrainerCallback):
        def on_step_end(self, *_, **__):
            ends.append((time.perf_counter(), rewards.seconds))

    card = torch.cuda.is_available()
    trainer = GRPOTrainer(
        model=learner.model,
        processing_class=learner.tokenizer,
        reward_funcs=[rewards.function_works, rewards.strategy_succeeds],
        args=GRPOConfig(
            output_dir=str(file) + ".out",
            learning_rate=5e-5,
            max_steps=steps,
            num_generations=group,
            per_device_train_batch_size=group,
            gradient_accumulation_steps=1,
            max_completion_length=length,
            beta=0.0,
            gradient_checkpointing=True,
            bf16=card,
            use_cpu=not card,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
        ),
        train_dataset=Dataset.from_dict({"prompt": [[{"role": "user", "content": make("2048").prompt()}]] * steps}),
        peft_config=learner.peft_config,
        callbacks=[Clock()],
    )
    started = (time.perf_counter(), 0.0)
    trainer.train()
    times = [started, *ends]
    # The first two compile and warm up.
    whole = [(b[0] - a[0], b[1] - a[1]) for a, b in itertools.pairwise(times)]
    steady = whole[2:] or whole
    step_s = sum(each[0] for each in steady) / len(steady)
    score_s = sum(each[1] for each in steady) / len(steady)
    lengths = [row["completions/mean_length"] for row in trainer.state.log_history if "completions/mean_length" in row]
    tokens = group * sum(lengths) / len(lengths)
    told = {
        "backend": backend.name,
        "step_s": step_s,
        "score_s": score_s,
        "scoring_share": score_s / step_s,
        "steps_per_hour": 3600 / step_s,
        "tokens_per_second_whole": tokens / step_s,
        "peak_memory_gib": torch.cuda.max_memory_allocated() / 2**30 if card else 0.0,
    }
    with open(file, "w", encoding="utf-8") as out:
        json.dump(told, out, indent=2)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5])
