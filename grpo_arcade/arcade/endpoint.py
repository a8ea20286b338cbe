"""Asks any OpenAI-compatible endpoint for a completion, and hands it on as it is written. Standard library only.

llama.cpp's server, Ollama, vLLM and LM Studio all answer ``POST /v1/chat/completions`` with ``stream: true`` by
server-sent events: lines ``data: {...}``, each with a piece of text, and at the end ``data: [DONE]``.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

CONNECT_S = 5.0
"""How long a server may take to accept a connection."""
SILENCE_S = 120.0
"""How long it may say nothing: a large model is loaded at its first question, and reads the prompt on a CPU."""
MAX_TOKENS = 4096
"""Asked for at most, reasoning included, where nobody says how many."""
MOST_CHARACTERS = 400_000
KEY_VARIABLE = "ARCADE_API_KEY"
"""Environment variable with the bearer token, for servers that ask for one. Sent to no other than the one named."""
_LINE = 1 << 20


class EndpointError(ValueError):
    """The endpoint gives no answer; one line that says why."""


@dataclass(frozen=True)
class Endpoint:
    """Where to ask, taken from ``http://host:port/v1#model``."""

    secure: bool
    host: str
    port: int
    path: str
    model: str
    """Empty for the first one the server names."""

    @classmethod
    def parse(cls, url: str) -> Endpoint:
        """Read what a person typed.

        Raises:
            EndpointError: it is no such address.
        """
        form = "an endpoint is written http://host:port/v1, with #model where the server has several"
        try:
            parts = urlsplit(url.strip())
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError as error:
            raise EndpointError(f"{url}: {error}; {form}") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise EndpointError(f"{url}: {form}")
        path = parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
        return cls(parts.scheme == "https", parts.hostname, port, path, parts.fragment)

    @property
    def name(self) -> str:
        """What to call the one who answers: the model, or else the server's place."""
        return self.model or self.place

    @property
    def place(self) -> str:
        """Host and port, for people."""
        return f"{self.host}:{self.port}"


def is_endpoint(word: str) -> bool:
    """Whether a player's word names an endpoint."""
    return word.strip().lower().startswith(("http://", "https://"))


def complete(
    url: str,
    prompt: str,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int = MAX_TOKENS,
    on_token: Callable[[str], None] | None = None,
    connect_s: float = CONNECT_S,
    silence_s: float = SILENCE_S,
) -> str:
    """The completion of one user message. Reasoning a server sends apart comes inside ``<think>`` … ``</think>``.

    Raises:
        EndpointError: nobody answers, or something else than a completion.
    """
    endpoint = Endpoint.parse(url)
    try:
        model = endpoint.model or _first_model(endpoint, connect_s, silence_s)
        order = {"model": model, "messages": [{"role": "user", "content": prompt}], "stream": True}
        order |= {"temperature": temperature, "max_tokens": max_tokens, "seed": seed}
        written: list[str] = []
        size = 0
        for piece in _pieces(endpoint, order, connect_s, silence_s):
            written.append(piece)
            size += len(piece)
            if on_token is not None:
                on_token(piece)
            if size > MOST_CHARACTERS:
                raise EndpointError(f"{endpoint.place} wrote more than {MOST_CHARACTERS:,} characters without an end")
    except TimeoutError as error:
        raise EndpointError(f"{endpoint.place} says nothing; it was given {silence_s:g} s") from error
    except socket.gaierror as error:
        raise EndpointError(f"{endpoint.host}: no such host") from error
    except ConnectionRefusedError as error:
        raise EndpointError(f"nobody answers at {endpoint.place}; is the server running?") from error
    except (OSError, http.client.HTTPException) as error:
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise EndpointError(f"{endpoint.place}: {_short(said)}") from error
    if not written:
        raise EndpointError(f"{endpoint.place} ended its answer without a word")
    return "".join(written)


