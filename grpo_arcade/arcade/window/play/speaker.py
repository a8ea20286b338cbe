"""The sound of a game that makes some, frame after frame without gaps; silence where there is no device.

Blocks are played one after the other by the mixer, each queued while the one before sounds. A game and a sound card
never keep quite the same time: what the card is behind or ahead by is made up by leaving out or repeating single
samples, which nobody hears.
"""

from __future__ import annotations

from collections.abc import Callable

import pygame

_BLOCK = 1024
"""Samples played at a time, two frames of an Atari; a multiple of what the mixer asks for at once."""
_BUFFER = 512
_START = 2 * _BLOCK
"""Samples in store before the first is heard, and after it ran dry: so much is sound behind the picture."""
_MOST = 6 * _BLOCK
"""Samples in store beyond which the oldest are dropped: the window stood still for a while."""
_STRETCH = 128
"""One sample of so many is left out or repeated, where that is needed: 0.8 %, an eighth of a semitone."""


class Speaker:
    """Plays unsigned 8-bit mono samples.

    Args:
        muted: whether nothing is to be heard.
        complain: told in one line if there is no device, once.
    """

    def __init__(self, muted: bool, complain: Callable[[str], None]) -> None:
        self.muted = muted
        self._complain = complain
        self._rate = 0
        self._broken = False
        self._store = bytearray()
        self._channel: pygame.mixer.Channel | None = None

    @property
    def works(self) -> bool:
        """Whether there may be sound: False once no device was found."""
        return not self._broken

    def open(self, rate: int) -> bool:
        """Get ready for ``rate`` samples a second; False where there is no sound."""
        if self._broken or not rate:
            return False
        if rate != self._rate:
            try:
                pygame.mixer.quit()
                pygame.mixer.init(rate, 8, 1, _BUFFER, allowedchanges=0)
                self._channel = pygame.mixer.Channel(0)
            except pygame.error as error:
                self._broken = True
                self._complain(f"there is no sound: {error}")
                return False
            self._rate = rate
        return True

    def play(self, samples: bytes) -> None:
        """Sound next; for every frame as it is shown. Does nothing unless :meth:`open` said True."""
        channel = self._channel
        if channel is None or self.muted or not samples:
            return
        store = self._store
        store += samples
        if len(store) > _MOST:
            del store[: len(store) - _START]
        sounding = channel.get_busy()
        if not sounding and len(store) < _START:
            return
        while len(store) >= _BLOCK and (not sounding or channel.get_queue() is None):
            sound = pygame.mixer.Sound(buffer=self._block())
            if sounding:
                channel.queue(sound)
            else:
                channel.play(sound)
                sounding = True

    def _block(self) -> bytes:
        store = self._store
        ahead = len(store) - _BLOCK
        if ahead > _BLOCK:
            block = store[: _BLOCK + _BLOCK // _STRETCH]
            del store[: len(block)]
            del block[:: _STRETCH + 1]
        elif ahead < _BLOCK // 4:
            block = store[: _BLOCK - _BLOCK // _STRETCH]
            del store[: len(block)]
            for place in range(len(block) - 1, 0, -_STRETCH):
                block.insert(place, block[place])
        else:
            block = store[:_BLOCK]
            del store[:_BLOCK]
        return bytes(block[:_BLOCK].ljust(_BLOCK, block[-1:]))

    def hush(self) -> None:
        """Stop at once, and forget what is in store."""
        self._store.clear()
        if self._channel is not None and pygame.mixer.get_init():
            self._channel.stop()

    def close(self) -> None:
        """Give the device back."""
        self.hush()
        self._channel, self._rate = None, 0
        pygame.mixer.quit()
