"""Names of settings, and their bounds, which stand beside the fields of a dataclass (``Annotated[int, Ge(1)]``)."""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, get_args, get_origin, get_type_hints

from annotated_types import Ge, GroupedMetadata, Gt, Interval, Le, Lt

from grpo_arcade.cores import cores
from grpo_arcade.foreign_text import one_line

MOST_AT_ONCE = 10**6
COUNT = Interval(ge=1, le=MOST_AT_ONCE)
"""Of what is held in memory all at once, such as the programs of a step."""
_MOST = 10**12
"""Of every number that has no bound of its own: what is above it fits into no machine, or not into its words."""

_LONGEST_NAME = 200
"""File systems take 255 bytes, and what is made of a run adds to its name."""


@dataclass(frozen=True)
class Hint:
    """Stands beside a bound, and says why it is there."""

    why: str


class ConfigError(ValueError):
    """A setting makes no sense; one line says which and what would work."""


class Settings:
    """A dataclass of settings of a run, which is written down and read back as its ``config.json`` has it."""

    command: ClassVar[str]
    """Of ``arcade``, whose ``--help`` lists them."""
    threads: int | None
    run_key: str
    run_name: str

    def check(self) -> None:
        """Refuse what makes no sense in a run of any kind.

        Raises:
            ConfigError: in one line, what is wrong and what would work.
        """
        if wrong := refusal(self):
            raise ConfigError(wrong)
        if self.threads is not None and self.threads > cores():
            raise ConfigError(f"threads is {self.threads}, but this process may use {cores()} cores")
        if self.run_key:
            try:
                enough = len(bytes.fromhex(self.run_key)) >= 8
            except ValueError:
                enough = False
            if not enough:
                raise ConfigError("run_key must be at least 16 hex digits; leave it empty to draw one")
        plain = Path(self.run_name).name == self.run_name != ".." and self.run_name.isprintable()
        if not plain or len(os.fsencode(self.run_name)) > _LONGEST_NAME:
            told = one_line(repr(self.run_name), 60)
            raise ConfigError(
                f"run_name must be a plain name of at most {_LONGEST_NAME} bytes, not {told}; "
                "output_dir says where it goes"
            )

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; :meth:`from_dict` reads it back."""
        told = asdict(self)  # type: ignore[call-overload]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """From :meth:`to_dict`'s form; a single word may stand for a list of it.

        Raises:
            ConfigError: a name that is no setting.
        """
        if wrong := unknown(values, cls, f"arcade {cls.command}"):
            raise ConfigError(wrong)
        many = {field.name for field in fields(cls) if str(field.type).startswith("tuple")}  # type: ignore[arg-type]
        settings: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else (value,) if name in many else value
            for name, value in values.items()
        }
        return cls(**settings)


def refusal(settings: Any) -> str:
    """What is wrong with the first field that breaks its bounds or is none of its words, in one line; else nothing.

    A field that is None is absent, and a float must be finite wherever it stands.
    """
    for name, kind in get_type_hints(type(settings), include_extras=True).items():
        value = getattr(settings, name)
        kind, *marks = get_args(kind) if get_origin(kind) is Annotated else (kind,)
        words = [word for each in (kind, *get_args(kind)) if get_origin(each) is Literal for word in get_args(each)]
        for each in value if isinstance(value, tuple) else (value,):
            if each is None:
                continue
            if words and each not in words:
                return f"{name} must be one of {', '.join(words)}, not {each!r}"
            if wanted := _broken(marks, each):
                why = "".join(f": {mark.why}" for mark in marks if isinstance(mark, Hint))
                return f"{name} must be {wanted}, not {each}{why}"
            if isinstance(each, float) and not math.isfinite(each):
                return f"{name} must be a finite number, not {each}"
    return ""


def unknown(names: Iterable[str], settings: type, command: str) -> str:
    """What is wrong with the first name that is no field of a dataclass, in one line; else nothing.

    ``command`` is whose ``--help`` lists those there are.
    """
    known = {field.name for field in fields(settings)}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"see {command} --help"
            return f"there is no setting {name!r}; {hint}"
    return ""


def _broken(marks: Sequence[Any], value: Any) -> str:
    """What a value must be, if it is not."""
    bounds = [each for mark in marks for each in (mark if isinstance(mark, GroupedMetadata) else (mark,))]
    least = next((bound for bound in bounds if isinstance(bound, Ge | Gt)), None)
    most = next((bound for bound in bounds if isinstance(bound, Le | Lt)), None)
    # Written so that NaN is never inside.
    if all(_holds(bound, value) for bound in (least, most) if bound is not None):
        unbounded = most is None and isinstance(value, int | float) and _MOST < value < math.inf
        return "at most 10**12" if unbounded else ""
    if isinstance(least, Ge) and isinstance(most, Le):
        return f"from {least.ge} to {most.le}" if isinstance(value, int) else f"between {least.ge} and {most.le}"
    words = []
    if least is not None:
        words.append(f"at least {least.ge}" if isinstance(least, Ge) else f"above {least.gt}")
    if most is not None:
        words.append(f"at most {most.le}" if isinstance(most, Le) else f"below {most.lt}")
    return " and ".join(words)


def _holds(bound: Ge | Gt | Le | Lt, value: Any) -> bool:
    if isinstance(bound, Ge):
        return bool(value >= bound.ge)
    if isinstance(bound, Gt):
        return bool(value > bound.gt)
    return bool(value <= bound.le) if isinstance(bound, Le) else bool(value < bound.lt)
