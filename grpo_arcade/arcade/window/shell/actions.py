"""Everything a person can do, by id, and which keys, buttons and pads do it.

An action's id is ``context.name``; a scene names the contexts that are alive in it. The person's settings file may give
any id other bindings. A binding is a word: a key (``"p"``, ``"ц"``, ``"up"``, ``"ctrl+s"``, ``"f11"``, ``"?"``), a
gamepad's button or direction (``"pad:a"``, ``"pad:up"``; the left stick counts as directions), the second gamepad's
(``"pad2:a"``; it is like the first where nothing is bound to that), a mouse button other than the first
(``"mouse:right"``), or the wheel (``"wheel:up"``). The first mouse button always presses what it points at.

A key goes by its letter. Where that does nothing, as most do of keyboards whose letters are not Latin, or stand
elsewhere, it goes by its place: as what it is on an American keyboard.
"""

from __future__ import annotations

import difflib
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pygame


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do."""

    id: str
    label: str
    """A word or two, for the help and the bar of keys."""
    bindings: tuple[str, ...]
    """By default."""
    repeats: bool = False
    """Whether holding the key does it again and again."""

    @property
    def context(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]


CONTEXTS = {
    "app": "Everywhere",
    "menu": "Choosing",
    "home": "Home",
    "play": "Play",
    "replay": "Replay",
    "watch": "Watch",
    "versus": "Versus",
    "court": "One court",
}
"""Contexts by name, with their heading in the help."""

ACTIONS = (
    Action("app.help", "Help", ("h", "f1", "?", "pad:back")),
    Action("app.back", "Back", ("escape", "mouse:right", "pad:b")),
    Action("app.screenshot", "Screenshot", ("f12",)),
    Action("app.full-screen", "Full screen", ("f11", "alt+return")),
    Action("app.mute", "Sound", ("m", "f10")),
    Action("app.palette", "Colours", ("f2",)),
    Action("app.settings", "Settings", ("f3", "ctrl+,")),
    Action("app.open-folder", "Folder of last file", ("ctrl+o",)),
    Action("app.copy-path", "Copy its path", ("ctrl+c",)),
    Action("app.quit", "Quit", ("ctrl+q",)),
    Action("menu.up", "Up", ("up", "pad:up"), repeats=True),
    Action("menu.down", "Down", ("down", "pad:down"), repeats=True),
    Action("menu.left", "Left", ("left", "pad:left"), repeats=True),
    Action("menu.right", "Right", ("right", "pad:right"), repeats=True),
    Action("menu.next", "Next", ("tab",), repeats=True),
    Action("menu.previous", "Previous", ("shift+tab",), repeats=True),
    Action("menu.choose", "Choose", ("return", "space", "pad:a")),
    Action("home.versus", "Versus", ("v", "pad:y")),
    Action("home.train", "Train here", ("t", "f4", "pad:x")),
    Action("home.pause", "Pause training", ("p", "pad:start")),
    Action("home.stop", "Stop training", ("s",)),
    Action("home.evaluate", "Evaluate", ("e",)),
    Action("home.rename", "Rename", ("n",)),
    Action("home.delete", "Delete", ("delete", "x")),
    Action("home.undo", "Bring back", ("u", "ctrl+z")),
    Action("play.up", "Up", ("up", "w", "pad:up")),
    Action("play.right", "Right", ("right", "d", "pad:right")),
    Action("play.down", "Down", ("down", "s", "pad:down")),
    Action("play.left", "Left", ("left", "a", "pad:left")),
    Action("play.fire", "Fire", ("space", "pad:a")),
    Action("play.hint", "Hint", ("i", "pad:y")),
    Action("play.undo", "Undo", ("u", "backspace", "pad:x")),
    Action("play.pause", "Pause", ("p", "pad:start")),
    Action("play.restart", "Same seed", ("r",)),
    Action("play.new", "New game", ("n",)),
    Action("play.autoplay", "Autoplay", ("tab",)),
    Action("play.step", "One step", (".", "pad:right-shoulder"), repeats=True),
    Action("play.slower", "Slower", ("-",), repeats=True),
    Action("play.faster", "Faster", ("=", "+"), repeats=True),
    Action("play.record", "Record", ("v",)),
    Action("play.gif", "Save GIF", ("g",)),
    Action("play.versus", "Against the model", ("c",)),
    Action("play.options", "Options", ("o", "pad:left-shoulder")),
    Action("replay.pause", "Play / pause", ("space", "p", "pad:a", "pad:start")),
    Action("replay.forward", "Step on", ("right", ".", "pad:right"), repeats=True),
    Action("replay.backward", "Step back", ("left", ",", "pad:left"), repeats=True),
    Action("replay.leap-forward", "Leap on", ("shift+right", "up", "wheel:down", "pad:up"), repeats=True),
    Action("replay.leap-backward", "Leap back", ("shift+left", "down", "wheel:up", "pad:down"), repeats=True),
    Action("replay.first", "To the start", ("home",)),
    Action("replay.last", "To the end", ("end",)),
    Action("replay.slower", "Slower", ("-", "pad:left-shoulder"), repeats=True),
    Action("replay.faster", "Faster", ("=", "+", "pad:right-shoulder"), repeats=True),
    Action("replay.next", "Next game", ("n", "pagedown")),
    Action("replay.previous", "Game before", ("b", "pageup")),
    Action("replay.compare", "Compare", ("c", "pad:y")),
    Action("replay.export", "Film", ("e", "g", "pad:x")),
    Action("watch.pause", "Pause", ("p", "pad:start")),
    Action("watch.earlier", "Step back", (",", "[", "pad:left-shoulder"), repeats=True),
    Action("watch.later", "Step on", (".", "]", "pad:right-shoulder"), repeats=True),
    Action("watch.first", "First step", ("home",)),
    Action("watch.newest", "Newest step", ("end",)),
    Action("watch.spotlight", "Spotlight", ("f", "pad:x")),
    Action("watch.before-after", "Before and after", ("b",)),
    Action("watch.show", "Show", ("s",)),
    Action("watch.pin", "Pin / follow", ("k",)),
    Action("watch.champion", "Champion", ("c", "pad:y")),
    Action("watch.slower", "Slower", ("-",), repeats=True),
    Action("watch.faster", "Faster", ("=", "+"), repeats=True),
    Action("watch.order", "Best first", ("o",)),
    Action("watch.page", "More boards", ("pagedown", "n")),
    Action("watch.page-back", "Boards before", ("pageup",)),
    Action("watch.game", "Next game", ("t",)),
    Action("watch.film", "Film", ("g",)),
    Action("watch.replay", "Replay", ("r",)),
    Action("versus.up", "Up", ("up", "w", "pad:up")),
    Action("versus.right", "Right", ("right", "d", "pad:right")),
    Action("versus.down", "Down", ("down", "s", "pad:down")),
    Action("versus.left", "Left", ("left", "a", "pad:left")),
    Action("versus.fire", "Fire", ("space", "pad:a")),
    Action("versus.pause", "Pause", ("p", "pad:start")),
    Action("versus.step", "One step", (".", "pad:right-shoulder"), repeats=True),
    Action("versus.slower", "Slower", ("-",), repeats=True),
    Action("versus.faster", "Faster", ("=", "+"), repeats=True),
    Action("versus.restart", "Same seed", ("r",)),
    Action("versus.new", "New seed", ("n",)),
    Action("versus.ask", "Ask again", ("m", "pad:y")),
    Action("versus.code", "Code / board", ("c", "pad:x")),
    Action("versus.next", "Next player", ("tab", "pad:left-shoulder")),
    Action("versus.save", "Save", ("v",)),
    Action("versus.film", "Film", ("g",)),
    Action("court.up", "Up", ("w", "pad:up")),
    Action("court.right", "Right", ("d", "pad:right")),
    Action("court.down", "Down", ("s", "pad:down")),
    Action("court.left", "Left", ("a", "pad:left")),
    Action("court.fire", "Fire", ("space", "pad:a")),
    Action("court.second-up", "Up, the other", ("up", "pad2:up")),
    Action("court.second-right", "Right, the other", ("right", "pad2:right")),
    Action("court.second-down", "Down, the other", ("down", "pad2:down")),
    Action("court.second-left", "Left, the other", ("left", "pad2:left")),
    Action("court.second-fire", "Fire, the other", ("return", "pad2:a")),
    Action("court.pause", "Pause", ("p", "pad:start")),
    Action("court.slower", "Slower", ("-",), repeats=True),
    Action("court.faster", "Faster", ("=", "+"), repeats=True),
    Action("court.restart", "Same seed", ("r",)),
    Action("court.new", "New match", ("n",)),
    Action("court.sides", "Change sides", ("x", "pad:left-shoulder")),
    Action("court.ask", "Another program", ("m", "pad:y")),
    Action("court.code", "Code / board", ("c", "pad:x")),
    Action("court.film", "Film", ("g",)),
    Action("court.replay", "Replay", ("l",)),
)


class BindingError(ValueError):
    """An action's id or a binding cannot be used; one line that says what would work."""


