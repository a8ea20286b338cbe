"""Asks any OpenAI-compatible endpoint for a completion, and hands it on as it is written. Standard library only.

llama.cpp's server, Ollama, vLLM and LM Studio all answer ``POST /v1/chat/completions`` with ``stream: true`` by
server-sent events: lines ``data: {...}``, each with a piece of text, and at the end ``data: [DONE]``. What they refuse
to be asked for (a seed, a temperature, ``max_tokens``) they are asked without.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from grpo_arcade.arcade.endpoint.address import KEY_VARIABLE, Endpoint, EndpointError, is_endpoint, plain, shown
from grpo_arcade.arcade.endpoint.answers import Events, json_of, models_of
from grpo_arcade.arcade.endpoint.wire import (
    CONNECT_S,
    SILENCE_S,
    WHOLE_S,
    WORDLESS_S,
    Patience,
    RefusedError,
    asked,
    lines,
    whole,
)

__all__ = [
    "KEY_VARIABLE",
    "MAX_TOKENS",
    "CutOffError",
    "Endpoint",
    "EndpointError",
    "SilentError",
    "Usage",
    "complete",
    "is_endpoint",
    "shown",
]

MAX_TOKENS = 4096
"""Asked for at most, reasoning included, where nobody says how many."""
MOST_CHARACTERS = 400_000
_REFUSALS = (200, 400, 422, 500, 501)
"""Statuses with which servers answer what they will not be asked for; of 200 when the answer itself is an error."""
_CUT_OFF = ("length", "max_tokens", "model_length")
_MAY_BE_LEFT_OUT = ("max_completion_tokens", "max_tokens", "seed", "temperature", "stream", "stream_options", "stop")


class CutOffError(EndpointError):
    """The answer was cut off at the most tokens that were asked for."""

    def __init__(self, message: str, completion: str) -> None:
        super().__init__(message)
        self.completion = completion
        """What there is of it."""


class SilentError(EndpointError):
    """The answer ended before its first word, and nothing says why.

    So llama-cpp-python's server streams that a prompt has no room.
    """


@dataclass
class Usage:
    """What an answer took, filled in while it comes, also of one that breaks off."""

    tokens_in: int | None = None
    """Tokens of the prompt, where the server says."""
    tokens_out: int | None = None
    """Tokens of the answer, where the server says."""
    pieces: int = 0
    """In how many pieces it came: mostly a token each."""


def complete(
    url: str,
    prompt: str,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    max_tokens: int | None = None,
    stop: Sequence[str] = (),
    usage: Usage | None = None,
    on_token: Callable[[str], None] | None = None,
    connect_s: float = CONNECT_S,
    silence_s: float = SILENCE_S,
    wordless_s: float = WORDLESS_S,
    whole_s: float = WHOLE_S,
) -> str:
    """The completion of one user message. Reasoning a server sends apart comes inside ``<think>`` … ``</think>``.

    Args:
        url: of the endpoint.
        prompt: the message.
        seed: of the sampling, where the server honours one.
        temperature: of the sampling, where the server lets it be chosen.
        max_tokens: the answer is cut off after so many; by default what the address says, or :data:`MAX_TOKENS`.
        stop: words at which the answer ends.
        usage: what to note down of the tokens; the server is asked for their number then.
        on_token: called with every piece of text as it comes.
        connect_s: seconds to connect.
        silence_s: seconds without a byte.
        wordless_s: seconds without a word of the answer.
        whole_s: seconds for all of it.

    Raises:
        CutOffError: the answer was cut off; it holds what there is.
        EndpointError: nobody answers, or something else than a completion, or one that breaks off.
    """
    endpoint = Endpoint.parse(url)
    most = max_tokens or endpoint.max_tokens or MAX_TOKENS

    told = False

    def tell(piece: str) -> None:
        nonlocal told
        told = True
        if on_token is not None:
            on_token(piece)

    def patience() -> Patience:
        return Patience(connect_s, silence_s, wordless_s, whole_s)

    model = endpoint.model or _first_model(endpoint, patience())
    order: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": prompt}], "stream": True}
    order |= {"temperature": temperature, "max_tokens": most, "seed": seed}
    if stop:
        order["stop"] = list(stop)
    if usage is not None:
        order["stream_options"] = {"include_usage": True}
    counted = Usage() if usage is None else usage
    while True:
        try:
            return _completion(endpoint, order, patience(), tell, counted)
        except RefusedError as refused:
            without = _without_what_is_refused(order, refused)
            if without is None or told:
                raise
            order = without


def _first_model(endpoint: Endpoint, patience: Patience) -> str:
    with asked(endpoint, "models", None, patience) as response:
        names = models_of(json_of(whole(response, patience, endpoint.place), endpoint.place))
    if not names:
        raise EndpointError(f"{endpoint.place} lists no model; name one after a #")
    return names[0]


def _completion(
    endpoint: Endpoint, order: dict[str, Any], patience: Patience, on_token: Callable[[str], None], usage: Usage
) -> str:
    place = endpoint.place
    written: list[str] = []
    size = 0
    events = Events(place)
    with asked(endpoint, "chat/completions", order, patience) as response:
        if "event-stream" in response.headers.get("Content-Type", ""):
            pieces = events.stream(lines(response, patience, place))
        else:
            pieces = events.whole(whole(response, patience, place))
        with closing(pieces):  # type: ignore[type-var]
            for piece in pieces:
                patience.heard()
                written.append(piece)
                size += len(piece)
                usage.pieces += 1
                on_token(piece)
                if size > MOST_CHARACTERS:
                    raise EndpointError(f"{place} wrote more than {MOST_CHARACTERS:,} characters without an end")
    usage.tokens_in, usage.tokens_out = events.tokens
    text = "".join(written)
    if not events.done:
        if not text:
            raise SilentError(f"{place} ended without a word")
        raise EndpointError(f"{place} broke off in the middle of its answer")
    if events.finish.lower() in _CUT_OFF:
        most = order.get("max_tokens") or order.get("max_completion_tokens")
        after = f" after {most:,} tokens" if most else ""
        allow = "--max-completion-length, or ?max_tokens=… in the address, allows more"
        raise CutOffError(f"the answer of {endpoint.name} was cut off{after}; {allow}", text)
    if not text.strip():
        why = "called a tool, though it was given none" if events.called else "ended its answer without a word"
        raise EndpointError(f"{place} {why}" + (f" ({plain(events.finish)})" if events.finish else ""))
    return text


def _without_what_is_refused(order: dict[str, Any], refused: RefusedError) -> dict[str, Any] | None:
    """The order without what the server will not be asked for; None if it says nothing of the kind."""
    if refused.status not in _REFUSALS:
        return None
    body = refused.body
    if re.search(r"too large|exceed|context length|context size|at most|too long", body):
        return None
    named = [name for name in _MAY_BE_LEFT_OUT if name in order and re.search(rf"(?<!\w){name}(?!\w)", body)]
    less = dict(order)
    if "max_tokens" in named and "max_completion_tokens" in body:
        less["max_completion_tokens"] = less.pop("max_tokens")
    elif named:
        for name in named:
            del less[name]
        if "stream" in named:
            less.pop("stream_options", None)
    elif refused.status in (400, 422) and not re.search(r"\bmodel\b", body) and {"seed", "temperature"} & less.keys():
        # It does not say what it minds; these two are minded most.
        less.pop("seed", None)
        less.pop("temperature", None)
    else:
        return None
    return less
