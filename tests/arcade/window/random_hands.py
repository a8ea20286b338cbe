"""Hands that press whatever they find, in a window that changes its size under them; the same for the same seed."""

import random

import pygame

from .conftest import Hands

# Not among them: what ends the window, and what opens a program of the desktop.
KEYS = [
    *(getattr(pygame, f"K_{letter}") for letter in "abcdefghijklmnopqrstuvwxyz0123"),
    *(pygame.K_UP, pygame.K_RIGHT, pygame.K_DOWN, pygame.K_LEFT) * 4,
    *(pygame.K_RETURN, pygame.K_SPACE, pygame.K_ESCAPE, pygame.K_TAB) * 3,
    *(pygame.K_COMMA, pygame.K_PERIOD, pygame.K_MINUS, pygame.K_EQUALS, pygame.K_BACKSPACE, pygame.K_DELETE),
    *(pygame.K_HOME, pygame.K_END, pygame.K_PAGEUP, pygame.K_PAGEDOWN, pygame.K_F1, pygame.K_F2, pygame.K_F3),
]
SIZES = (320, 240), (1024, 640), (640, 400), (480, 900), (1280, 800)
PAD = (
    *(pygame.CONTROLLER_BUTTON_A, pygame.CONTROLLER_BUTTON_B, pygame.CONTROLLER_BUTTON_X, pygame.CONTROLLER_BUTTON_Y),
    *(pygame.CONTROLLER_BUTTON_DPAD_LEFT, pygame.CONTROLLER_BUTTON_DPAD_RIGHT, pygame.CONTROLLER_BUTTON_DPAD_DOWN),
)


class RandomHands(Hands):
    """Args:
    app: the window.
    seed: of all that is done.
    files: that may be dropped on it.
    largest: how wide the window becomes at most, in pixels.
    """

    def __init__(self, app, seed, files=(), largest=1280):
        super().__init__(app)
        self.luck = random.Random(seed)
        self.files = files
        self.sizes = [size for size in SIZES if size[0] <= largest]
        self.did = []
        """What was done last, for whoever wants to do it again."""

    def burst(self, count):
        """Do so many things, one after the other."""
        self.did.clear()
        for _ in range(count):
            do = self.luck.choices(
                (self.type, self.hold, self.mouse, self.wheel, self.pads, self.sized, self.full, self.lose, self.leave,
                 self.drop, self.wait),
                (60, 6, 14, 4, 4, 2, 2, 2, 1, 1, 8),
            )[0]  # fmt: skip
            self.did.append(do.__name__)
            do()

    def place(self):
        width, height = self.app.surface.get_size()
        return self.luck.randrange(width), self.luck.randrange(height)

    def post(self, kind, **what):
        pygame.event.post(pygame.event.Event(kind, **what))

    def type(self):
        key = self.luck.choice(KEYS)
        mod = self.luck.choices((0, pygame.KMOD_SHIFT, pygame.KMOD_CTRL), (12, 1, 1))[0]
        if mod == pygame.KMOD_CTRL and key in (pygame.K_q, pygame.K_o):
            mod = 0
        self.did[-1] = f"{pygame.key.name(key)}{'+' * (mod != 0)}"
        self.press(key, mod=mod)

    def hold(self):
        key = self.luck.choice(KEYS[30:46])
        self.post(pygame.KEYDOWN, key=key, mod=0, unicode="", scancode=0)
        self.turns(3)
        self.post(pygame.KEYUP, key=key, mod=0, scancode=0)

    def mouse(self):
        at = self.place()
        self.did[-1] = f"mouse {at}"
        self.click(at) if self.luck.random() < 0.4 else self.point(at)

    def wheel(self):
        self.post(pygame.MOUSEWHEEL, y=self.luck.choice((-1, 1)), x=0, which=0, flipped=False)
        self.turns(1)

    def pads(self):
        self.pad(self.luck.choice(PAD))

    def sized(self):
        size = self.luck.choice(self.sizes)
        self.did[-1] = f"sized {size}"
        self.resize(size)

    def full(self):
        self.press(pygame.K_F11)

    def lose(self):
        """What was in the window is gone, as when a desktop gives it new memory; it is told as a desktop tells it."""
        self.app.surface.fill(0)
        self.post(self.luck.choice((pygame.WINDOWEXPOSED, pygame.WINDOWSIZECHANGED)), x=0, y=0)
        self.turns(1)

    def leave(self):
        self.post(pygame.WINDOWFOCUSLOST)
        self.turns(1)
        self.post(pygame.WINDOWFOCUSGAINED)
        self.turns(1)

    def drop(self):
        if self.files:
            self.post(pygame.DROPFILE, file=str(self.luck.choice(self.files)))
            self.turns(1)

    def wait(self):
        self.turns(self.luck.randrange(1, 6))
