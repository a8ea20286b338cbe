"""Puts a frame together: the scene, the bar of keys, the help, and messages on top of all that moves."""

from __future__ import annotations

from collections.abc import Sequence

import pygame

from grpo_arcade.arcade.window.draw.theme import Theme
from grpo_arcade.arcade.window.shell.actions import Bindings
from grpo_arcade.arcade.window.shell.overlay import Help, KeyBar, Messages
from grpo_arcade.arcade.window.shell.scene import Scene


class FramePainter:
    """What the window shows, painted whole or only where something changed.

    Args:
        messages: what is said over every scene.
    """

    def __init__(self, messages: Messages) -> None:
        self.bar = KeyBar()
        self._messages = messages
        self._keys: tuple[str, ...] = ()
        """What the bar shows."""
        self._under: pygame.Surface | None = None
        """What lies under the messages, while there are any: the scene is painted there, beside the window, so that
        what moves never paints over the words."""
        self._boxes: list[pygame.Rect] = []
        """Where messages lie."""

    def draw(
        self,
        surface: pygame.Surface,
        scene: Scene,
        look: Theme,
        bindings: Bindings,
        device: str,
        help: Help | None,
        *,
        whole: bool,
    ) -> None:
        """Paint the next frame and show it; all of it if ``whole``, or if the bar of keys has to change."""
        keys = tuple(scene.keys())
        if whole or keys != self._keys or help is not None:  # nothing of the scene is painted over the help
            self._keys = keys
            self._under = surface.copy() if self._messages else None
            below = surface if self._under is None else self._under
            below.fill(look.page)
            scene.whole = True
            scene.draw(below)
            scene.whole = False
            while help is not None and scene.unfinished:  # no frame follows while it lies there
                scene.draw(below)
            called, typing = scene.words, scene.wants_text
            self.bar.draw(below, look, bindings, keys, device, "app.help", called=called, typing=typing)
            if help is not None:
                help.draw(below, look, bindings)
            if self._under is not None:
                self._lay_messages(surface, self._under, look, [surface.get_rect()])
            pygame.display.flip()
        elif self._under is None:
            changed = scene.draw(surface)
            pygame.display.update(changed) if changed is not None else pygame.display.flip()
        else:
            changed = scene.draw(self._under)
            parts = [surface.get_rect()] if changed is None else list(changed)
            pygame.display.update([*parts, *self._lay_messages(surface, self._under, look, parts)])

    def _lay_messages(
        self, surface: pygame.Surface, under: pygame.Surface, look: Theme, parts: Sequence[pygame.Rect]
    ) -> list[pygame.Rect]:
        """Bring parts from below into the window, then the messages; where these lie."""
        for part in (*parts, *self._boxes):
            surface.blit(under, part, part)
        self._boxes = self._messages.draw(surface, look, surface.get_height() - KeyBar.height(look))
        return self._boxes
