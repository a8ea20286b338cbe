"""Memory of this process's card, and what of it other programs hold; for who must share a card, and for words on it."""

from __future__ import annotations

from dataclasses import dataclass

GB = 10**9
_CONTEXT = GB
"""What a process takes on a card for itself, which torch does not count: at most about this."""
_SHARED = 2 * GB
"""From here on another program is at work on the card: a desktop takes less."""


@dataclass(frozen=True)
class CardMemory:
    """Bytes of a card at one moment."""

    free: int
    total: int
    own: int
    """What this process holds. An engine that rests counts as if it did not, so what others hold may be more."""

    @property
    def others(self) -> int:
        """Bytes that other programs hold, at least; 0 where that may be none."""
        found = self.total - self.free - self.own - _CONTEXT
        return found if found >= _SHARED else 0

    @property
    def words(self) -> str:
        """What of it is whose, to be read by a person."""
        told = f"{self.free / GB:.0f} of this card's {self.total / GB:.0f} GB are free"
        return f"{told}, and other programs hold {self.others / GB:.0f}" if self.others else told


def card_memory() -> CardMemory | None:
    """That of the card of this process; None where there is none."""
    import torch

    if not torch.cuda.is_available():
        return None
    free, total = torch.cuda.mem_get_info()
    return CardMemory(free, total, torch.cuda.memory_reserved())
