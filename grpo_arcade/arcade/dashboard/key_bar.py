"""The bar of keys below everything: in a narrow terminal fewer keys, each of them whole, rather than half of one."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

_ALWAYS = ("help", "quit")
"""Actions whose keys stay to the last: help tells of all the others."""
_FIRST_TO_GO = ("pause", "command_palette")
"""Those that go first, the last of them before all: they work in every tab, and help tells of them."""
_BESIDE_THE_WORDS = 3
"""Cells of a key beside its name and its words: one on each side of the name, one after the words."""
_OF_THE_PALETTE = 2
"""Cells that stand beside the key of the palette alone: its rule, and one on the right."""


class KeyBar(Footer):
    """Textual's footer, which would be cut off where it is wider than the terminal."""

    def compose(self) -> ComposeResult:
        """Every key, of which those are shown that fit."""
        keys = list(super().compose())
        self._fit(keys)
        yield from keys

    def on_resize(self, event: events.Resize) -> None:
        """Another width has room for others."""
        self._fit(self.children)

    def _fit(self, children: Sequence[Widget]) -> None:
        keys = [child for child in children if isinstance(child, FooterKey)]
        left = self.app.size.width
        for key in sorted(keys, key=_last_to_be_shown):
            left -= _width(key)
            # What comes after one that has no room has none either: a shorter key in its place would puzzle.
            key.display = left >= 0


def _last_to_be_shown(key: FooterKey) -> int:
    """A place in the order of giving room: higher for those that can be done without."""
    action = key.action.rpartition(".")[2]
    if action in _ALWAYS:
        return _ALWAYS.index(action) - len(_ALWAYS)
    return 1 + _FIRST_TO_GO.index(action) if action in _FIRST_TO_GO else 0


def _width(key: FooterKey) -> int:
    """In cells."""
    words = cell_len(key.key_display) + cell_len(key.description) + _BESIDE_THE_WORDS
    return words + _OF_THE_PALETTE * (key.action.rpartition(".")[2] == "command_palette")
