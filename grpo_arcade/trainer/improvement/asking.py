"""How any model is asked: questions that can be put shorter, answers with their tokens counted.

A :class:`Author` is whoever answers. The one here is a model with weights in this process, through the writers that
training has; one behind an endpoint belongs to the room that knows endpoints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from grpo_arcade.trainer.generation import Generate

MAX_NEW_TOKENS = 1024
"""Tokens of an answer of a model in this process, where nobody says how many."""


@dataclass(frozen=True)
class Question:
    """One question, in several wordings of the same wish."""

    wordings: tuple[str, ...]
    """The fullest first. The last is the game's own words, which are never shortened."""
    opening: str = ""
    """How an answer begins for a model that follows no feedback: it goes on from there."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    text: str
    """Empty where nothing came."""
    asked: str = ""
    """The wording that was asked."""
    token_ids: tuple[int, ...] = ()
    """Where they are known."""
    tokens_in: int = 0
    tokens_out: int = 0
    truncated: bool = False
    """Whether it was cut off."""
    error: str = ""
    """Why nothing came, in one line."""


OnAnswer = Callable[[int, Answer], None]


class AuthorGone(ValueError):
    """Whoever answers has been away for longer than anybody wants to wait; one line. What was answered is kept."""


class Author(Protocol):
    """Answers questions."""

    @property
    def name(self) -> str:
        """A short name, for people."""

    @property
    def follows(self) -> bool:
        """Whether it understands feedback; one that was taught the game's own words alone does not."""

    def write(self, questions: Sequence[Question], seed: int, on_answer: OnAnswer, stopped: Callable[[], bool]) -> None:
        """Answer all questions, each by one call of ``on_answer(place, answer)`` in this thread, as it comes.

        Args:
            questions: in the order of their places.
            seed: of the sampling; the place of a question is added to it.
            on_answer: told of each answer while others are being written.
            stopped: whether a person wants the run to end: then no further question is put.

        Raises:
            AuthorGone: nobody answers any more.
            ValueError: it cannot be asked at all, in one line.
        """


class LocalAuthor:
    """A model with weights, in this process: loaded once, and asked a round's questions together."""

    def __init__(
        self,
        name: str,
        *,
        temperature: float,
        max_tokens: int | None,
        context: int | None,
        threads: int | None,
        memory_share: float,
    ) -> None:
        """``name`` is as :func:`grpo_arcade.trainer.models.load` takes it. Nothing is loaded before it is asked.

        ``memory_share`` is of a card's memory, for vLLM.

        Raises:
            ImportError: the extra ``train`` is not installed, in one line.
            ValueError: there is no such model, in one line.
        """
        from pathlib import Path

        from grpo_arcade.trainer.models.loading import check, is_small, require_packages

        check(name)
        require_packages()
        self.name = Path(name.rstrip("/")).name
        self._word, self._temperature, self._most = name, temperature, max_tokens or MAX_NEW_TOKENS
        self._context, self._threads, self._memory_share = context, threads, memory_share
        self.follows = not is_small(name)
        self._loaded: tuple[Any, Any, Generate | None] | None = None

    def write(self, questions: Sequence[Question], seed: int, on_answer: OnAnswer, stopped: Callable[[], bool]) -> None:
        """All at once, as the sampler likes it; those of a round that is under way are finished."""
        from grpo_arcade.trainer.generation import Sampler
        from grpo_arcade.trainer.models.chat import completion_text, ending_tokens, is_cut_off

        if stopped():
            return
        model, tokenizer, engine = self._load()
        ends = ending_tokens(model, tokenizer)
        room = self._context or _context_of(model)
        fitting = [self._fitting(tokenizer, question, room) for question in questions]
        openings = [
            list(tokenizer(question.opening, add_special_tokens=False)["input_ids"]) if question.opening else []
            for question in questions
        ]
        asked = [ids + opening for (_, ids), opening in zip(fitting, openings, strict=True)]
        longest = min(self._most, max(1, room - max(map(len, asked)))) if room else self._most

        def finished(place: int, ids: list[int]) -> None:
            wording, prompt = fitting[place]
            whole = [*openings[place], *ids]
            text = completion_text(tokenizer, whole, ends, prompt)
            on_answer(place, Answer(text, wording, tuple(whole), len(asked[place]), len(ids), is_cut_off(ids, ends)))

        (engine or Sampler(model, tokenizer))(
            asked,
            first=0,
            seed=seed,
            max_new_tokens=longest,
            temperature=self._temperature,
            on_finished=finished,
        )

    def _fitting(self, tokenizer: Any, question: Question, room: int | None) -> tuple[str, list[int]]:
        """The fullest wording that leaves room for an answer, and its tokens."""
        from grpo_arcade.trainer.models.chat import prompt_ids

        # Half of a small context is for the prompt.
        most = None if room is None else max(room - self._most, room // 2)
        for wording in question.wordings:
            ids = prompt_ids(tokenizer, wording)
            if most is None or len(ids) <= most:
                break
        if room is not None and len(ids) >= room:
            raise ValueError(
                f"{self.name} has room for {room:,} tokens, and the game's own words are {len(ids):,}; ask another"
            )
        return wording, ids

    def _load(self) -> tuple[Any, Any, Generate | None]:
        if self._loaded is None:
            import torch

            from grpo_arcade.trainer.config import TrainConfig, spare_threads
            from grpo_arcade.trainer.generation import choose_writer
            from grpo_arcade.trainer.models import load
            from grpo_arcade.trainer.models.loading import open_generation_config, open_tokenizer

            torch.set_num_threads(self._threads or spare_threads())
            if choose_writer(TrainConfig(model=self._word)).vllm:
                from grpo_arcade.trainer.vllm_here import Engine

                longest = self._context or _ENGINE_ROOM
                share = self._memory_share
                engine = Engine.of(self._word, longest=longest, sequences=64, seed=0, memory_share=share)
                self._context = longest
                config = SimpleNamespace(generation_config=open_generation_config(self._word))
                self._loaded = config, open_tokenizer(self._word), engine
            else:
                model, tokenizer = load(self._word)
                if torch.cuda.is_available():
                    model = model.to("cuda")
                self._loaded = model, tokenizer, None
        return self._loaded


_ENGINE_ROOM = 8192
"""Tokens of prompt and answer that vLLM is started for."""


def _context_of(model: Any) -> int | None:
    """Tokens that a model has room for; None where its configuration does not say."""
    config = getattr(model, "config", None)
    if config is None:
        return None
    said = getattr(config.get_text_config(), "max_position_embeddings", None)
    return int(said) if said else None