def _first_model(endpoint: Endpoint, connect_s: float, silence_s: float) -> str:
    connection = _connected(endpoint, connect_s, silence_s)
    try:
        connection.request("GET", f"{endpoint.path}/models", headers=_headers())
        answer = _json(endpoint, _checked(endpoint, connection.getresponse()).read(_LINE))
    finally:
        connection.close()
    listed = answer.get("data")
    names = [str(entry["id"]) for entry in listed if "id" in entry] if isinstance(listed, list) else []
    if not names:
        raise EndpointError(f"{endpoint.place} lists no model; name one after a #")
    return names[0]


def _pieces(endpoint: Endpoint, order: dict[str, Any], connect_s: float, silence_s: float) -> Iterator[str]:
    connection = _connected(endpoint, connect_s, silence_s)
    try:
        connection.request("POST", f"{endpoint.path}/chat/completions", json.dumps(order), _headers())
        response = _checked(endpoint, connection.getresponse())
        if "event-stream" not in response.headers.get("Content-Type", ""):
            # A server that cannot stream answers whole.
            yield from _texts(_json(endpoint, response.read(8 * _LINE)), "message")
            return
        thinking = False
        while line := response.readline(_LINE):
            if not line.startswith(b"data:"):
                continue
            data = line[5:].strip()
            if data == b"[DONE]":
                break
            event = _json(endpoint, data)
            if "error" in event:
                raise EndpointError(f"{endpoint.place}: {_error_of(event)}")
            for thought, piece in _deltas(event):
                if thought != thinking:
                    yield "<think>" if thought else "</think>\n"
                    thinking = thought
                yield piece
    finally:
        connection.close()


def _deltas(event: dict[str, Any]) -> Iterator[tuple[bool, str]]:
    choices = event.get("choices") or [{}]
    delta = choices[0].get("delta") or {}
    for key in ("reasoning_content", "reasoning", "content"):
        if isinstance(piece := delta.get(key), str) and piece:
            yield key != "content", piece


def _texts(answer: dict[str, Any], key: str) -> Iterator[str]:
    for choice in (answer.get("choices") or [])[:1]:
        piece = (choice.get(key) or {}).get("content")
        if isinstance(piece, str) and piece:
            yield piece


def _connected(endpoint: Endpoint, connect_s: float, silence_s: float) -> http.client.HTTPConnection:
    connection: http.client.HTTPConnection
    if endpoint.secure:
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(endpoint.host, endpoint.port, timeout=connect_s, context=context)
    else:
        connection = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=connect_s)
    try:
        connection.connect()
    except TimeoutError as error:
        raise EndpointError(f"nobody answers at {endpoint.place}; it was given {connect_s:g} s") from error
    connection.sock.settimeout(silence_s)
    return connection


def _headers() -> dict[str, str]:
    key = os.environ.get(KEY_VARIABLE)
    return {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}


def _checked(endpoint: Endpoint, response: http.client.HTTPResponse) -> http.client.HTTPResponse:
    if response.status == 200:
        return response
    body = response.read(1 << 16)
    try:
        said = _error_of(json.loads(body))
    except ValueError:
        said = body.decode("utf-8", "replace") if not body.lstrip().startswith(b"<") else ""
    raise EndpointError(_short(f"{endpoint.place} answers {response.status} {response.reason}: {said}".rstrip(": ")))


def _json(endpoint: Endpoint, data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError as error:
        raise EndpointError(f"{endpoint.place} is no OpenAI-compatible endpoint: it does not answer in JSON") from error
    if not isinstance(value, dict):
        raise EndpointError(f"{endpoint.place} is no OpenAI-compatible endpoint: {_short(repr(value))}")
    return value


def _error_of(answer: Any) -> str:
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    return _short(str(error.get("message", error) if isinstance(error, dict) else error))


def _short(words: str) -> str:
    words = " ".join("".join(c if c.isprintable() else " " for c in words).split())
    return words if len(words) <= 200 else words[:199] + "…"
