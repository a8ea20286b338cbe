"""Is this recording genuine? The episode is played again, and has to say what the game says.

Knows no files and no pictures; what a replay finds is :class:`~grpo_arcade.games.replay.Replay`'s.
"""

from __future__ import annotations

from grpo_arcade.foreign_text import one_line
from grpo_arcade.games.episode import Episode
from grpo_arcade.games.game import Game
from grpo_arcade.games.replay import Replay, other_rules
from grpo_arcade.recordings.file import RecordingError


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
    try:
        replay = Replay(episode)
    except (ValueError, TypeError) as error:
        raise UnverifiableEpisodeError(f"this episode cannot be played again: {one_line(error, 200)}") from error
    check_versions(episode, replay.game)
    verdict = replay.check()
    if verdict is not None and verdict.problem:
        raise ForgedEpisodeError(verdict.problem)
    return replay.game


def check_versions(episode: Episode, game: Game) -> None:
    """Refuse an episode whose game is ``game``, if it was played by other rules than the ones here.

    Raises:
        UnverifiableEpisodeError: it was, or does not say.
    """
    if foreign := other_rules(episode, game):
        raise UnverifiableEpisodeError(foreign)
