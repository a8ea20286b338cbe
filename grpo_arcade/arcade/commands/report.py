"""``arcade report``: a run as one HTML file that needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grpo_arcade.arcade.configuration import Positional
from grpo_arcade.foreign_text import one_line


@dataclass
class Command:
    """Tell a run on one page."""

    run: Positional[str] = "latest"
    """The run: its folder, its name or the beginning of it, or latest."""
    to: str | None = None
    """The file to write, .html; report.html in the run's folder when absent."""
    film: bool = True
    """Whether the champion's game is filmed; without it the page is made in a second."""
    output_dir: str = "outputs"
    """The folder of the runs, where they are looked for by name."""


def run(command: Command) -> int:
    """0 when it was written."""
    from grpo_arcade.arcade.report import write_report
    from grpo_arcade.arcade.terminal import Bar
    from grpo_arcade.recordings.runs.find import find_run

    folder = find_run(command.run, command.output_dir)
    path = Path(command.to) if command.to is not None else folder / "report.html"
    if path.suffix not in (".html", ".htm"):
        raise ValueError(f"--to {command.to}: a report is an .html file")
    with Bar("filming") as bar:
        written = write_report(folder, path, film=command.film, progress=bar.to)
    print(f"{one_line(path)}: {written / 1_000_000:.2f} MB, opens in any browser, without a network")
    return 0
