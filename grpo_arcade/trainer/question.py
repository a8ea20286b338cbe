"""What a model is asked for a game: in which words, and with or without the game's toolbox. Imports no torch."""

from __future__ import annotations

from pathlib import Path

from grpo_arcade.foreign_data import ForeignDataError
from grpo_arcade.games import Game, make
from grpo_arcade.recordings.runs.find import run_of
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.text_file import read_text
from grpo_arcade.trainer.models.loading import ModelError, is_small

GAME, TUTORIAL = "game", "tutorial"
"""Words for a prompt: the game's own, which tell of its toolbox where it is lent; the game's without a toolbox."""
_MOST_CHARACTERS = 100_000


def question(game: Game, prompt: str = GAME) -> str:
    """The user message for ``game``; ``prompt`` is :data:`GAME`, :data:`TUTORIAL`, or the text itself."""
    if prompt == TUTORIAL:
        return make(game.name, **game.rules_options).prompt()
    return game.prompt() if prompt == GAME else prompt


def prompt_text(word: str) -> str:
    """The ``prompt`` of :func:`question` that a person means by a word: one of the two, or a text file.

    Raises:
        ValueError: no such file, or one that asks for no strategy.
    """
    if word in (GAME, TUTORIAL) or "\n" in word:
        return word
    path = Path(word).expanduser()
    if not path.is_file():
        raise ValueError(f"prompt is {GAME}, {TUTORIAL} or a text file, and there is no file {word}")
    try:
        text = read_text(path)
    except (OSError, ForeignDataError) as error:
        raise ValueError(f"prompt: {word} cannot be read as text") from error
    if "strategy" not in text or len(text) > _MOST_CHARACTERS:
        raise ValueError(
            f"prompt: {word} must ask for a function called strategy, in at most {_MOST_CHARACTERS:,} characters"
        )
    return text if "\n" in text else text + "\n"


def takes_toolbox(model: str) -> bool:
    """Whether what ``model`` writes is lent the game's toolbox unless somebody says otherwise.

    A model that a run has trained is asked as it was there. Of the others real ones need it (they write the game's
    rules anew and get them wrong); the pocket model and its like were taught without.
    """
    if (folder := run_of(model)) is not None:
        with RunReader(folder) as run:
            return bool(run.config()["config"].get("toolbox"))
    return not is_pocket_sized(model)


def is_pocket_sized(model: str) -> bool:
    """Whether ``model`` is the pocket model or no larger; what is not here to be looked at is taken for larger."""
    try:
        return is_small(model)
    except ModelError:
        return False  # an endpoint, or what will be refused when it is loaded