class Bindings:
    """Which binding does what.

    Args:
        chosen: bindings by action id, as the settings file has them; they replace the default ones of that action.

    Raises:
        BindingError: an unknown id or binding, or one binding for two actions of the same context.
    """

    def __init__(self, chosen: Mapping[str, Sequence[str]] | None = None) -> None:
        self._actions = {action.id: action for action in ACTIONS}
        self._of = {action.id: action.bindings for action in ACTIONS}
        for id, bindings in (chosen or {}).items():
            if id not in self._actions:
                near = difflib.get_close_matches(id, self._actions, n=1, cutoff=0.4)
                hint = f"did you mean {near[0]!r}?" if near else "H shows them all"
                raise BindingError(f"there is no action {id!r}; {hint}")
            self._of[id] = tuple(_checked(word) for word in bindings)
        self._does: dict[tuple[str, str], Action] = {}
        for id in sorted(self._of, key=lambda id: id in (chosen or {})):
            for word in self._of[id]:
                action = self._actions[id]
                other = self._does.setdefault((action.context, word), action)
                if other is not action:
                    raise BindingError(f"{word!r} is bound to both {other.id!r} and {id!r}; give one of them another")

    @classmethod
    def of_settings(cls, chosen: Mapping[str, Sequence[str]]) -> tuple[Bindings, list[str]]:
        """As many of the chosen ones as can be used, and a line for each that cannot: it must not cost the others."""
        problems: list[str] = []
        good: dict[str, Sequence[str]] = {}
        for id, words in chosen.items():
            try:
                cls({**good, id: words})
                good[id] = words
            except BindingError as error:
                problems.append(f"settings, keys: {error}")
        return cls(good), problems

    def action(self, id: str) -> Action:
        """The action of an id that is known to exist."""
        return self._actions[id]

    def bindings(self, id: str) -> tuple[str, ...]:
        """What does it, the main one first; empty if the person has unbound it."""
        return self._of[id]

    def find(self, words: Iterable[str], contexts: Sequence[str]) -> Action | None:
        """The action of the first context that binds one of the words, which come in order of preference."""
        words = tuple(words)
        for context in contexts:
            for word in words:
                if (context, word) in self._does:
                    return self._does[context, word]
        return None

    def find_key(self, words: Iterable[str], places: Iterable[str], contexts: Sequence[str]) -> Action | None:
        """The action that binds one of the words, or else one of those of the key's place."""
        return self.find(words, contexts) or self.find(places, contexts)

    def key_label(self, id: str) -> str:
        """The main key as it is shown to people: ``"Esc"``, ``"Ctrl+S"``, ``"Left"``."""
        return binding_label(self._of[id][0]) if self._of[id] else ""

    def in_context(self, context: str) -> list[Action]:
        """The actions of a context, in the order of the help."""
        return [action for action in self._actions.values() if action.context == context]


