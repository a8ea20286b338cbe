"""A player plays: a baseline its way, a program in the sandbox, a model after it has written a program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from grpo_arcade.arcade.endpoint import CutOffError
from grpo_arcade.arcade.players.player import Baseline, Player, Program, Writer
from grpo_arcade.games import Episode, Game, Outcome
from grpo_arcade.games.players import Extraction, extract_source, play_match
from grpo_arcade.games.players.lending import game_for
from grpo_arcade.games.replay import play_again


@dataclass(frozen=True)
class Written:
    """What a model answered to a game's prompt."""

    player: str
    """The name it is shown under."""
    completion: str
    found: Extraction
    """The program in it, and why it may not be played, if so."""


@dataclass(frozen=True)
class Played:
    """What one player did."""

    player: str
    """The name it is shown under."""
    episodes: tuple[Episode, ...]
    """One per seed, in order."""
    source: str | None = None
    """The strategy's source, where the player is a program that was found."""
    error: str = ""
    """Why it was refused or ended early; empty when all went well."""
    wall: str = ""
    """What a program was played behind, as ``games/players/sandbox/walls.py`` names it; empty if none was played."""


def play(
    player: Player,
    game: Game,
    seeds: Sequence[int],
    *,
    toolbox: bool | None = None,
    model_seed: int = 0,
    temperature: float = 1.0,
    on_token: Callable[[str], None] | None = None,
    allow_unwalled: bool = False,
) -> Played:
    """Let a player play ``game`` on every seed.

    Args:
        player: who plays.
        game: what is played; it may be lent its toolbox here.
        seeds: one game each.
        toolbox: whether the game's toolbox is lent; None for :func:`game_for_player` to say, and for programs that
            call it.
        model_seed: of a model's sampling.
        temperature: of a model's sampling.
        on_token: called with every piece of text a model writes, as it is written.
        allow_unwalled: a person's word that this program may run without a wall where none can run it.

    Raises:
        ValueError: the player cannot play, in one line that says what would work.
        OSError: its file cannot be read.
    """
    if isinstance(player, Baseline):
        from grpo_arcade.games.baseline_scores import play_baseline

        episodes = play_baseline(game.name, game.options, player.name, seeds)
        return Played(player.label, episodes, error=_trouble(episodes))
    game = game_for_player(player, game, toolbox)
    if isinstance(player, Program):
        return play_source(player.source(), player.label, game, seeds, toolbox, allow_unwalled)
    if isinstance(player, Writer):
        written = ask(player, game, seed=model_seed, temperature=temperature, on_token=on_token)
        return play_written(written, game, seeds, toolbox)
    raise ValueError(f"you play in the window: arcade play {game.name} {player.word}")


def _trouble(episodes: Sequence[Episode]) -> str:
    """Why a server broke off the first of the games it broke off; empty if it did not."""
    for episode in episodes:
        if episode.outcome is Outcome.DISCONNECTED:
            return play_again(episode).trouble
    return ""


def ask(
    player: Player,
    game: Game,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    max_completion_length: int | None = None,
    prompt: str = "",
    on_token: Callable[[str], None] | None = None,
) -> Written:
    """Let a model answer the game's prompt once; see :meth:`Writer.complete`.

    Raises:
        ValueError: it gives no answer, or the player is no model, in one line that says what would work.
    """
    if not isinstance(player, Writer):
        raise ValueError(f"{player.word!r} is {player.what}, which writes nothing; ask a model, for example pocket")
    try:
        completion = player.complete(
            game,
            seed=seed,
            temperature=temperature,
            max_completion_length=max_completion_length,
            prompt=prompt,
            on_token=on_token,
        )
    except CutOffError as cut_off:
        return Written(player.label, cut_off.completion, _before_the_cut(cut_off))
    return Written(player.label, completion, extract_source(completion))


def _before_the_cut(cut_off: CutOffError) -> Extraction:
    """The program in an answer that was cut off, if it was written to its end before that."""
    found = extract_source(cut_off.completion)
    if found.refusal is None and found.source and not cut_off.completion.rstrip().endswith(found.source.rstrip()):
        return found
    return Extraction(found.source, found.refusal or Outcome.NO_CODE, str(cut_off))


def play_written(written: Written, game: Game, seeds: Sequence[int], toolbox: bool | None = None) -> Played:
    """Let what a model wrote play every seed; a program that is refused fails there with the outcome that says why."""
    if written.found.source is not None and written.found.refusal is None:
        return play_source(written.found.source, written.player, game, seeds, toolbox)
    from grpo_arcade.trainer.scoring import Assignment, refused

    assignment = Assignment(game.name, game.options, tuple(seeds))
    rollout = refused(written.completion, written.found, assignment, written.player)
    return Played(written.player, rollout.episodes, rollout.source, rollout.error)


def game_for_player(player: Player, game: Game, toolbox: bool | None = None) -> Game:
    """The game as ``player`` is asked about it: with its toolbox if that is wanted, or nobody says and it takes it.

    Programs need no word here: :func:`play_source` looks what they call.

    Raises:
        ValueError: it has no toolbox, and one was wanted.
    """
    if toolbox is None and isinstance(player, Writer) and game.toolbox is not None:
        from grpo_arcade.trainer.question import takes_toolbox

        toolbox = takes_toolbox(player.word)
    if toolbox and game.lent is None:
        game.lend(True)
    return game


def play_source(
    source: str,
    name: str,
    game: Game,
    seeds: Sequence[int],
    toolbox: bool | None = None,
    allow_unwalled: bool = False,
) -> Played:
    """Let a strategy play every seed in the sandbox, under a name; with the toolbox it calls if nobody says.

    Where a game has several seats, it plays them all.
    """
    if toolbox is None:
        game = game_for(source, game)
    if game.simultaneous:
        from grpo_arcade.games.players import Contender, play_seats

        everywhere = [(0,) * len(game.seats)]
        itself = [Contender(name, source)]
        met = play_seats(itself, game.name, game.options, seeds, seatings=everywhere, allow_unwalled=allow_unwalled)
        return Played(name, met.episodes, source, met.errors[0], met.walls[0])
    result = play_match(source, game.name, game.options, seeds, player=name, allow_unwalled=allow_unwalled)
    return Played(name, result.episodes, source, result.error, result.wall)
