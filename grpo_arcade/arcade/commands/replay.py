"""``arcade replay``: watch a recording in the terminal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grpo_arcade.arcade.configuration import Positional
from grpo_arcade.foreign_text import one_line
from grpo_arcade.games import Episode


@dataclass
class Command:
    """Play a recording move by move."""

    file: Positional[str] = ""
    """The recording (.episode), or a run, whose champion's first game is shown."""
    speed: float = 4.0
    """How many times faster than the game's own pace, 0.125 to 64."""
    json: bool = False
    """Print every position's observation as one JSON object a line instead of showing the game."""
    output_dir: str = "outputs"
    """Where runs are looked for by name."""


def run(command: Command) -> int:
    """0 when the recording is genuine, 1 when it is not (it is then not shown)."""
    from rich.console import Console

    from grpo_arcade.arcade.commands.play import checked_speed, result_line
    from grpo_arcade.arcade.terminal import show
    from grpo_arcade.recordings import ForgedEpisodeError, verify

    if not command.file:
        raise ValueError("which recording? for example: arcade replay game.episode")
    episode = _episode(command.file, command.output_dir)
    try:
        verify(episode)
    except ForgedEpisodeError as error:
        print(f"{one_line(command.file)}: NOT genuine: {one_line(error)}")
        return 1
    if command.json:
        _tell(episode)
        return 0
    show(episode, speed=checked_speed(command.speed), console=Console())
    print(result_line(episode))
    return 0


def _episode(word: str, outputs: str) -> Episode:
    if word.endswith(".episode") or Path(word).is_file():
        from grpo_arcade.recordings import load

        return load(word)
    from grpo_arcade.arcade.players.player import RunChampion
    from grpo_arcade.recordings.runs.find import find_run

    return RunChampion(find_run(word, outputs)).games()[0]


def _tell(episode: Episode) -> None:
    from grpo_arcade.games.replay import Replay

    replay = Replay(episode)
    game, each = replay.game, episode.per_step
    for ply in replay.plies():
        taken = [game.actions[action] for action in episode.actions[(ply - 1) * each : ply * each]] if ply else []
        told: dict[str, Any] = {"move": ply, "action": taken[0] if taken else None, "score": replay.score}
        if each > 1:
            told["action"] = taken or None
            told["scores"] = [game.seat_score(seat) for seat in range(each)]
            told["observations"] = [game.seat_observation(seat) for seat in range(each)]
        else:
            told["observation"] = game.observation()
        print(json.dumps(told))
