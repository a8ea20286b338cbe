"""A weighted choice: all that a grammar is made of."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import TypeVar

T = TypeVar("T")


def pick(rng: Random, weights: Mapping[T, float]) -> T:
    """One of the keys, each as often as its weight says."""
    return rng.choices(list(weights), list(weights.values()))[0]
