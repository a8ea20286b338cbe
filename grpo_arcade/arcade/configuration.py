"""From defaults, a preset, a file, the environment and flags to one dataclass; the later of these wins.

A field ``learning_rate`` is ``learning_rate = …`` in the TOML file that ``--config FILE`` names,
``ARCADE_LEARNING_RATE`` in the environment, and ``--learning-rate`` on the command line. tyro reads the values of all
three, so a bad one is refused in the same words wherever it stands. A preset is such a file that came with a command
(``presets``, a module of ``file(name)``) and is asked for by name.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import io
import itertools
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from grpo_arcade.foreign_data import ForeignDataError
from grpo_arcade.text_file import read_toml

PREFIX = "ARCADE_"
T = TypeVar("T")

if TYPE_CHECKING:
    from tyro.conf import Positional as Positional
else:

    class Positional:
        """Marks a field that is given without its flag; tyro is imported when it asks what that means."""

        def __class_getitem__(cls, kind: Any) -> Any:
            """What tyro knows it by."""
            from tyro.conf import Positional

            return Positional[kind]


_WORD_KINDS = ("Positional[str]", "Positional[str | None]")


class UsageError(ValueError):
    """The person's input cannot be used; the message says in one line what would work."""


def resolve(
    command: type[T],
    arguments: list[str],
    *,
    prog: str,
    description: str,
    environment: Mapping[str, str] | None = None,
) -> T:
    """The command with every field resolved.

    Raises:
        UsageError: a flag, a variable or a line of the file cannot be used.
        SystemExit: ``--help`` was asked for and has been printed.
    """
    environment = os.environ if environment is None else environment
    _refuse_twice(command, arguments)
    arguments, file = _take("--config", "the name of a TOML file", arguments)
    presets = getattr(command, "presets", None)
    preset = None
    if presets is not None:
        arguments, preset = _take("--preset", f"a name: {', '.join(presets.NAMES)}", arguments)
    # A command may start from something else than its defaults: `train --resume` from the run's own settings.
    starting_from: Callable[[list[str]], tuple[T | None, list[str]]] | None = getattr(command, "starting_from", None)
    default, arguments = starting_from(arguments) if starting_from else (None, arguments)
    if preset is not None and default is not None:
        raise UsageError("--resume keeps the settings of its run; leave --preset out")
    if presets is not None and default is None and (name := preset or environment.get(PREFIX + "PRESET")):
        default = _with(command, _from_file(command, presets.file(name)), None, f"preset {name}: ", prog)
    if file is not None:
        default = _with(command, _from_file(command, Path(file)), default, f"{file}: ", prog)
    variables = _from_environment(command, environment)
    if default is None and not variables and (made := _of_words_alone(command, arguments)) is not None:
        return made
    if variables:
        default = _with(command, variables, default, "environment: ", prog)
    epilog = " Also: --config FILE (TOML); every option is a key there and a variable ARCADE_OPTION in the environment."
    if presets is not None:
        epilog += " And --preset NAME:\n" + "\n".join(f"  {name}: {presets.purpose(name)}" for name in presets.NAMES)
    return _parse(
        command, arguments, default, prog=prog, description=description[0].upper() + description[1:] + "." + epilog
    )


def _of_words_alone(command: type[T], words: list[str]) -> T | None:
    """``arcade dash RUN``, where nothing is to be parsed: importing the parser takes a tenth of a second."""
    fields = _positional_fields(command)
    if len(words) > len(fields) or any(word.startswith("-") for word in words):
        return None
    given = dict(zip(fields, words, strict=False))
    if any(field.type not in _WORD_KINDS for field in given):
        return None
    return command(**{field.name: word for field, word in given.items()})


