"""A player's place in a match: who sits there, what is on the board, how it ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from grpo_arcade.arcade.players.player import YOU
from grpo_arcade.arcade.window.play.session import Session
from grpo_arcade.arcade.window.replay.playback import Playback
from grpo_arcade.arcade.window.shell.actions import Bindings
from grpo_arcade.arcade.window.versus.contestants import Contestant
from grpo_arcade.arcade.window.versus.points import Course
from grpo_arcade.games import Episode, Game, Outcome
from grpo_arcade.trainer.counting import FAILURES

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App


class Seat:
    """One player's place: who sits there, and how far the game has come."""

    def __init__(self, contestant: Contestant | None, session: Session | None, table: Game) -> None:
        self.contestant = contestant
        self._failure_score = table.failure_score
        self._moves_a_unit = table.frame_rate if table.clock_driven else 1.0
        self.session = session
        """The person's game; None for the others."""
        self.playback: Playback | None = None
        self.progress = 1.0
        """Of the person's last move."""
        self.flipped = False
        """Whether the person asked to see the code instead of the board, or the other way round."""
        self.course = Course()
        """How its points went so far."""

    @classmethod
    def of(
        cls,
        word: str,
        table: Game,
        seed: int,
        app: App,
        changed: Callable[[Contestant], None],
    ) -> Seat:
        """The place of whoever a word means; ``changed`` hears of what becomes of those who are no person."""
        if word == YOU:
            return cls(None, Session(table.name, {**table.options, **table.person_options}, seed), table)
        return cls(Contestant(word, table, app.settings.outputs, app.writer, changed), None, table)

    @property
    def name(self) -> str:
        """Who plays, for people."""
        return self.contestant.name if self.contestant else "You"

    @property
    def ready(self) -> bool:
        """Whether nobody has to wait for this player."""
        if self.contestant is None or self.contestant.state == "failed":
            return True
        return self.contestant.state == "ready" and self.playback is not None and self.playback.view is not None

    def shows_code(self, beside: bool) -> bool:
        """Whether the code lies where the board is; ``beside``: it can be read beside the boards anyway."""
        if self.contestant is None or not self.contestant.text:
            return False
        writing = self.contestant.state in ("writing", "playing") and not beside
        return writing != self.flipped

    @property
    def writing(self) -> bool:
        """Whether its strategy is being written now."""
        return self.contestant is not None and self.contestant.state == "writing"

    @property
    def code(self) -> str:
        """Its strategy, as far as it has been written; empty where there is none to read."""
        if self.contestant is None:
            return ""
        source = self.contestant.performance.source if self.contestant.performance else None
        return source.rstrip("\n") if source is not None else self.contestant.text

    def so_far(self) -> tuple[Episode, int] | None:
        """Its game and how many moves of it have been shown; None before there are any."""
        if self.session:
            episode, moves = self.session.episode(), len(self.session.actions)
        elif self.playback:
            episode, moves = self.playback.episode, self.playback.ply
        else:
            return None
        return (episode, moves) if moves else None

    @property
    def score(self) -> float:
        """What the board shows."""
        if self.session:
            return self.session.game.score
        return self.playback.score if self.playback else 0.0

    @property
    def standing(self) -> tuple[float, float] | None:
        """After how many moves, or seconds of a clock, how many points there are; None before there is a game."""
        if self.session:
            game, moves = self.session.game, len(self.session.actions)
            return (moves / game.frame_rate if game.clock_driven else moves), game.score
        if self.playback is None or self.playback.view is None:
            return None
        return self.playback.ply / self._moves_a_unit, self.playback.score

    @property
    def outcome(self) -> Outcome | None:
        """How its game ended; None while it has not been shown to the end."""
        if self.session:
            return self.session.game.outcome
        if self.contestant and self.contestant.performance and self.playback and self.playback.ended:
            return self.contestant.performance.outcome
        return None

    @property
    def out(self) -> bool:
        """Whether nothing more will happen here."""
        return self.outcome is not None or (self.contestant is not None and self.contestant.state == "failed")

    @property
    def counted(self) -> float:
        """The score it counts for in the end: as little as the game can give for a program that failed."""
        failed = self.outcome in FAILURES or (self.contestant is not None and self.contestant.state == "failed")
        return self._failure_score if failed else self.score


def verdict(seats: Sequence[Seat]) -> str:
    """Who has won, once everybody is out."""
    ranked = sorted(seats, key=lambda seat: -seat.counted)
    best = [seat for seat in ranked if seat.counted == ranked[0].counted]
    if len(best) == len(seats):
        return "A draw"
    names = " and ".join(seat.name for seat in best)
    verb = "win" if best[0].session or len(best) > 1 else "wins"
    margin = best[0].counted - ranked[len(best)].counted
    return f"{names} {verb} by {margin:,.0f} points"


def onward(bindings: Bindings) -> str:
    """What can be done once a match is over, with the keys that do it."""
    key = bindings.key_label
    return f"{key('versus.new')} another seed · {key('versus.restart')} again · {key('versus.film')} film of it"


def thinking(contestant: Contestant) -> str:
    """What is said of a player one has to wait for."""
    if contestant.state == "loading":
        here = contestant.downloaded
        return f"Downloading the model… {here}" if here else "Loading the model…"
    if contestant.writes and contestant.state == "waiting":
        return "The model is being asked for a strategy…"
    if contestant.state == "writing":
        return "Writing its strategy…"
    return "Its strategy is playing…" if contestant.state == "playing" else "Playing ahead…"
