"""The names of ``__init__.py``, for type checkers and editors."""

from grpo_arcade.games import Episode as Episode
from grpo_arcade.games import Game as Game
from grpo_arcade.games import Outcome as Outcome
from grpo_arcade.games import game_names as game_names
from grpo_arcade.games import make as make
from grpo_arcade.games.players import Contender as Contender
from grpo_arcade.games.players import Limits as Limits
from grpo_arcade.games.players import MatchPool as MatchPool
from grpo_arcade.games.players import MatchResult as MatchResult
from grpo_arcade.games.players import SandboxError as SandboxError
from grpo_arcade.games.players import SeatsResult as SeatsResult
from grpo_arcade.games.players import StrategyError as StrategyError
from grpo_arcade.games.players import StrategyPolicy as StrategyPolicy
from grpo_arcade.games.players import extract_source as extract_source
from grpo_arcade.games.players import play_match as play_match
from grpo_arcade.games.players import play_seats as play_seats
from grpo_arcade.recordings import load as load
from grpo_arcade.recordings import save as save
from grpo_arcade.recordings import verify as verify
from grpo_arcade.recordings.films import write_gif as write_gif
from grpo_arcade.recordings.films import write_mp4 as write_mp4
from grpo_arcade.recordings.runs.reader import RunReader as RunReader
from grpo_arcade.trainer.config import TrainConfig as TrainConfig
from grpo_arcade.trainer.grpo import train as train
from grpo_arcade.trainer.rewards import trl_rewards as trl_rewards
from grpo_arcade.trainer.scoring import Rollout as Rollout

__version__: str
