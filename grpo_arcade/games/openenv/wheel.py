"""Installed packages as wheels and pins, so that a folder can be installed elsewhere just as it is here.

A wheel is made from what is imported here, be it installed or a working copy, with the standard library alone. Knows
nothing of games or servers.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.metadata import Distribution, PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

_SKIPPED = ("__pycache__", ".pyc")
_COMPRESSION = 1
"""zlib's level: most of what is packed are weights, which hardly get smaller at any."""


def canonical(name: str) -> str:
    """A distribution's name as pip compares it."""
    return name.lower().replace("_", "-").replace(".", "-")


def write_wheel(name: str, folder: Path) -> Path:
    """Write the installed distribution ``name`` as a wheel into ``folder`` and return its path.

    Raises:
        ValueError: it holds more than Python packages, so a wheel made here would not be whole.
    """
    package = distribution(name)
    tops = [
        top for top, names in packages_distributions().items() if canonical(name) in {canonical(each) for each in names}
    ]
    if not tops:
        raise ValueError(f"{name} has no importable package, so it cannot be taken along")
    stem = f"{canonical(name).replace('-', '_')}-{package.version}"
    metadata = package.read_text("METADATA") or package.read_text("PKG-INFO") or ""
    about = {
        "METADATA": metadata,
        "entry_points.txt": package.read_text("entry_points.txt") or "",
        "WHEEL": "Wheel-Version: 1.0\nGenerator: grpo-arcade\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    target = folder / f"{stem}-py3-none-any.whl"
    record = []
    with zipfile.ZipFile(target, "w") as wheel:
        for place, content in (*_contents(tops), *((f"{stem}.dist-info/{n}", t.encode()) for n, t in about.items())):
            # A fixed date: the same files give the same wheel.
            wheel.writestr(zipfile.ZipInfo(place, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED, _COMPRESSION)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{place},sha256={digest},{len(content)}\n")
        wheel.writestr(f"{stem}.dist-info/RECORD", "".join((*record, f"{stem}.dist-info/RECORD,,\n")))
    return target


def _contents(tops: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for top in sorted(tops):
        module = import_module(top)
        roots = [Path(root) for root in getattr(module, "__path__", ())]
        if not roots:
            file = Path(str(module.__file__))
            if file.suffix != ".py":
                raise ValueError(f"{top} is no Python source, so it cannot be taken along")
            yield file.name, file.read_bytes()
        for root in roots:
            for file in sorted(root.rglob("*")):
                if file.is_file() and not any(part.endswith(_SKIPPED) for part in file.parts):
                    yield f"{top}/{file.relative_to(root).as_posix()}", file.read_bytes()


def pins(names: Iterable[str], extras: Iterable[str] = ()) -> list[str]:
    """``name==version`` lines for everything that ``names`` (with ``extras``) need here, without themselves, sorted.

    Raises:
        PackageNotFoundError: something they need is not installed.
    """
    from packaging.requirements import Requirement

    roots = {canonical(name) for name in names}
    pinned: dict[str, Distribution] = {}
    pending = [(name, frozenset(extras)) for name in roots]
    done: set[tuple[str, frozenset[str]]] = set()
    while pending:
        name, wanted = pending.pop()
        if (name, wanted) in done:
            continue
        done.add((name, wanted))
        package = distribution(name)
        pinned[name] = package
        for line in package.requires or ():
            need = Requirement(line)
            if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *wanted)):
                pending.append((canonical(need.name), frozenset(need.extras)))
    return sorted(f"{name}=={package.version}" for name, package in pinned.items() if name not in roots)


__all__ = ["PackageNotFoundError", "canonical", "pins", "write_wheel"]