_KEYS = {name.removeprefix("K_").lower(): code for name, code in vars(pygame).items() if name.startswith("K_")}
_CHARACTERS = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_NAMES = {code: name for name, code in reversed(_KEYS.items())} | {ord(c): c for c in _CHARACTERS}
_PLACES = {
    code: _NAMES[_KEYS[name.removeprefix("KSCAN_").lower()]]
    for name, code in vars(pygame).items()
    if name.startswith("KSCAN_") and 32 < _KEYS.get(name.removeprefix("KSCAN_").lower(), 0) < 127
}
"""What the keys of letters, digits and signs are on an American keyboard, by place."""
_MODIFIERS = (("ctrl", pygame.KMOD_CTRL), ("alt", pygame.KMOD_ALT), ("meta", pygame.KMOD_META))
_PAD_BUTTONS = {
    pygame.CONTROLLER_BUTTON_A: "a",
    pygame.CONTROLLER_BUTTON_B: "b",
    pygame.CONTROLLER_BUTTON_X: "x",
    pygame.CONTROLLER_BUTTON_Y: "y",
    pygame.CONTROLLER_BUTTON_BACK: "back",
    pygame.CONTROLLER_BUTTON_START: "start",
    pygame.CONTROLLER_BUTTON_LEFTSHOULDER: "left-shoulder",
    pygame.CONTROLLER_BUTTON_RIGHTSHOULDER: "right-shoulder",
    pygame.CONTROLLER_BUTTON_DPAD_UP: "up",
    pygame.CONTROLLER_BUTTON_DPAD_DOWN: "down",
    pygame.CONTROLLER_BUTTON_DPAD_LEFT: "left",
    pygame.CONTROLLER_BUTTON_DPAD_RIGHT: "right",
}
_MOUSE_BUTTONS = {2: "middle", 3: "right", 6: "x1", 7: "x2"}
_WHEEL = ("up", "down")


