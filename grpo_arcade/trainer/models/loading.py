"""From a name to a causal language model and its tokenizer; torch and transformers are imported only when asked.

A name is ``pocket`` (shipped with this package), a folder (a Hugging Face model, a checkpoint, a PEFT adapter, or a
run folder, whose newest checkpoint is meant), a GGUF file, or a model's name on the Hugging Face hub.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.foreign_data import parsed_json, read_file
from grpo_arcade.trainer.models import hub
from grpo_arcade.trainer.models.files import ADAPTER_CONFIG, UnreadableError, check_folder
from grpo_arcade.trainer.models.unpacking import is_gguf, unpacked

if TYPE_CHECKING:
    import torch

POCKET = Path(__file__).parent / "pocket" / "weights"
"""Where the embedded model lies: a normal Hugging Face folder."""
SMALL = 256 * 2**20
"""Bytes of weights up to which a model is small. It is trained whole, in float32, with our own pass over the shared
prompt, and saves little memory by Unsloth's chunks and adapters."""

_EXTRA = 'pip install "grpo-arcade[train]"'
_NO_NETWORK = frozenset(
    ("OfflineModeIsEnabled", "LocalEntryNotFoundError", "ConnectionError", "TransportError", "TimeoutError")
)
"""Classes of errors, or of what led to them, that mean that the hub was not reached."""
_DTYPES = ("auto", "float32", "bfloat16", "float16")


class ModelError(ValueError):
    """The model cannot be had; one line that says why and what would work."""


def load(
    name: str | Path, *, dtype: str | torch.dtype = "auto", trainable: bool = False, **options: Any
) -> tuple[Any, Any]:
    """The model, in evaluation mode and on the CPU, and its tokenizer, which has a padding token.

    Args:
        name: ``pocket``, a folder, or a name on the Hugging Face hub. An adapter folder gives a ``PeftModel`` whose
            base is the one its ``adapter_config.json`` names.
        dtype: of the weights. ``auto`` is float32 for the pocket model (a full finetune at a learning rate of 1e-4
            is lost in bfloat16's rounding) and what the files hold for any other.
        trainable: an adapter goes on learning.
        options: for ``from_pretrained``, such as where to put it and in how many bits.

    Raises:
        ModelError: no such model, or its files cannot be read.
        ImportError: the extra ``train`` is not installed.
    """
    if isinstance(dtype, str) and dtype not in _DTYPES:
        raise ModelError(f"dtype {dtype!r} is unknown; it is one of {', '.join(_DTYPES)}")
    where = locate(str(name))
    check(str(name))
    require_packages()
    import transformers

    if is_adapter(where):
        return _load_adapter(Path(where), dtype, trainable, options)
    if dtype == "auto" and where == POCKET:
        dtype = "float32"
    here = fetch(where)
    tokenizer = open_tokenizer(where)
    try:
        with quiet() if isinstance(here, Path) else contextlib.nullcontext():
            if "quantization_config" not in options and _stored_as(here) == "mxfp4":
                # Four-bit experts as gpt-oss is published; they neither learn nor take an adapter so.
                options["quantization_config"] = transformers.Mxfp4Config(dequantize=True)
            model = transformers.AutoModelForCausalLM.from_pretrained(here, dtype=dtype, **options)
    except Exception as error:  # every library below has its own way to say that a file is missing or torn
        if "out of memory" in str(error).lower():
            raise
        raise ModelError(why_not(str(name), where, error)) from error
    # An adapter names its base: the file outlives the folder it was unpacked into, and the hub the place here.
    if is_gguf(str(name)):
        model.config._name_or_path = model.name_or_path = str(Path(str(name)).expanduser().resolve())
    elif isinstance(where, str):
        model.config._name_or_path = model.name_or_path = where
    return model.eval(), tokenizer