def _refuse_twice(command: type, arguments: list[str]) -> None:
    """No option is given twice, of which only the last would count.

    Raises:
        UsageError: one is, in one line that names it.
    """
    fields = {field.name for field in dataclasses.fields(command)}
    seen: set[str] = set()
    for word in itertools.takewhile(lambda word: word != "--", arguments):
        flag = _flag_of(word)
        if not flag.startswith("--"):
            continue
        name = flag[2:].replace("-", "_")
        # --dash and --no-dash are one option.
        name = name if name in fields else name.removeprefix("no_")
        if name in seen:
            several = name in fields and _takes_many(command, name)
            advice = f"; all its values go after one: {flag} A B" if several else ""
            raise UsageError(f"--{name.replace('_', '-')} is given twice{advice}")
        if name in fields or name in ("config", "preset"):
            seen.add(name)


def _take(flag: str, what: str, arguments: list[str]) -> tuple[list[str], str | None]:
    """The arguments without ``flag`` and its value, and the value."""
    rest, value = [], None
    words = iter(arguments)
    for word in words:
        if word == flag:
            value = next(words, None)
        elif word.startswith(flag + "="):
            value = word.partition("=")[2]
        else:
            rest.append(word)
            continue
        if not value:
            raise UsageError(f"{flag} needs {what}")
    return rest, value


def _with(command: type[T], given: Mapping[str, Any], default: T | None, where: str, prog: str) -> T:
    """The command with values that stand somewhere else than on the command line."""
    if typed := [name for name in getattr(command, "only_typed", ()) if name in given]:
        raise UsageError(f"{where}{typed[0]} is for the command line alone")
    positional = [name for name in _positionals(command) if name in given]
    try:
        words = [word for name in given if name not in positional for word in _words(command, name, given[name])]
        # Without their flags these could not be told apart; they are text, and need no parser.
        texts = {name: _texts(command, name, given[name]) for name in positional}
    except UsageError as error:
        raise UsageError(f"{where}{error}") from error
    return dataclasses.replace(_parse(command, words, default, where=where, prog=prog), **texts)  # type: ignore[type-var]


def _from_file(command: type, file: Path) -> dict[str, Any]:
    try:
        table = read_toml(file)
    except ForeignDataError as error:
        raise UsageError(str(error)) from error
    fields = {field.name for field in dataclasses.fields(command)}
    given: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(sorted(fields))}"
            raise UsageError(f"{file}: there is no setting {key!r}; {hint}")
        if name in given:
            raise UsageError(f"{file}: {name} is given twice, as {key} and with the other sign between its words")
        given[name] = value
    return given


