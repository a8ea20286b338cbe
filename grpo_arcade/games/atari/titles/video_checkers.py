"""Video Checkers: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.DUEL, "Taking the opponent's last piece gives 1 point; losing yours takes 1.", worst=-1),
)