def _checked(word: str) -> str:
    device, colon, rest = word.partition(":")
    if colon and rest:
        pad = _PAD_BUTTONS.values()
        known = {"pad": pad, "pad2": pad, "mouse": _MOUSE_BUTTONS.values(), "wheel": _WHEEL}.get(device)
        if known is not None and rest in known:
            return word
    else:
        *modifiers, key = word.lower().split("+") if word != "+" and not word.endswith("++") else [word]
        allowed = {"shift", *(name for name, _ in _MODIFIERS)}
        key = unicodedata.normalize("NFC", key)
        letter = len(key) == 1 and not key.isascii() and key.isprintable()
        if set(modifiers) <= allowed and (key in _KEYS or key in _CHARACTERS or letter):
            order = [name for name in ("ctrl", "alt", "meta", "shift") if name in modifiers]
            return "+".join([*order, key])
    everything = [*_KEYS, *_CHARACTERS, *(f"pad:{name}" for name in _PAD_BUTTONS.values())]
    near = difflib.get_close_matches(word.lower(), everything, n=1)
    raise BindingError(f"{word!r} is no key or button" + (f"; did you mean {near[0]!r}?" if near else ""))


def key_words(event: pygame.event.Event) -> list[str]:
    """The words a key press may be bound by, the most particular first."""
    typed = unicodedata.normalize("NFC", getattr(event, "unicode", "")).lower()
    sign = typed in _CHARACTERS or (len(typed) == 1 and not typed.isascii() and typed.isprintable())
    # With AltGr held, a sign that needs it is typed like any other.
    altered = not event.mod & (pygame.KMOD_RALT | pygame.KMOD_MODE) and _held(event.mod)
    return _pressed(_name_of(event.key), event.mod, typed if sign and not altered else "")


def place_words(event: pygame.event.Event) -> list[str]:
    """The words that stand for a key's place, where its letter does nothing; none where letter and place agree."""
    name = _PLACES.get(getattr(event, "scancode", 0), "")
    latin = event.key < 128
    if not name or name == _name_of(event.key) or (latin and _held(event.mod)):
        return []  # who holds Ctrl means the letter
    return _pressed(name, event.mod, "")


def _name_of(key: int) -> str:
    """What a key is called that SDL names by ``key``; empty where it has no name and no letter."""
    if (name := _NAMES.get(key)) is not None:
        return name
    letter = chr(key).lower() if 128 <= key <= sys.maxunicode else ""
    return letter if len(letter) == 1 and letter.isprintable() else ""


def _held(mods: int) -> list[str]:
    return [label for label, mask in _MODIFIERS if mods & mask]


def _pressed(name: str, mods: int, typed: str) -> list[str]:
    held = _held(mods)
    words = []
    if mods & pygame.KMOD_SHIFT and name:
        words.append("+".join([*held, "shift", name]))
    if typed:
        words.append(typed)
    if name and not (mods & pygame.KMOD_SHIFT and name in ("tab",)):
        words.append("+".join([*held, name]))
    return words


def pad_word(button: int) -> str:
    """The word of a gamepad's button; empty for one that has none."""
    name = _PAD_BUTTONS.get(button)
    return f"pad:{name}" if name else ""


def mouse_word(button: int) -> str:
    """The word of a mouse button; empty for the first one."""
    name = _MOUSE_BUTTONS.get(button)
    return f"mouse:{name}" if name else ""


_LABELS = {  # words, for the shipped fonts have no arrows
    **{
        "up": "Up",
        "down": "Down",
        "left": "Left",
        "right": "Right",
        "escape": "Esc",
        "return": "Enter",
        "space": "Space",
    },
    **{"pageup": "Page up", "pagedown": "Page down", "backspace": "Backspace", "tab": "Tab", "home": "Home"},
}


def binding_label(word: str) -> str:
    """A binding as people read it."""
    device, colon, rest = word.partition(":")
    if colon and rest:
        devices = {"pad": "pad ", "pad2": "second pad ", "mouse": "mouse ", "wheel": "wheel "}
        return devices[device] + rest.replace("-", " ")
    if word == "+":
        return "+"
    *modifiers, key = word.split("+")
    return "+".join([*(m.capitalize() for m in modifiers), _LABELS.get(key, key.capitalize())])
