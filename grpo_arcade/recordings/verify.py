"""Is this recording genuine? The episode is played again, and has to say what the game says.

Knows no files and no pictures.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from grpo_arcade.games.episode import Episode
from grpo_arcade.games.game import Game, Outcome
from grpo_arcade.recordings.file import RecordingError

_NEVER_PLAYED = frozenset({Outcome.NO_CODE, Outcome.SYNTAX_ERROR})


class ForgedEpisodeError(RecordingError):
    """The episode claims what its own actions do not show."""


class UnverifiableEpisodeError(RecordingError):
    """The episode cannot be played again here: its game or its version of the rules is not this one."""


def verify(episode: Episode) -> Game:
    """Play ``episode`` again and return the game in its final position.

    Raises:
        ForgedEpisodeError: score, outcome or wasted moves are not what the replay gives, actions follow the end of the
            game, or there are actions that the game does not know.
        UnverifiableEpisodeError: there is no such game here, it cannot be built with these options, or its rules have
            another version than those the episode was played by, so that a replay would prove nothing.
    """
    return deque(replay(episode), maxlen=1)[0]


def replay(episode: Episode) -> Iterator[Game]:
    """The game at the episode's start and after each of its moves: always the same object. Raises as :func:`verify`.

    What contradicts the game is raised where it does, what only the end can show after the last position.
    """
    game = new_game(episode)
    yield game
    for ply, action in enumerate(episode.actions):
        if game.outcome is not None:
            after = len(episode.actions) - ply
            raise ForgedEpisodeError(
                f"the game ended ({game.outcome}) after {ply} moves, but {after} more are recorded"
            )
        if action >= len(game.actions):
            raise ForgedEpisodeError(f"move {ply + 1} is action {action}, but {episode.game} has {len(game.actions)}")
        game.step(action)
        yield game
    _agree("outcome", episode.outcome, _outcome(episode, game))
    _agree("score", episode.score, game.score)
    _agree("number of wasted moves", episode.wasted, game.wasted)


def new_game(episode: Episode) -> Game:
    """The episode's game at its start, if a replay here means anything.

    Raises:
        UnverifiableEpisodeError: see :func:`verify`.
    """
    try:
        game = episode.new_game()
    except (ValueError, TypeError) as error:
        raise UnverifiableEpisodeError(f"this episode cannot be played again: {error}") from error
    check_versions(episode, game)
    return game


def check_versions(episode: Episode, game: Game) -> None:
    """Refuse an episode whose game is ``game``, if it was played by other rules than the ones here.

    Raises:
        UnverifiableEpisodeError: it was, or does not say.
    """
    if "rules" not in episode.versions:
        raise UnverifiableEpisodeError("this episode does not say which version of the rules it was played by")
    if (other := game.other_version(episode.versions)) is not None:
        name, then, here = other
        raise UnverifiableEpisodeError(
            f"this episode was played by version {then} of {name}, here is version {here}; "
            f"an installation with that version can replay it"
        )


def _outcome(episode: Episode, game: Game) -> Outcome | str:
    """What the outcome may be: the game's own if it has ended, else one that the game cannot know."""
    if game.outcome is not None:
        return game.outcome
    if episode.outcome.by_the_rules:
        return "still running"
    if episode.outcome in _NEVER_PLAYED and episode.actions:
        return f"something that lets {len(episode.actions)} moves be played"
    return episode.outcome


def _agree(what: str, recorded: object, replayed: object) -> None:
    if recorded != replayed:
        raise ForgedEpisodeError(f"the recording says the {what} is {recorded}, its replay says {replayed}")
