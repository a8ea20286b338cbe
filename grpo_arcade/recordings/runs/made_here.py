"""Whether this machine made a run, or somebody sent it: what the run names is only used if the person wants that.

A run's configuration names Python to import, models to load and servers to ask. So whoever makes a run, or says that it
may be trusted, leaves a mark in it: a code over its configuration with a key that never leaves this machine. A run that
is moved keeps its mark; one whose configuration somebody changes, or that another machine made, has none that fits.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from grpo_arcade.foreign_data import read_file
from grpo_arcade.recordings.runs.folder import CONFIG

MARK = ".made-here"
_LARGEST = 1 << 20


def mark(folder: Path) -> None:
    """Say that this machine made the run, or that its person trusts it. Where no key can be kept nothing is said."""
    with contextlib.suppress(OSError, ValueError):
        (folder / MARK).write_text(_code(folder, _key(make=True)) + "\n", encoding="ascii")


def made_here(folder: Path) -> bool:
    """Whether the run has this machine's mark, and the configuration it had then."""
    try:
        said = read_file(folder / MARK, 1 << 10)
        return hmac.compare_digest(said.strip(), _code(folder, _key()).encode("ascii"))
    except (OSError, ValueError):
        return False


def key_file() -> Path:
    """Where this machine's key is kept; ``ARCADE_MACHINE_KEY`` names another place."""
    if named := os.environ.get("ARCADE_MACHINE_KEY"):
        return Path(named)
    import platformdirs

    return platformdirs.user_data_path("grpo-arcade") / "machine.key"


def _code(folder: Path, key: bytes) -> str:
    return hmac.new(key, read_file(folder / CONFIG, _LARGEST), hashlib.sha256).hexdigest()


def _key(*, make: bool = False) -> bytes:
    path = key_file()
    if make and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f".{path.name}.{os.getpid()}")
        with contextlib.ExitStack() as undo:
            descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            undo.callback(scratch.unlink, missing_ok=True)
            with open(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(32) + "\n")
            # Whoever comes second takes the first one's.
            with contextlib.suppress(FileExistsError):
                os.link(scratch, path)
    key = read_file(path, 1 << 10).strip()
    if len(key) < 64:
        raise ValueError(f"{path} holds no key")
    return key