def open_tokenizer(name: str | Path) -> Any:
    """The tokenizer of a model, with a padding token.

    Raises:
        ModelError: no such model, or its files cannot be read.
    """
    from transformers import AutoTokenizer

    where = locate(str(name))
    if is_adapter(where) and not (Path(where) / "tokenizer_config.json").is_file():
        return open_tokenizer(adapter_base(Path(where)))
    here = fetch(where)
    try:
        tokenizer = AutoTokenizer.from_pretrained(here)
    except Exception as error:
        raise ModelError(why_not(str(name), where, error)) from error
    tokenizer.name_or_path = str(where)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def open_generation_config(name: str | Path) -> Any:
    """A model's generation config, which says what ends a completion; None where it has none.

    Raises:
        ModelError: no such model.
    """
    from transformers import GenerationConfig

    where = locate(str(name))
    if is_adapter(where):
        return open_generation_config(adapter_base(Path(where)))
    here = fetch(where)
    try:
        return GenerationConfig.from_pretrained(here)
    except OSError:
        return None


def is_adapter(name: str | Path) -> bool:
    """Whether a name stands for a folder with a PEFT adapter."""
    where = locate(str(name))
    return isinstance(where, Path) and (where / ADAPTER_CONFIG).is_file()


def require_packages() -> None:
    """Refuse to load a model where what it takes is not installed; nothing is imported for that.

    Raises:
        ImportError: in one line, what is missing and how to install it.
    """
    missing = [name for name in ("torch", "transformers") if importlib.util.find_spec(name) is None]
    if missing:
        raise ImportError(f"a model needs {' and '.join(missing)}: {_EXTRA}")


def check(name: str) -> None:
    """Refuse what is no model, before anything slow is imported; the hub is asked about one that is not here.

    Raises:
        ModelError: there is none, or its files are something else or torn, in one line.
    """
    where = locate(name)
    try:
        if isinstance(where, Path):
            check_folder(where)
            if (where / ADAPTER_CONFIG).is_file():
                check(adapter_base(where))
        elif hub.folder_of(where) is None:
            hub.ask(where)
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(why_not(name, where, error)) from error


def fetch(where: Path | str, progress: hub.Progress | None = None) -> Path | str:
    """Where the files of a model are, after a model of the hub was brought here.

    Args:
        where: as :func:`locate` gives it.
        progress: called with bytes here and bytes in all; stderr shows them when absent.

    Returns:
        A folder; the name itself for an adapter of the hub, whose base has to be looked for too.

    Raises:
        ModelError: it cannot be had, in one line.
    """
    if isinstance(where, Path):
        return where
    try:
        if (folder := hub.folder_of(where)) is not None:
            return folder
        offer = hub.ask(where)
        folder = hub.download(where, offer, progress)
    except Exception as error:
        raise ModelError(why_not(where, where, error)) from error
    return where if offer.adapter else folder


def _stored_as(where: Path | str) -> str:
    """How the weights are quantized as they are stored; empty where they are not."""
    from transformers import AutoConfig

    kept = getattr(AutoConfig.from_pretrained(where), "quantization_config", None)
    if kept is None:
        return ""
    return str(kept.get("quant_method") if isinstance(kept, dict) else kept.quant_method)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No progress bars of transformers inside: they are for downloads, not for files that lie here."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def locate(name: str) -> Path | str:
    """The folder a name stands for, or the name itself where it can only be the hub's.

    Imports no torch, but for unpacking a GGUF file the first time.

    Raises:
        ModelError: there is no such folder, or no model in it.
    """
    if name == "pocket":
        if not (POCKET / "model.safetensors").is_file():
            raise ModelError(
                "the pocket model's weights are missing from this installation: `arcade pretrain` makes them"
            )
        return POCKET
    path = Path(name).expanduser()
    if is_gguf(name) and path.is_file():
        return _unpacked(path)
    if path.is_dir():
        if (path / ADAPTER_CONFIG).is_file():
            _refuse_strangers_base(path)
            return path
        if (path / "config.json").is_file() and any(path.glob("*.safetensors*")):
            return path
        checkpoints = [folder for folder in path.glob("checkpoint-*") if folder.name.rpartition("-")[2].isdigit()]
        if checkpoints:
            return locate(str(max(checkpoints, key=lambda folder: int(folder.name.rpartition("-")[2]))))
        raise ModelError(f"{name} holds no model: it needs config.json and model.safetensors, or checkpoint-N folders")
    if path.exists() or name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise ModelError(
            f"there is no model at {name}; use pocket, a folder, a .gguf file, or a hub name like Qwen/Qwen3-0.6B"
        )
    return name


