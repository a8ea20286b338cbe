"""Whether a folder holds a causal language model, as far as its files' first lines say. Imports no torch.

transformers says the same after ten seconds, in words for those who wrote it.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from grpo_arcade.foreign_data import parsed_json, read_file

ADAPTER_CONFIG = "adapter_config.json"
"""What makes a folder a PEFT adapter's."""
_WRITES = ("ForCausalLM", "LMHeadModel", "ForConditionalGeneration")
_TOKENIZERS = ("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "vocab.json")
_LARGEST_HEADER = 100_000_000
"""Bytes, as the format has it."""


_MOST_VALUES = 5_000_000
"""JSON values: gpt-oss-120b's index and headers hold a hundredth."""


class UnreadableError(ValueError):
    """The files are no model that could be loaded; the message says what is wrong with them."""


def read_object(file: Path) -> dict[str, Any]:
    """A JSON file that holds an object.

    Raises:
        UnreadableError: it is none.
    """
    try:
        found = parsed_json(read_file(file, _LARGEST_HEADER).removeprefix(b"\xef\xbb\xbf"), most_values=_MOST_VALUES)
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{file.name} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise UnreadableError(f"{file.name} holds no JSON object")
    return found


def check_architecture(config: Mapping[str, Any]) -> None:
    """Refuse a ``config.json`` of a model that writes no text of its own.

    Raises:
        UnreadableError: it names another architecture.
    """
    named = config.get("architectures")
    architectures = [str(each) for each in named] if isinstance(named, list) else []
    if architectures and not any(each.endswith(_WRITES) for each in architectures):
        raise UnreadableError(f"{architectures[0]} is no language model that writes; one is called …ForCausalLM")
    if config.get("is_encoder_decoder") is True:
        raise UnreadableError(f"{architectures[0] if architectures else 'it'} encodes one text and decodes another")


def check_folder(folder: Path) -> None:
    """Refuse a folder whose model cannot be loaded.

    Raises:
        UnreadableError: a file is missing, torn, or of something else.
    """
    if (folder / ADAPTER_CONFIG).is_file():
        read_object(folder / ADAPTER_CONFIG)
        weights = sorted(folder.glob("adapter_model.safetensors"))
    else:
        check_architecture(read_object(folder / "config.json"))
        weights = sorted(folder.glob("*.safetensors"))
        if not any((folder / name).is_file() for name in _TOKENIZERS):
            raise UnreadableError(f"it has no tokenizer ({', '.join(_TOKENIZERS[:2])} or an older form)")
    for index in folder.glob("*.safetensors.index.json"):
        parts = read_object(index).get("weight_map")
        names = set(map(str, parts.values())) if isinstance(parts, dict) else set()
        if missing := sorted(name for name in names if not (folder / name).is_file()):
            raise UnreadableError(f"{missing[0]} is missing, which {index.name} names")
    if not any(any(folder.glob(f"*.{kind}")) for kind in ("safetensors", "bin")):
        raise UnreadableError("it has no weights (model.safetensors, or adapter_model.safetensors of an adapter)")
    for file in weights:
        _check_weights(file)


def _check_weights(file: Path) -> None:
    """Refuse a file of weights that is not as long as it says."""
    size = file.stat().st_size
    with file.open("rb") as opened:
        start = opened.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
        if not 0 < length <= min(_LARGEST_HEADER, size - 8):
            raise UnreadableError(f"{file.name} is no file of weights, or only its beginning")
        try:
            header = parsed_json(opened.read(length), most_values=_MOST_VALUES)
            ends = [each["data_offsets"][1] for name, each in header.items() if name != "__metadata__"]
        except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
            raise UnreadableError(f"{file.name} is no file of weights") from error
    if not all(isinstance(end, int) for end in ends) or 8 + length + max(ends, default=0) != size:
        raise UnreadableError(f"{file.name} is torn: it has {size:,} bytes, and its header says otherwise")
