"""A model answers an order to write a strategy, token by token, and stays loaded for the next one.

An order is a table: model, game, options, seed, temperature, max_new_tokens and prompt, as
:func:`grpo_arcade.trainer.write.order` makes it. What is said to it are tables too, in this order: ``{"loading":
name}`` before a model is loaded, ``{"downloading": [bytes, of bytes]}`` while it comes from the hub, ``{"asked":
name}`` once it begins to think, ``{"token": text}`` while it writes, then ``{"completion": text}``, or ``{"error":
line}`` at any time. Knows nothing of processes and sockets; imports torch when it is first asked.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grpo_arcade.trainer.config import TrainConfig

Say = Callable[[dict[str, Any]], None]
"""Told every message; an ``OSError`` ends the answer, since then nobody listens."""
MOST_SMALL = 4
"""Small models that are kept at a time. Of a large one there is room for one, and for nothing beside it."""


@dataclass(frozen=True)
class _Loaded:
    """A model, ready to be asked."""

    model: Any
    tokenizer: Any
    settings: TrainConfig
    """What it was trained with; the defaults where no run has trained it."""
    small: bool
    turn: contextlib.AbstractContextManager[Any]
    """Held while it writes. Small models write for several at once, large ones for one after the other."""


class _NobodyListensError(Exception):
    """Whoever asked is gone."""


class Answering:
    """Answers orders, in any number of threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Any, ...], _Loaded] = OrderedDict()
        self._loading = threading.Lock()

    def answer(self, order: Mapping[str, Any], say: Say) -> None:
        """Answer one order; what goes wrong with it is said in one line."""

        def told(message: dict[str, Any]) -> None:
            try:
                say(message)
            except OSError as error:
                raise _NobodyListensError from error

        try:
            self._answer(order, told)
        except _NobodyListensError:
            return
        except Exception as error:  # each library below has its own way to fail, and the next order may go well
            words = " ".join(str(error).split())
            known = isinstance(error, ValueError | ImportError | OSError)
            with contextlib.suppress(OSError):
                say({"error": words if known and words else f"the model failed: {words or type(error).__name__}"})

    def _answer(self, order: Mapping[str, Any], say: Say) -> None:
        loaded = self._loaded(order["model"], say)

        from grpo_arcade.games import make
        from grpo_arcade.trainer.models.chat import completion_text, ending_tokens, prompt_ids
        from grpo_arcade.trainer.models.sampler import sample
        from grpo_arcade.trainer.question import GAME, question

        model, tokenizer, settings = loaded.model, loaded.tokenizer, loaded.settings
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

        with loaded.turn:
            say({"asked": order["model"]})
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

    def _loaded(self, name: str, say: Say) -> _Loaded:
        from grpo_arcade.trainer.models.loading import check, fetch, is_small, load, locate, require_packages

        with self._loading:
            stamp = _stamp(name)
            if stamp in self._kept:
                self._kept.move_to_end(stamp)
                return self._kept[stamp]
            require_packages()
            say({"loading": name})
            check(name)
            fetch(locate(name), lambda here, whole: say({"downloading": [here, whole]}))
            import torch

            from grpo_arcade.trainer.config import spare_threads

            torch.set_num_threads(spare_threads())
            small = is_small(name)
            if not small or not all(each.small for each in self._kept.values()):
                self._kept.clear()
            while len(self._kept) >= MOST_SMALL:
                self._kept.popitem(last=False)
            model, tokenizer = load(name)
            turn = contextlib.nullcontext() if small else threading.Lock()
            loaded = _Loaded(model, tokenizer, _settings(name), small, turn)
            self._kept[_stamp(name)] = loaded
            return loaded


def _stamp(name: str) -> tuple[Any, ...]:
    """Differs as soon as a name stands for other files: a run's newest checkpoint is another one after a while."""
    from grpo_arcade.trainer.models import hub
    from grpo_arcade.trainer.models.loading import locate

    where = locate(name)
    folder = where if isinstance(where, Path) else hub.folder_of(where)
    if folder is None:
        return (name,)
    files = sorted(file for file in folder.iterdir() if file.suffix in (".safetensors", ".bin", ".json"))
    return (name, folder, *((file.name, file.stat().st_mtime_ns, file.stat().st_size) for file in files))


def _settings(model: str) -> TrainConfig:
    from grpo_arcade.recordings.runs.find import run_of
    from grpo_arcade.recordings.runs.reader import RunReader
    from grpo_arcade.trainer.config import TrainConfig

    folder = run_of(model)
    if folder is None:
        return TrainConfig()
    with RunReader(folder) as run:
        return TrainConfig.of(run)