def _refuse_strangers_base(adapter: Path) -> None:
    """Another machine's run says which model its adapter goes on: that is loaded if a person wants it, not before."""
    from grpo_arcade.recordings.runs.find import run_of
    from grpo_arcade.recordings.runs.made_here import made_here

    run = run_of(adapter)
    if run is not None and not made_here(run) and (base := adapter_base(adapter)) != "pocket":
        raise ModelError(
            f"arcade runs {shlex.quote(str(run))} --trust lets {adapter.name} go on the model {base}, which only the "
            "run names; it was not made on this machine, or was changed"
        )


def is_small(model: str) -> bool:
    """Whether a model on this disk is small; one that would have to be downloaded is not."""
    if is_gguf(model) and (file := Path(model).expanduser()).is_file():
        return file.stat().st_size <= SMALL / 4  # in four bits a weight instead of sixteen
    where = POCKET if model == "pocket" else locate(model)
    if not isinstance(where, Path) or (where / ADAPTER_CONFIG).is_file():
        return False
    return sum(file.stat().st_size for file in where.glob("*.safetensors")) <= SMALL


def _unpacked(file: Path) -> Path:
    try:
        return unpacked(file)
    except ImportError:
        raise
    except Exception as error:
        raise ModelError(f"{file} cannot be unpacked: {' '.join(str(error).split())[:200]}") from error


def _load_adapter(folder: Path, dtype: str | torch.dtype, trainable: bool, options: dict[str, Any]) -> tuple[Any, Any]:
    try:
        import peft
    except ImportError as error:
        raise ImportError(f"{folder} is a LoRA adapter and needs peft: {_EXTRA}") from error
    model, tokenizer = load(adapter_base(folder), dtype=dtype, **options)
    try:
        return peft.PeftModel.from_pretrained(model, str(folder), is_trainable=trainable).eval(), tokenizer
    except Exception as error:
        raise ModelError(why_not(str(folder), folder, error)) from error


def adapter_base(folder: Path) -> str:
    """The model an adapter was trained on."""
    try:
        adapter = parsed_json(read_file(folder / ADAPTER_CONFIG, 1 << 20))
        return base_name(str(adapter["base_model_name_or_path"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / ADAPTER_CONFIG} does not say which model the adapter goes on") from error


def base_name(base: str) -> str:
    """The model that an adapter calls ``base``, as :func:`load` takes it."""
    # The pocket model's place differs from machine to machine, its last two folders do not.
    return "pocket" if Path(base).parts[-2:] == POCKET.parts[-2:] else base


def why_not(name: str, where: Path | str, error: BaseException) -> str:
    """Why a model could not be loaded, in one line, and what would work."""
    reason = " ".join(str(error).split())[:200]
    if isinstance(where, Path):
        return f"the model in {name} cannot be read: {reason}"
    if isinstance(error, UnreadableError):
        return f"{name} is no model to write strategies: {reason}"
    kinds = set(_kinds(error))
    if "GatedRepoError" in kinds:
        return (
            f"{name} is gated: accept its licence on https://huggingface.co/{name}, then `hf auth login` (or set "
            "HF_TOKEN to a token of that account)"
        )
    if kinds & {"RepositoryNotFoundError", "HFValidationError"}:
        instead = hub.similar(name) or "or use pocket or a folder"
        return f"there is no model {name!r} on the hub, or it is private (then `hf auth login`); {instead}"
    if kinds & _NO_NETWORK:
        off = os.environ.get("HF_HUB_OFFLINE", "0").upper() in ("1", "ON", "YES", "TRUE")
        said = "HF_HUB_OFFLINE forbids asking the hub" if off else "the hub cannot be reached"
        instead = hub.similar(name) or "download it where you are online, or use pocket or a folder"
        return f"{name} is not on this machine, and {said}; {instead}"
    return f"no model {name!r} on this machine or the hub (use pocket, a folder, or a hub name): {reason}"


def _kinds(error: BaseException | None) -> Iterator[str]:
    """The names of an error's classes and of all that led to it."""
    while error is not None:
        yield from (kind.__name__ for kind in type(error).__mro__)
        error = error.__cause__ or error.__context__
