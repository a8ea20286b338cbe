"""Who plays in Versus beside the person: each works in a process, and the window only listens.

A model of this machine is asked in the window's resident writer, which keeps it loaded; all others work in a process of
their own.

The other players do not see the person. So what one of them does is an episode, played to its end at once, and shown
move by move.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

from grpo_arcade.arcade.players.parse import parse_player
from grpo_arcade.arcade.players.player import Model, Player, Writer
from grpo_arcade.arcade.window.background.jobs import Background, Task
from grpo_arcade.games import Episode, Game, Outcome, make
from grpo_arcade.trainer.resident_writer import ResidentWriter

MOST_TEXT = 400_000
State = Literal["waiting", "loading", "writing", "playing", "ready", "failed"]


@dataclass(frozen=True)
class Performance:
    """What a contestant did."""

    episode: Episode
    source: str | None = None
    """The strategy, where it is a program that was found."""
    outcome: Outcome = Outcome.UNFINISHED
    """How it ended; for a completion without a program that is played, why it was not."""
    error: str = ""
    wall: str = ""
    """What its program was played behind; empty if none was played."""


def perform(
    player: Player,
    game: str,
    options: Mapping[str, Any],
    seed: int,
    attempt: int,
    *,
    emit: Callable[[str], None],
) -> Performance:
    """Let a player play one seed; ``emit`` gets what a model writes.

    Raises:
        ValueError: it cannot be had: one line.
        OSError: its file cannot be read.
    """
    from grpo_arcade.arcade.players.play import play

    played = play(player, make(game, **options), [seed], model_seed=attempt, on_token=emit)
    (episode,) = played.episodes
    return Performance(episode, played.source, episode.outcome, played.error, played.wall)


def ask_resident(
    writer: ResidentWriter,
    model: Model,
    game: str,
    options: Mapping[str, Any],
    attempt: int,
    *,
    emit: Callable[[dict[str, Any]], None],
    task: Task,
) -> str:
    """What a model answers in the resident writer; ``emit`` gets all that is said on the way.

    Raises:
        ValueError: it cannot be had, or died: one line.
    """
    from grpo_arcade.arcade.players.play import game_for_player
    from grpo_arcade.trainer.write import died, order

    table = game_for_player(model, make(game, **options))
    with closing(writer.messages(order(model.name, game, table.options, seed=attempt), task.check)) as messages:
        for message in messages:
            task.check()
            if "error" in message:
                raise ValueError(message["error"])
            if "completion" in message:
                return str(message["completion"])
            emit(message)
    raise ValueError(died(model.name))


def perform_completion(
    player: Player, completion: str, game: str, options: Mapping[str, Any], seed: int
) -> Performance:
    """Let what a model has answered play one seed."""
    from grpo_arcade.arcade.players.play import Written, game_for_player, play_written
    from grpo_arcade.games.players import extract_source

    table = game_for_player(player, make(game, **options))
    played = play_written(Written(player.label, completion, extract_source(completion)), table, [seed])
    (episode,) = played.episodes
    return Performance(episode, played.source, episode.outcome, played.error, played.wall)


def perform_source(source: str, game: str, options: Mapping[str, Any], seed: int, player: str) -> Performance:
    """Let a strategy play one seed in the sandbox."""
    from grpo_arcade.arcade.players.play import play_source

    played = play_source(source, player, make(game, **options), [seed])
    (episode,) = played.episodes
    return Performance(episode, source, episode.outcome, played.error, played.wall)


class Contestant:
    """One player beside the person.

    Args:
        word: as ``arcade play`` takes it.
        game: what is played.
        outputs: where runs are looked for by name.
        writer: the window's.
        changed: called in the window's thread whenever there is something new to show.
    """

    def __init__(
        self,
        word: str,
        game: Game,
        outputs: str,
        writer: ResidentWriter,
        changed: Callable[[Contestant], None],
    ) -> None:
        self.player: Player | None = None
        """None where the word means nobody."""
        self.name = word
        self.state: State = "waiting"
        self.text = ""
        """What a model has written so far, or the source of a strategy."""
        self.downloaded = ""
        """How much of a model that comes from the hub is here, while it does."""
        self.attempt = 0
        self.performance: Performance | None = None
        self.error = ""
        """Why it does not play at all."""
        self._writer = writer
        self._changed = changed
        self._task: Task | None = None
        try:
            self.player = parse_player(word, game, outputs)
            self.name = self.player.label
        except ValueError as error:
            self.state, self.error = "failed", str(error)

    @property
    def writes(self) -> bool:
        """Whether it is a model, which can be asked for another strategy."""
        return isinstance(self.player, Writer)

    def begin(self, background: Background, game: str, options: Mapping[str, Any], seed: int) -> None:
        """Play a seed: with the strategy there is, or else with one still to be had."""
        self.stop()
        if self.player is None:
            return
        source = self.performance.source if self.performance is not None else None
        self.performance, self.error = None, ""
        if source is None:
            self.text, self.state = "", "waiting"
            if isinstance(self.player, Model):
                self._ask_resident(background, self.player, game, options, seed)
                return
            arguments = (perform, self.player, game, dict(options), seed, self.attempt)
            self._task = background.process(*arguments, item=self._write, done=self._done, failed=self._failed)
        else:
            self.state = "playing"
            again = (perform_source, source, game, dict(options), seed, self.name)
            self._task = background.process(*again, done=self._done, failed=self._failed)

    def _ask_resident(
        self, background: Background, model: Model, game: str, options: Mapping[str, Any], seed: int
    ) -> None:
        def play(completion: str) -> None:
            self.state = "playing"
            written = (perform_completion, model, completion, game, dict(options), seed)
            self._task = background.process(*written, done=self._done, failed=self._failed)
            self._changed(self)

        asked = (ask_resident, self._writer, model, game, dict(options), self.attempt)
        self._task = background.thread(*asked, item=self._hear, done=play, failed=self._failed, with_task=True)

    def ask_again(self, background: Background, game: str, options: Mapping[str, Any], seed: int) -> None:
        """Forget its strategy and ask for another."""
        self.attempt += 1
        self.performance = None
        self.begin(background, game, options, seed)

    def stop(self) -> None:
        """End its process."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _hear(self, message: dict[str, Any]) -> None:
        if "token" in message:
            self._write(message["token"])
            return
        self.state = "waiting" if "asked" in message else "loading"
        here, whole = message.get("downloading", (0, 0))
        self.downloaded = f"{100 * here // max(1, whole)} %" if whole else ""
        self._changed(self)

    def _write(self, piece: str) -> None:
        self.state = "writing"
        if len(self.text) < MOST_TEXT:
            self.text += piece
        self._changed(self)

    def _done(self, performance: Performance) -> None:
        self.performance, self.state = performance, "ready"
        if performance.source is not None and not self.text:
            self.text = performance.source
        self._changed(self)

    def _failed(self, error: Exception) -> None:
        self.error, self.state = " ".join(str(error).split()) or type(error).__name__, "failed"
        self._changed(self)
