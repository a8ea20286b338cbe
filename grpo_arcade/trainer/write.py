"""A model writes one strategy, in another process, token by token.

:func:`write` asks the window's resident writer where a window is open, and otherwise starts a process of its own for
this one answer; nothing on this side imports torch, so the window and the command line stay light and a model that
dies takes nobody with it. ``python -m grpo_arcade.trainer.write`` is the other side of that: it prints what
``answering.py`` says, one JSON object a line.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from typing import Any

from grpo_arcade.trainer.models import hub

MAX_NEW_TOKENS = 1024
"""Longer than any strategy the pocket model writes; a larger model's reasoning may need more."""


def order(
    model: str,
    game: str,
    options: Mapping[str, Any],
    *,
    seed: int = 0,
    temperature: float = 1.0,
    max_new_tokens: int = MAX_NEW_TOKENS,
    prompt: str = "",
) -> dict[str, Any]:
    """What a model is asked for, as it is sent to it.

    Args:
        model: what :func:`grpo_arcade.trainer.models.load` accepts. One that a run has trained is asked as it was
            there, with the run's ``reasoning_effort``.
        game: a registered game.
        options: the game's options.
        seed: of the sampling; the same seed gives the same completion on the same machine.
        temperature: 0 always takes the likeliest token.
        max_new_tokens: the completion is cut off after so many.
        prompt: what it is asked, as :func:`~grpo_arcade.trainer.question.question` takes it; empty for what a run asked
            that trained it, or else the game's words.
    """
    asked = {"model": model, "game": game, "options": dict(options), "seed": seed}
    return asked | {"temperature": temperature, "max_new_tokens": max_new_tokens, "prompt": prompt}


def write(asked: Mapping[str, Any], on_token: Callable[[str], None] | None = None) -> str:
    """The completion a model gives to an :func:`order`.

    ``on_token`` is called with each piece of text as it is written. A download is shown on stderr.

    Raises:
        ValueError: the model cannot be had or died, in one line.
    """
    from grpo_arcade.trainer import resident_writer

    model = asked["model"]
    shown = hub.on_stderr(model)
    told = False
    for messages in (resident_writer.messages_of_window(asked), _child(asked)):
        with closing(messages):
            for message in messages:
                if "downloading" in message:
                    shown(*message["downloading"])
                if "token" in message:
                    told = True
                    if on_token is not None:
                        on_token(message["token"])
                if "error" in message:
                    raise ValueError(message["error"])
                if "completion" in message:
                    return str(message["completion"])
        if told:
            break  # what was told cannot be taken back, and would be told again
    raise ValueError(died(model))


def died(model: str) -> str:
    """What is said of a process that ended before its model had answered."""
    return f"the process of model {model!r} died before it finished; `arcade doctor` looks for the cause"


def _child(order: Mapping[str, Any]) -> Generator[dict[str, Any]]:
    # stderr is the libraries' own narration (progress bars, warnings); what matters comes as a message.
    with subprocess.Popen(
        [sys.executable, "-P", "-m", __name__, json.dumps(order)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    ) as child:
        assert child.stdout is not None
        try:
            for line in child.stdout:
                if line.startswith("{"):
                    yield json.loads(line)
        finally:
            child.kill()


def main() -> None:
    """Answer the order in the first argument, on stdout."""
    from grpo_arcade.trainer.answering import Answering

    Answering().answer(json.loads(sys.argv[1]), lambda message: print(json.dumps(message), flush=True))


if __name__ == "__main__":
    main()
