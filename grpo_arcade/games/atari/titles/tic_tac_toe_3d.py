"""3-D Tic-Tac-Toe: its goal."""

from grpo_arcade.games.atari.cartridge import Cartridge
from grpo_arcade.games.atari.goals import Goal, Kind

CARTRIDGE = Cartridge(
    goal=Goal(Kind.DUEL, "Four in a row give 1 point; the opponent's four take 1.", worst=-1),
)
