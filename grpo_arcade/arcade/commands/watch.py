"""``arcade watch``: the window, opened on a run or on one strategy of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grpo_arcade.arcade.configuration import Positional

if TYPE_CHECKING:
    from grpo_arcade.arcade.window import App
    from grpo_arcade.arcade.window.shell.scene import Scene


@dataclass
class Command:
    """Watch a training run in the window."""

    run: Positional[str] = "latest"
    """A run folder, a run's name or the beginning of it, or latest (a live one before an ended one). RUN:champion
    enlarges the run's best strategy."""
    strategy: int | None = None
    """Enlarge this strategy, by the number it has in the dashboard; the run stays at its step."""
    show: bool = False
    """The run shows itself, for a stand or a talk: its best board, program and curve, before and after, round and
    round."""
    output_dir: str = "outputs"
    """Where runs are looked for by name."""


def run(command: Command) -> int:
    """0 when the window was closed."""
    from grpo_arcade.arcade.players.player import RunChampion
    from grpo_arcade.recordings.runs.find import CHAMPION, find_run
    from grpo_arcade.recordings.runs.reader import RunReader

    folder = find_run(command.run, command.output_dir)
    strategy, place = command.strategy, None
    with RunReader(folder) as reader:
        if strategy is None and command.run.endswith(CHAMPION):
            strategy = RunChampion(folder).found(reader).strategy_id
        if strategy is not None:
            place = reader.strategy(strategy)
    from grpo_arcade.arcade.window import open_window

    def scene(app: App) -> Scene:
        from grpo_arcade.arcade.window.home.shelf import by_score
        from grpo_arcade.arcade.window.replay.replay import ReplayScene
        from grpo_arcade.arcade.window.watch.watch import WatchScene

        if strategy is None or place is None:
            return WatchScene(app, folder, show=command.show)
        step, purpose = place["step"], place["purpose"]
        if purpose == "training":
            return WatchScene(app, folder, step, strategy, show=command.show)
        # Watch shows what a step was learnt from; a strategy of an evaluation is seen by its games.
        with RunReader(folder) as reader:
            episodes = by_score(reader.episodes(strategy))
        return ReplayScene(app, episodes, f"{folder.name} · {purpose} of step {step}")

    return open_window(scene)
