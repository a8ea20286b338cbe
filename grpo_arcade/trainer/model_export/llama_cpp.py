"""Exports for llama.cpp (and with it Ollama and LM Studio): one GGUF file for each way of rounding the weights.

The file is made by llama.cpp's own converter, or for the pocket model directly; rounding and reading it again is done
by llama.cpp itself, through its Python package.
"""

from __future__ import annotations

import ctypes
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from grpo_arcade.trainer.config import spare_threads
from grpo_arcade.trainer.model_export.origin import ExportError, Origin
from grpo_arcade.trainer.model_export.pocket_gguf import is_written_here, write_pocket_gguf

CONVERTER = "convert_hf_to_gguf.py"
_EXTRA = 'pip install "grpo-arcade[gguf]"'


def check_gguf(origin: Origin, quants: tuple[str, ...], llama_cpp: str | None) -> None:
    """Refuse before anything is loaded what could not be written afterwards.

    Raises:
        ImportError: llama.cpp's packages are missing.
        ExportError: llama.cpp knows no such rounding, or its converter is needed and not there.
    """
    if find_spec("gguf") is None or find_spec("llama_cpp") is None:
        raise ImportError(f"--to gguf needs the packages gguf and llama-cpp-python: {_EXTRA} (it compiles llama.cpp)")
    known = _file_types()
    for quant in quants:
        if quant not in known:
            raise ExportError(f"--quant {quant}: llama.cpp knows {', '.join(sorted(known))}")
    if not is_written_here(origin):
        find_converter(llama_cpp)


def write_gguf(origin: Origin, folder: Path, into: Path, quants: tuple[str, ...], llama_cpp: str | None) -> list[Path]:
    """One file for each of ``quants``.

    Args:
        origin: the model.
        folder: the whole of it, as a Hugging Face folder.
        into: where the files go, as NAME-QUANT.gguf.
        quants: as llama.cpp names them, in small letters.
        llama_cpp: the folder of llama.cpp's sources, for its converter; the pocket model needs none.

    Raises:
        ExportError: there is no converter, or it or the rounding fails.
    """
    whole = folder / "whole.gguf"
    if is_written_here(origin):
        write_pocket_gguf(folder, whole, origin.name)
    else:
        _convert(folder, whole, origin.name, llama_cpp)
    into.mkdir(parents=True, exist_ok=True)
    files = []
    for quant in quants:
        files.append(into / f"{origin.name}-{quant}.gguf")
        _round(whole, files[-1], quant)
    return files


def find_converter(llama_cpp: str | None) -> Path:
    """llama.cpp's converter.

    Raises:
        ExportError: it is not there.
    """
    if llama_cpp is None:
        raise ExportError(
            "this model needs llama.cpp's converter: name the folder of its sources, as from "
            "git clone https://github.com/ggml-org/llama.cpp, with --llama-cpp DIR or in ARCADE_LLAMA_CPP"
        )
    script = Path(llama_cpp).expanduser() / CONVERTER
    if not script.is_file():
        raise ExportError(f"--llama-cpp {llama_cpp}: there is no {CONVERTER}")
    return script


def _convert(folder: Path, file: Path, name: str, llama_cpp: str | None) -> None:
    script = find_converter(llama_cpp)
    order = [sys.executable, str(script), str(folder), "--outfile", str(file), "--outtype", "bf16"]
    done = subprocess.run([*order, "--model-name", name], capture_output=True, text=True)
    if done.returncode or not file.is_file():
        said = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
        raise ExportError(f"llama.cpp's converter refuses this model: {said[0]}")


def _round(source: Path, file: Path, quant: str) -> None:
    import llama_cpp
    from llama_cpp._logger import set_verbose

    set_verbose(False)
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = _file_types()[quant]
    params.nthread = spare_threads()
    if llama_cpp.llama_model_quantize(str(source).encode(), str(file).encode(), ctypes.byref(params)):
        raise ExportError(f"llama.cpp could not round the weights to {quant}; bf16, f16 and q8_0 take any model")


def _file_types() -> dict[str, int]:
    import llama_cpp

    found = {"f32": int(llama_cpp.LLAMA_FTYPE_ALL_F32)}
    for name in dir(llama_cpp):
        if name.startswith("LLAMA_FTYPE_MOSTLY_"):
            found[name.removeprefix("LLAMA_FTYPE_MOSTLY_").lower()] = int(getattr(llama_cpp, name))
    return found
