"""What this dashboard or window has asked trainers for, until they have answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from grpo_arcade.foreign_text import one_line


@dataclass(frozen=True)
class Answer:
    """The trainer's word on one request."""

    title: str
    words: str
    refused: bool


class Requests:
    """Knows which of a run's commands are our own: others may have sent theirs."""

    def __init__(self) -> None:
        """Nothing asked yet."""
        self._heard: dict[int, str] = {}

    def sent(self, number: int) -> None:
        """A command was sent, and got this number."""
        self._heard[number] = "asked"

    def answers(self, commands: Iterable[Mapping[str, Any]]) -> Iterator[Answer]:
        """What is new in the run's commands, oldest first, given with the newest first."""
        for command in reversed(list(commands)):
            number, status = command["id"], command["status"]
            if self._heard.get(number, status) == status:
                continue
            if status == "accepted":
                self._heard[number] = status
            else:
                del self._heard[number]
            words = one_line(command["answer"]) or status
            yield Answer(f"{command['name']}: {status}", words, status == "refused")
