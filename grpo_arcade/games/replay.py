"""An episode played again: the one place where an episode's actions become positions.

:class:`Replay` steps the episode's game, forward by a move or to any ply. :class:`TapedReplay` shows the same from a
tape, for games that cannot be played again where somebody waits for the next frame; who makes the tape plays by a
:class:`Replay` too. Knows no file, no film and no window.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from grpo_arcade.foreign_text import one_line
from grpo_arcade.games.episode import Episode, Verdict, seat_results
from grpo_arcade.games.game import Game, Outcome, Picture
from grpo_arcade.games.registry import make_recorded

if TYPE_CHECKING:
    from grpo_arcade.games.tape import Tape

_NEVER_PLAYED = frozenset({Outcome.NO_CODE, Outcome.SYNTAX_ERROR})


class Replay:
    """One episode at some ply, at first its start. Moves that its game refuses end it, see :attr:`broken`.

    Args:
        episode: what is played again.
        game: what to play it on, at its start and of the episode's seed; by default a game of its own.

    Raises:
        ValueError: there is no such game here, or not with these options or this seed.
    """

    def __init__(self, episode: Episode, game: Game | None = None) -> None:
        self.episode = episode
        self.game = episode.new_game() if game is None else game
        """In the present position; not to be stepped by others."""
        self.ply = 0
        """Moves made."""
        self._recalls = game is None
        self._length = episode.moves
        self._broken = ""
        self._each = episode.per_step
        if self._each != self.game.per_step:
            self._length = 0
            self._broken = f"{self._each} actions a step are recorded, where {episode.game} takes {self.game.per_step}"
        self._verdict: Verdict | None = None
        self._viewed: tuple[int, Any] = -1, None
        self._pictures: dict[str, Picture] = {}

    @property
    def length(self) -> int:
        """Moves there are, as far as is known by now: a move that the game refuses is found out when its turn comes."""
        return self._length

    @property
    def actions(self) -> bytes:
        """The action id of each move that was recorded."""
        return self.episode.actions

    @property
    def ready(self) -> int:
        """Moves that can be shown by now; -1 while not even the start can."""
        return self._length

    @property
    def broken(self) -> str:
        """Why it ends before all of the episode's actions, in one line; empty as long as it does not."""
        return self._broken

    @property
    def ended(self) -> bool:
        """Whether this is the last position."""
        return self.ply == self._length

    @property
    def score(self) -> float:
        """The score in this position."""
        return self.game.score

    @property
    def view(self) -> Any:
        """The position and the move into it, for :meth:`picture`; None while there is nothing to be seen."""
        if self._viewed[0] != self.ply:
            self._viewed = self.ply, self.game.view()
        return self._viewed[1]

    def picture(self, palette: str) -> Picture:
        """What draws :attr:`view`, in one of the game's palettes; the same one whenever it is asked for."""
        if palette not in self._pictures:
            self._pictures[palette] = self.game.picture(palette)
        return self._pictures[palette]

    def step(self) -> bool:
        """Make the next move; False if there is none, or the game refuses it."""
        ply, actions, game = self.ply, self.episode.actions, self.game
        if ply == self._length:
            return False
        if self._each > 1:
            return self._step_together()
        action = actions[ply]
        if game.outcome is not None:
            after = len(actions) - ply
            self._broken = f"the game ended ({game.outcome}) after {ply} moves, but {after} more are recorded"
        elif action >= len(game.actions):
            self._broken = f"move {ply + 1} is action {action}, but {self.episode.game} has {len(game.actions)}"
        else:
            game.step(action)
            self.ply = ply + 1
            return True
        self._length = ply
        return False

    def _step_together(self) -> bool:
        """The same where all seats act at each step."""
        ply, each, game = self.ply, self._each, self.game
        actions = self.episode.actions[ply * each : (ply + 1) * each]
        if game.outcome is not None:
            after = self.episode.moves - ply
            self._broken = f"the game ended ({game.outcome}) after {ply} moves, but {after} more are recorded"
        elif max(actions) >= len(game.actions):
            self._broken = f"move {ply + 1} has action {max(actions)}, but {self.episode.game} has {len(game.actions)}"
        else:
            game.step_seats(actions)
            self.ply = ply + 1
            return True
        self._length = ply
        return False

    def plies(self) -> Iterator[int]:
        """To the end, move by move: the present ply, and each one that is come to while this is gone through."""
        yield self.ply
        while self.step():
            yield self.ply

    def seek(self, ply: int) -> bool:
        """Go to the position after ``ply`` moves, or the nearest there is; True if that is another one."""
        before, ply = self.ply, max(0, min(ply, self._length))
        if ply < before:
            if self._recalls:
                self.game.recall(self.episode.observations)
            self.game.reset(self.episode.seed)
            self.ply = 0
        while self.ply < ply and self.step():
            pass
        return self.ply != before

    def want(self, upto: int) -> None:
        """Say that positions up to move ``upto`` will be wanted soon. Of effect where another process makes them."""

    def catch_up(self) -> bool:
        """True if something has come that had to be waited for."""
        return False

    @property
    def verdict(self) -> Verdict | None:
        """Whether the episode is genuine; None before :meth:`check` or while that goes on."""
        return self._verdict

    def check(self) -> Verdict | None:
        """Play to the end and find the :attr:`verdict`; None while others are finding it."""
        foreign = other_rules(self.episode, self.game)
        self.seek(self._length)
        problem = foreign or self._broken or self._contradiction()
        self._verdict = Verdict(None if foreign else not problem, problem)
        return self._verdict

    def _contradiction(self) -> str:
        """At the end: what the episode says of itself and its game does not; empty if they agree."""
        episode, game = self.episode, self.game
        for what, recorded, replayed in (
            ("outcome", episode.outcome, self._outcome()),
            ("score", episode.score, game.score),
            ("number of wasted moves", episode.wasted, game.wasted),
        ):
            if recorded != replayed:
                return f"the recording says the {what} is {recorded}, its replay says {replayed}"
        return self._contradiction_of_seats()

    def _contradiction_of_seats(self) -> str:
        """The same of what is said of each seat."""
        episode, game = self.episode, self.game
        if len(game.seats) == 1 and not episode.seats:
            return ""
        if len(episode.seats) != len(game.seats):
            return f"the recording tells of {len(episode.seats)} seats, where {episode.game} has {len(game.seats)}"
        said = [result.outcome for result in episode.seats]
        failed = {seat: outcome for seat, outcome in enumerate(said) if not outcome.by_the_rules}
        if game.outcome is None and episode.outcome not in failed.values():
            return f"the recording says the outcome is {episode.outcome}, which is that of none of its seats"
        players = [result.player for result in episode.seats]
        whole = {Outcome.UNFINISHED, Outcome.DISCONNECTED}
        replayed = seat_results(game, players, failed, [result.source_sha256 for result in episode.seats])
        for name, recorded, result in zip(game.seats, episode.seats, replayed, strict=True):
            for what, one, other in (
                ("outcome", recorded.outcome, result.outcome),
                ("score", recorded.score, result.score),
                ("number of wasted moves", recorded.wasted, result.wasted),
            ):
                if one != other and not (what == "outcome" and _once_stuck_together(said, one, other)):
                    return f"the recording says the {what} of {name} is {one}, its replay says {other}"
        if game.outcome is None and whole & set(said) and len(set(said)) > 1:
            return "the recording says the game was broken off for one seat, and not for the others"
        return ""

    def _outcome(self) -> Outcome | str:
        """What the outcome may be: the game's own if it has ended, else one that the game cannot know."""
        episode = self.episode
        if self.game.outcome is not None:
            return self.game.outcome
        if episode.outcome.by_the_rules:
            return "still running"
        if episode.outcome in _NEVER_PLAYED and episode.actions:
            return f"something that lets {episode.moves} moves be played"
        return episode.outcome


