"""Waiting for a server that is away: it was there, and may be there again in a moment.

A server that is started again, or a network that fails for seconds, is no reason to lose the games of a whole step.
Whoever plays them waits here, once for each server, and plays them again from their seeds.
"""

from __future__ import annotations

import sys
import time
from collections import Counter

from grpo_arcade.games.openenv.answers import ServerError
from grpo_arcade.games.openenv.client import Address, Session

PATIENCE_S = 60.0
"""Seconds for which a server that is away is waited for."""
_BETWEEN_S = 0.25
_stayed_away: set[Address] = set()
"""Servers that nobody waits for any more in this process, until they answer."""
_MOST_IN_A_ROW = 12
"""Times that a server is asked after without one episode that ended well, before its games are left as they are."""
_in_a_row: Counter[Address] = Counter()


def wait_for(address: Address, trouble: str, timeout_s: float, *, if_away: bool = False) -> bool:
    """Whether the server takes connections again within :data:`PATIENCE_S`; says on stderr that it is waited for.

    A server that stayed away for all of that is only looked at by those who ask after it, until it answers again.

    Args:
        address: whose.
        trouble: why it is asked.
        timeout_s: of its answers.
        if_away: whether the answer is no for one that has not been away at all.
    """
    _in_a_row[address] += 1
    if _in_a_row[address] > _MOST_IN_A_ROW:
        return False  # it is there, but no game comes to its end
    began = time.monotonic()
    told = False
    while True:
        try:
            Session(address, timeout_s).close()
        except ServerError:
            pass
        else:
            _stayed_away.discard(address)
            if told:
                _tell(f"{address} is back after {time.monotonic() - began:.0f} s; its games are played again")
            return told or not if_away
        if address in _stayed_away:
            return False
        if time.monotonic() - began >= PATIENCE_S:
            _stayed_away.add(address)
            _tell(f"{address} stays away; the games it broke off count as disconnected")
            return False
        if not told:
            told = True
            _tell(f"{trouble}; waiting up to {PATIENCE_S:g} s for it to come back")
        time.sleep(_BETWEEN_S)


def ended_well(address: Address) -> None:
    """An episode of this server has come to its end."""
    _in_a_row.pop(address, None)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
