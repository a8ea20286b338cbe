"""Does an export write the same strategies? It is read by a fresh process that knows nothing of the one that wrote it.

Both the checkpoint and the export answer the same prompts, each in a process of its own, always taking the likeliest
token. Besides, the export is asked at every place of the checkpoint's answers which token it would choose there: one
close call early in an answer changes all that follows, and would say little about a rounded model.

``python -m grpo_arcade.trainer.model_export.reading`` is that process: one JSON order on stdin, one answer on stdout.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from grpo_arcade.trainer.model_export.origin import ExportError, Origin

PROMPTS = 8
"""Prompts that are answered."""
MOST_TOKENS = 256
"""At which an answer is cut off; fewer where the run's own limit is lower."""
_SMALL = 1_000_000_000
"""Parameters up to which a CPU calculates in float32: so that only what was exported can make a difference."""
_GAMES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("2048", {}),
    ("2048", {"size": 6}),
    ("2048", {"size": 3, "target": 256}),
    ("atari/pong", {}),
    ("atari/breakout", {}),
    ("atari/freeway", {}),
    ("atari/kaboom", {}),
    ("atari/skiing", {}),
)


@dataclass(frozen=True)
class Reading:
    """What a model answers."""

    prompts: tuple[tuple[int, ...], ...]
    """Token ids of the prompts, as its own tokenizer has them."""
    answers: tuple[tuple[int, ...], ...]
    """Token ids, the one that ends an answer included."""
    chosen: tuple[tuple[int, ...], ...] = ()
    """The likeliest token at each place of the answers it was given."""
    texts: tuple[str, ...] = ()
    """The prompts as text, in the chat template."""
    ends: tuple[int, ...] = ()
    """Tokens that end an answer."""


@dataclass(frozen=True)
class Check:
    """An export beside the checkpoint it came from."""

    name: str
    """What was read: a file, or the folder's format."""
    prompts: int
    read_alike: int
    """Prompts that gave the same tokens."""
    same: int
    """Answers that are the same, token by token."""
    tokens: int
    """Of the checkpoint's answers."""
    agreed: int
    """Places among them where the export chooses the same token."""
    tolerance: float
    """Share of ``tokens`` that must agree; 1 for a format that loses nothing, where every answer must be the same."""

    @property
    def passed(self) -> bool:
        """Whether it may be called the same model."""
        if self.read_alike < self.prompts:
            return False
        return self.same == self.prompts if self.tolerance == 1 else self.agreed >= self.tolerance * self.tokens

    def __str__(self) -> str:
        """One line for people."""
        if self.read_alike < self.prompts:
            return f"{self.name}: {self.prompts - self.read_alike} of {self.prompts} prompts are read as other tokens"
        same = f"{self.name}: {self.same} of {self.prompts} strategies are the same, token by token"
        if self.tolerance == 1:
            return same
        share = self.agreed / max(1, self.tokens)
        return f"{same}; {share:.1%} of {self.tokens:,} tokens agree, where {self.tolerance:.0%} must"


def prompts_for(origin: Origin) -> list[str]:
    """Prompts of several games, those the model was trained on first."""
    from grpo_arcade.games import make
    from grpo_arcade.trainer.curriculum import Curriculum

    games: list[tuple[str, Mapping[str, Any]]] = []
    if origin.run is not None:
        games = [(origin.settings.game, stage.options) for stage in Curriculum.of(origin.settings).stages]
    prompts = dict.fromkeys(make(game, **options).prompt() for game, options in [*games, *_GAMES])
    return list(prompts)[:PROMPTS]


