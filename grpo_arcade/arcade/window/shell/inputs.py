"""Events of keyboard, mouse and gamepad to the words actions are bound by; what is held down, and what repeats.

Gamepads come and go while the window is open. Those SDL knows are read by their layout; of others the hat, the first
stick and the first four buttons count.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import pygame
from pygame._sdl2 import controller

from grpo_arcade.arcade.window.shell.actions import Action, Bindings, key_words, mouse_word, pad_word, place_words

FIRST_REPEAT_S, REPEAT_S = 0.35, 0.05
_TILTED, _RELEASED = 0.5, 0.35
"""How far a stick must lean to count as a direction, and to no longer do so: apart, so that a trembling one is calm.
Half way leaves a diagonal 30 degrees of room."""
_PLAIN_BUTTONS = ("pad:a", "pad:b", "pad:x", "pad:y")


@dataclass(frozen=True, slots=True)
class Change:
    """A key, a button or a direction of a stick went down or up."""

    source: Hashable
    """Which; the same for down and up."""
    words: tuple[str, ...] = ()
    """What the press may be bound by, the most particular first; empty when it went up."""
    places: tuple[str, ...] = ()
    """What it is bound by where none of the words does anything."""


class Inputs:
    """The state of the person's devices."""

    def __init__(self) -> None:
        self.device: Literal["keys", "pad"] = "keys"
        """What was used last."""
        self._repeating: tuple[Action, Hashable, float] | None = None
        self._down: dict[Hashable, Action] = {}
        self._tilt: dict[tuple[Any, Any], str] = {}
        self._pads: dict[int, Any] = {}
        # A machine without any support for them is no reason not to play.
        with suppress(pygame.error):
            controller.init()
            pygame.joystick.init()

    def changes(self, event: pygame.event.Event) -> list[Change]:
        """What went down or up; nothing for other events."""
        kind = event.type
        if kind == pygame.KEYDOWN:
            self.device = "keys"
            return [Change(_key(event), tuple(key_words(event)), tuple(place_words(event)))]
        if kind == pygame.KEYUP:
            return [Change(_key(event))]
        if kind == pygame.MOUSEBUTTONDOWN:
            return [Change(("mouse", event.button), (word,))] if (word := mouse_word(event.button)) else []
        if kind == pygame.MOUSEBUTTONUP:
            return [Change(("mouse", event.button))]
        if kind == pygame.MOUSEWHEEL and event.y:
            return [Change("wheel", ("wheel:up" if event.y > 0 else "wheel:down",)), Change("wheel")]
        found = self._pad(event)
        if any(change.words for change in found):
            self.device = "pad"
        return found

    def _pad(self, event: pygame.event.Event) -> list[Change]:
        kind = event.type
        if kind == pygame.CONTROLLERDEVICEADDED:
            with suppress(pygame.error):
                pad = controller.Controller(event.device_index)
                self._pads[pad.as_joystick().get_instance_id()] = pad
        elif kind == pygame.JOYDEVICEADDED:
            with suppress(pygame.error):
                if not controller.is_controller(event.device_index):
                    plain = pygame.joystick.Joystick(event.device_index)
                    self._pads[plain.get_instance_id()] = plain
        elif kind in (pygame.CONTROLLERDEVICEREMOVED, pygame.JOYDEVICEREMOVED):
            self._pads.pop(event.instance_id, None)
            self._tilt.clear()
            self._repeating = None
            return [Change(source) for source in self._down if _of_a_pad(source)]
        elif kind in (pygame.CONTROLLERBUTTONDOWN, pygame.CONTROLLERBUTTONUP):
            source = "pad", getattr(event, "instance_id", 0), event.button
            word = pad_word(event.button)
            if kind == pygame.CONTROLLERBUTTONUP or not word:
                return [Change(source)]
            return [Change(source, self._of_pad(source[1], word))]
        elif kind == pygame.CONTROLLERAXISMOTION:
            if event.axis in (pygame.CONTROLLER_AXIS_LEFTX, pygame.CONTROLLER_AXIS_LEFTY):
                upright = event.axis == pygame.CONTROLLER_AXIS_LEFTY
                return self._tilted((event.instance_id, upright), event.value / 32768, upright)
        elif kind in (pygame.JOYBUTTONDOWN, pygame.JOYBUTTONUP, pygame.JOYHATMOTION, pygame.JOYAXISMOTION):
            return self._plain(event)
        return []

    def _plain(self, event: pygame.event.Event) -> list[Change]:
        if not isinstance(self._pads.get(event.instance_id), pygame.joystick.JoystickType):
            return []  # its presses come as those of a known layout
        if event.type in (pygame.JOYBUTTONDOWN, pygame.JOYBUTTONUP):
            source = "joystick", event.instance_id, event.button
            if event.type == pygame.JOYBUTTONUP or event.button >= len(_PLAIN_BUTTONS):
                return [Change(source)]
            return [Change(source, self._of_pad(event.instance_id, _PLAIN_BUTTONS[event.button]))]
        if event.type == pygame.JOYHATMOTION:
            x, y = event.value
            across = self._tilted((event.instance_id, "x"), x, False)
            return across + self._tilted((event.instance_id, "y"), -y, True)
        return self._tilted((event.instance_id, event.axis), event.value, event.axis == 1) if event.axis < 2 else []

    def _tilted(self, axis: tuple[Any, Any], value: float, upright: bool) -> list[Change]:
        before = self._tilt.get(axis, "")
        names = ("up", "down") if upright else ("left", "right")
        if abs(value) < _RELEASED:
            now = ""
        else:
            now = names[value > 0] if abs(value) > _TILTED else before
        self._tilt[axis] = now
        if now == before:
            return []
        up = [Change(("stick", *axis))] if before else []
        return [*up, Change(("stick", *axis), self._of_pad(axis[0], f"pad:{now}"))] if now else up

    def _of_pad(self, pad: int, word: str) -> tuple[str, ...]:
        """What a press of one gamepad may be bound by: every second one, as they came, has words of its own first."""
        second = pad in self._pads and list(self._pads).index(pad) % 2 == 1
        return (word.replace("pad:", "pad2:", 1), word) if second else (word,)

    def hold(self, action: Action, source: Hashable) -> None:
        """An action was started by this; if it repeats, it does so until the key goes up."""
        self._down[source] = action
        self._repeating = (action, source, time.perf_counter() + FIRST_REPEAT_S) if action.repeats else None

    def let_go(self, source: Hashable) -> Action | None:
        """A key went up; the action that nothing holds any more, if there is one."""
        if self._repeating and self._repeating[1] == source:
            self._repeating = None
        action = self._down.pop(source, None)
        return action if action not in self._down.values() else None

    def release(self) -> list[Action]:
        """Nothing is held any more; what was."""
        held = list(dict.fromkeys(self._down.values()))
        self._repeating = None
        self._down.clear()
        self._tilt.clear()
        return held

    def next_repeat(self, now: float) -> float | None:
        """Seconds until a held key does its action again."""
        return max(0.0, self._repeating[2] - now) if self._repeating else None

    def repeats(self, now: float, bindings: Bindings) -> Iterator[Action]:
        """The action that is due again, if any."""
        if self._repeating and now >= self._repeating[2]:
            action, source, _ = self._repeating
            self._repeating = action, source, now + REPEAT_S
            yield bindings.action(action.id)


def _key(event: pygame.event.Event) -> Hashable:
    """A key by its place, since its letter may be another one when it goes up."""
    return "key", getattr(event, "scancode", 0) or event.key


def _of_a_pad(source: Hashable) -> bool:
    return isinstance(source, tuple) and source[0] in ("pad", "joystick", "stick")
