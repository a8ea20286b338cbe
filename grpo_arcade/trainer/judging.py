"""How a reward function is called: ours and other people's, each once a batch, every value a finite number or refused.

A function is written in one of two forms, either of them as ``async def`` too. The *rollout form* takes one
:class:`~grpo_arcade.trainer.scoring.Rollout` and returns a value, or a value and the reason in words. The *TRL form*
takes ``prompts``, ``completions`` and what else TRL hands to reward functions, as keywords, and ``rollouts`` beside
them; it returns a value a completion. None as a value means that the function does not judge that completion.
torch and TRL are not imported here.
"""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from grpo_arcade.trainer.scoring import Rollout

_LARGEST = 3.4e38
"""Above this a value is infinite in the 32 bits that TRL keeps it in."""

_LONGEST_WORDS = 300
"""Characters of an exception's message: one that quotes a rollout would fill a screen."""


class RewardError(ValueError):
    """A reward function failed; one line that names it, the line of its code, and what went wrong."""


class Verdict(NamedTuple):
    """What one reward function says of one completion."""

    value: float | None
    """Unweighted; None where it does not judge."""
    reason: str = ""
    """In words; empty where it gives none."""


BROKEN_OFF = Verdict(None, "its server broke off a game, so nothing is learnt from it")


class Judged(NamedTuple):
    """A rollout, and what every reward function says of it, by its name."""

    rollout: Rollout
    verdicts: dict[str, Verdict]


@dataclass(frozen=True)
class Reward:
    """A reward function, with its name and its weight."""

    name: str
    function: Callable[..., Any]
    """In one of the two forms."""
    weight: float = 1.0
    takes_batches: bool = False
    """Whether ``function`` is in the TRL form."""

    @property
    def __name__(self) -> str:
        """What TRL logs it under."""
        return self.name

    @property
    def description(self) -> str:
        """What it pays for, as its docstring says first; empty where it has none."""
        return " ".join((inspect.getdoc(self.function) or "").split("\n\n")[0].split())

    def __call__(
        self, prompts: Sequence[Any], completions: Sequence[Any], *, rollouts: Sequence[Rollout], **columns: Any
    ) -> list[float | None]:
        """As TRL calls it: one value a completion, unweighted, since TRL applies the weights."""
        columns |= {"prompts": prompts, "completions": completions}
        return [verdict.value for verdict in self.verdicts(rollouts, columns)]

    def judge(self, rollout: Rollout) -> Verdict:
        """The verdict on one rollout."""
        columns = {"prompts": [[]], "completions": [[{"role": "assistant", "content": rollout.completion}]]}
        return self.verdicts([rollout], columns)[0]

    def verdicts(self, rollouts: Sequence[Rollout], columns: dict[str, Any]) -> list[Verdict]:
        """One verdict a rollout; ``columns`` are what TRL gives for the same completions.

        Raises:
            RewardError: the function raised, or gave what is no finite number.
        """
        return [judged.verdicts[self.name] for judged in judge_all([self], rollouts, columns)]

    def begin(self, rollouts: Sequence[Rollout], columns: dict[str, Any]) -> Any:
        """Call the function: an answer a rollout; those of an ``async def`` are still to be awaited."""
        try:
            if self.takes_batches:
                return self.function(**self._wanted({**columns, "rollouts": list(rollouts)}))
            return [self.function(rollout) for rollout in rollouts]
        except (Exception, SystemExit) as error:
            raise self._failure(error) from error

    async def finish(self, begun: Any) -> list[Any]:
        """Await what :meth:`begin` left to be awaited."""
        try:
            answers = list(await begun if inspect.isawaitable(begun) else begun)
            come = iter(await asyncio.gather(*(each for each in answers if inspect.isawaitable(each))))
            return [next(come) if inspect.isawaitable(each) else each for each in answers]
        except (Exception, SystemExit) as error:
            raise self._failure(error) from error

    def _wanted(self, columns: dict[str, Any]) -> dict[str, Any]:
        parameters = inspect.signature(self.function).parameters
        if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values()):
            return columns
        return {name: value for name, value in columns.items() if name in parameters}

    def checked(self, answers: Sequence[Any], wanted: int) -> list[Verdict]:
        """The answers as verdicts, each of which is a finite number or None."""
        if len(answers) != wanted:
            raise RewardError(f"{self._named()} gave {len(answers)} values for {wanted} completions")
        found = []
        for answer in answers:
            value, reason = answer if isinstance(answer, tuple) and len(answer) == 2 else (answer, "")
            try:
                number = None if value is None else float(value)
            except OverflowError:
                raise RewardError(f"{self._named()} gave a number that is too large to be one here") from None
            except (TypeError, ValueError):
                raise RewardError(f"{self._named()} gave {value!r:.80}, which is no number") from None
            if number is not None and not abs(number) <= _LARGEST:
                because = f" ({reason})" if reason else ""
                raise RewardError(f"{self._named()} gave {number:g}, which is no finite number{because}")
            found.append(Verdict(number, str(reason)))
        return found

    def _failure(self, error: BaseException) -> RewardError:
        return RewardError(f"{self._named(error)}: {error_words(error)}")

    def _named(self, error: BaseException | None = None) -> str:
        """The function, and the line of its file at which it failed, or where it begins."""
        code = getattr(inspect.unwrap(self.function), "__code__", None)
        if code is None:
            return f"reward {self.name}"
        frames = traceback.extract_tb(error.__traceback__) if error is not None else ()
        lines = [code.co_firstlineno, *(each.lineno for each in frames if each.filename == code.co_filename)]
        return f"reward {self.name} ({Path(code.co_filename).name}, line {lines[-1]})"


def judge_all(rewards: Sequence[Reward], rollouts: Sequence[Rollout], columns: dict[str, Any]) -> list[Judged]:
    """What every reward function says of every rollout; each function is called once, and async ones together.

    Raises:
        RewardError: as :meth:`Reward.verdicts`.
    """
    # Called outside of any event loop, because a function may have one of its own.
    begun = [reward.begin(rollouts, columns) for reward in rewards]

    async def together() -> list[list[Any]]:
        return await asyncio.gather(*(reward.finish(each) for reward, each in zip(rewards, begun, strict=True)))

    # In a thread of its own, because a notebook has a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        answers = thread.submit(asyncio.run, together()).result()
    by_reward = {
        reward.name: reward.checked(found, len(rollouts)) for reward, found in zip(rewards, answers, strict=True)
    }
    # None everywhere takes a completion out of its group: TRL compares the others, and learns nothing from this one.
    return [
        Judged(
            rollout,
            {name: BROKEN_OFF if rollout.broken_off else verdicts[place] for name, verdicts in by_reward.items()},
        )
        for place, rollout in enumerate(rollouts)
    ]


def error_words(error: BaseException) -> str:
    """An exception in one line that is not long, though what it quotes may be."""
    words = " ".join(str(error).split())
    words = words if len(words) <= _LONGEST_WORDS else words[:_LONGEST_WORDS] + "…"
    return f"{type(error).__name__}: {words}".removesuffix(": ")
