"""How a program plays: a completion becomes a checked source, the source plays games inside the sandbox.

This must not know who wrote the program or why: no model, no reward, no recording.
"""

from grpo_arcade.games.players.completion import Extraction, extract_source
from grpo_arcade.games.players.contenders import Contender, SeatsResult, rotations
from grpo_arcade.games.players.limits import Limits
from grpo_arcade.games.players.match import MatchResult, play_match
from grpo_arcade.games.players.policy import Refusal, check_source
from grpo_arcade.games.players.pool import MatchPool, Pool
from grpo_arcade.games.players.sandbox import sandbox_report
from grpo_arcade.games.players.sandbox.process import SandboxError
from grpo_arcade.games.players.strategy_policy import StrategyError, StrategyPolicy
from grpo_arcade.games.players.versus import play_seats

__all__ = [
    "Contender",
    "Extraction",
    "Limits",
    "MatchPool",
    "MatchResult",
    "Pool",
    "Refusal",
    "SandboxError",
    "SeatsResult",
    "StrategyError",
    "StrategyPolicy",
    "check_source",
    "extract_source",
    "play_match",
    "play_seats",
    "rotations",
    "sandbox_report",
]
