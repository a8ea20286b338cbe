"""What a scene is: one screen of the window, told what happened and asked what to show.

The app (:class:`~grpo_arcade.arcade.window.shell.app.App`) owns the window, the loop, the keys and the messages; a
scene owns what is between them. The app calls, always in its own thread:

    enter()             the scene became the one on top; also when a scene above it was closed
    leave()             it no longer is: something opened above it, it was closed, or the window closes. Save here what
                        must not be lost; it is called whatever happens.
    update(dt)          ``dt`` seconds passed; True if it must be drawn again. Called at most 60 times a second, before
                        the events of that turn are handled (after them, if the scene ``holds``)
    handle(event)       something happened (see the classes below); True if the scene made use of it, and is drawn again
    next_update()       seconds until update() should be called again: 0 for as soon as possible (something moves), None
                        for not before something happens. An idle scene says None and costs nothing.
    draw(surface)       paint :attr:`Scene.area` of the surface, which is in pixels of the window. Before the first
                        frame and whenever something lay over it, ``self.whole`` is True and everything must be painted
                        (the app has filled the window with ``theme.page``); otherwise what was painted last time is
                        still there. Return the rectangles that changed, or None for all.
    looked_away()       another window has the keyboard now
    keys()              ids of the actions shown in the bar of keys, most important first; each can be clicked there

To add one: a class in a folder of its own beside this one, its actions in ``actions.py`` (a context of its own) and
what they do in ``commands()``, a picture test. Open it with
``app.open(MyScene(app, ...))``; it closes with ``app.close(self)``, and ``app.back`` does so unless it handles that.

    class Hello(Scene):
        title = "Hello"
        contexts = ("menu",)

        def commands(self):
            return {"menu.choose": lambda: self.app.say("Hello.")}

        def draw(self, surface):
            look = self.app.theme
            paint.text(surface, "Hello", self.area.center, look.px(theme.TITLE), look.ink, anchor="middle")

Never block: what takes longer than a few milliseconds goes to ``self.app.background`` (see ``background``), whose
results arrive in the app's thread. Errors meant for people (``ValueError``, ``OSError`` with one readable line) may be
raised from handle() and update(): the app shows the line and goes on. Sizes come from ``app.theme.px(points)``, colours
from ``app.theme``; lay out from ``self.area`` in ``resized()``, which may be anything from 320×240 up, and use
``self.compact`` to leave things out where it is small.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Literal

import pygame

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App


@dataclass(frozen=True, slots=True)
class Act:
    """An action was asked for, by key, mouse, gamepad, or a click on the bar of keys."""

    id: str
    repeated: bool = False
    """True if a key is being held; only actions that say so repeat."""


@dataclass(frozen=True, slots=True)
class Released:
    """Nothing holds down any more what had started an action; only for scenes that :attr:`Scene.holds`."""

    id: str


_POINTING: dict[int, Literal["move", "down", "up"]] = {
    pygame.MOUSEMOTION: "move",
    pygame.MOUSEBUTTONDOWN: "down",
    pygame.MOUSEBUTTONUP: "up",
}


@dataclass(frozen=True, slots=True)
class Pointer:
    """The mouse moved, or its first button went down or up."""

    kind: Literal["move", "down", "up"]
    at: tuple[int, int]
    """Pixels of the window."""
    held: bool
    """Whether the first button is down."""

    @classmethod
    def of(cls, event: pygame.event.Event) -> Pointer | None:
        """What the mouse did with its first button or none; None for other events."""
        kind = _POINTING.get(event.type)
        if kind is None or getattr(event, "button", 1) != 1:
            return None
        return cls(kind, event.pos, bool(event.buttons[0]) if kind == "move" else kind == "down")


@dataclass(frozen=True, slots=True)
class Wheel:
    """The wheel turned and was bound to no action."""

    steps: int
    """Positive is away from the person: towards the beginning of a list."""
    at: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Typed:
    """Text was typed or pasted; only while :attr:`Scene.wants_text`, when keys that print are no actions."""

    text: str
    """One or more characters; ``"\\b"`` for backspace."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key went down; only while :attr:`Scene.wants_key`, when no key is an action."""

    word: str
    """As it may be bound: ``"ctrl+s"``."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file was dropped onto the window."""

    path: str


Event = Act | Released | Pointer | Wheel | Typed | Pressed | Dropped


class Scene:
    """One screen. Subclasses override what they need; see the module's docstring for the contract."""

    title: ClassVar[str] = ""
    contexts: ClassVar[tuple[str, ...]] = ("menu",)
    """Contexts of actions that are alive here, the most particular first; ``app`` is always added."""
    wants_text: bool = False
    """Whether typing gives :class:`Typed`."""
    wants_key: bool = False
    """Whether the next key gives :class:`Pressed`."""
    words: Mapping[str, str] = MappingProxyType({})
    """What actions are called here in the bar of keys, where their own label says too little: "Right" scrolls, say."""
    holds: bool = False
    """Whether it matters how long a key is held: the scene is told :class:`Released`, and events are handled before
    time passes, so that what is held counts in the very next frame."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.area = pygame.Rect(0, 0, 0, 0)
        """The scene's part of the window; set before :meth:`enter`, and before every :meth:`resized`."""
        self.whole = True

    @property
    def compact(self) -> bool:
        """Whether there is too little room for anything but the essential."""
        scale = self.app.theme.scale
        return self.area.width < 640 * scale or self.area.height < 420 * scale

    def enter(self) -> None:
        """Became the scene on top."""

    def leave(self) -> None:
        """No longer is the scene on top."""

    def closed(self) -> None:
        """Was taken away, after :meth:`leave`: it is never entered again."""

    def resized(self) -> None:
        """:attr:`area` or the theme changed: lay out again. Also called once before the first :meth:`enter`."""

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """What each action does here, by its id."""
        return {}

    def obey(self, event: Event) -> bool:
        """Do what an action stands for in :meth:`commands`; False if it is none of them."""
        command = self.commands().get(event.id) if isinstance(event, Act) else None
        if command is None:
            return False
        command()
        return True

    def handle(self, event: Event) -> bool:
        """True if the scene made use of the event."""
        return self.obey(event)

    def looked_away(self) -> None:
        """The person turned to another window."""

    def update(self, dt: float) -> bool:
        """True if it must be drawn again."""
        return False

    def next_update(self) -> float | None:
        """Seconds until the next :meth:`update`, None for after the next event."""
        return None

    def draw(self, surface: pygame.Surface) -> Sequence[pygame.Rect] | None:
        """Paint; the rectangles that changed, None for all."""
        raise NotImplementedError

    @property
    def unfinished(self) -> bool:
        """Whether :meth:`draw` has left something to the next frames, which is late but not missing."""
        return False

    def keys(self) -> Sequence[str]:
        """Action ids for the bar of keys."""
        return ()
