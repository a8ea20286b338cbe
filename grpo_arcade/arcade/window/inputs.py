"""Events of keyboard, mouse and gamepads to the words actions are bound by, and keys that repeat while held.

Gamepads come and go while the window is open. Those SDL knows are read by their layout; of others the hat, the first
stick and the first four buttons count.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Literal

import pygame
from pygame._sdl2 import controller

from grpo_arcade.arcade.window.actions import Action, Bindings, key_words, mouse_word, pad_word

FIRST_REPEAT_S, REPEAT_S = 0.35, 0.05
_TILTED, _RELEASED = 0.6, 0.4
"""How far a stick must lean to count as a direction, and to no longer do so: apart, so that a trembling one is calm."""
_RELEASES = (pygame.KEYUP, pygame.CONTROLLERBUTTONUP, pygame.JOYBUTTONUP)
_PLAIN_BUTTONS = ("pad:a", "pad:b", "pad:x", "pad:y")


class Inputs:
    """The state of the person's devices."""

    def __init__(self) -> None:
        self.device: Literal["keys", "pad"] = "keys"
        """What was used last."""
        self._held: tuple[Action, Any, float] | None = None
        self._tilt: dict[tuple[Any, int], str] = {}
        self._pads: dict[int, Any] = {}
        # A machine without any support for them is no reason not to play.
        with suppress(pygame.error):
            controller.init()
            pygame.joystick.init()

    def words(self, event: pygame.event.Event) -> list[str]:
        """The words a press may be bound by; empty for anything that is no press."""
        kind = event.type
        if kind == pygame.KEYDOWN:
            self.device = "keys"
            return key_words(event)
        if kind == pygame.MOUSEBUTTONDOWN:
            return [word] if (word := mouse_word(event.button)) else []
        if kind == pygame.MOUSEWHEEL and event.y:
            return ["wheel:up" if event.y > 0 else "wheel:down"]
        word = self._pad(event)
        if word:
            self.device = "pad"
        elif kind in _RELEASES and self._held and self._source(event) == self._held[1]:
            self._held = None
        return [word] if word else []

    def _pad(self, event: pygame.event.Event) -> str:
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
            self.release()
        elif kind == pygame.CONTROLLERBUTTONDOWN:
            return pad_word(event.button)
        elif kind == pygame.CONTROLLERAXISMOTION:
            if event.axis in (pygame.CONTROLLER_AXIS_LEFTX, pygame.CONTROLLER_AXIS_LEFTY):
                upright = event.axis == pygame.CONTROLLER_AXIS_LEFTY
                return self._tilted((event.instance_id, upright), event.value / 32768, upright)
        elif kind in (pygame.JOYBUTTONDOWN, pygame.JOYHATMOTION, pygame.JOYAXISMOTION):
            return self._plain(event)
        return ""

    def _plain(self, event: pygame.event.Event) -> str:
        if not isinstance(self._pads.get(event.instance_id), pygame.joystick.JoystickType):
            return ""  # its presses come as those of a known layout
        if event.type == pygame.JOYBUTTONDOWN:
            return _PLAIN_BUTTONS[event.button] if event.button < len(_PLAIN_BUTTONS) else ""
        if event.type == pygame.JOYHATMOTION:
            x, y = event.value
            both = self._tilted((event.instance_id, "x"), x, False), self._tilted((event.instance_id, "y"), -y, True)
            return both[0] or both[1]
        return self._tilted((event.instance_id, event.axis), event.value, event.axis == 1) if event.axis < 2 else ""

    def _tilted(self, axis: tuple[Any, Any], value: float, upright: bool) -> str:
        before = self._tilt.get(axis, "")
        names = ("up", "down") if upright else ("left", "right")
        if abs(value) < _RELEASED:
            self._tilt[axis] = ""
            if self._held and self._held[1] == axis:
                self._held = None
            return ""
        now = names[value > 0] if abs(value) > _TILTED else before
        self._tilt[axis] = now
        return f"pad:{now}" if now and now != before else ""

    def hold(self, action: Action, event: pygame.event.Event) -> None:
        """An action was started by this event; if it repeats, it does so until the key goes up."""
        source = self._source(event)
        self._held = (action, source, time.perf_counter() + FIRST_REPEAT_S) if action.repeats and source else None

    def release(self) -> None:
        """Nothing is held any more."""
        self._held = None
        self._tilt.clear()

    def next_repeat(self, now: float) -> float | None:
        """Seconds until a held key does its action again."""
        return max(0.0, self._held[2] - now) if self._held else None

    def repeats(self, now: float, bindings: Bindings) -> Iterator[Action]:
        """The action that is due again, if any."""
        if self._held and now >= self._held[2]:
            action, source, _ = self._held
            self._held = action, source, now + REPEAT_S
            yield bindings.action(action.id)

    @staticmethod
    def _source(event: pygame.event.Event) -> Any:
        if event.type in (pygame.KEYDOWN, pygame.KEYUP):
            return "key", event.key
        if event.type in (pygame.CONTROLLERBUTTONDOWN, pygame.CONTROLLERBUTTONUP):
            return "pad", getattr(event, "instance_id", 0), event.button
        if event.type in (pygame.JOYBUTTONDOWN, pygame.JOYBUTTONUP):
            return "joystick", event.instance_id, event.button
        if event.type == pygame.CONTROLLERAXISMOTION:
            return event.instance_id, event.axis == pygame.CONTROLLER_AXIS_LEFTY
        return None
