"""Models of the Hugging Face hub: asked after once, in seconds, and brought here with something to see.

The library behind it tries for minutes where there is no network. What lies here whole is taken as it is, without
asking anybody; ``hf download NAME`` brings a newer version. Imports no torch.
"""

from __future__ import annotations

import difflib
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from grpo_arcade.trainer.models.files import ADAPTER_CONFIG, UnreadableError, check_architecture, read_object

ANSWER_S = 8.0
"""Seconds the hub has for saying whether it has a model; finding out its address included."""
_ENDINGS = (".json", ".safetensors", ".model", ".txt", ".jinja")
_LOOK_S = 0.5
Progress = Callable[[int, int], None]
"""Called with bytes here and bytes in all."""


@dataclass(frozen=True)
class Offer:
    """What the hub has under a name."""

    files: tuple[str, ...]
    """Those that are needed."""
    bytes: int
    """Of all of them."""
    adapter: bool
    """Whether it is a PEFT adapter, and its base another model."""


def folder_of(name: str) -> Path | None:
    """Where a model of the hub lies on this machine; None where it does not, or not whole."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(name, "config.json")
    if not isinstance(found, str):
        return None
    folder = Path(found).parent
    try:
        index = next(folder.glob("*.safetensors.index.json"), None)
        parts = read_object(index).get("weight_map") if index is not None else None
        names = set(map(str, parts.values())) if isinstance(parts, dict) else set()
    except UnreadableError:
        return None
    weights = [*folder.glob("*.safetensors"), *folder.glob("pytorch_model*.bin")]
    whole = all((folder / each).is_file() for each in names) if names else bool(weights)
    return folder if whole and (any(folder.glob("tokenizer*")) or any(folder.glob("vocab.*"))) else None


def ask(name: str) -> Offer:
    """What the hub has under a name.

    Raises:
        UnreadableError: it is no language model that writes, or of files that are not read here.
        TimeoutError: the hub did not answer in :data:`ANSWER_S`.
        Exception: whatever the hub's own library says.
    """
    info = _in_time(lambda: _api().model_info(name, timeout=ANSWER_S, files_metadata=True))
    sizes = {each.rfilename: each.size or 0 for each in info.siblings or () if "/" not in each.rfilename}
    adapter = ADAPTER_CONFIG in sizes and "config.json" not in sizes
    if not adapter:
        if "config.json" not in sizes:
            other = next((each for each in sizes if each.endswith(".gguf")), "")
            hint = f"; a single file such as {other} is taken from this machine" if other else ""
            raise UnreadableError(f"{name} has no config.json, so it is no model for transformers{hint}")
        check_architecture(info.config or {})
    wanted = [each for each in sizes if each.endswith(_ENDINGS)]
    if not any(each.endswith(".safetensors") for each in wanted):
        wanted += [each for each in sizes if each.endswith(".bin")]
    return Offer(tuple(wanted), sum(sizes[each] for each in wanted), adapter)


def download(name: str, offer: Offer, progress: Progress | None = None) -> Path:
    """Bring a model here, and say where it lies; what is here already stays.

    Args:
        name: of the model.
        offer: what :func:`ask` has found.
        progress: called now and then; a line on stderr where nobody else shows it.
    """
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.utils.tqdm import disable_progress_bars

    disable_progress_bars()
    folder = Path(constants.HF_HUB_CACHE) / f"models--{name.replace('/', '--')}" / "blobs"
    done = threading.Event()
    tell = progress or on_stderr(name)

    def watch() -> None:
        while not done.wait(_LOOK_S):
            tell(min(_bytes_in(folder), offer.bytes), offer.bytes)

    watching = threading.Thread(target=watch, name="download", daemon=True)
    tell(0, offer.bytes)
    watching.start()
    try:
        found = snapshot_download(name, allow_patterns=list(offer.files))
    finally:
        done.set()
        watching.join()
    tell(offer.bytes, offer.bytes)
    return Path(str(found))


def _words(name: str, here: int, whole: int) -> str:
    """How far a download is, in words."""
    return f"downloading {name}: {here / 1e6:,.0f} of {whole / 1e6:,.0f} MB"


def similar(name: str) -> str:
    """The models known here that are called nearly so, as a question; empty if there are none."""
    known = {each.lower(): each for each in _known() if each != name}
    near = difflib.get_close_matches(name.lower(), known, n=2, cutoff=0.7)
    return f"did you mean {' or '.join(known[each] for each in near)}?" if near else ""


def _api() -> Any:
    from huggingface_hub import HfApi

    return HfApi()


def _in_time(call: Callable[[], Any]) -> Any:
    """What a call returns or raises; a TimeoutError where it takes longer, as a name server that is away does."""
    found: list[Any] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            found.append(call())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=work, name="asking the hub", daemon=True)
    thread.start()
    thread.join(ANSWER_S)
    if raised:
        raise raised[0]
    if not found:
        raise TimeoutError(f"the hub did not answer within {ANSWER_S:g} s")
    return found[0]


def _bytes_in(folder: Path) -> int:
    total = 0
    for file in folder.glob("*"):
        try:
            total += file.stat().st_size
        except OSError:
            continue  # it has just been given its last name
    return total


def on_stderr(name: str) -> Progress:
    """A line that is written over on a terminal, and one every tenth elsewhere."""
    told = -1
    terminal = sys.stderr.isatty()
    last = 0.0

    def tell(here: int, whole: int) -> None:
        nonlocal told, last
        tenth = 10 * here // max(1, whole)
        if terminal and (time.monotonic() - last > 0.2 or here == whole):
            last = time.monotonic()
            print(f"\r{_words(name, here, whole)}", end="\n" if here == whole else "", file=sys.stderr, flush=True)
        elif not terminal and tenth > told:
            told = tenth
            print(_words(name, here, whole), file=sys.stderr, flush=True)

    return tell


def _known() -> list[str]:
    """Models of the presets, and those of the hub that lie here."""
    import tomllib

    from huggingface_hub import constants

    presets = [each for each in files("grpo_arcade.trainer.presets").iterdir() if each.name.endswith(".toml")]
    named = [str(tomllib.loads(each.read_text("utf-8")).get("model", "")) for each in presets]
    cache = Path(constants.HF_HUB_CACHE)
    here = [each.name.removeprefix("models--").replace("--", "/") for each in cache.glob("models--*--*")]
    return sorted({each for each in (*named, *here, "Qwen/Qwen3-0.6B", "openai/gpt-oss-20b") if "/" in each})
