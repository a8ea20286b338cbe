"""What people ask of a search between two rounds, and what it answers."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from grpo_arcade.games import score_text
from grpo_arcade.trainer.commands import filmed, waiting
from grpo_arcade.trainer.tracking import film_strategy

if TYPE_CHECKING:
    from grpo_arcade.trainer.champion import ChampionKeeper
    from grpo_arcade.trainer.improvement.recording import SearchRecorder
    from grpo_arcade.trainer.recorder import Command


class Searching(Protocol):
    """What of a search is asked for or changed here."""

    folder: Path
    recorder: SearchRecorder
    champion: ChampionKeeper
    round: int
    stop_asked: str

    def evaluate(self) -> None:
        """Measure the champion on the held-out seeds, now."""
        ...


def obey_all(search: Searching) -> None:
    """Do what has been asked for since the last round; a pause waits here."""
    for command in waiting(search.recorder, search.round, lambda: search.stop_asked):
        status, answer = _obey(search, command)
        search.recorder.answer(command.id, status, answer, search.round)
        search.recorder.event("command", search.round, answer, name=command.name)


def _obey(search: Searching, command: Command) -> tuple[str, str]:
    holder, evaluations = search.champion.holder, search.recorder.history.evaluations
    if command.name == "stop":
        search.stop_asked = "stopped"
        return "done", f"stops after round {search.round}"
    if command.name == "save":
        return "done", "every round is saved when it ends"
    if holder is None:
        return "refused", "there is no champion yet"
    if command.name == "evaluate":
        if all(row["step"] != search.round for row in evaluations):
            search.evaluate()
        return "done", f"held-out score {score_text(evaluations[-1]['mean'])}"
    if command.name == "gif":
        name = Path(command.argument).name or f"champion-round-{search.round}.gif"
        return filmed(functools.partial(film_strategy, search.folder, holder.strategy_id, name))
    return "refused", f"there is no command {command.name!r}"
