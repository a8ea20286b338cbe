"""The public 2048 notebook's training cell, with this package's rewards in place of its three and of its ``exec``.

    python examples/notebook_rewards.py                                          # anywhere: the pocket model
    python examples/notebook_rewards.py --model Qwen/Qwen2.5-Coder-1.5B-Instruct # on a GPU

What the notebook needs for rewards, a board, a timer, ``exec`` of generated code in its own process, and three
functions that each play again, are the two lines with ``trl_rewards``: programs play in the sandbox, once for all
rewards, on seeds they cannot know. Model, data set and trainer are TRL's own, and Unsloth's trainer takes the same
list.
"""

from __future__ import annotations

import argparse
from typing import Any

from grpo_arcade.games import make
from grpo_arcade.trainer.rewards import trl_rewards


def main(arguments: list[str] | None = None) -> list[dict[str, Any]]:
    """Train; what the trainer logged of each step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pocket", help="a model by its name or folder, or pocket")
    parser.add_argument("--game", default="2048", help="what is played: 2048, atari/pong, ...")
    parser.add_argument("--steps", type=int, default=10, help="optimizer steps")
    parser.add_argument("--generations", type=int, default=8, help="completions in a group")
    parser.add_argument("--length", type=int, default=768, help="tokens of a completion at most")
    parser.add_argument("--output-dir", default="outputs/notebook-rewards")
    chosen = parser.parse_args(arguments)

    import torch
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    from grpo_arcade.trainer.models import locate

    game = make(chosen.game)
    rewards = trl_rewards(game, seeds=2)
    dataset = Dataset.from_list([{"prompt": [{"role": "user", "content": game.prompt()}]}] * chosen.generations)
    trainer = GRPOTrainer(
        model=str(locate(chosen.model)),
        reward_funcs=rewards,
        train_dataset=dataset,
        args=GRPOConfig(
            output_dir=chosen.output_dir,
            max_steps=chosen.steps,
            num_generations=chosen.generations,
            per_device_train_batch_size=chosen.generations,
            max_completion_length=chosen.length,
            learning_rate=5e-5,
            bf16=torch.cuda.is_available(),
            logging_steps=1,
            report_to="none",
            save_strategy="no",
        ),
    )
    trainer.train()
    history: list[dict[str, Any]] = trainer.state.log_history
    return history


if __name__ == "__main__":
    main()
