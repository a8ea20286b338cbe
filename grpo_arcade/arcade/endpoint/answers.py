"""What endpoints answer, event by event, in the shapes that llama.cpp, Ollama, vLLM, LM Studio and OpenAI send.

A server may send anything: what is not understood is passed over, and nothing raises but :class:`EndpointError`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from grpo_arcade.arcade.endpoint.address import EndpointError, plain
from grpo_arcade.arcade.endpoint.wire import RefusedError, error_of

_NO_ENDPOINT = "is no OpenAI-compatible endpoint"


def json_of(data: bytes, place: str) -> dict[str, Any]:
    """A JSON object.

    Raises:
        RefusedError: it says that something went wrong.
        EndpointError: it is none.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise EndpointError(f"{place} {_NO_ENDPOINT}: it does not answer in JSON") from None
    if not isinstance(value, dict):
        raise EndpointError(f"{place} {_NO_ENDPOINT}: it answers {plain(json.dumps(value)[:100])}")
    if value.get("error") or value.get("object") == "error":
        raise RefusedError(f"{place}: {error_of(value)}", 200, json.dumps(value))
    return value


def models_of(answer: dict[str, Any]) -> list[str]:
    """The names in a list of models."""
    listed = answer.get("data")
    entries = listed if isinstance(listed, list) else []
    return [entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


class Events:
    """Reads the events of one answer, and knows at its end how it ended."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._thinking = False
        self.finish = ""
        """Why the server says that it stopped: stop, length, …; empty if it never did."""
        self.done = False
        """Whether the answer came to its end."""
        self.called = False
        """Whether the model called a tool, as if there were any."""
        self.tokens: tuple[int | None, int | None] = None, None
        """Of prompt and answer, where the server says."""

    def stream(self, lines: Iterable[bytes]) -> Iterator[str]:
        """The pieces of text in a stream of server-sent events. Ended early where the events say that this is all."""
        for line in lines:
            line = line.strip()
            # llama.cpp has sent errors as ``error:``, and Ollama as JSON alone.
            bare = line.startswith((b"{", b"error:"))
            if not bare and not line.startswith(b"data:"):
                continue
            data = line if line.startswith(b"{") else line.partition(b":")[2].strip()
            if data == b"[DONE]":
                self.done = True
                return
            if not data:
                continue
            event = json_of(data, self._place)
            if line.startswith(b"error:"):
                raise EndpointError(f"{self._place}: {error_of(event)}")
            yield from self._pieces(event, "delta")

    def whole(self, data: bytes) -> Iterator[str]:
        """The text of an answer that is no stream, or says that it is none."""
        if data.lstrip().startswith((b"data:", b"event:", b":")):
            yield from self.stream(data.splitlines())
            return
        yield from self._pieces(json_of(data, self._place), "message")
        self.done = True

    def _pieces(self, event: dict[str, Any], key: str) -> Iterator[str]:
        if isinstance(usage := event.get("usage"), dict):
            self.tokens = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
        choices = event.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            return
        said = choice.get(key) or choice.get("message") or choice.get("delta")
        said = said if isinstance(said, dict) else {"content": choice.get("text")}
        self.called = self.called or bool(said.get("tool_calls") or said.get("function_call"))
        # Some send a thought twice, under its old name and its new one.
        thoughts = (said.get(name) for name in ("reasoning_content", "reasoning", "thinking"))
        thought = next((words for part in thoughts if (words := _words(part))), "")
        for is_thought, words in ((True, thought), *_parts(said.get("content")), (False, _words(said.get("refusal")))):
            if words:
                if is_thought != self._thinking:
                    yield "<think>" if is_thought else "</think>\n"
                    self._thinking = is_thought
                # Half a surrogate pair can be said in JSON, and nowhere else.
                yield words.encode("utf-8", "replace").decode()
        finish = choice.get("finish_reason")
        if finish and isinstance(finish, str):
            self.finish, self.done = finish, True


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 1 << 40 else None


def _parts(content: Any) -> Iterator[tuple[bool, str]]:
    """A content, which may be a list of parts, as (whether it is a thought, words)."""
    if not isinstance(content, list):
        yield False, _words(content)
        return
    for part in content:
        if isinstance(part, dict):
            is_thought = part.get("type") in ("thinking", "reasoning")
            inner = next((part[name] for name in ("text", "thinking", "reasoning") if part.get(name)), None)
            yield is_thought, "".join(map(_text_of, inner)) if isinstance(inner, list) else _words(inner)
        else:
            yield False, _words(part)


def _text_of(part: Any) -> str:
    return _words(part.get("text")) if isinstance(part, dict) else _words(part)


def _words(value: Any) -> str:
    return value if isinstance(value, str) else ""
