"""``arcade verify``: are these recordings genuine? The score is computed again from the seed and the actions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grpo_arcade.arcade.configuration import Positional
from grpo_arcade.foreign_text import one_line
from grpo_arcade.games import Episode, score_text


@dataclass
class Command:
    """Re-play recordings and compare what they claim."""

    files: Positional[tuple[str, ...]] = ()
    """Recordings (.episode) to check; a run stands for its champion's games."""
    json: bool = False
    """Print one JSON object a recording."""
    output_dir: str = "outputs"
    """Where runs are looked for by name."""


def run(command: Command) -> int:
    """0 when every recording is genuine, 1 when one is not, else 2 when one could not be checked here."""
    from grpo_arcade.recordings import RecordingError
    from grpo_arcade.recordings.runs.folder import RunFolderError

    if not command.files:
        raise ValueError("which recordings? for example: arcade verify game.episode")
    verdicts: list[dict[str, Any]] = []
    for file in command.files:
        try:
            found = [_judged(file, episode) for episode in _episodes(file, command.output_dir)]
        except (RecordingError, RunFolderError, OSError) as error:
            if len(command.files) == 1:
                raise
            found = [{"file": file, "genuine": None, "why": str(error), "checked": False}]
        for facts in found:
            print(json.dumps(facts) if command.json else _in_words(facts), flush=True)
        verdicts += found
    if any(facts["genuine"] is False for facts in verdicts):
        return 1
    return 0 if all(facts["checked"] for facts in verdicts) else 2


def _episodes(word: str, outputs: str) -> list[Episode]:
    from grpo_arcade.recordings import SUFFIX, load

    if word.endswith(SUFFIX) or Path(word).is_file():
        return [load(word)]
    from grpo_arcade.arcade.players.player import RunChampion
    from grpo_arcade.recordings.runs.find import find_run

    return RunChampion(find_run(word, outputs)).games()


def _judged(file: str, episode: Episode) -> dict[str, Any]:
    """What a recording claims, and whether it is so.

    Raises:
        RecordingError: nobody here can tell.
    """
    from grpo_arcade.recordings import ForgedEpisodeError, verify

    facts: dict[str, Any] = {"file": file, "game": episode.game, "seed": episode.seed, "score": episode.score}
    facts |= {"outcome": episode.outcome.value, "moves": episode.moves, "player": episode.player}
    if episode.seats:
        facts["seats"] = [
            {"player": seat.player, "score": seat.score, "outcome": seat.outcome.value} for seat in episode.seats
        ]
    facts |= {"genuine": True, "why": "", "checked": True}
    try:
        verify(episode)
    except ForgedEpisodeError as error:
        return facts | {"genuine": False, "why": str(error)}
    if episode.observations:
        # It holds together, but what the server said is nobody's to check.
        return facts | {"genuine": None, "why": "a server ran the game, so it is shown as recorded"}
    return facts


def _in_words(facts: Mapping[str, Any]) -> str:
    file, why = one_line(facts["file"]), one_line(facts["why"])
    if not facts["checked"]:
        return f"{file}: not checked: {why}"
    each = facts.get("seats", [facts])
    score = " : ".join(f"{score_text(seat['score'])} ({seat['outcome']})" for seat in each)
    if facts["genuine"]:
        # Who played is nothing that a replay can show, so it comes last: no name can stand for a score.
        return f"{file}: genuine: {score}, by {one_line(facts['player'], 80) or 'somebody'}"
    if facts["genuine"] is None:
        return f"{file}: not replayable: {why}: {score}"
    return f"{file}: NOT genuine: {why}"
