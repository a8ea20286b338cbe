"""One export from beginning to end: refuse early, write beside its place, read it again, write the card, push."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grpo_arcade.trainer.model_export import reading
from grpo_arcade.trainer.model_export.origin import ExportError, Origin, on_another_base, origin_of
from grpo_arcade.trainer.model_export.reading import Check

Format = Literal["lora", "merged-16bit", "mxfp4", "gguf"]
FORMATS: tuple[Format, ...] = ("lora", "merged-16bit", "mxfp4", "gguf")
_TOLERANCES = {"lora": 1.0, "merged-16bit": 0.97, "mxfp4": 0.75}
"""Share of tokens that must agree with the checkpoint's, by format."""
_GGUF_TOLERANCES = {"f32": 0.99, "bf16": 0.97, "f16": 0.97, "q8_0": 0.95, "q6_k": 0.9}
_FEW_BITS = 0.75
"""Of a GGUF of fewer bits."""


@dataclass(frozen=True)
class Export:
    """What was written."""

    folder: Path
    format: Format
    bytes: int
    """Of all its files."""
    checks: tuple[Check, ...]
    """What was found when it was read again: one, or one for each GGUF file; none if nobody did."""
    url: str | None = None
    """Its page on the hub, if it was pushed."""

    @property
    def passed(self) -> bool:
        """Whether it writes what the checkpoint writes; True also if nobody looked."""
        return all(check.passed for check in self.checks)


def export_model(
    source: str,
    format: Format,
    folder: str | Path | None = None,
    *,
    quants: tuple[str, ...] = ("q8_0",),
    base: str | None = None,
    llama_cpp: str | None = None,
    push_to_hub: str | None = None,
    private: bool = False,
    verify: bool = True,
    say: Callable[[str], None] = lambda line: None,
) -> Export:
    """Export a model.

    Args:
        source: a run folder (its newest checkpoint), a checkpoint, or any other model that ``load`` takes.
        format: one of :data:`FORMATS`.
        folder: where it goes; ``export-FORMAT`` in the run, or NAME-FORMAT here for another model, when absent.
        quants: for gguf, one file each.
        base: the 16-bit model to put an adapter on, where it was trained on a 4-bit copy.
        llama_cpp: the folder of llama.cpp's sources, for its converter.
        push_to_hub: the model's name on the hub, to upload it.
        private: whether it is private there.
        verify: whether a fresh process reads it again.
        say: called with each thing that begins.

    Raises:
        ValueError: it cannot be done, in one line; nothing is left behind, except by a hub that refuses the upload.
        ImportError: a package is missing.
    """
    origin = origin_of(source)
    target = Path(folder) if folder is not None else _usual_folder(origin, format)
    _check(origin, format, target, quants, llama_cpp, push_to_hub)
    with _scratch(target) as scratch:
        if base is not None:
            origin = on_another_base(origin, base, scratch / "base")
        checkpoint = None
        if verify:
            say(f"asking {origin.name} first")
            checkpoint = reading.read(origin.model, origin)
        say(f"writing {format}")
        whole = scratch / "export"
        files = _write(origin, format, whole, scratch / "merged", quants, llama_cpp)
        checks = []
        for file in files if checkpoint is not None else []:
            assert checkpoint is not None
            name = format if file == whole else file.name
            say(f"reading {name} again")
            found = reading.read(file, origin, beside=checkpoint)
            checks.append(reading.compare(name, checkpoint, found, _tolerance(format, file)))
        say("writing the model card")
        _card(origin, format, whole, target, files, checks)
        target.parent.mkdir(parents=True, exist_ok=True)
        whole.rename(target)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    done = Export(target, format, size, tuple(checks))
    if push_to_hub is None or not done.passed:
        return done
    from grpo_arcade.trainer.model_export.hub import push

    say(f"pushing to {push_to_hub}")
    return Export(target, format, size, tuple(checks), push(target, push_to_hub, private=private))


def _usual_folder(origin: Origin, format: Format) -> Path:
    return origin.run / f"export-{format}" if origin.run is not None else Path(f"{origin.name}-{format}")


def _check(
    origin: Origin, format: Format, target: Path, quants: tuple[str, ...], llama_cpp: str | None, hub: str | None
) -> None:
    """Refuse what cannot work, before anything slow starts."""
    if target.exists():
        raise ExportError(f"{target} is there already; remove it, or name another folder with --folder")
    if format == "lora" and origin.adapter is None:
        raise ExportError(f"{origin.name} has no adapter: all its weights were trained; export it --to merged-16bit")
    if format == "mxfp4":
        from grpo_arcade.trainer.model_export.mxfp4 import check_mxfp4

        check_mxfp4(origin)
    if format == "gguf":
        from grpo_arcade.trainer.model_export.llama_cpp import check_gguf

        check_gguf(origin, quants, llama_cpp)
    if hub is not None:
        from grpo_arcade.trainer.model_export.hub import check_hub

        check_hub(hub)
    from grpo_arcade.trainer.models.loading import check

    check(str(origin.model))


def _write(
    origin: Origin, format: Format, folder: Path, merged: Path, quants: tuple[str, ...], llama_cpp: str | None
) -> list[Path]:
    """Write the export; what is to be read again: the folder, or each of its ``.gguf`` files."""
    from grpo_arcade.trainer.model_export import weights

    if format == "lora":
        weights.write_adapter(origin, folder)
    elif format == "merged-16bit":
        weights.write_merged(origin, folder)
    elif format == "mxfp4":
        from grpo_arcade.trainer.model_export.mxfp4 import write_mxfp4

        write_mxfp4(origin, folder)
    else:
        from grpo_arcade.trainer.model_export.llama_cpp import write_gguf

        weights.write_merged(origin, merged)
        return write_gguf(origin, merged, folder, quants, llama_cpp)
    return [folder]


def _tolerance(format: Format, file: Path) -> float:
    if format != "gguf":
        return _TOLERANCES[format]
    return next((share for quant, share in _GGUF_TOLERANCES.items() if file.stem.endswith(f"-{quant}")), _FEW_BITS)


def _card(origin: Origin, format: Format, folder: Path, target: Path, files: list[Path], checks: list[Check]) -> None:
    from grpo_arcade.trainer.model_card import write_card

    write_card(
        folder,
        format,
        name=origin.name if origin.run is not None else target.name,
        base=origin.base,
        step=origin.step,
        run=origin.run,
        files=[file.name for file in files if file != folder],
        checks=[str(check) for check in checks],
    )


@contextmanager
def _scratch(target: Path) -> Iterator[Path]:
    """A folder beside ``target``, so that moving is renaming; gone afterwards, whatever happens."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name}.part")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
