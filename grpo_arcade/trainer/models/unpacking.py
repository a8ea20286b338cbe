"""Models as people have them for llama.cpp: one GGUF file, unpacked once into a folder that everything else can read.

The folder lies in the cache of the platform; it holds the weights in bfloat16, the tokenizer and its chat template.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import platformdirs

SUFFIX = ".gguf"


def is_gguf(name: str) -> bool:
    """Whether a model's name is that of a GGUF file."""
    return name.lower().endswith(SUFFIX)


def unpacked(file: Path) -> Path:
    """The folder of a GGUF file's model; the first time it takes a minute for every billion weights, and says so.

    Raises:
        ImportError: the package that reads such files is not installed.
        OSError: it cannot be read, or there is no room for the folder.
        Exception: what transformers says of a file it cannot read.
    """
    folder = _folder_of(file)
    if folder.is_dir():
        return folder
    if find_spec("gguf") is None:
        raise ImportError('reading a GGUF file needs the package gguf: pip install "gguf>=0.17"')
    folder.parent.mkdir(parents=True, exist_ok=True)
    print(f"unpacking {file.name} into {folder}, once", file=sys.stderr, flush=True)
    scratch = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    try:
        _write(file, scratch)
        if not folder.is_dir():  # another process may have been quicker
            scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return folder


def _folder_of(file: Path) -> Path:
    state = file.stat()
    told = f"{file.resolve()} {state.st_size} {state.st_mtime_ns}"
    digest = hashlib.sha256(told.encode()).hexdigest()[:12]
    return platformdirs.user_cache_path("grpo-arcade") / "unpacked" / f"{file.stem}-{digest}"


def _write(file: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
        read = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.bfloat16)
        config = read.config
        if hasattr(config, "quantization_config"):
            # The weights are plain now; with the mark they would not be saved.
            del config.quantization_config
        config.dtype = "bfloat16"
        plain = type(read)(config).to(torch.bfloat16)
        plain.load_state_dict({name: weights.to(torch.bfloat16) for name, weights in read.state_dict().items()})
        if isinstance(end := read.generation_config.eos_token_id, int):
            # What transformers reads of the tokenizer has another end token for some chat models.
            tokenizer.eos_token = tokenizer.convert_ids_to_tokens(end)
            plain.generation_config.eos_token_id = end
        plain.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    finally:
        if shown:
            logging.enable_progress_bar()
