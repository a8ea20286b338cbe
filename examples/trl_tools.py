"""A model plays move by move, in TRL's own way; beside it one that writes a program, on the same game and seeds.

    arcade serve 2048 --game-options size=3 target=32
    python examples/trl_tools.py --model Qwen/Qwen3-1.7B --steps 200      # on a GPU
    python examples/trl_tools.py                                          # anywhere: a tiny model that can call a tool

TRL's ``environment_factory`` makes one :class:`Board` a rollout. Its method ``move`` becomes a tool of the model, and
its ``get_reward`` the reward. Every move is a turn of the conversation, so a game of hundreds of moves is hundreds of
calls of the model; a program is written once and then plays as many games as one likes. ``--moves`` is how far both
are compared. Needs ``pip install "grpo-arcade[train,openenv]"``.
"""

from __future__ import annotations

import argparse
import random
import statistics
from typing import Any

from openenv.core.generic_client import GenericEnvClient

from grpo_arcade.arcade.players.parse import parse_player
from grpo_arcade.arcade.players.play import play
from grpo_arcade.games import Game, make
from grpo_arcade.games.replay import Replay
from grpo_arcade.games.seeds import EVALUATION_SEEDS

QUESTION = (
    "Play 2048: call the tool `move` again and again, with one of the actions that are legal. W is up, D is right, "
    "S is down and A is left. Equal tiles that meet merge, and their sum is your score.\n\n"
)


class Board:
    """One session on the server. What does not begin with an underscore is a tool, but for reset and get_reward."""

    url = ""

    def __init__(self) -> None:
        self._session = GenericEnvClient(base_url=self.url).sync()
        self._session.connect()
        self._score = 0.0

    def reset(self, seed: int, **_: Any) -> str:
        """Start the episode of the dataset's column ``seed``; the answer goes to the end of the prompt."""
        return self._told(self._session.reset(seed=seed))

    def move(self, action: str) -> str:
        """Make one move.

        Args:
            action: One of the actions that are legal now.

        Returns:
            The board after the move, and the actions that are legal then.
        """
        # A move that is not legal raises with the server's words; TRL hands them to the model, and the game goes on.
        return self._told(self._session.step({"action": action}))

    def get_reward(self) -> float:
        """The score when the conversation has ended."""
        return self._score

    def _told(self, result: Any) -> str:
        seen = result.observation
        self._score = seen["score"]
        return in_words(seen["position"], seen["score"], seen["outcome"], seen["legal_actions"])


def in_words(board: list[list[int]], score: float, outcome: str | None, legal: list[str]) -> str:
    """What the model reads after every move."""
    lines = "\n".join(" ".join(map(str, row)) for row in board)
    return f"{lines}\nscore {score:.0f}, " + (f"the end: {outcome}" if outcome else f"legal: {' '.join(legal)}")


def rows(seeds: range) -> Any:
    """A dataset with one row a seed."""
    from datasets import Dataset

    return Dataset.from_list([{"prompt": [{"role": "user", "content": QUESTION}], "seed": seed} for seed in seeds])


def tiny_model(game: Game) -> tuple[Any, Any]:
    """A model of 0.2 M parameters and its tokenizer, taught in a minute to call ``move`` with any legal action."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM
    from trl.chat_template_utils import get_training_chat_template, qwen3_chat_template

    rng = random.Random(0)
    # The tokenizer that renders the texts for its own training needs no vocabulary yet.
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), chat_template=qwen3_chat_template)
    talks = [conversation(game, rng, moves=2 + number % 3) for number in range(192)]
    texts = [tokenizer.apply_chat_template(talk, tools=[Board.move], tokenize=False) for talk in talks]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet, special = pre_tokenizers.ByteLevel.alphabet(), ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    bpe.train_from_iterator(
        texts,
        trainers.BpeTrainer(vocab_size=640, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    tokenizer.chat_template = qwen3_chat_template

    torch.manual_seed(0)
    model = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=96,
            intermediate_size=192,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=24,
            max_position_embeddings=4096,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    template = get_training_chat_template(tokenizer)
    for talk in talks:
        told = tokenizer.apply_chat_template(
            talk,
            tools=[Board.move],
            chat_template=template,
            return_assistant_tokens_mask=True,
            return_dict=True,
            return_tensors="pt",
        )
        labels = told["input_ids"].masked_fill(torch.as_tensor(told["assistant_masks"]) == 0, -100)
        model(input_ids=told["input_ids"], labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model, tokenizer


def conversation(game: Game, rng: random.Random, moves: int) -> list[dict[str, Any]]:
    """A player of any legal moves, as TRL would tell it."""
    game.reset(rng.randrange(2**32, 2**33))
    talk: list[dict[str, Any]] = [{"role": "user", "content": QUESTION + told(game)}]
    while game.outcome is None and len(talk) < 2 * moves:
        action = rng.choice(game.legal_actions())
        call = {"name": "move", "arguments": {"action": game.actions[action]}}
        game.step(action)
        talk.append({"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": call}]})
        talk.append({"role": "tool", "name": "move", "content": told(game)})
    return talk[:-1]


def told(game: Game) -> str:
    """A game's position in the words of :meth:`Board.move`."""
    legal = [game.actions[action] for action in game.legal_actions()]
    return in_words(game.observation(), game.score, game.outcome, legal)