def _from_environment(command: type, environment: Mapping[str, str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for field in dataclasses.fields(command):
        text = environment.get(PREFIX + field.name.upper())
        if text is not None:
            given[field.name] = text.split() if _takes_many(command, field.name) else text
    return given


def _words(command: type, name: str, value: Any) -> list[str]:
    """One setting as command-line words; a boolean goes without its value.

    Raises:
        UsageError: the setting takes no such value.
    """
    flag = "--" + name.replace("_", "-")
    if isinstance(_default(command, name), bool) or name in _switches(command):
        on = _BOOLEANS.get(str(value).lower())
        if on is None:
            raise UsageError(f"{name} must be true or false, not {value!r}")
        return [flag if on else flag.replace("--", "--no-", 1)]
    if _takes_many(command, name):
        return [flag, *_plain_texts(name, value if isinstance(value, list) else [value])]
    # In one word: a value may begin as a flag does.
    return [f"{flag}={text}" for text in _plain_texts(name, [value])]


def _texts(command: type, name: str, value: Any) -> str | tuple[str, ...]:
    """The value of a setting that is text, or several.

    Raises:
        UsageError: it is no text.
    """
    if _takes_many(command, name):
        return tuple(_plain_texts(name, value if isinstance(value, list) else [value]))
    return _plain_texts(name, [value])[0]


def _plain_texts(name: str, values: list[Any]) -> list[str]:
    for value in values:
        if isinstance(value, dict | list | bool):
            raise UsageError(f"{name} takes no such value as {value!r}")
    return [str(value) for value in values]


_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def _switches(command: type) -> set[str]:
    """Settings that are on, off, or left to what suits."""
    return {field.name for field in dataclasses.fields(command) if str(field.type) == "bool | None"}


def _as_values(command: type, words: list[str]) -> list[str]:
    """``--toolbox`` and ``--no-toolbox`` as tyro wants them of a setting that may be absent: with a value."""
    flags = {"--" + name.replace("_", "-") for name in _switches(command)}
    told: list[str] = []
    for place, word in enumerate(words):
        after = words[place + 1] if place + 1 < len(words) else ""
        plain = word.replace("--no-", "--", 1).replace("_", "-") if word.startswith("--") else word
        if plain in flags and after not in ("True", "False", "None"):
            told += [plain, str(plain == word.replace("_", "-"))]
        else:
            told.append(word)
    return told


def _default(command: type, name: str) -> Any:
    return next(field.default for field in dataclasses.fields(command) if field.name == name)


def _annotation(command: type, name: str) -> str:
    field = next(field for field in dataclasses.fields(command) if field.name == name)
    return str(field.type)


def _takes_many(command: type, name: str) -> bool:
    return bool(re.search(r"\b(tuple|list|Sequence)\b", _annotation(command, name)))


def _positional_fields(command: type) -> list[dataclasses.Field[Any]]:
    return [field for field in dataclasses.fields(command) if "Positional" in str(field.type)]


def _positionals(command: type) -> set[str]:
    return {field.name for field in _positional_fields(command)}


def _parse(
    command: type[T],
    words: list[str],
    default: T | None,
    *,
    prog: str,
    description: str | None = None,
    where: str = "",
) -> T:
    import tyro

    complaint = io.StringIO()
    words = _as_values(command, words)
    try:
        with contextlib.redirect_stderr(complaint):
            if default is None:
                return tyro.cli(command, args=words, prog=prog, description=description)
            return tyro.cli(command, args=words, default=default, prog=prog, description=description)
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
        raise UsageError(where + _one_line(complaint.getvalue(), prog, command)) from None


def _one_line(box: str, prog: str, command: type) -> str:
    """Tyro explains itself in a drawn box; a person in a log wants the first thing it says."""
    lines = [re.sub(r"[│╭╮╰╯─]+", " ", line).strip() for line in box.splitlines()]
    title, *rest = [line for line in lines if line] or ["bad arguments"]
    told = next((i for i, line in enumerate(rest) if line.startswith(("Argument helptext", "For full helptext"))), None)
    sentence = " ".join(rest[:told]) or title
    # What the command itself refuses says all there is to say; its class is nothing a person has typed.
    if sentence.startswith(class_named := f"Error parsing {command.__name__}: "):
        return sentence.removeprefix(class_named)
    return f"{sentence}; see `{prog} --help`"


def words_after(flag: str, arguments: list[str]) -> list[str] | None:
    """The words that belong to ``flag`` on the command line; None where it is not there."""
    for place, word in enumerate(arguments):
        if _flag_of(word) == flag:
            _, equals, value = word.partition("=")
            rest = itertools.takewhile(lambda word: not word.startswith("-"), arguments[place + 1 :])
            return [value] if equals else list(rest)
    return None


def without(flag: str, arguments: list[str]) -> list[str]:
    """The command line without ``flag`` and the words that belong to it."""
    words = words_after(flag, arguments)
    if words is None:
        return arguments
    place = next(place for place, word in enumerate(arguments) if _flag_of(word) == flag)
    return arguments[:place] + arguments[place + 1 + (0 if "=" in arguments[place] else len(words)) :]


def _flag_of(word: str) -> str:
    """The option that a word names, as it is written with hyphens; both signs between its words are taken."""
    return word.partition("=")[0].replace("_", "-")
