"""Settings that a person changes in the window: they hold at once, and stand in the person's file from then on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from grpo_arcade.arcade.settings import Settings, save_setting
from grpo_arcade.arcade.window.play.speaker import Speaker
from grpo_arcade.arcade.window.shell.actions import BindingError, Bindings
from grpo_arcade.arcade.window.shell.memory import Memory


class App(Protocol):
    """What is asked of the app."""

    settings: Settings
    bindings: Bindings
    memory: Memory
    speaker: Speaker

    def set_palette(self, palette: str) -> None:
        """Change the colours."""

    def say(self, line: str) -> None:
        """Show a line for a few seconds."""

    def complain(self, problem: Exception | str) -> None:
        """Show what went wrong, in one line."""


def choose(app: App, name: str, value: bool | float | str) -> None:
    """Change one of the settings.

    Raises:
        ValueError: there is no such setting or value, or the file is none.
        OSError: the file cannot be written.
    """
    save_setting(name, value)
    app.settings = replace(app.settings, **{name: value})  # type: ignore[arg-type]
    if name == "palette":
        app.set_palette(str(value))
    elif name == "hint":
        app.memory.forget("hint ")  # what was chosen for single games before


def bind(app: App, id: str, words: Sequence[str] | None) -> None:
    """Change what does an action; None for what does it by default.

    Raises:
        BindingError: it is no key, or does something else already.
        ValueError: the file is none.
        OSError: the file cannot be written.
    """
    others = {each: bound for each, bound in app.settings.keys.items() if each != id}
    keys = others if words is None else {**others, id: list(words)}
    bindings, problems = Bindings.of_settings(keys)
    if len(problems) > len(Bindings.of_settings(others)[1]):
        raise BindingError(problems[-1].removeprefix("settings, keys: "))
    save_setting("keys", keys)
    app.settings, app.bindings = replace(app.settings, keys=keys), bindings


def mute(app: App, muted: bool) -> None:
    """Switch the sound of games off or on."""
    app.speaker.muted = muted
    app.speaker.hush()
    app.memory.set("muted", muted)
    app.say("Sound is off" if muted else "Sound is on")


def complain_once(app: App, what: str, line: str) -> None:
    """Say what is wrong with this machine, and never again: nobody mends it by hearing it every day."""
    if not app.memory.get(f"told {what}", False):
        app.memory.set(f"told {what}", True)
        app.complain(line)
