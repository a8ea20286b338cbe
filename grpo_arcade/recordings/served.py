"""An episode that ``arcade serve`` has served, from the ``state`` its client was told: for agents of others' making.

Must not know: how to talk to a server. The state is a stranger's word, so that it is held against its own replay where
it leaves something to be derived.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from grpo_arcade.foreign_text import one_line
from grpo_arcade.games.episode import Episode, seat_results
from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.games.replay import play_again
from grpo_arcade.games.seats import seat_number
from grpo_arcade.recordings.file import RecordingError

_OF_THE_SEAT = ("seat", "opponent")
"""Options that say how a seat of the game is served, and are none of the game's own."""


def episode_of_state(state: Mapping[str, Any], player: str = "client") -> Episode:
    """The episode that a served game is in, to be saved, shown or verified; unfinished while it goes on.

    Of a game of several seats it is the whole game, also where one of them is served.

    Args:
        state: as the server answers ``state``, after a reset.
        player: who played by way of the server.

    Raises:
        RecordingError: it is the state of no episode, or contradicts the replay of its own moves.
        ValueError: there is no such game here, or not with these options.
    """
    try:
        options = dict(state["options"])
        seat = state.get("seat")
        opponent = "" if seat is None else str(options["opponent"])
        if seat is not None:
            options = {name: value for name, value in options.items() if name not in _OF_THE_SEAT}
        outcome = None if state["outcome"] is None else Outcome(state["outcome"])
        alone = Episode(
            game=str(state["game"]),
            options=options,
            seed=int(state["seed"]),
            actions=bytes(state["actions"]),
            outcome=outcome or Outcome.UNFINISHED,
            score=float(state["score"]),
            wasted=int(state.get("wasted", 0)),
            player=player,
            versions=dict(state["versions"]),
            per_step=int(state.get("per_step", 1)),
        )
        several = len(state.get("seats", ())) > 1
        failed = {str(name): Outcome(how) for name, how in dict(state.get("failed", {})).items()}
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(
            f"this is the state of no episode: {one_line(error, 100) or type(error).__name__}"
        ) from error
    if not several:
        return alone
    game = play_again(alone)
    return _of_all_seats(alone, game, None if seat is None else seat_number(game, seat), opponent, failed)


def _of_all_seats(
    served: Episode, game: Game, seat: int | None, opponent: str, failed: Mapping[str, Outcome]
) -> Episode:
    """What ``game``, after all moves, says of every seat, where the state has told of ``seat`` alone.

    Raises:
        RecordingError: the two disagree.
        ValueError: a seat that the game has not is said to have failed.
    """
    players = [served.player if seat in (number, None) else opponent for number in range(len(game.seats))]
    how = {seat_number(game, name): outcome for name, outcome in failed.items()}
    seats = seat_results(game, players, how)
    told = seats[seat or 0]
    for what, said, found in (
        ("outcome", served.outcome, told.outcome),
        ("score", served.score, told.score),
        ("number of wasted moves", served.wasted, told.wasted),
    ):
        if said != found:
            raise RecordingError(f"the state says the {what} is {said}, the replay of its moves says {found}")
    return replace(
        served,
        outcome=game.outcome or next(iter(how.values()), Outcome.UNFINISHED),
        score=float(game.score),
        wasted=game.wasted,
        player=" against ".join(players),
        seats=seats,
    )
