"""A model behind an endpoint, which writes for an improvement: waited for when it is away, told less when that is much.

What cannot be helped by waiting (a wrong key, a model that is not there) is raised at once; what can is waited for.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from grpo_arcade.arcade.endpoint import CutOffError, Endpoint, EndpointError, SilentError, Usage, complete
from grpo_arcade.arcade.endpoint.wire import RefusedError, UnreachableError
from grpo_arcade.trainer.improvement.asking import Answer, AuthorGone, OnAnswer, Question

_TOO_LONG = re.compile(
    r"context.{0,40}(length|size|window|exceed)|exceed.{0,60}(context|token)|too (long|large)|maximum.{0,40}tokens",
    re.I,
)
"""How servers say that a prompt has no room."""
_PASSING = (408, 409, 425, 429, 500, 502, 503, 504)
"""Statuses after which the same question may be answered later."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 30.0
_CHARACTERS_A_TOKEN = 3.0
"""Fewer than any tokenizer's of English and code, so that an estimate is rather too many tokens."""
_SAME_FAULT = 3
"""How often a server may fail in the same question before that question is given up."""


@dataclass
class EndpointAuthor:
    """Asks an OpenAI-compatible endpoint, several questions at a time."""

    url: str
    temperature: float = 1.0
    max_tokens: int | None = None
    context: int | None = None
    """Tokens of prompt and answer together, where somebody has said so."""
    parallel: int = 0
    patience_s: float = 1800.0
    """How long to wait for it when it has gone."""
    stop: tuple[str, ...] = ()
    say: Callable[[str], None] = field(default=lambda line: None)
    """Tells the person that it is being waited for."""
    follows: bool = True

    def __post_init__(self) -> None:
        self._endpoint = Endpoint.parse(self.url)
        self._gone_since: float | None = None
        self._lock = threading.Lock()
        self._heard = False
        """Whether it has answered anything yet: who never did may have been mistyped, and is not waited for."""
        self._least = 0
        """The fullest wording that was not too long for it."""

    @property
    def name(self) -> str:
        """The model's, or else the server's place."""
        return self._endpoint.name

    def write(self, questions: Sequence[Question], seed: int, on_answer: OnAnswer, stopped: Callable[[], bool]) -> None:
        """Ask all; an answer that never comes is told of as one, with why."""
        local = self._endpoint.host in ("localhost", "127.0.0.1", "::1")
        at_once = min(len(questions), self.parallel or (1 if local else len(questions)))
        gone: list[BaseException] = []

        def ask(place: int) -> Answer | None:
            return None if stopped() or gone else self._answer(questions[place], (seed + place) % 2**31, stopped)

        with ThreadPoolExecutor(max(1, at_once)) as threads:
            asked = {threads.submit(ask, place): place for place in range(len(questions))}
            for done in as_completed(asked):
                try:
                    answer = done.result()
                except (AuthorGone, EndpointError) as error:
                    gone.append(error)
                    continue
                if answer is not None:
                    on_answer(asked[done], answer)
        if gone:
            raise gone[0]

    def _answer(self, question: Question, seed: int, stopped: Callable[[], bool]) -> Answer | None:
        """One answer; None where a person wants the run to end."""
        faults, lost, wait_s = 0, 0, _FIRST_WAIT_S
        place = self._first_that_fits(question)
        while not stopped():
            wording, usage = question.wordings[place], Usage()
            try:
                text = complete(
                    self.url, wording, seed=seed, temperature=self.temperature, max_tokens=self.max_tokens,
                    stop=self.stop, usage=usage,
                )  # fmt: skip
                self._back()
                return self._counted(Answer(text, wording), usage, lost)
            except CutOffError as cut_off:
                self._back()
                return self._counted(
                    Answer(cut_off.completion, wording, truncated=True, error=str(cut_off)), usage, lost
                )
            except RefusedError as refused:
                if _is_too_long(refused) and place + 1 < len(question.wordings):
                    place += 1
                    self._least = max(self._least, place)
                    continue
                if refused.status not in _PASSING:
                    raise
                why = str(refused)
                faults += refused.status == 500
            except SilentError as silent:
                # It may be that the prompt has no room; if it is anything else, fewer words do no harm.
                if place + 1 < len(question.wordings):
                    place += 1
                    continue
                why = str(silent)
                faults += 1
            except EndpointError as error:
                if isinstance(error, UnreachableError) and not self._heard:
                    raise
                why = str(error)
                lost += usage.pieces
                faults += usage.pieces > 0
            if faults >= _SAME_FAULT:
                return self._counted(Answer("", wording, error=why), Usage(), lost)
            self._wait(why, wait_s, stopped)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        return None

    def _first_that_fits(self, question: Question) -> int:
        last = len(question.wordings) - 1
        if self.context is None:
            return min(self._least, last)
        answer = self.max_tokens or self.context // 3
        fits = (
            place
            for place, wording in enumerate(question.wordings)
            if len(wording) / _CHARACTERS_A_TOKEN + answer <= self.context
        )
        return max(min(self._least, last), next(fits, last))

    def _counted(self, answer: Answer, usage: Usage, lost: int) -> Answer:
        """With tokens: the server's count, or else the pieces that came and an estimate of the prompt.

        ``lost`` came with answers that broke off.
        """
        tokens_in = usage.tokens_in
        if tokens_in is None:
            tokens_in = math.ceil(len(answer.asked) / _CHARACTERS_A_TOKEN)
        tokens_out = lost + (usage.pieces if usage.tokens_out is None else usage.tokens_out)
        return Answer(answer.text, answer.asked, (), tokens_in, tokens_out, answer.truncated, answer.error)

    def _back(self) -> None:
        with self._lock:
            if self._gone_since is not None:
                self.say(f"{self.name} answers again")
            self._gone_since, self._heard = None, True

    def _wait(self, why: str, wait_s: float, stopped: Callable[[], bool]) -> None:
        """Wait a while.

        Raises:
            AuthorGone: it has been away for too long.
        """
        with self._lock:
            now = time.monotonic()
            if self._gone_since is None:
                self._gone_since = now
                self.say(f"waiting for {self.name}: {why}")
            if now - self._gone_since > self.patience_s:
                raise AuthorGone(f"{self.name} has not answered for {self.patience_s / 60:g} minutes: {why}")
        until = time.monotonic() + wait_s
        while time.monotonic() < until and not stopped():
            time.sleep(0.1)


def _is_too_long(refused: RefusedError) -> bool:
    return refused.status in (200, 400, 413, 422, 500) and bool(_TOO_LONG.search(refused.body or str(refused)))
