"""Small dialogs: one line of text, yes or no, something told, and what becomes of the training when one leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from grpo_arcade.recordings.runs.kind import RunKind

LOADING = " loading…"
"""Stands where something will, until it is known whether there is any."""


class Prompt(ModalScreen[str | None]):
    """Asks for one line; None when it is left with Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(self, question: str, example: str = "", value: str = "") -> None:
        """``example`` is shown while nothing is typed."""
        super().__init__()
        self._question, self._example, self._value = question, example, value

    def compose(self) -> ComposeResult:
        """The question and a line to type in."""
        with Vertical(classes="dialog"):
            yield Static(self._question, markup=False)
            yield Input(self._value, placeholder=self._example)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter answers."""
        self.dismiss(event.value.strip())


def stopping_question(kind: RunKind) -> str:
    """What is asked before a run is stopped."""
    if kind is RunKind.TRAINING:
        return "Stop training after this step, and save a checkpoint?"
    return f"Stop the {kind.work} after this {kind.step}? It is saved, and can go on later."


class Question(ModalScreen[bool]):
    """Asks for yes or no; no when it is left with Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "dismiss(True)", "Yes"),
        Binding("n,escape", "dismiss(False)", "No"),
    ]

    def __init__(self, question: str) -> None:
        """One or two lines."""
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question and its keys."""
        with Vertical(classes="dialog"):
            yield Static(self._question, markup=False)
            yield Static("[b]y[/b] yes   [b]n[/b] no")


class Telling(ModalScreen[None]):
    """Tells something in a few lines, until a key is pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,i,space", "dismiss", "Close")]

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        """The title stands in bold over the lines."""
        super().__init__()
        self._title, self._lines = title, lines

    def compose(self) -> ComposeResult:
        """The lines, which scroll where there is no room for them."""
        with VerticalScroll(classes="dialog telling"):
            yield Static(Text(self._title, style="bold"))
            yield Static(Text("\n".join(("", *self._lines, "", "esc closes"))))


class Leaving(ModalScreen[str | None]):
    """Asks what becomes of a trainer that was started with the dashboard; "leave", "stop", or None to stay."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l,enter", "dismiss('leave')", "Leave it running"),
        Binding("s", "dismiss('stop')", "Stop it"),
        Binding("escape,n,q", "dismiss(None)", "Stay"),
    ]

    def __init__(self, kind: RunKind, step: int) -> None:
        """``step`` is the last one made."""
        super().__init__()
        self._kind, self._step = kind, step

    def compose(self) -> ComposeResult:
        """The question and its keys."""
        with Vertical(classes="dialog"):
            kind = self._kind
            at = f"{kind.work.capitalize()} is still running, at {kind.step} {self._step:,}."
            yield Static(f"{at} Close the dashboard, and", markup=False)
            yield Static(
                f"[b]l[/b]    leave the {kind.work} running\n"
                f"[b]s[/b]    stop it after this {kind.step}, saved\n"
                "[b]esc[/b]  stay here"
            )
