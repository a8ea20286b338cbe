"""The options of a game, as every command takes them that plays one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grpo_arcade.games import Game


@dataclass
class GameOptions:
    """Inherited by a command."""

    size: int | None = None
    """The board's width and height in cells; the game's own default when absent."""
    target: int | None = None
    """The tile that wins; the game's own default when absent."""
    game_options: tuple[str, ...] = ()
    """Further options of the game, each as name=value."""
    toolbox: bool | None = None
    """Lend strategies the game's toolbox; when absent those that call it, and models that are taught or large enough
    to use it."""

    def make_game(self, name: str) -> Game:
        """The game ``name`` with these options.

        Raises:
            ValueError: no such game, or a bad option, in one line.
        """
        from grpo_arcade.games import make

        return make(name, **self._options())

    def make_court(self, name: str) -> Game:
        """The same for several players, on a game that is for one unless somebody asks.

        Raises:
            ValueError: likewise, or it is for one only.
        """
        from grpo_arcade.games.seats import make_for_several

        return make_for_several(name, self._options())

    def _options(self) -> dict[str, Any]:
        from grpo_arcade.trainer.config import parse_options

        options = parse_options(self.game_options, "--game-options")
        flags = {name: value for name in ("size", "target") if (value := getattr(self, name)) is not None}
        if twice := [name for name in flags if name in options]:
            raise ValueError(f"{twice[0]} is given twice, by --{twice[0]} and in --game-options")
        return options | flags
