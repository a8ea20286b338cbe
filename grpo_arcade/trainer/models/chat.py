"""Between words and tokens: a prompt as the model's chat template wants it, and a completion as text.

Every way a model is asked goes through here, so that training, evaluation and the window see the same completion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import TemplateError

from grpo_arcade.foreign_text import clean
from grpo_arcade.games.players.answer import begun_thought

_LONGEST_WORDS = 200
"""Characters of what a template says when it fails; it came with the model."""
_END_OF_PROMPT = 16
"""Tokens in which a template says that the answer begins, and how."""


def prompt_ids(tokenizer: Any, prompt: str, template: Mapping[str, Any] | None = None) -> list[int]:
    """The prompt as one user message, up to where the answer begins; ``template`` goes to the chat template.

    Raises:
        ValueError: the tokenizer has no chat template, or one that fails; one line.
    """
    if not tokenizer.chat_template:
        raise ValueError(
            f"the tokenizer of {tokenizer.name_or_path} has no chat template, so the model cannot be asked; use "
            "one made for conversation, or put a chat_template.jinja into its folder"
        )
    # A system message is never asked for, since not every template knows one.
    messages = [{"role": "user", "content": prompt}]
    try:
        ids = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, tokenize=True, return_dict=False, **dict(template or {})
        )
    except (TemplateError, TypeError) as error:
        said = clean(" ".join(str(error).split())[:_LONGEST_WORDS])
        raise ValueError(
            f"the chat template of {tokenizer.name_or_path} takes no single user message, so the model cannot be "
            f"asked; put another chat_template.jinja into its folder. It said: {said}"
        ) from error
    return list(ids)


def ending_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    """Ids that end a completion. Chat models list several; the tokenizer's own is always one of them."""
    listed = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    tokens = {listed} if isinstance(listed, int) else set(listed or ())
    return frozenset(tokens | {token for token in (tokenizer.eos_token_id,) if token is not None})


def completion_text(tokenizer: Any, ids: Sequence[int], ends: frozenset[int], prompt: Sequence[int] = ()) -> str:
    """A completion as text: without the tokens that end it, with the markers of reasoning channels.

    Where ``prompt``, as :func:`prompt_ids` makes it, begins a thought, so does the text: without that mark, nobody
    could tell a thought that never ended from an answer.
    """
    last = len(ids)
    while last and ids[last - 1] in ends:
        last -= 1
    begun = begun_thought(tokenizer.decode(list(prompt[-_END_OF_PROMPT:]), skip_special_tokens=False)) if prompt else ""
    return begun + tokenizer.decode(list(ids[:last]), skip_special_tokens=False)


def is_cut_off(ids: Sequence[int], ends: frozenset[int]) -> bool:
    """Whether a completion stops where its tokens ran out and not where the model ended it."""
    return not ids or ids[-1] not in ends
