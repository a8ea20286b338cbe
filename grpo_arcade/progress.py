"""How far something is: the same bar wherever there is one.

Imports nothing of the rooms, so that every room may use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn


def progress(*more: ProgressColumn, **options: Any) -> Progress:
    """What is done, a bar, how many of how many, the time left, and ``more``; ``options`` are Rich's ``Progress``'s."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, *more, **options)
