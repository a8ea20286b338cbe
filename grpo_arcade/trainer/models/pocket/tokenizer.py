"""The pocket model's tokenizer: byte-level BPE over whole lines.

A word-wise split would cost some 250 tokens a program. Here a merge may run across spaces up to the end of a line, so
that a line every program has becomes one token and generation on a laptop costs a fraction. What programs differ in
stays in separate tokens (sign, weight and term of an evaluation; the order in which moves are tried), so that what is
learned about a term holds for every weight. Any text still encodes: the 256 bytes are always there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from grpo_arcade.trainer.models.pocket.architecture import CONTEXT

PAD, USER, ASSISTANT, END = SPECIAL_TOKENS = ("<|pad|>", "<|user|>", "<|assistant|>", "<|end|>")

CHAT_TEMPLATE = """\
{%- for message in messages -%}
{%- if message['role'] == 'assistant' -%}
<|assistant|>{% generation %}{{ message['content'] }}<|end|>{% endgeneration %}
{%- else -%}
<|user|>{{ message['content'] }}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt %}<|assistant|>{% endif -%}"""
"""One user message and its answer; a system message is read as one more user message."""

_PIECES = (
    r'[^\n]*?(?:[-+]= |[-+%] (?=\d)|[<>] -?(?=\d)|for d in ")|\d+ \* |\d+(?=[\n: ,)])|[WASD]+(?=")|[^\n]*\n|[^\n]+'
)
"""What a merge never crosses: up to a sign or a number, a weight, a number, an order of moves, the rest of the line."""


def train_tokenizer(texts: Iterable[str], vocab_size: int) -> Any:
    """A ``PreTrainedTokenizerFast`` with the special tokens, the bytes, and the merges that ``texts`` suggest."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    core.decoder = decoders.ByteLevel()
    core.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=vocab_size,
            special_tokens=list(SPECIAL_TOKENS),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[USER, ASSISTANT],
        chat_template=CHAT_TEMPLATE,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )
