"""Where an endpoint is, and the key it is asked with. Neither a key nor a password is ever part of a message."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from grpo_arcade.foreign_text import one_line

KEY_VARIABLE = "ARCADE_API_KEY"
"""Environment variable with the bearer token, for servers that ask for one. Sent to no other than the one named."""
_FORM = "an endpoint is written http://host:port/v1, with #model where the server has several"
_WORDS = 300


class EndpointError(ValueError):
    """The endpoint gives no answer; one line that says why."""


@dataclass(frozen=True)
class Endpoint:
    """Where to ask, taken from ``http://host:port/v1#model``; ``?max_tokens=8192`` before the # allows more tokens."""

    secure: bool
    host: str
    port: int
    path: str
    model: str
    """Empty for the first one the server names."""
    query: str = ""
    """What else the server wants with every request, such as a version."""
    max_tokens: int | None = None
    """The longest answer asked for, where the address says so."""

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """Read what a person typed.

        Raises:
            EndpointError: it is no such address.
        """
        try:
            parts = urlsplit(url.strip())
            port = parts.port or (443 if parts.scheme == "https" else 80)
            host = (parts.hostname or "").encode("idna" if not (parts.hostname or "").isascii() else "ascii").decode()
        except ValueError as error:
            why = error if "//" in url and "@" not in url else "its host or port cannot be read"
            raise EndpointError(f"{shown(url)}: {plain(str(why))}; {_FORM}") from None
        if parts.scheme not in ("http", "https") or not host or re.search(r"[\x00-\x20\x7f]", host):
            raise EndpointError(f"{shown(url)}: {_FORM}")
        if parts.username is not None or parts.password is not None:
            raise EndpointError(f"{shown(url)}: an address holds no name and no password; a key goes in {KEY_VARIABLE}")
        path = quote(parts.path.rstrip("/").removesuffix("/chat/completions"), safe="/%:@!$&'()*+,;=~-._") or "/v1"
        asked = parse_qsl(parts.query, keep_blank_values=True)
        query = urlencode([pair for pair in asked if pair[0] != "max_tokens"])
        words = [value for name, value in asked if name == "max_tokens"]
        if any(not word.isdecimal() or not 0 < int(word[:10]) < 10**8 for word in words):
            raise EndpointError(
                f"{shown(url)}: max_tokens is a number, as in http://host:port/v1?max_tokens=8192#model"
            )
        most = int(words[-1]) if words else None
        return cls(parts.scheme == "https", host, port, path, parts.fragment, query, most)

    @property
    def name(self) -> str:
        """What to call the one who answers: the model, or else the server's place."""
        return plain(self.model) or self.place

    @property
    def place(self) -> str:
        """Host and port, for people."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def target(self, what: str) -> str:
        """The path of a request, with the query."""
        return f"{self.path}/{what}" + (f"?{self.query}" if self.query else "")


def is_endpoint(word: str) -> bool:
    """Whether a player's word names an endpoint."""
    return word.strip().lower().startswith(("http://", "https://"))


def shown(url: str) -> str:
    """An address as it may be shown: without whatever could be a name, a password or a key."""
    try:
        parts = urlsplit(url.strip())
        if parts.username is None and parts.port is not False:
            return plain(parts._replace(query="", fragment="").geturl())
    except ValueError:
        pass
    # It may be a password that makes it unreadable, so nothing before the last @ is shown.
    scheme, slashes, rest = url.strip().partition("//")
    place = re.split(r"[?#]", rest.rpartition("@")[2], maxsplit=1)[0]
    return plain(f"{scheme}{slashes}{place}" if slashes else scheme.rpartition("@")[2])


def key() -> str:
    """The key of the environment, without white space around it; empty if there is none.

    Raises:
        EndpointError: it is none that could be sent.
    """
    words = os.environ.get(KEY_VARIABLE, "").strip().strip("\ufeff\u200b\u00a0").strip()
    if not re.fullmatch(r"[\x20-\x7e]*", words):
        raise EndpointError(f"{KEY_VARIABLE} holds a line end or a letter that no key has; copy the key into it again")
    return words


def plain(words: str) -> str:
    """What a server or a library says, as one short line in which nothing is secret and nothing moves a cursor."""
    secret = os.environ.get(KEY_VARIABLE, "").strip()
    if secret:
        words = words.replace(secret, "…")
    return one_line(words, _WORDS)
