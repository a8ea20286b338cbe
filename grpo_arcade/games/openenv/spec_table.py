"""A table of a spec while it is read: values of the right kind, or one line that says where it goes wrong."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from grpo_arcade.games.openenv.spec import SpecError
from grpo_arcade.games.openenv.terms import Term, parse_term


class Table:
    """Knows its place, hands out values of the right kind, and minds what nobody asked for."""

    def __init__(self, mapping: Any, place: str) -> None:
        self.place = place
        if not isinstance(mapping, Mapping) or not all(isinstance(key, str) for key in mapping):
            raise SpecError(f"{place or 'it'} must be a table")
        self.mapping = mapping
        self._asked: set[str] = set()

    def _where(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def get(self, key: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        """A value of one of the kinds; ``default`` where there is none."""
        self._asked.add(key)
        if key not in self.mapping:
            return default
        value = self.mapping[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            kinds = kind if isinstance(kind, tuple) else (kind,)
            wanted = " or ".join(_KIND_WORDS.get(each, each.__name__) for each in kinds)
            raise SpecError(f"{self._where(key)} must be {wanted}, not {shortened(value)}")
        return value

    def any(self, key: str, default: Any = None) -> Any:
        """A value of whatever kind."""
        self._asked.add(key)
        return self.mapping.get(key, default)

    def table(self, key: str) -> Table:
        """The table below this one; empty where there is none."""
        self._asked.add(key)
        return Table(self.mapping.get(key, {}), self._where(key))

    def number(self, key: str, default: Any, low: float, high: float, *, whole: bool = False) -> Any:
        """A number from ``low`` to ``high``."""
        value = self.get(key, int if whole else (int, float), default)
        if value is not default and not low <= value <= high:
            raise SpecError(f"{self._where(key)} must be {low:g} to {high:g}, not {value!r}")
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """A list of texts of at most 100 characters."""
        value = self.get(key, (list, tuple), [])
        if not all(isinstance(word, str) and 0 < len(word) <= 100 for word in value):
            raise SpecError(f"{self._where(key)} must be a list of short texts")
        return tuple(value)

    def term(self, key: str) -> Term | None:
        """A path into the observation."""
        text = self.get(key, str)
        return None if text is None else self._term(key, text)

    def _term(self, key: str, text: str) -> Term:
        try:
            return parse_term(text)
        except ValueError as error:
            raise SpecError(f"{self._where(key)}: {error}") from error

    def shape(self, key: str) -> tuple[int, ...] | Term | None:
        """One to three sizes, or the path of a field that says them."""
        value = self.get(key, (str, list, tuple))
        if value is None:
            return None
        if isinstance(value, str):
            return self._term(key, value)
        if not 1 <= len(value) <= 3 or not all(type(n) is int and 1 <= n <= 4096 for n in value):
            raise SpecError(f"{self._where(key)} must be one to three whole numbers, or the path of a field")
        return tuple(value)

    def done(self) -> None:
        """Refuse what nobody asked for."""
        for key in self.mapping:
            if key not in self._asked:
                near = difflib.get_close_matches(key, self._asked, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(self._asked))}"
                raise SpecError(f"{self._where(key)} means nothing; {hint}")


_KIND_WORDS: dict[type, str] = {
    **{str: "a text", int: "a whole number", float: "a number", bool: "true or false"},
    **{list: "a list", Mapping: "a table", dict: "a table"},
}


def shortened(value: Any) -> str:
    """A value as it stands in an error, at most 60 characters of it."""
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
