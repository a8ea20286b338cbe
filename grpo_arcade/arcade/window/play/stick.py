"""What a person holds down, frame by frame, for games that go by the clock. Knows no window.

No edge is lost and none is invented: within one frame a direction or the button changes at most once, and what came
after that waits for the next frame. So a tap shorter than a frame is held for exactly one, and two quick taps are two.
"""

from __future__ import annotations

from collections import deque

_OPPOSITE = {"up": "down", "down": "up", "left": "right", "right": "left"}
_MOST_WAITING = 64
"""Changes; more than a second of the fastest hands, so that only a broken key loses any."""


class Stick:
    """A joystick of eight directions with a button, as somebody's hands hold it."""

    def __init__(self) -> None:
        self._held: dict[str, None] = {}
        self._waiting: deque[tuple[str, bool]] = deque(maxlen=_MOST_WAITING)

    def press(self, control: str) -> None:
        """``up``, ``right``, ``down``, ``left`` or ``fire`` went down."""
        self._waiting.append((control, True))

    def release(self, control: str) -> None:
        """It went up."""
        self._waiting.append((control, False))

    def let_go(self) -> None:
        """Nothing is held, and nothing waits."""
        self._held.clear()
        self._waiting.clear()

    def settle(self) -> None:
        """Take over at once all that waits: only how it ends counts."""
        while self._waiting:
            self.frame()

    @property
    def waits(self) -> bool:
        """Whether something changed that no frame has seen yet."""
        return bool(self._waiting)

    def frame(self) -> frozenset[str]:
        """What is held in the next frame; of two opposite directions the one that was pressed last."""
        changed = set()
        while self._waiting and self._waiting[0][0] not in changed:
            control, down = self._waiting.popleft()
            changed.add(control)
            self._held.pop(control, None)
            if down:
                self._held[control] = None
        return self.held

    @property
    def held(self) -> frozenset[str]:
        """What was held in the last frame."""
        latest = list(self._held)
        return frozenset(
            control for place, control in enumerate(latest) if _OPPOSITE.get(control) not in latest[place + 1 :]
        )
