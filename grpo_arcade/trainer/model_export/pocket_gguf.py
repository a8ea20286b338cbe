"""The pocket model as GGUF, written directly: llama.cpp's converter knows its architecture, but not its tokenizer.

llama.cpp has a fixed list of ways to cut a text before byte pairs are merged, and the pocket model's whole lines are
not among them. Its "llama" kind of tokenizer cuts nothing at all: it merges whatever neighbours make a token, the one
of the highest score first. With the order of the merges as scores that reads every prompt as the pocket tokenizer does
(whoever exports checks it), and what the model writes is read token by token anyway.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.trainer.model_export.origin import ExportError, Origin

if TYPE_CHECKING:
    import gguf

_SPACE = "\u2581"
"""How this kind of tokenizer spells a blank."""


def is_written_here(origin: Origin) -> bool:
    """Whether a model is the pocket model or its like: a Qwen3 with its special tokens."""
    from grpo_arcade.trainer.models.loading import open_tokenizer
    from grpo_arcade.trainer.models.pocket.tokenizer import SPECIAL_TOKENS

    if origin.architecture().get("model_type") != "qwen3":
        return False
    described = json.loads(open_tokenizer(origin.model).backend_tokenizer.to_str())
    return [token["content"] for token in described["added_tokens"]] == list(SPECIAL_TOKENS)


def write_pocket_gguf(folder: Path, file: Path, name: str) -> None:
    """Write the model in ``folder`` to ``file``, in float32.

    Raises:
        ExportError: a token is no text.
    """
    import gguf
    from safetensors.torch import load_file

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    writer = gguf.GGUFWriter(file, gguf.MODEL_ARCH_NAMES[gguf.MODEL_ARCH.QWEN3])
    writer.add_name(name)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    _add_tokenizer(writer, folder)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN3, config["num_hidden_layers"])
    for key, weight in load_file(folder / "model.safetensors").items():
        known = names.get_name(key, try_suffixes=(".weight",))
        if known is None:
            raise ExportError(f"GGUF has no place for the weight {key}")
        writer.add_tensor(known, weight.float().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: gguf.GGUFWriter, folder: Path) -> None:
    import gguf

    described = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    special = {token["content"]: token["id"] for token in described["added_tokens"]}
    ranks: dict[str, int] = {}
    for rank, pair in enumerate(described["model"]["merges"]):
        ranks.setdefault("".join(pair), rank)
    tokens, scores, kinds = [], [], []
    for token in sorted(described["model"]["vocab"], key=described["model"]["vocab"].__getitem__):
        text, kind = (token, gguf.TokenType.CONTROL) if token in special else _spelled(token)
        tokens.append(text)
        kinds.append(kind)
        scores.append(-float(ranks.get(token, 0)))
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_eos_token_id(special[settings["eos_token"]])
    writer.add_pad_token_id(special[settings["pad_token"]])
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template((folder / "chat_template.jinja").read_text(encoding="utf-8"))


def _spelled(token: str) -> tuple[str, Any]:
    """A byte-level token as this kind of tokenizer writes it."""
    import gguf

    data = bytes(_byte_of()[letter] for letter in token)
    if len(data) == 1 and not 0x20 <= data[0] < 0x7F and data != b"\n":
        return f"<0x{data[0]:02X}>", gguf.TokenType.BYTE
    try:
        return data.decode().replace(" ", _SPACE), gguf.TokenType.NORMAL
    except UnicodeDecodeError:
        raise ExportError(f"the token {token!r} is a part of a letter, which GGUF cannot hold here") from None


def _byte_of() -> dict[str, int]:
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    return {letter: byte for byte, letter in bytes_to_unicode().items()}
