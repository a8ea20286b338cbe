"""The trusted players: legal moves, no hand on the game, all randomness from the rng; stored scores that fit."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from grpo_arcade.games.conformance.require import require, state
from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.games.seats import at_seat


def check_baselines(game: Game) -> None:
    """Ask each for thirty moves, twice over."""
    require("random" in game.baselines, f"baselines must hold random, not only {sorted(game.baselines)!r}")
    for name, baseline in game.baselines.items():
        choices = []
        for _ in range(2):
            rng = random.Random(7)
            game.reset(7)
            chosen: list[int] = []
            while game.outcome is None and len(chosen) < 30:
                before = state(game)
                actions = [baseline(at_seat(game, seat), rng) for seat in game.acting()]
                require(state(game) == before, f"baseline {name} must not change the game it looks at")
                for seat, action in zip(game.acting(), actions, strict=True):
                    require(
                        type(action) is int and action in game.seat_legal_actions(seat),
                        f"baseline {name} must return a legal action id, not {action!r}",
                    )
                chosen += actions
                game.step_seats(actions)
            choices.append(chosen)
        require(choices[0] == choices[1], f"baseline {name} must take all its randomness from the rng it is given")
    stored: Mapping[str, Any] = game.baseline_scores() or {}
    for name, results in stored.items():
        require(name in game.baselines, f"baseline_scores() knows {name}, which is no baseline")
        require(
            len(results["scores"]) == len(results["outcomes"]) > 0,
            f"baseline_scores()[{name!r}] must hold one score and one outcome for each evaluation seed",
        )
        for outcome in results["outcomes"]:
            require(outcome in set(Outcome), f"baseline_scores()[{name!r}] holds {outcome!r}, which is no Outcome")
