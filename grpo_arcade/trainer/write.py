"""A model writes one strategy, in a process of its own, token by token.

:func:`write` starts the process and hands on what it says; nothing on that side imports torch, so the window and the
command line stay light and a model that dies takes nobody with it. ``python -m grpo_arcade.trainer.write`` is the
other side: it prints one JSON object a line, ``{"downloading": [bytes, of bytes]}`` while a model of the hub comes
here, ``{"token": …}`` while it writes, then ``{"completion": …}``, or ``{"error": …}`` with one line for the person.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from grpo_arcade.trainer.models import hub

if TYPE_CHECKING:
    from grpo_arcade.trainer.config import TrainConfig

MAX_NEW_TOKENS = 1024
"""Longer than any strategy the pocket model writes; a larger model's reasoning may need more."""


def write(
    model: str,
    game: str,
    options: Mapping[str, Any],
    *,
    seed: int = 0,
    temperature: float = 1.0,
    max_new_tokens: int = MAX_NEW_TOKENS,
    prompt: str = "",
    on_token: Callable[[str], None] | None = None,
) -> str:
    """The completion ``model`` gives to the game's prompt.

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
        on_token: called with each piece of text as it is written.

    A download is shown on stderr.

    Raises:
        ValueError: the model cannot be had or died, in one line.
    """
    order = {"model": model, "game": game, "options": dict(options), "seed": seed}
    order |= {"temperature": temperature, "max_new_tokens": max_new_tokens, "prompt": prompt}
    shown = hub.on_stderr(model)
    for message in _child(order):
        if "downloading" in message:
            shown(*message["downloading"])
        if "token" in message and on_token is not None:
            on_token(message["token"])
        if "error" in message:
            raise ValueError(message["error"])
        if "completion" in message:
            return str(message["completion"])
    raise ValueError(f"the process of model {model!r} died before it finished; `arcade doctor` looks for the cause")


def _child(order: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
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


def _answer(order: Mapping[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
    from grpo_arcade.trainer.models.loading import check, fetch, locate

    model_name = order["model"]
    check(model_name)
    fetch(locate(model_name), lambda here, whole: say({"downloading": [here, whole]}))
    import torch

    from grpo_arcade.games import make
    from grpo_arcade.trainer.config import spare_threads
    from grpo_arcade.trainer.models import load
    from grpo_arcade.trainer.models.chat import completion_text, ending_tokens, prompt_ids
    from grpo_arcade.trainer.models.sampler import sample
    from grpo_arcade.trainer.question import GAME, question

    torch.set_num_threads(spare_threads())
    model, tokenizer = load(order["model"])
    settings = _settings(order["model"])
    asked = order["prompt"] or (settings.prompt if settings.game == order["game"] else GAME)
    ends = ending_tokens(model, tokenizer)
    prompt = prompt_ids(tokenizer, question(make(order["game"], **order["options"]), asked), settings.template)
    written: list[int] = []
    said = ""

    def on_token(index: int, token: int) -> None:
        nonlocal said
        written.append(token)
        text = completion_text(tokenizer, written, ends, prompt)
        # A character of several bytes is complete only with its last token.
        if not text.endswith("\ufffd"):
            say({"token": text[len(said) :]})
            said = text

    [completion] = sample(
        model,
        tokenizer,
        [prompt],
        max_new_tokens=order["max_new_tokens"],
        temperature=order["temperature"],
        seed=order["seed"],
        on_token=on_token,
    )
    say({"completion": completion_text(tokenizer, completion, ends, prompt)})


def _settings(model: str) -> TrainConfig:
    from grpo_arcade.recordings.runs.find import run_of
    from grpo_arcade.recordings.runs.reader import RunReader
    from grpo_arcade.trainer.config import TrainConfig

    folder = run_of(model)
    if folder is None:
        return TrainConfig()
    with RunReader(folder) as run:
        return TrainConfig.of(run)


def main() -> None:
    """Answer the order in the first argument, on stdout."""

    def say(message: dict[str, Any]) -> None:
        print(json.dumps(message), flush=True)

    try:
        _answer(json.loads(sys.argv[1]), say)
    except (ValueError, ImportError, OSError) as error:
        say({"error": " ".join(str(error).split())})


if __name__ == "__main__":
    main()
