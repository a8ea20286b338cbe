"""``arcade replay``: watch a recording in the terminal."""

from __future__ import annotations

from dataclasses import dataclass

from tyro.conf import Positional


@dataclass
class Command:
    """Play a recording move by move."""

    file: Positional[str] = ""
    """The recording (.episode)."""
    speed: float = 4.0
    """How many times faster than the game's own pace, 0.125 to 64."""


def run(command: Command) -> int:
    """0 when the recording is genuine, 1 when it is not (it is then not shown)."""
    from rich.console import Console

    from grpo_arcade.arcade.commands.play import checked_speed, result_line
    from grpo_arcade.arcade.terminal import show
    from grpo_arcade.recordings import ForgedEpisodeError, load, verify

    if not command.file:
        raise ValueError("which recording? for example: arcade replay game.episode")
    episode = load(command.file)
    try:
        verify(episode)
    except ForgedEpisodeError as error:
        print(f"{command.file}: NOT genuine: {error}")
        return 1
    show(episode, speed=checked_speed(command.speed), console=Console())
    print(result_line(episode))
    return 0