def _once_stuck_together(said: Sequence[Outcome], recorded: object, replayed: object) -> bool:
    """Whether a seat is recorded as stuck that has won because the other is: recordings once said it of both."""
    return recorded is Outcome.STUCK and replayed is Outcome.WON and set(said) == {Outcome.STUCK}


class TapedReplay(Replay):
    """The same from a tape, of which there is more every moment; it shows the nearest position there is by now.

    Args:
        episode: what is played again.
        tape: its tape; the entries are pairs of score and :meth:`.Game.view`, one for the start and one a move.

    Raises:
        ValueError: there is no such game here, or not with these options.
    """

    def __init__(self, episode: Episode, tape: Tape) -> None:
        super().__init__(episode, table_of(episode))
        self.tape = tape
        self._wanted = 0
        self._came: object = None

    @property
    def length(self) -> int:
        """As long as the tape will be."""
        return self.tape.expected

    @property
    def ready(self) -> int:
        """As far as it is taped."""
        return len(self.tape) - 1

    @property
    def broken(self) -> str:
        """Why it was not taped to its end, or is not genuine."""
        return self.tape.verdict.problem if self.tape.verdict else ""

    @property
    def ended(self) -> bool:
        """Whether this is the last position, and is known to be."""
        return self.tape.verdict is not None and self.ply >= self.length

    @property
    def score(self) -> float:
        """The score in this position."""
        return self.tape.at(self.ply)[0] if len(self.tape) else 0.0

    @property
    def view(self) -> Any:
        """What is on the tape there; None while nothing is."""
        return self.tape.at(self.ply)[1] if len(self.tape) else None

    def step(self) -> bool:
        """Go to the next position; False while it is not taped."""
        return self.seek(self.ply + 1)

    def seek(self, ply: int) -> bool:
        """Go to the position after ``ply`` moves, or the nearest there is by now; True if that is another one."""
        self._wanted = max(0, min(ply, self.length))
        before, self.ply = self.ply, max(0, min(self._wanted, self.ready))
        return self.ply != before

    def want(self, upto: int) -> None:
        """Have it taped up to there."""
        self.tape.want(self.ply, upto)

    def catch_up(self) -> bool:
        """Go on to where one wanted to be; True if something there was to wait for has come."""
        moved, before = self.seek(self._wanted), self._came
        waits = self.ply < self._wanted
        self._came = self.ready if waits else self.ply, self.verdict is None, len(self.tape) == 0
        return moved or self._came != before

    @property
    def verdict(self) -> Verdict | None:
        """What was found while it was taped; None before the end of that."""
        return self.tape.verdict

    def check(self) -> Verdict | None:
        """Have all of it taped; the :attr:`verdict` comes with its end."""
        self.want(self.length + 1)
        return self.verdict


