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

_FIRST, _REST = r'[^\s"\]\)},:;]', r'[^"\n]*[^\s"\[(](?=")'
_NAME = rf'(?<! in )(?<!default=)"{_FIRST}(?=(?:{_REST})?")'
"""The quote before a name, and its first letter: what stands between two quotes neither begins nor ends as what stands
between two quoted names does."""
_CALL = r"[^\W\d]\w*(?=\(\w+(?:, a)?\))"
"""A function that is called with what is seen, and perhaps an action."""
_BREAKS = "|".join(
    (
        r"[-+]= ",
        r"[-+%] (?=\d)",
        r"[<>] -?(?=\d)",
        r'for d in "',
        rf"(?={_NAME})",
        rf"(?:if|not|return|a:) (?={_CALL})",
        r"    [gvt] = (?=\w+\n)",
        r"\bv\[(?=\d)",
        r"`(?=\w+[`(])",
        r"strategy\((?=\w+\))",
        r"(?<=strategy)\((?=\w+\))",
        r"get\((?=-?\d)",
        r"v == (?=-?[1-9])",
        r"(?:!=|in \(|len\() ?(?=-?\d)",
        r" \((?=-?\d+ to )",
        r" to (?=-?\d+[ ),])",
        r"(?:[:;,]|and) (?=-?\d+ [a-z])",
        r"of (?=\d+[ :])",
    )
)
_PIECES = "|".join(
    (
        _NAME,
        rf'(?<="{_FIRST}){_REST}',
        r"(?<=`)\w+(?=[`(])",
        r"(?<=strategy\()\w+(?=\))",
        rf"(?<=if |not |return |a: ){_CALL}",
        r"(?<=    [gvt] = )\w+(?=\n)",
        r"\d+ \* ",
        r"-?\d+(?=[\n: ,)\]])",
        r'[WASD]+(?=")',
        rf"[^\n]*?(?:{_BREAKS})",
        r"[^\n]*\n",
        r"[^\n]+",
    )
)
"""What a merge never crosses. A name in quotes or in backticks is made of the same tokens wherever it stands, so that
it can be copied from a prompt into a program. The quote before a name and the name's first letter are a token of their
own: which name it is to be is a choice among few tokens that every game uses, and the next one is what followed that
token in the prompt. Where any of thousands of tokens could be the first, every tenth name began like none of the
prompt's. A number between marks, a weight, an order of moves are the same tokens everywhere, too. Up to the next of
these, or to the end of the line, goes one piece: what is the same in every program becomes one token."""


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
