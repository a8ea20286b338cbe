"""The window and its loop: waits for something to happen, tells the scene on top, draws what changed.

Idle, the loop sleeps until an event comes. While something moves it draws at most 60 frames a second, and measures
each.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import pygame

from grpo_arcade.arcade.settings import Settings, load_settings
from grpo_arcade.arcade.window.background.jobs import Background
from grpo_arcade.arcade.window.background.studio import Studio
from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.play.speaker import Speaker
from grpo_arcade.arcade.window.shell.actions import Action, Bindings
from grpo_arcade.arcade.window.shell.clipboard import is_paste, pasted
from grpo_arcade.arcade.window.shell.display import Display
from grpo_arcade.arcade.window.shell.everywhere import EVERYWHERE, Opener
from grpo_arcade.arcade.window.shell.frame import FramePainter
from grpo_arcade.arcade.window.shell.inputs import Change, Inputs
from grpo_arcade.arcade.window.shell.kept_files import KeptFiles
from grpo_arcade.arcade.window.shell.memory import Memory
from grpo_arcade.arcade.window.shell.overlay import Help, KeyBar, Messages
from grpo_arcade.arcade.window.shell.pace import Pace
from grpo_arcade.arcade.window.shell.preferences import complain_once
from grpo_arcade.arcade.window.shell.scene import Act, Dropped, Event, Pointer, Pressed, Released, Scene, Typed, Wheel
from grpo_arcade.trainer.resident_writer import ResidentWriter

_SEEN_AGAIN = pygame.WINDOWEXPOSED, pygame.WINDOWSHOWN, pygame.WINDOWRESTORED, pygame.WINDOWFOCUSGAINED
WAKE = pygame.event.custom_type()
"""Posted from other threads to end the loop's sleep."""


