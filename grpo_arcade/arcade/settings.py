"""What a person may set, in a TOML file of their own: by an editor, or in the window, which keeps what else is there.

The file is ``settings.toml`` in the configuration folder of the platform (``~/.config/grpo-arcade`` on Linux), or the
one that ``ARCADE_SETTINGS`` names. It need not exist. For example::

    palette = "colour-blind"
    undo = true

    [keys]
    "play.pause" = ["p", "pad:start"]

A line that cannot be used is passed over and told; the rest counts.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from grpo_arcade.atomic_write import atomic_write
from grpo_arcade.foreign_data import ForeignDataError
from grpo_arcade.text_file import read_text, read_toml

APP = "grpo-arcade"


@dataclass(frozen=True)
class Settings:
    """The settings, and what was wrong with the file."""

    palette: str = "classic"
    """Colours of the window and the games: "classic" or "colour-blind"."""
    full_screen: bool = False
    """Whether the window opens over the whole screen."""
    undo: bool = False
    """Whether moves may be taken back. A game in which one was does not count as a best score."""
    hint: str = ""
    """Who gives hints and autoplays: a baseline, a strategy's file (.py) or RUN:champion; by default the strongest
    baseline."""
    gif_seconds: float = 15.0
    """How much of the last play the key for a GIF saves, 1 to 600."""
    outputs: str = "outputs"
    """The folder in which training runs are looked for."""
    folder: str = ""
    """Where recordings, GIFs and screenshots go; empty for the data folder of the platform."""
    keys: dict[str, list[str]] = field(default_factory=dict)
    """Bindings by action id; the help in the window (H) shows the ids' labels and bindings."""
    problems: tuple[str, ...] = ()
    """One line for each thing in the file that cannot be used. Not a setting."""

    @property
    def data_folder(self) -> Path:
        """Where the window keeps what a person made."""
        return Path(self.folder).expanduser() if self.folder else platformdirs.user_data_path(APP)


def settings_path() -> Path:
    """The file that :func:`load_settings` reads."""
    named = os.environ.get("ARCADE_SETTINGS")
    return Path(named) if named else platformdirs.user_config_path(APP) / "settings.toml"


def load_settings(path: Path | None = None) -> Settings:
    """The settings of a file; the defaults if there is none. Never fails: see :attr:`Settings.problems`."""
    path = settings_path() if path is None else path
    try:
        table = read_toml(path)
    except FileNotFoundError:
        missing = os.environ.get("ARCADE_SETTINGS") == str(path)
        return Settings(problems=(f"{path}: there is no such settings file",) if missing else ())
    except OSError as error:
        return Settings(problems=(f"{path}: {error.strerror}",))
    except ForeignDataError as error:
        return Settings(problems=(f"{error}; nothing of the file counts",))
    fields = {f.name: f for f in dataclasses.fields(Settings) if f.name != "problems"}
    values: dict[str, Any] = {}
    problems = []
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(fields)}"
            problems.append(f"{path}: there is no setting {key!r}; {hint}")
        elif name == "keys":
            values[name], lines = _keys(value)
            problems += [f"{path}: {line}" for line in lines]
        elif wrong := _wrong(name, value):
            problems.append(f"{path}: {key} {wrong}, not {value!r}")
        else:
            values[name] = float(value) if name == "gif_seconds" else value
    return Settings(**values, problems=tuple(problems))


def save_setting(name: str, value: bool | float | str | dict[str, list[str]], path: Path | None = None) -> None:
    """Write one setting into a file, and leave all else in it, comments too, as it stands.

    Args:
        name: of a field of :class:`Settings`.
        value: what it is set to; for ``keys`` the bindings that differ from the default ones.
        path: the file, by default :func:`settings_path`; it is made if need be.

    Raises:
        ValueError: there is no such setting or value, or the file holds something else than settings, in one line.
        OSError: the file cannot be read or written.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    path = settings_path() if path is None else path
    if name not in {each.name for each in dataclasses.fields(Settings)} - {"problems"}:
        raise ValueError(f"there is no setting {name!r}")
    wrong = "; ".join(_keys(value)[1]) if name == "keys" else _wrong(name, value)
    if wrong:
        raise ValueError(f"{name} {wrong}, not {value!r}")
    try:
        document = tomlkit.parse(read_text(path))
    except FileNotFoundError:
        document = tomlkit.document()
    except TOMLKitError as error:
        raise ValueError(f"{path} is not TOML, so that nothing can be set in it: {error}") from error
    # As the person wrote it, if they did.
    key = next((each for each in document if each.replace("-", "_") == name), name)
    if value == {}:
        document.pop(key, None)
    else:
        document[key] = value
    with atomic_write(path) as scratch:
        scratch.write_text(tomlkit.dumps(document), encoding="utf-8")


def _wrong(name: str, value: Any) -> str:
    """What a value must be, if it is not that."""
    default = getattr(Settings, name)
    if isinstance(default, bool):
        return "" if isinstance(value, bool) else "must be true or false"
    if name == "gif_seconds":
        number = isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value <= 600
        return "" if number else "must be a number from 1 to 600"
    if name == "palette":
        return "" if value in ("classic", "colour-blind") else 'must be "classic" or "colour-blind"'
    return "" if isinstance(value, str) else "must be text"


def _keys(table: Any) -> tuple[dict[str, list[str]], list[str]]:
    if not isinstance(table, dict):
        return {}, ['keys must be a table: [keys] and lines like "play.pause" = ["p"]']
    keys: dict[str, list[str]] = {}
    problems = []
    for id, bindings in _flat(table):
        bindings = [bindings] if isinstance(bindings, str) else bindings
        if isinstance(bindings, list) and all(isinstance(word, str) for word in bindings):
            keys[id] = bindings
        else:
            problems.append(f'keys: {id} must be a list of keys like ["p", "pad:start"], not {bindings!r}')
    return keys, problems


def _flat(table: dict[str, Any], before: str = "") -> list[tuple[str, Any]]:
    # An id written without quotes, play.pause = "p", is a table in TOML.
    flat: list[tuple[str, Any]] = []
    for key, value in table.items():
        flat += _flat(value, f"{before}{key}.") if isinstance(value, dict) else [(before + key, value)]
    return flat
