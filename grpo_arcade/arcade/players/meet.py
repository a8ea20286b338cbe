"""Players meet on one court: baselines, programs, and models, which write a program for it first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from grpo_arcade.arcade.players.play import Played, ask, game_for_player
from grpo_arcade.arcade.players.player import Baseline, Player, Program, Writer
from grpo_arcade.games import Game
from grpo_arcade.games.players import Contender, play_seats
from grpo_arcade.games.players.lending import game_for


def contender_of(
    player: Player,
    game: Game,
    *,
    model_seed: int = 0,
    temperature: float = 1.0,
    on_token: Callable[[str], None] | None = None,
) -> Contender:
    """A player as a match of several takes it; a model writes its program now.

    Raises:
        ValueError: it cannot be loaded, or plays by hand, in one line that says what would work.
        OSError: its file cannot be read.
    """
    if isinstance(player, Baseline):
        return Contender(player.label, baseline=player.name)
    if isinstance(player, Program):
        return Contender(player.label, player.source())
    if isinstance(player, Writer):
        game = game_for_player(player, game)
        written = ask(player, game, seed=model_seed, temperature=temperature, on_token=on_token)
        # What holds no program is refused when it is to be played, with the reason.
        return Contender(written.player, written.found.source or written.completion or "# nothing")
    raise ValueError(f"you play in the window: arcade play {game.name} {player.word}")


def meet(
    contenders: Sequence[Contender], game: Game, seeds: Sequence[int], seating: Sequence[int], allow_unwalled: bool
) -> Played:
    """Let them play every seed in one seating, with the game's toolbox if one of their programs calls it."""
    for contender in contenders:
        game = game_for(contender.source, game) if contender.source else game
    result = play_seats(
        contenders, game.name, game.options, seeds, seatings=[tuple(seating)], allow_unwalled=allow_unwalled
    )
    name = " against ".join(dict.fromkeys(contender.name for contender in contenders))
    errors = [
        f"{contender.name}: {error}" if len(contenders) > 1 else error
        for contender, error in zip(contenders, result.errors, strict=True)
        if error
    ]
    wall = next((wall for wall in result.walls if wall), "")
    source = contenders[0].source or None
    return Played(name, result.episodes, source, "; ".join(errors), wall)