def read(model: Path | str, origin: Origin, *, beside: Reading | None = None) -> Reading:
    """Let a fresh process read ``model`` and answer.

    Args:
        model: what ``load`` takes, or a ``.gguf`` file.
        origin: says which prompts are asked, and how.
        beside: the checkpoint's reading, whose answers are followed too; a ``.gguf`` needs it.

    Raises:
        ExportError: the model cannot be read.
    """
    most = min(MOST_TOKENS, origin.settings.max_completion_length) if origin.run is not None else MOST_TOKENS
    order = {"model": str(model), "prompts": prompts_for(origin), "template": origin.settings.template, "most": most}
    order["beside"] = None if beside is None else asdict(beside)
    done = subprocess.run(
        [sys.executable, "-P", "-m", __name__],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    said = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not said:
        died = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise ExportError(f"the process that read {model} died: {died[0]}")
    answer = json.loads(said[-1])
    if "error" in answer:
        raise ExportError(f"{model} cannot be read again: {answer['error']}")
    return _reading(answer)


def compare(name: str, checkpoint: Reading, export: Reading, tolerance: float) -> Check:
    """The export's answers beside the checkpoint's."""
    followed = list(zip(checkpoint.answers, export.chosen, strict=True))
    return Check(
        name,
        prompts=len(checkpoint.prompts),
        read_alike=sum(map(tuple.__eq__, checkpoint.prompts, export.prompts)),
        same=sum(map(tuple.__eq__, checkpoint.answers, export.answers)),
        tokens=sum(len(answer) for answer, _ in followed),
        agreed=sum(a == b for answer, chosen in followed for a, b in zip(answer, chosen, strict=True)),
        tolerance=tolerance,
    )


def _reading(values: Mapping[str, Any]) -> Reading:
    def rows(name: str) -> tuple[tuple[int, ...], ...]:
        return tuple(map(tuple, values[name]))

    return Reading(rows("prompts"), rows("answers"), rows("chosen"), tuple(values["texts"]), tuple(values["ends"]))


# From here on: in the fresh process.


def _answer(order: Mapping[str, Any]) -> Reading:
    beside = _reading(order["beside"]) if order["beside"] is not None else None
    if order["model"].endswith(".gguf"):
        assert beside is not None
        return _answer_gguf(order["model"], beside, order["most"])
    return _answer_transformers(order["model"], order["prompts"], order["template"], beside, order["most"])


def _answer_transformers(
    name: str, prompts: Sequence[str], template: Mapping[str, Any], beside: Reading | None, most: int
) -> Reading:
    import torch

    from grpo_arcade.trainer.config import spare_threads
    from grpo_arcade.trainer.models import load
    from grpo_arcade.trainer.models.chat import ending_tokens, prompt_ids
    from grpo_arcade.trainer.models.sampler import sample

    torch.set_num_threads(spare_threads())
    model, tokenizer = load(name)
    if torch.cuda.is_available():
        model = model.to("cuda")
    elif model.num_parameters() <= _SMALL:
        model = model.float()
    asked = [prompt_ids(tokenizer, prompt, template) for prompt in prompts]
    answers = sample(model, tokenizer, asked, max_new_tokens=most, temperature=0.0)
    chosen = []
    for prompt, answer in zip(beside.prompts, beside.answers, strict=True) if beside is not None else ():
        ids = torch.tensor([[*prompt, *answer]], device=model.device)
        with torch.inference_mode():
            logits = model(input_ids=ids).logits[0, len(prompt) - 1 : -1]
        chosen.append(tuple(logits.argmax(dim=-1).tolist()))
    texts = [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}], add_generation_prompt=True, tokenize=False, **template
        )
        for prompt in prompts
    ]
    return Reading(
        tuple(map(tuple, asked)),
        tuple(map(tuple, answers)),
        tuple(chosen),
        tuple(texts),
        tuple(sorted(ending_tokens(model, tokenizer))),
    )


def _answer_gguf(file: str, beside: Reading, most: int) -> Reading:
    import llama_cpp
    import numpy as np

    from grpo_arcade.trainer.config import spare_threads

    context = max(map(len, beside.prompts)) + most + 1
    model = llama_cpp.Llama(
        file,
        n_ctx=context,
        n_batch=context,
        n_threads=spare_threads(),
        n_threads_batch=spare_threads(),
        logits_all=True,
        # What llama.cpp keeps of earlier tokens is not rounded: only the weights are to be compared.
        type_k=llama_cpp.GGML_TYPE_F32,
        type_v=llama_cpp.GGML_TYPE_F32,
        verbose=False,
    )

    def likeliest(first: int, last: int) -> list[int]:
        return [int(token) for token in np.argmax(model.scores[first:last], axis=1)]

    prompts, answers, chosen = [], [], []
    for text, prompt, answer in zip(beside.texts, beside.prompts, beside.answers, strict=True):
        prompts.append(tuple(model.tokenize(text.encode(), add_bos=False, special=True)))
        written: list[int] = []
        # A prompt that is read as other tokens fails the check anyway, and might not fit.
        if prompts[-1] == prompt:
            model.reset()
            model.eval(prompt)
            while True:
                written += likeliest(model.n_tokens - 1, model.n_tokens)
                if written[-1] in beside.ends or len(written) == most:
                    break
                model.eval(written[-1:])
        answers.append(tuple(written))
        model.reset()
        model.eval([*prompt, *answer])
        chosen.append(tuple(likeliest(len(prompt) - 1, len(prompt) + len(answer) - 1)))
    return Reading(tuple(prompts), tuple(answers), tuple(chosen), beside.texts, beside.ends)


def main() -> None:
    """Answer the order on stdin, on stdout."""
    try:
        answer = asdict(_answer(json.load(sys.stdin)))
    except (ValueError, ImportError, OSError, RuntimeError) as error:
        answer = {"error": " ".join(str(error).split())[:300]}
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
