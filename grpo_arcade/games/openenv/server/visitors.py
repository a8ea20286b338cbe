"""Who may connect: what a request says of itself is checked before the app sees it.

A browser on this machine reaches a server on this machine, whichever page it shows. Two things tell such a page from a
person: the ``Origin`` that browsers send with what a page asks for, and the ``Host``, which is the page's own name
where that was made to mean this machine (DNS rebinding). Whoever comes from elsewhere has to know the token.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qs, urlsplit

_ALWAYS = "/health"
"""What probes ask for, which says nothing but that the server runs."""


@dataclass(frozen=True, slots=True)
class Visitors:
    """Everyone by default: a deployed environment is there for all, and its platform checks who comes."""

    own_names_only: bool = False
    """Whether ``Host`` has to be this machine's: an address of the loopback, or localhost."""
    origins: tuple[str, ...] | None = None
    """Pages of other origins that may connect, each as ``https://host:port``; ``*`` for all, and None the same."""
    token: str = ""
    """What everyone has to send, as ``Authorization: Bearer …`` or ``?token=…``; empty for nothing."""

    def refusal(self, scope: Mapping[str, Any]) -> tuple[int, str] | None:
        """Why a connection, as ASGI describes it, is refused: an HTTP status and a line; None if it is not."""
        if self.token and scope["path"] != _ALWAYS and not self._knows_the_token(scope):
            return 401, "a token is needed: send it as Authorization: Bearer TOKEN, or open /web?token=TOKEN"
        hosts = _headers(scope, b"host")
        if self.own_names_only and not (len(hosts) == 1 and _is_here(hosts[0])):
            return 403, "this server answers to localhost and 127.0.0.1 alone; start it with --token for other names"
        if self.origins is not None and "*" not in self.origins:
            for origin in _headers(scope, b"origin"):
                own = len(hosts) == 1 and urlsplit(origin).netloc == hosts[0] and origin != "null"
                if not own and origin not in self.origins:
                    return 403, "pages of another origin are refused; --allow-origin names those that may connect"
        return None

    def _knows_the_token(self, scope: Mapping[str, Any]) -> bool:
        said = [value.partition(" ")[2].strip() for value in _headers(scope, b"authorization")]
        said += parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [])
        return any(hmac.compare_digest(each.encode(), self.token.encode()) for each in said)


def _headers(scope: Mapping[str, Any], name: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for key, value in scope["headers"] if key == name]


def _is_here(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
