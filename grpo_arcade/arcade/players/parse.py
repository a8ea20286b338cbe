"""From the word a person types to the player it means, the same in every command and scene."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from grpo_arcade.arcade.endpoint import Endpoint, is_endpoint
from grpo_arcade.arcade.players.player import (
    POCKET,
    STANDARD_INPUT,
    YOU,
    Baseline,
    EndpointModel,
    Model,
    Person,
    Player,
    RunChampion,
    StandardInput,
    StrategyFile,
)
from grpo_arcade.recordings.runs.find import CHAMPION, LATEST, find_run, run_names, run_of, whole_run
from grpo_arcade.recordings.runs.folder import checkpoints
from grpo_arcade.trainer.models import locate
from grpo_arcade.trainer.models.unpacking import is_gguf

if TYPE_CHECKING:
    from grpo_arcade.games import Game

MODELS = (
    "pocket, RUN for its newest checkpoint, a folder, a .gguf file, owner/name on the hub, or an endpoint "
    "http://host:port/v1#model"
)
"""What may be typed for a model. RUN is a run's folder, its name, the beginning of one, or latest."""
FORMS = f"a baseline, a strategy file (.py, or - for standard input), RUN:champion, or a model ({MODELS})"
"""What may be typed for a player."""
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)


def parse_player(word: str, game: Game | None = None, outputs: str | Path = "outputs") -> Player:
    """The player that ``word`` means: you, or one of :data:`FORMS`.

    Nothing is loaded, run or asked of anybody; a hub's name is only looked at, whether it may be one.

    Args:
        word: what a person typed.
        game: whose baselines go by their name.
        outputs: where runs are looked for by name.

    Raises:
        ValueError: nobody is called so here, in one line that names the nearest.
    """
    word = word.strip()
    if not word:
        raise ValueError(f"no player is named; a player is {FORMS}")
    if word == YOU:
        return Person()
    if game is not None and word in game.baselines:
        return Baseline(word)
    if word == STANDARD_INPUT:
        return StandardInput()
    if word == POCKET:
        return Model(POCKET)
    if is_endpoint(word):
        Endpoint.parse(word)  # refuses what is no address
        return EndpointModel(word)
    if word.endswith(CHAMPION):
        return RunChampion(find_run(word.removesuffix(CHAMPION), outputs))
    path = Path(word).expanduser()
    if path.suffix.lower() == ".py":
        if not path.is_file():
            raise ValueError(f"{word}: {_nothing_there(path, 'strategy file')}")
        return StrategyFile(path)
    if (run := whole_run(word, outputs)) is not None:
        return _trained(run)
    if path.is_dir():
        locate(str(path))  # refuses what holds no model
        return Model(str(path))
    if path.is_file() and is_gguf(word):
        return Model(str(path))
    if path.exists():
        raise ValueError(f"{word} is a file, and no player: a strategy's name ends in .py, a model's in .gguf")
    return _named(word, path, game, outputs)


def trained_on(words: Sequence[str], outputs: str | Path = "outputs") -> str:
    """The game of the first run that one of ``words`` means, by its champion or its model; empty where none does."""
    from grpo_arcade.recordings.runs.reader import RunReader

    for word in words:
        with suppress(ValueError):
            player = parse_player(word, None, outputs)
            run = player.run if isinstance(player, RunChampion) else run_of(player.word)
            if run is not None:
                with RunReader(run) as reader:
                    name = str(reader.facts().get("game", ""))
                # A game that a server runs is asked for by its own name: a run starts no talk with anybody.
                return "" if name.startswith("openenv:") else name
    return ""


def parse_model(word: str, outputs: str | Path = "outputs") -> Model:
    """The model with weights that ``word`` means: pocket, a run, a checkpoint, a folder or a hub's name.

    Raises:
        ValueError: it means another player, or none, in one line.
    """
    player = parse_player(word, None, outputs)
    if not isinstance(player, Model):
        raise ValueError(f"{word} is {player.what}, and no model whose weights can be had")
    return player


def _named(word: str, path: Path, game: Game | None, outputs: str | Path) -> Player:
    """Who is meant by a word that is no file, no folder, and no run's whole name."""
    if "/" not in word and word == path.name and any(name.startswith(word) for name in run_names(outputs)):
        return _trained(find_run(word, outputs))
    if _is_game(word):
        raise ValueError(f"{word} is a game, and no player; a player is {FORMS}")
    if _HUB_NAME.fullmatch(word) and not path.parent.is_dir() and not is_gguf(word):
        return Model(word)
    if word != path.name:
        raise ValueError(f"{word}: {_nothing_there(path, 'model file' if is_gguf(word) else 'model folder')}")
    known = [*(game.baselines if game is not None else ()), POCKET, LATEST, YOU, *run_names(outputs)]
    near = difflib.get_close_matches(word.lower(), [*known, *(file.name for file in Path().glob("*.py"))], n=1)
    if game is None and not near:
        raise ValueError(f"no model is called {word!r}; a model is {MODELS}")
    hint = f"did you mean {near[0]!r}?" if near else f"a player is {FORMS}"
    raise ValueError(f"no player is called {word!r}; {hint}")


def _trained(run: Path) -> Model:
    if not checkpoints(run):
        raise ValueError(f"{run}: this run has no checkpoint yet; its best strategy is {run}{CHAMPION}")
    return Model(str(run))


def _nothing_there(path: Path, what: str) -> str:
    """That there is no such file or folder, and what is called nearly so."""
    if path.is_dir():
        return f"that is a folder, and no {what}"
    beside = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, beside, n=1)
    return f"there is no such {what}" + (f"; did you mean {path.parent / near[0]}?" if near else "")


def _is_game(word: str) -> bool:
    from grpo_arcade.games import game_names

    return any(word == name or (name.endswith(("/", ":")) and word.startswith(name)) for name in game_names())
