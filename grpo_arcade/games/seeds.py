"""Which seeds an episode may have, depending on what it is for.

Evaluation seeds are fixed and published, so that numbers compare. Training seeds come from a run's secret key, so
that no strategy can know the future of a game it is trained on, and lie above every evaluation seed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any

EVALUATION_SEEDS = range(100)
"""The seeds every evaluation and every stored baseline score is about."""

TRAINING_SEEDS_FROM = 2**32
"""Training seeds lie in 2**32 .. 2**63 - 1; seeds below are for evaluation and for people."""


LARGEST_SEED = 2**63 - 1
"""The largest seed there is, of an episode or of anything else that is random; 0 is the smallest."""

NUMPY_SEEDS = 2**32
"""How many NumPy takes: what seeds it with one of ours is given the remainder."""


def check_seed(seed: Any, name: str = "seed") -> None:
    """Refuse what is no seed: one rule for episodes and for a model's sampling. ``name`` is what the caller calls it.

    Raises:
        ValueError: in one line.
    """
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed <= LARGEST_SEED:
        raise ValueError(f"{name} must be a whole number from 0 to 2**63 - 1, not {seed!r}")


def secret_seeds(count: int) -> list[int]:
    """Seeds that nobody can know before this call, from where training seeds lie too."""
    return [TRAINING_SEEDS_FROM + secrets.randbelow(2**63 - TRAINING_SEEDS_FROM) for _ in range(count)]


def training_seeds(run_key: bytes, step: int, count: int) -> list[int]:
    """The seeds of one training step: the same for the same key, step and place, and not to be guessed without the key.

    Seed ``i`` is the first 8 bytes, big-endian, of HMAC-SHA256(``run_key``, ``b"training seed <step> <i>"``), mapped
    onto 2**32 .. 2**63 - 1 by the remainder of the division by the number of values in it.

    Raises:
        ValueError: an empty key, or a negative step or count.
    """
    if not run_key:
        raise ValueError("run_key must not be empty; use secrets.token_bytes(32)")
    if step < 0 or count < 0:
        raise ValueError(f"step and count must not be negative, not {step} and {count}")
    seeds = []
    for i in range(count):
        digest = hmac.digest(run_key, b"training seed %d %d" % (step, i), hashlib.sha256)
        seeds.append(TRAINING_SEEDS_FROM + int.from_bytes(digest[:8], "big") % (2**63 - TRAINING_SEEDS_FROM))
    return seeds
