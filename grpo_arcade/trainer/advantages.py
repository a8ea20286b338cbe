"""Advantages of a group in which a good program is not outvoted by copies of a middling one.

GRPO sets every completion against the mean of its group. A model that has found a program which works writes it again
and again; soon most of the group are copies of it, the mean is theirs, and what little spread is left is that of
failures. A program twice as good, written once, then weighs next to nothing, and the model stands still. So

* *copies share*: completions that earned the same by playing exactly the same games are one member of the group. Mean
  and spread are those of the members, and a member's advantage is divided among its copies, so that writing something
  once more earns nothing. (Fitness sharing, Goldberg and Richardson 1987, on what programs do.)
* *seeking the best*: with a ``risk_seeking`` of b above 0, a member's advantage is ``exp(b z) / mean(exp(b z)) - 1``
  for its standardised reward z: the gradient of ``log E exp(b z)``, which goes from the mean (b → 0) to the best.

This module knows torch and nothing of TRL, games or models.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import torch

from grpo_arcade.trainer.scoring import Rollout

_NO_SPREAD = 1e-4
"""TRL's: what a spread is raised by, so that a group without one divides by something."""
_FARTHEST = 4.0
"""Standard deviations beyond which seeking the best makes no more difference: of hundreds one can be ten away."""


def behaviour(rollout: Rollout) -> int:
    """A number of 63 bits for what a program did: two that played the same games alike have the same one."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(str(rollout.refusal or "").encode())
    for episode in rollout.episodes:
        digest.update(f"|{episode.seed} {episode.outcome.value} {episode.score} {len(episode.actions)} ".encode())
        digest.update(episode.actions)
    return int.from_bytes(digest.digest(), "big") >> 1


def group_advantages(
    rewards: torch.Tensor,
    behaviours: torch.Tensor,
    num_generations: int,
    *,
    scale_rewards: Literal["group", "batch", "none"] = "group",
    copies: Literal["each", "shared"] = "shared",
    risk_seeking: float = 0.0,
) -> torch.Tensor:
    """The advantage of every completion.

    Args:
        rewards: shape (completions,), group after group; NaN where nobody judges, which has advantage 0 and counts for
            no mean.
        behaviours: shape (completions,), :func:`behaviour` of each.
        num_generations: completions of a group.
        scale_rewards: what is divided by: the spread of the group's members, that of all groups' together, or nothing.
        copies: whether each completion is a member of its group, or those that did the same are one.
        risk_seeking: 0 or more.

    Returns:
        Shape (completions,).
    """
    groups = [
        _members(rewards[first : first + num_generations], behaviours[first : first + num_generations], copies)
        for first in range(0, len(rewards), num_generations)
    ]
    every = torch.cat([members for members, _, _ in groups])
    advantages = []
    for members, member_of, shared_by in groups:
        centred = members - members.mean() if len(members) else members
        if scale_rewards != "none":
            centred = centred / (_spread(members if scale_rewards == "group" else every) + _NO_SPREAD)
        if risk_seeking and len(members):
            weights = torch.exp(risk_seeking * centred.clamp(-_FARTHEST, _FARTHEST))
            centred = weights / weights.mean() - 1
        found = torch.zeros(len(member_of), dtype=rewards.dtype, device=rewards.device)
        judged = member_of >= 0
        found[judged] = (centred / shared_by)[member_of[judged]]
        advantages.append(found)
    return torch.cat(advantages)


def _members(
    rewards: torch.Tensor, behaviours: torch.Tensor, copies: str
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The reward of every member of a group; of every completion its member, or -1; of every member its completions."""
    judged = ~rewards.isnan()
    member_of = torch.full((len(rewards),), -1, device=rewards.device)
    if copies == "each":
        member_of[judged] = torch.arange(int(judged.sum()), device=rewards.device)
        return rewards[judged], member_of, torch.ones(int(judged.sum()), device=rewards.device)
    # A reward that reads the text may pay the same games differently: those are no copies.
    alike = torch.stack([behaviours[judged], rewards[judged].float().view(torch.int32).long()])
    kinds, places, counts = torch.unique(alike, dim=1, return_inverse=True, return_counts=True)
    member_of[judged] = places
    members = kinds[1].int().view(torch.float32).to(rewards.dtype)
    return members, member_of, counts.to(rewards.dtype)


def _spread(values: torch.Tensor) -> torch.Tensor:
    return values.std() if len(values) > 1 else torch.zeros((), dtype=values.dtype, device=values.device)
