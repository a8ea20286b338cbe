"""What an improvement records beside what training does: who descends from whom, and where the search stands.

The state of the search is written in one transaction with its round, so that a resumed run stands where that round
left it, and a round that was cut short never was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.recorder import RunRecorder


@dataclass
class Spent:
    """Tokens and seconds so far, those before a resume included."""

    tokens_in: int = 0
    tokens_out: int = 0
    seconds: float = 0.0

    @property
    def tokens(self) -> int:
        """Asked and answered."""
        return self.tokens_in + self.tokens_out

    def cost(self, price_in: float, price_out: float) -> float:
        """At prices for a million tokens."""
        return (self.tokens_in * price_in + self.tokens_out * price_out) / 1e6


class SearchRecorder(RunRecorder):
    """Into the run folder, and to the person at the terminal."""

    def ids(self, count: int) -> list[int]:
        """Of a round's strategies, by their places."""
        return [self._ids[place] for place in range(count)]

    def round(
        self, step: int, logs: Mapping[str, float], seconds: Mapping[str, float], search: Mapping[str, Any], **more: Any
    ) -> None:
        """A round has ended: its row, and the facts in which the search stands."""
        with self._writer.together():
            self.step(step, 0, logs, seconds, **more)
            self.note(search=dict(search), **more)


def kept_search(reader: RunReader) -> tuple[dict[str, Any], dict[int, str], Spent]:
    """Where a run's search stands: its state, its members' sources by strategy id, and what was spent."""
    facts, steps = reader.facts(), reader.steps()
    search: dict[str, Any] = facts.get("search", {}) if steps else {}
    sources = {}
    for each in search.get("members", []):
        found = reader.strategy(each["strategy_id"])
        sources[each["strategy_id"]] = found["source"]
    metrics = [row["metrics"] for row in steps]
    spent = Spent(
        sum(int(each.get("tokens_in", 0)) for each in metrics),
        sum(int(each.get("tokens_out", 0)) for each in metrics),
        sum(float(row["step_s"] or 0.0) for row in steps),
    )
    return search, sources, spent