def beginning(episode: Episode, moves: int) -> Episode:
    """The first ``moves`` moves of an episode, as an episode that is unfinished.

    All of it if it is no longer, or if its game lives on what a server said and cannot be cut.

    Raises:
        ValueError: its game cannot be built here.
    """
    if moves >= episode.moves or episode.observations:
        return episode
    replay = Replay(episode)
    replay.seek(moves)
    digests = [result.source_sha256 for result in episode.seats]
    return replace(
        episode,
        actions=episode.actions[: moves * episode.per_step],
        outcome=replay.game.outcome or Outcome.UNFINISHED,
        score=replay.score,
        wasted=replay.game.wasted,
        seats=seat_results(replay.game, [result.player for result in episode.seats], digests=digests),
    )


def play_again(episode: Episode, game: Game | None = None) -> Game:
    """The game after all of an episode's moves; on ``game``, which is at its start, where there is one.

    Raises:
        ValueError: its game cannot be built here, or refuses one of the moves.
    """
    replay = Replay(episode, game)
    replay.seek(replay.length)
    if replay.broken:
        raise ValueError(f"this episode cannot be played again: {replay.broken}")
    return replay.game


def other_rules(episode: Episode, game: Game) -> str:
    """Why a replay of ``episode`` on ``game`` proves nothing, in one line: its rules are others; empty if it does."""
    if "rules" not in episode.versions:
        return "this episode does not say which version of the rules it was played by"
    if (other := game.other_version(episode.versions)) is None:
        return ""
    name, then, here = other
    then = one_line(then, 24)  # no version is longer, and a sentence is none
    return (
        f"this episode was played by version {then} of {name}, here is version {here}; "
        f"an installation with that version can replay it"
    )


def table_of(episode: Episode) -> Game:
    """The game an episode was played on: what it is like, not a game to be played; shared by all who ask.

    Raises:
        ValueError: there is no such game here, or not with these options.
    """
    return _table(episode.game, json.dumps(dict(episode.options), sort_keys=True))


@lru_cache(maxsize=64)
def _table(name: str, options: str) -> Game:
    return make_recorded(name, json.loads(options))
