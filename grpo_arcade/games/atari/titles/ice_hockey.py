"""Ice Hockey: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.DUEL, "The score is your goals minus the opponent's, in three minutes.", worst=-36),
)
