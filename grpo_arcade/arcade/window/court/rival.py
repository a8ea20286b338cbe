"""A player of a court who is no person: its program, the one it is writing meanwhile, and who answers with them.

A model is asked for a program beside the game, in the window's resident writer or a process, and as often as anybody
likes. What comes is tried at once, and takes over where the match says so: between two points, or before a game.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from grpo_arcade.arcade.players.player import Baseline, Model, Player, Program, Writer
from grpo_arcade.arcade.window.background.jobs import Task
from grpo_arcade.arcade.window.court.minds import BaselineMind, Mind, ProgramMind
from grpo_arcade.arcade.window.versus.contestants import MOST_TEXT, State, ask_resident
from grpo_arcade.games import Game, make
from grpo_arcade.games.players import Extraction, extract_source

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App


def ask_elsewhere(
    player: Writer, game: str, options: dict[str, Any], attempt: int, *, emit: Callable[[str], None]
) -> Extraction:
    """The program in what a model answers to a game's prompt; ``emit`` gets what it writes. For a process of its own.

    Raises:
        ValueError: it gives no answer.
    """
    from grpo_arcade.arcade.players.play import ask, game_for_player

    return ask(player, game_for_player(player, make(game, **options)), seed=attempt, on_token=emit).found


class Rival:
    """One player beside the persons.

    Args:
        app: the window.
        player: who it is.
        game: as programs are measured on it, of several seats.
        changed: called in the window's thread whenever there is something new to show, or an answer.
    """

    def __init__(self, app: App, player: Player, game: Game, changed: Callable[[Rival], None]) -> None:
        self.player, self.name = player, player.label
        self.state: State = "waiting"
        """Of the program that is being had."""
        self.text = ""
        """What is to be read: the program that plays, or what is being written."""
        self.attempt = 0
        """How many programs it has been asked for before the newest one."""
        self.number = 1
        """Which of them plays, from 1."""
        self.downloaded = ""
        self.error = ""
        """Why it cannot play, or has no other program."""
        self.mind: Mind | None = None
        """Who answers; None before there is anybody."""
        self.next: ProgramMind | None = None
        """Who takes over."""
        self._app, self._game, self._changed = app, game, changed
        self._asked: Task | None = None

    @property
    def writes(self) -> bool:
        """Whether it is a model, which can be asked for another program."""
        return isinstance(self.player, Writer)

    @property
    def asked(self) -> bool:
        """Whether it is writing, or is about to."""
        return self._asked is not None and self._asked.running

    @property
    def source(self) -> str:
        """The program that plays; empty for a baseline, and before there is one."""
        return self.mind.source if isinstance(self.mind, ProgramMind) else ""

    @property
    def ready(self) -> bool:
        """Whether it can be asked."""
        return self.mind is not None and self.mind.ready

    @property
    def waits(self) -> bool:
        """Whether another program is there and has not begun to play."""
        return self.next is not None and self.next.ready

    def begin(self) -> None:
        """Get ready, with the program there is or one still to be had.

        Raises:
            ValueError: there is none, in one line.
        """
        player = self.player
        if isinstance(player, Baseline):
            self.mind = BaselineMind(self._app.background, self._hear, player.name, self._game.baselines[player.name])
            self.state = "ready"
        elif isinstance(player, Program):
            self._play(player.source())
        else:
            self._write()

    def _play(self, source: str) -> None:
        self.text, self.state = source.rstrip("\n"), "ready"
        self.mind = ProgramMind(self._app.background, self._hear, source, self._game)

    def write_again(self) -> None:
        """Ask for another program; the one there is plays on meanwhile.

        Raises:
            ValueError: this is no model.
        """
        if not self.writes:
            raise ValueError(f"{self.name} is {self.player.what}, which always plays as it does")
        if self.asked or self.next is not None:
            return
        self.attempt += 1
        self._write()

    def _write(self) -> None:
        player, game = self.player, self._game
        self.state, self.error = "waiting", ""
        if self.mind is None:
            self.text = ""
        background = self._app.background
        if isinstance(player, Model):
            asked = (ask_resident, self._app.writer, player, game.name, dict(game.options), self.attempt)
            self._asked = background.thread(
                *asked, item=self._hear_writer, done=self._answered, failed=self._fail, with_task=True
            )
        else:
            order = (ask_elsewhere, player, game.name, dict(game.options), self.attempt)
            self._asked = background.process(*order, item=self._write_on, done=self._found, failed=self._fail)

    def _hear_writer(self, message: dict[str, Any]) -> None:
        if "token" in message:
            return self._write_on(message["token"])
        self.state = "waiting" if "asked" in message else "loading"
        here, whole = message.get("downloading", (0, 0))
        self.downloaded = f"{100 * here // max(1, whole)} %" if whole else ""
        self._changed(self)

    def _write_on(self, piece: str) -> None:
        if self.state != "writing":
            self.state, self.text = "writing", ""
        if len(self.text) < MOST_TEXT:
            self.text += piece
        self._changed(self)

    def _answered(self, completion: str) -> None:
        self._found(extract_source(completion))

    def _found(self, found: Extraction) -> None:
        if found.source is None or found.refusal is not None:
            why = str(found.refusal or "no code").replace("_", " ")
            return self._fail(ValueError(f"{why}: {found.reason}" if found.reason else why))
        self.state = "ready"
        if self.mind is None:
            self.number = self.attempt + 1
            self._play(found.source)
        else:
            self.text = found.source.rstrip("\n")
            self.next = ProgramMind(self._app.background, self._hear, found.source, self._game)
        self._changed(self)

    def _fail(self, error: Exception) -> None:
        self.error = " ".join(str(error).split()) or type(error).__name__
        # Who has a program plays on with it.
        self.state = "failed" if self.mind is None else "ready"
        if self.mind is not None:
            self.text = self.source.rstrip("\n")
            self._app.say(f"{self.name} has no other program: {self.error}")
        self._changed(self)

    def cannot(self, error: Exception) -> None:
        """It has turned out that nobody can play in its place."""
        self.state, self.error = "failed", " ".join(str(error).split())

    def _hear(self) -> None:
        if self.mind is not None and self.mind.failed is not None and not self.mind.ready:
            self.state, self.error = "failed", self.mind.error
            self.mind.end()
            self.mind = None
        if self.next is not None and self.next.failed is not None:
            failed, self.next = self.next, None
            failed.end()
            self._fail(ValueError(failed.error))
        self._changed(self)

    def next_game(self) -> bool:
        """Get ready for another game, also after a death in the last one; whether another program takes over."""
        if self.take_over():
            return True
        if self.mind is not None and self.mind.gone and self.mind.ready:
            self._play(self.source)
        return False

    def take_over(self) -> bool:
        """Let the program that waits play from now on; whether there was one."""
        if not self.waits:
            return False
        if self.mind is not None:
            self.mind.end()
        self.mind, self.next = self.next, None
        self.number = self.attempt + 1
        self.text = self.source.rstrip("\n")
        return True

    def stop(self) -> None:
        """End its processes, for good."""
        if self._asked is not None:
            self._asked.cancel()
        for mind in (self.mind, self.next):
            if mind is not None:
                mind.end()
        self.next = None
