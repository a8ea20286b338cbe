"""Text to and from other programs: what they have copied, and what they can paste."""

from __future__ import annotations

import sys

import pygame

_TEXT = "text/plain;charset=utf-8"


def pasted() -> str:
    """The text of the clipboard as one line; empty if there is none, or no clipboard on this machine."""
    try:
        if not pygame.scrap.get_init():
            pygame.scrap.init()
        data = pygame.scrap.get(_TEXT) or pygame.scrap.get(pygame.SCRAP_TEXT) or b""
    except (NotImplementedError, pygame.error):  # some builds of pygame lack it
        return ""
    # On Windows the same type comes in two bytes a character.
    text = data.decode("utf-16-le" if b"\0" in data[:-1] else "utf-8", "replace").rstrip("\0")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def copy(text: str) -> bool:
    """Let other programs paste a text; False where there is no clipboard."""
    try:
        if not pygame.scrap.get_init():
            pygame.scrap.init()
        pygame.scrap.put(pygame.SCRAP_TEXT if sys.platform == "win32" else _TEXT, text.encode())
    except (NotImplementedError, pygame.error):  # some builds of pygame lack it
        return False
    return True


def is_paste(event: pygame.event.Event) -> bool:
    """Whether a key that went down asks for it: Ctrl+V, Cmd+V, Shift+Insert."""
    if event.key == pygame.K_INSERT:
        return bool(event.mod & pygame.KMOD_SHIFT)
    v = event.key == pygame.K_v or (event.key > 127 and getattr(event, "scancode", 0) == pygame.KSCAN_V)
    return v and bool(event.mod & (pygame.KMOD_CTRL | pygame.KMOD_META))
