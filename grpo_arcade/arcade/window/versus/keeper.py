"""What is kept of a match: the game of the person, whatever happens, and everybody's when asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from grpo_arcade.arcade.window.shell.kept_files import plain
from grpo_arcade.arcade.window.versus.seat import Seat
from grpo_arcade.games import Episode, Game
from grpo_arcade.recordings import SUFFIX, save

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App


_HARDLY_BEGUN_S = 1.0
"""A game of fewer moves than are made in this time, at the game's own pace, is not worth a file of its own."""


class Keeper:
    """Saves the games of one match.

    Args:
        app: the window, which knows where recordings go.
        table: the game that is played.
    """

    def __init__(self, app: App, table: Game) -> None:
        self._app = app
        self._table = table
        self._saved = b""
        """The person's actions, as they were saved last."""

    def keep(self, person: Seat, seed: int, *, begun: bool = False) -> None:
        """Save the person's game, unless it stands as it was saved; with ``begun``, also unless it has hardly begun."""
        session = person.session
        if session is None:
            return
        if begun and session.game.outcome is None and len(session.actions) < _HARDLY_BEGUN_S * session.game.frame_rate:
            return
        if session.actions and bytes(session.actions) != self._saved:
            self._saved = bytes(session.actions)
            self._save(session.episode(), "you", seed)

    def save_all(self, seats: Sequence[Seat], seed: int) -> int:
        """Save the game of everybody who has moved; how many there were.

        Raises:
            ValueError: nobody has.
        """
        saved = 0
        for seat in seats:
            if seat.session and seat.session.actions:
                self._saved = bytes(seat.session.actions)
                self._save(seat.session.episode(), "you", seed)
                saved += 1
            elif seat.playback and seat.playback.episode.actions:
                self._save(seat.playback.episode, seat.name, seed)
                saved += 1
        if not saved:
            raise ValueError("nobody has made a move yet")
        return saved

    def _save(self, episode: Episode, name: str, seed: int) -> None:
        stem = plain(f"{self._table.name}-versus-{name}-seed-{seed}")
        save(episode, self._app.files.fresh("recordings", stem, SUFFIX))
