"""What may play: a person, a baseline, a program there is, or a model that writes one when it is asked.

All are plain values: they are compared, remembered by their ``word``, and sent to other processes.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grpo_arcade.recordings.runs.find import CHAMPION, run_of
from grpo_arcade.recordings.runs.folder import checkpoint_step

if TYPE_CHECKING:
    from grpo_arcade.arcade.endpoint import Endpoint
    from grpo_arcade.games import Episode, Game
    from grpo_arcade.recordings.runs.reader import RunReader
    from grpo_arcade.recordings.runs.records import Champion

YOU, POCKET, STANDARD_INPUT = "you", "pocket", "-"


class Player(ABC):
    """Somebody who plays."""

    @property
    @abstractmethod
    def word(self) -> str:
        """What ``parse_player`` reads as this player again."""

    @property
    @abstractmethod
    def label(self) -> str:
        """A short name, over a board and in a table."""

    @property
    @abstractmethod
    def what(self) -> str:
        """What this is, in plain words."""


@dataclass(frozen=True)
class Person(Player):
    """Whoever sits at the keyboard."""

    word = YOU
    label = "You"
    what = "you"


@dataclass(frozen=True)
class Baseline(Player):
    """A player that came with the game."""

    name: str

    @property
    def word(self) -> str:
        """Its name."""
        return self.name

    @property
    def label(self) -> str:
        """Its name."""
        return self.name

    @property
    def what(self) -> str:
        """In plain words."""
        return f"the baseline {self.name}"


class Program(Player):
    """A strategy that is there already."""

    @abstractmethod
    def source(self) -> str:
        """Its source.

        Raises:
            ValueError: it cannot be had, in one line.
            OSError: its file cannot be read.
        """


@dataclass(frozen=True)
class StrategyFile(Program):
    """A Python file of a person's."""

    path: Path

    @property
    def word(self) -> str:
        """Its path."""
        return str(self.path)

    @property
    def label(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    @property
    def what(self) -> str:
        """In plain words."""
        return f"the strategy in {self.path}"

    def source(self) -> str:
        """What the file holds, in whatever encoding an editor wrote it."""
        from grpo_arcade.text_file import read_text

        return read_text(self.path, declared=True)

    def check(self) -> None:
        """Refuse a file in which there is no strategy that may be played.

        Raises:
            ValueError: why, in one line.
            OSError: it cannot be read.
        """
        from grpo_arcade.games.players import extract_source

        found = extract_source(self.source())
        if found.refusal is not None:
            raise ValueError(f"{self.path.name}: {str(found.refusal).replace('_', ' ')}: {found.reason}")


@dataclass(frozen=True)
class StandardInput(Program):
    """A program that somebody pipes in; it can be read once."""

    word = STANDARD_INPUT
    label = "standard input"
    what = "the strategy on standard input"

    def source(self) -> str:
        """All of standard input."""
        from grpo_arcade.text_file import decoded

        try:
            return decoded(sys.stdin.buffer.read(), declared=True)
        except ValueError as error:
            raise ValueError(f"standard input {error}") from error


@dataclass(frozen=True)
class RunChampion(Program):
    """The best strategy of a training run."""

    run: Path

    @property
    def word(self) -> str:
        """The run's folder and ``:champion``."""
        return f"{self.run}{CHAMPION}"

    @property
    def label(self) -> str:
        """Names the run."""
        return f"champion of {self.run.name}"

    @property
    def what(self) -> str:
        """In plain words."""
        return f"the champion of the run {self.run}"

    def source(self) -> str:
        """The program, as of now."""
        from grpo_arcade.recordings.runs.reader import RunReader

        with RunReader(self.run) as run:
            return self.found(run).source

    def found(self, run: RunReader) -> Champion:
        """What is known of it in ``run``, its run.

        Raises:
            ValueError: the run has none yet.
        """
        champion = run.champion()
        if champion is None:
            raise ValueError(f"{self.run}: this run has no champion yet")
        return champion

    def games(self) -> list[Episode]:
        """The games it was chosen for.

        Raises:
            ValueError: the run has no champion yet.
        """
        from grpo_arcade.recordings.runs.reader import RunReader

        with RunReader(self.run) as run:
            return run.episodes(self.found(run).strategy_id)


class Writer(Player):
    """A model: asked with a game's prompt, it answers with a strategy, another one each time."""

    @abstractmethod
    def complete(
        self,
        game: Game,
        *,
        seed: int = 0,
        temperature: float = 1.0,
        max_completion_length: int | None = None,
        prompt: str = "",
        on_token: Callable[[str], None] | None = None,
    ) -> str:
        """What it answers to the game's prompt.

        Args:
            game: whose prompt it is.
            seed: of the sampling; the same seed gives the same completion on the same machine.
            temperature: 0 always takes the likeliest token.
            max_completion_length: tokens after which it is cut off; by default as many as the model may need.
            prompt: what it is asked, as ``grpo_arcade.trainer.question.question`` takes it; empty for what a run asked
                that trained it, or else the game's words.
            on_token: called with every piece of text, as it is written.

        Raises:
            CutOffError: the answer was cut off; the error holds what there is.
            ValueError: it gives no answer, in one line that says what would work.
        """


@dataclass(frozen=True)
class Model(Writer):
    """A model on this machine or on the hub, in a process of its own."""

    name: str
    """As ``grpo_arcade.trainer.models.load`` takes it: pocket, a folder, or a name on the hub."""

    @property
    def word(self) -> str:
        """Its name."""
        return self.name

    @property
    def run(self) -> Path | None:
        """The training run it comes from, if any."""
        return run_of(self.name)

    @property
    def label(self) -> str:
        """A folder's last part; a checkpoint says whose."""
        path, run = Path(self.name), self.run
        if run is not None and run != path:
            return f"{run.name} step {checkpoint_step(path)}"
        return path.resolve().name if path.is_dir() else path.stem if path.is_file() else self.name

    @property
    def what(self) -> str:
        """In plain words."""
        path, run = Path(self.name), self.run
        if self.name == POCKET:
            return "the pocket model"
        if run is not None:
            return f"the newest checkpoint of the run {run}" if run == path else f"{path.name} of the run {run}"
        return f"the model in {path}" if path.exists() else f"the model {self.name} of the Hugging Face hub"

    def complete(
        self,
        game: Game,
        *,
        seed: int = 0,
        temperature: float = 1.0,
        max_completion_length: int | None = None,
        prompt: str = "",
        on_token: Callable[[str], None] | None = None,
    ) -> str:
        """What it answers; the process it is asked in lives as long as this."""
        from grpo_arcade.trainer.write import MAX_NEW_TOKENS, order, write

        most = max_completion_length or MAX_NEW_TOKENS
        asked = order(
            self.name,
            game.name,
            game.options,
            seed=seed,
            temperature=temperature,
            max_new_tokens=most,
            prompt=prompt,
        )
        return write(asked, on_token)


@dataclass(frozen=True)
class EndpointModel(Writer):
    """A model behind an OpenAI-compatible server."""

    url: str

    @property
    def endpoint(self) -> Endpoint:
        """Where it is asked.

        Raises:
            ValueError: the address is none.
        """
        from grpo_arcade.arcade.endpoint import Endpoint

        return Endpoint.parse(self.url)

    @property
    def word(self) -> str:
        """Its address."""
        return self.url

    @property
    def label(self) -> str:
        """The model's name, or else the server's place."""
        return self.endpoint.name

    @property
    def what(self) -> str:
        """In plain words."""
        return f"the model {self.label} behind {self.endpoint.place}"

    def complete(
        self,
        game: Game,
        *,
        seed: int = 0,
        temperature: float = 1.0,
        max_completion_length: int | None = None,
        prompt: str = "",
        on_token: Callable[[str], None] | None = None,
    ) -> str:
        """What the server answers."""
        from grpo_arcade.arcade.endpoint import complete
        from grpo_arcade.trainer.question import GAME, question

        return complete(
            self.url,
            question(game, prompt or GAME),
            seed=seed,
            temperature=temperature,
            max_tokens=max_completion_length,
            on_token=on_token,
        )