class App:
    """One window.

    Args:
        settings: the person's; by default read from their file.
        size: of the window in pixels, where it does not open full screen.

    Raises:
        NoDisplayError: there is no display.
    """

    def __init__(self, settings: Settings | None = None, *, size: tuple[int, int] = (1280, 800)) -> None:
        self.settings = load_settings() if settings is None else settings
        self.messages = Messages()
        self.bindings, binding_problems = Bindings.of_settings(self.settings.keys)
        self.files = KeptFiles(self.settings.data_folder)
        self.memory = Memory(self.settings.data_folder / "window.json")
        self.palette = self.settings.palette
        # What was chosen in the window stays until somebody writes another one into the settings.
        chosen = self.memory.get("palette", "")
        if chosen in theme.PALETTES and self.memory.get("palette of settings", self.palette) == self.palette:
            self.palette = chosen
        self.speaker: Speaker = Speaker(self.memory.get("muted", False), partial(complain_once, self, "no sound"))
        self.scenes: list[Scene] = []
        self.opener: Opener | None = None
        """Opens what can be asked for everywhere; the first scene brings it."""
        self.running = True
        self.frame_s: deque[float] = deque(maxlen=4096)
        """What the last frames took, from the first event handled to the picture shown, in seconds."""
        self.frames = 0
        """Frames drawn so far."""
        self._help: Help | None = None
        self._frame = FramePainter(self.messages)
        self._stale = True
        self._pace = Pace()
        # A thread that computes gives way to the next frame after half a millisecond instead of five.
        self._switch_s = sys.getswitchinterval()
        sys.setswitchinterval(0.0005)
        self.display = Display(size, self.settings.full_screen)
        self._resized()
        self.background: Background = Background(self._wake)
        self.studio: Studio = Studio(self.background, self.complain)
        self.writer = ResidentWriter()
        self.inputs = Inputs()
        for line in (*self.settings.problems, *binding_problems, *self.memory.problems):
            self.complain(line)

    def _resized(self) -> None:
        self.theme = theme.theme_for(self.palette, self.surface.get_size())
        paint.fit(self.surface.get_size())
        self.display.wear(self.theme)
        for scene in self.scenes:
            self._lay_out(scene)
        self.redraw()

    def _lay_out(self, scene: Scene) -> None:
        width, height = self.surface.get_size()
        scene.area = pygame.Rect(0, 0, width, max(1, height - KeyBar.height(self.theme)))
        scene.resized()

    # For scenes: what they may ask of the app.

    @property
    def surface(self) -> pygame.Surface:
        """What the window shows."""
        return self.display.surface

    @property
    def scene(self) -> Scene | None:
        """The scene on top."""
        return self.scenes[-1] if self.scenes else None

    def open(self, scene: Scene) -> None:
        """Put a scene on top."""
        if self.scene:
            self.scene.leave()
        self.scenes.append(scene)
        self._enter(scene)

    def close(self, scene: Scene) -> None:
        """Take a scene away, with all above it; with the last one the window closes."""
        if scene not in self.scenes:
            return
        self.scenes[-1].leave()
        while scene in self.scenes:
            self.scenes.pop().closed()
        if self.scene:
            self._enter(self.scene)
        else:
            self.running = False

    def _enter(self, scene: Scene) -> None:
        self._lay_out(scene)
        self.display.name(scene.title)
        self._help = None
        scene.enter()
        self.redraw()

    def quit(self) -> None:
        """Close the window; every scene is left first."""
        self.running = False

    def say(self, line: str) -> None:
        """Show a line for a few seconds."""
        self.messages.say(line, "note")
        self.redraw()

    def complain(self, problem: Exception | str) -> None:
        """Show what went wrong, in one line."""
        self.messages.complain(problem)
        self.redraw()

    def redraw(self) -> None:
        """Paint everything in the next frame."""
        self._stale = True

    def set_palette(self, palette: str) -> None:
        """Change the colours of the window and the games."""
        self.palette = palette
        self.memory.set("palette", palette)
        self.memory.set("palette of settings", self.settings.palette)
        self._resized()

    # The loop.

    def run(self) -> int:
        """Go on until the window is closed; the exit code."""
        try:
            while self.running:
                self.turn()
        except KeyboardInterrupt:
            return 130
        finally:
            self.shut()
        return 0

    def shut(self) -> None:
        """Leave the scenes so that nothing is lost, end what runs in the background, close the window."""
        self.running = False
        if self.scenes:
            # Only the one on top has not been left yet; an error of one must not keep the others from saving.
            with suppress(OSError, ValueError):
                self.scenes[-1].leave()
            self.scenes.clear()
        self.background.close()
        self.writer.close()
        self.speaker.close()
        self.memory.save()
        sys.setswitchinterval(self._switch_s)
        self.display.close()
        pygame.joystick.quit()

    def turn(self, wait: bool = True) -> bool:
        """Sleep until something is due (not if ``wait`` is False), deal with it, draw if need be; True if it drew."""
        events = self._pace.events(self._due()) if wait else pygame.event.get()
        began = time.perf_counter()
        dt = self._pace.passed(began)
        scene = self.scene
        changed = False
        listens_first = scene is not None and scene.holds
        if listens_first:
            self._take_all(events, began)
            scene = self.scene
        # Elsewhere time passes before the events are dealt with: what they set in motion starts now, not when the
        # sleep began.
        if scene is not None and self._help is None and self.running:
            changed = self._guard(partial(scene.update, dt))
        delivered = self._guard(self.background.deliver)
        if not listens_first:
            self._take_all(events, began)
        if self.messages.expire():
            self.redraw()
        scene = self.scene
        if not self.running or scene is None or (self._help is not None and not self._stale):
            return False
        if not (changed or delivered or self._stale or self._touched):
            return False
        self._touched = False
        self._draw(scene)
        self.frame_s.append(time.perf_counter() - began)
        self.frames += 1
        return True

    def _take_all(self, events: Sequence[pygame.event.Event], now: float) -> None:
        for event in events:
            self._take(event)
        for action in self.inputs.repeats(now, self.bindings):
            self._act(action, repeated=True)

    _touched = False
    """Whether the scene made use of an event since the last frame."""

    def _due(self) -> list[float | None]:
        """Seconds until each thing that has to be done."""
        if self._stale or self._touched:
            return [0.0]
        due = [self.messages.next_expiry(), self.inputs.next_repeat(time.perf_counter())]
        if self.scene and self._help is None:
            due.append(self.scene.next_update())
        return due

    def _wake(self) -> None:
        with suppress(pygame.error):  # the window is gone, or a million results are waiting already
            pygame.event.post(pygame.event.Event(WAKE))

    def _guard(self, work: Callable[[], bool]) -> bool:
        """Do something that may fail with a line for the person."""
        try:
            return work()
        except (ValueError, OSError, ImportError) as error:
            if os.environ.get("ARCADE_TRACEBACK"):
                raise
            self.complain(error)
            return True

    def _take(self, event: pygame.event.Event) -> None:
        if event.type == pygame.QUIT:
            self.quit()
        elif event.type in (pygame.VIDEORESIZE, pygame.WINDOWSIZECHANGED):
            # Even at the same size what was there is gone: full screen and back within one turn, say.
            self._resized() if self.display.follow() else self.redraw()
        elif event.type in _SEEN_AGAIN:
            self.redraw()
        elif event.type == pygame.WINDOWFOCUSLOST:
            self._let_go()
            if self.scene is not None:
                self.scene.looked_away()
        elif event.type == pygame.DROPFILE:
            if not self._tell(Dropped(event.file)):
                self._guard(partial(self._open_file, Path(event.file)))
        elif (pointer := Pointer.of(event)) is not None:
            self._point(pointer)
        else:
            self._press(event)

    def _open_file(self, path: Path) -> bool:
        if self.opener is not None:
            self.opener.file(path)
        return True

    def _point(self, pointer: Pointer) -> None:
        hovered = self._frame.bar.at(pointer.at)
        if hovered != self._frame.bar.hovered:
            self._frame.bar.hovered = hovered
            self.redraw()
        if pointer.kind == "down":
            self.inputs.device = "keys"
            if hovered:
                self._act(self.bindings.action(hovered))
                return
            if self._help is not None:
                self.toggle_help()
                return
            if self.messages.dismiss():
                self.redraw()
        if self._help is None:
            self._tell(pointer)

    def _press(self, event: pygame.event.Event) -> None:
        device = self.inputs.device
        changes = self.inputs.changes(event)
        if self.inputs.device != device:
            self.redraw()  # the bar of keys shows the device in use
        for change in changes:
            if change.words or change.places:
                self._pressed(event, change)
            else:
                self._released(self.inputs.let_go(change.source))

    def _let_go(self) -> None:
        for action in self.inputs.release():
            self._released(action)

    def _released(self, action: Action | None) -> None:
        if action is not None and self.scene is not None and self.scene.holds:
            self._tell(Released(action.id))

    def _pressed(self, event: pygame.event.Event, change: Change) -> None:
        scene = self.scene
        if scene is None:
            return
        if scene.wants_key and event.type == pygame.KEYDOWN and self._help is None:
            self._tell(Pressed(change.words[0]))
            return
        if scene.wants_text and event.type == pygame.KEYDOWN and self._help is None:
            if is_paste(event):
                text = pasted()
                self._tell(Typed(text)) if text else self.say("There is no text to paste")
                return
            text = "\b" if event.key == pygame.K_BACKSPACE else getattr(event, "unicode", "")
            if text == "\b" or (text.isprintable() and text and not event.mod & (pygame.KMOD_CTRL | pygame.KMOD_ALT)):
                self._tell(Typed(text))
                return
        if self._help is not None:
            self._press_in_help(change)
            return
        action = self.bindings.find_key(change.words, change.places, (*scene.contexts, "app"))
        if action is None:
            if event.type == pygame.MOUSEWHEEL:
                self._tell(Wheel(event.y, pygame.mouse.get_pos()))
            return
        self.inputs.hold(action, change.source)
        self._act(action)

    def _press_in_help(self, change: Change) -> None:
        assert self._help is not None
        if self._help.turned(change.words):
            return self.redraw()
        action = self.bindings.find_key(change.words, change.places, ("app",))
        if action is not None and action.id not in ("app.help", "app.back"):
            self._act(action)
        else:
            self.toggle_help()

    def _act(self, action: Action, repeated: bool = False) -> None:
        if self._help is not None and action.context != "app":
            return
        if self._help is None and self._tell(Act(action.id, repeated)):
            return
        if action.id in EVERYWHERE:
            self._guard(lambda: EVERYWHERE[action.id](self) or True)

    def go_back(self) -> None:
        """Away from what lies on top: the help, or a scene and what was said in it; the last scene stays."""
        if self._help is not None:
            return self.toggle_help()
        if self.messages.dismiss():
            self.redraw()
        if len(self.scenes) > 1:
            self.close(self.scenes[-1])

    def toggle_full_screen(self) -> None:
        """Over the whole screen, or back in a window."""
        self._let_go()
        self.display.toggle_full_screen()
        self._resized()

    def toggle_help(self) -> None:
        """Show the keys of the scene, or no longer."""
        scene = self.scene
        if self._help is None and scene is not None:
            self._help = Help((*scene.contexts, "app"), f"Keys · {scene.title}" if scene.title else "Keys")
        else:
            self._help = None
        self.redraw()

    def _tell(self, event: Event) -> bool:
        scene = self.scene
        if scene is None or not self._guard(lambda: scene.handle(event)):
            return False
        self._touched = True
        return True

    def _draw(self, scene: Scene) -> None:
        whole, self._stale = self._stale, False
        device = self.inputs.device
        self._frame.draw(self.surface, scene, self.theme, self.bindings, device, self._help, whole=whole)
