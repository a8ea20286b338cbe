"""GRPO on 2048 by hand: what the trainer does, without TRL, in one file that can be read from top to bottom.

    python examples/grpo_by_hand.py                      # the pocket model, a quarter of an hour on two cores
    python examples/grpo_by_hand.py --steps 3 --group 8  # a minute, to see it run

A step: the model writes a group of programs for the same prompt; each plays the same seeds in the sandbox; its reward
is its mean score; its advantage is how far that lies above its group's mean; and the tokens of what did better than its
group become likelier. The score on held-out seeds, which are never trained on, says whether that helped. The trainer
adds overlap of writing and playing, a champion, alarms, checkpoints, and a folder that tells all of it.
"""

from __future__ import annotations

import argparse
import copy
import secrets
import statistics
from typing import Any

import torch

from grpo_arcade.games import Outcome, make
from grpo_arcade.games.players import extract_source, play_match
from grpo_arcade.games.seeds import EVALUATION_SEEDS, training_seeds
from grpo_arcade.trainer.models import load
from grpo_arcade.trainer.models.chat import completion_text, ending_tokens, prompt_ids
from grpo_arcade.trainer.models.sampler import sample

CLIP = 0.2
"""How far the probability of a token may move in one step before it earns nothing more."""
BETA = 0.02
"""Weight of the KL divergence from the model as it was; it keeps programs in shape."""
BY_THE_RULES = (Outcome.WON, Outcome.LOST, Outcome.CAPPED, Outcome.STUCK)


def reward(completion: str, options: dict[str, Any], seeds: list[int]) -> float:
    """The mean score of the program in ``completion``; a game that it fails counts 0, as does having none."""
    found = extract_source(completion)
    if found.source is None or found.refusal is not None:
        return 0.0
    games = play_match(found.source, "2048", options, seeds).episodes
    return statistics.fmean(game.score if game.outcome in BY_THE_RULES else 0.0 for game in games)


def write(model: Any, tokenizer: Any, prompt: list[int], count: int, length: int, seed: int) -> list[list[int]]:
    """Token ids of ``count`` completions of one prompt."""
    return sample(model, tokenizer, [prompt] * count, max_new_tokens=length, seed=seed)


def texts(tokenizer: Any, model: Any, completions: list[list[int]]) -> list[str]:
    """The completions as text."""
    ends = ending_tokens(model, tokenizer)
    return [completion_text(tokenizer, ids, ends) for ids in completions]


def advantages(rewards: list[float]) -> torch.Tensor:
    """How much better each did than its group, in the group's own spread: the group stands in for a value network."""
    values = torch.tensor(rewards)
    return (values - values.mean()) / (values.std() + 1e-4)


def log_probabilities(
    model: Any, prompt: list[int], completions: list[list[int]], pad: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Of each token of each completion, and a mask of 1 where there is a token: two tensors (completions, longest)."""
    longest = max(map(len, completions))
    rows = torch.tensor([[*prompt, *ids, *[pad] * (longest - len(ids))] for ids in completions])
    mask = torch.tensor([[1.0] * len(ids) + [0.0] * (longest - len(ids)) for ids in completions])
    # The logits at one place are about the token at the next.
    logits = model(input_ids=rows).logits[:, len(prompt) - 1 : -1].float()
    chosen = logits.log_softmax(-1).gather(-1, rows[:, len(prompt) :].unsqueeze(-1)).squeeze(-1)
    return chosen, mask


def loss(
    now: torch.Tensor, then: torch.Tensor, reference: torch.Tensor, mask: torch.Tensor, advantage: torch.Tensor
) -> torch.Tensor:
    """GRPO's: the clipped ratio times the advantage, less the divergence from the reference; mean over all tokens.

    ``now``, ``then`` and ``reference`` are log-probabilities of the tokens by the model that learns, by the one that
    wrote them and by the one before training, and ``mask`` is 1 for tokens: (completions, longest). ``advantage`` has
    one entry a completion. With one step a generation ``now`` equals ``then`` and only its gradient counts.
    """
    ratio = (now - then).exp()
    clipped = ratio.clamp(1 - CLIP, 1 + CLIP)
    gain = torch.minimum(ratio * advantage.unsqueeze(1), clipped * advantage.unsqueeze(1))
    away = reference - now
    divergence = away.exp() - away - 1  # Schulman's third estimator of the KL divergence: never below 0
    return -((gain - BETA * divergence) * mask).sum() / mask.sum()


def held_out(model: Any, tokenizer: Any, prompt: list[int], options: dict[str, Any], args: argparse.Namespace) -> float:
    """Mean score on seeds that are never trained on; the same draws every time, so that only the model differs."""
    completions = write(model, tokenizer, prompt, args.held_out, args.length, seed=1)
    seeds = list(EVALUATION_SEEDS[:8])
    return statistics.fmean(reward(text, options, seeds) for text in texts(tokenizer, model, completions))


def main(arguments: list[str] | None = None) -> tuple[float, float]:
    """Train; the held-out score before and after."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="pocket", help="what to train: pocket, a folder, or a name on the hub")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--group", type=int, default=32, help="programs written and compared in a step")
    parser.add_argument("--games", type=int, default=4, help="games that each of them plays")
    parser.add_argument("--length", type=int, default=128, help="tokens after which a completion is cut off")
    parser.add_argument("--held-out", type=int, default=64, help="programs written for the held-out score")
    parser.add_argument("--learning-rate", type=float, default=1e-4)
    parser.add_argument("--key", default="", help="hex key of the training seeds; drawn when empty")
    args = parser.parse_args(arguments)

    game = make("2048")
    options = dict(game.options)
    key = bytes.fromhex(args.key) or secrets.token_bytes(32)
    model, tokenizer = load(args.model)
    reference = copy.deepcopy(model).requires_grad_(False)
    prompt = prompt_ids(tokenizer, game.prompt())
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.learning_rate, betas=(0.9, 0.99), weight_decay=0.0)

    before = held_out(model, tokenizer, prompt, options, args)
    print(f"held-out score before: {before:,.0f}", flush=True)
    for step in range(1, args.steps + 1):
        completions = write(model, tokenizer, prompt, args.group, args.length, seed=1000 + step)
        seeds = training_seeds(key, step, args.games)
        rewards = [reward(text, options, seeds) for text in texts(tokenizer, model, completions)]

        now, mask = log_probabilities(model, prompt, completions, tokenizer.pad_token_id)
        with torch.no_grad():
            was, _ = log_probabilities(reference, prompt, completions, tokenizer.pad_token_id)
        total = loss(now, now.detach(), was, mask, advantages(rewards))
        total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.3)
        optimizer.step()
        optimizer.zero_grad()
        failed = sum(value == 0 for value in rewards)
        print(f"step {step}: score {statistics.fmean(rewards):,.0f}, {failed} of {args.group} fail", flush=True)
    after = held_out(model, tokenizer, prompt, options, args)
    print(f"held-out score after: {after:,.0f}", flush=True)
    return before, after


if __name__ == "__main__":
    main()