def after(episode: Any, moves: int) -> float:
    """The score an episode had after that many moves."""
    replay = Replay(episode)
    replay.seek(moves)
    return float(replay.score)


def main() -> None:
    """Train by tools, and tell the scores of all on the held-out seeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default="http://127.0.0.1:8000", help="where arcade serve listens")
    parser.add_argument("--model", default="tiny", help="a model whose chat template knows tools, or tiny")
    parser.add_argument("--program", default="pocket", help="who writes a program: as `arcade play` names players")
    parser.add_argument("--steps", type=int, default=5, help="optimizer steps")
    parser.add_argument(
        "--moves", type=int, default=6, help="moves of a conversation, and how far programs are compared"
    )
    parser.add_argument("--generations", type=int, default=8, help="conversations in a group")
    parser.add_argument("--seeds", type=int, default=4, help="held-out seeds")
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--output-dir", default="outputs/trl-tools")
    chosen = parser.parse_args()

    import torch
    from trl import GRPOConfig, GRPOTrainer

    Board.url = chosen.server
    with GenericEnvClient(base_url=chosen.server).sync() as client:
        served = client.state()
    game = make(served["game"], **served["options"])
    held_out = EVALUATION_SEEDS[: chosen.seeds]
    model, tokenizer = tiny_model(game) if chosen.model == "tiny" else (chosen.model, None)
    trainer = GRPOTrainer(
        model,
        processing_class=tokenizer,
        environment_factory=Board,
        train_dataset=rows(range(2**32, 2**32 + chosen.steps)),
        eval_dataset=rows(held_out),
        args=GRPOConfig(
            output_dir=chosen.output_dir,
            max_steps=chosen.steps,
            num_generations=chosen.generations,
            per_device_train_batch_size=chosen.generations,
            gradient_accumulation_steps=1,
            num_generations_eval=2,
            per_device_eval_batch_size=2 * chosen.seeds,
            max_tool_calling_iterations=chosen.moves,
            max_completion_length=160 * (chosen.moves + 1),
            learning_rate=chosen.learning_rate,
            bf16=torch.cuda.is_available(),
            logging_steps=1,
            report_to="none",
            save_strategy="no",
        ),
    )
    before = trainer.evaluate()["eval_reward"]
    trainer.train()
    trained = trainer.evaluate()["eval_reward"]

    programs = play(parse_player(chosen.program, game), game, held_out).episodes
    chance = play(parse_player("random", game), game, held_out).episodes
    wholes = statistics.fmean(each.score for each in programs), statistics.fmean(len(each.actions) for each in programs)
    print(f"{served['game']} {served['options']}: mean score after {chosen.moves} moves, {chosen.seeds} held-out seeds")
    for who, score in (
        ("any legal move", statistics.fmean(after(each, chosen.moves) for each in chance)),
        (f"move by move, {chosen.model}, untrained", before),
        (f"move by move, after {chosen.steps} steps", trained),
        (f"a program, written by {chosen.program}", statistics.fmean(after(each, chosen.moves) for each in programs)),
    ):
        print(f"  {who:40} {score:8.1f}")
    print(f"  the program's whole games: {wholes[0]:.1f} in {wholes[1]:.0f} moves")


if __name__ == "__main__":
    main()
