"""The recordings on Home: those of one seed as one row, renamed and deleted where they stand. Nothing is lost at once:
what was deleted can be taken back, and lies in a folder of its own for a month.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from grpo_arcade.arcade.window.draw.words import player_words
from grpo_arcade.arcade.window.home.lists import Entry
from grpo_arcade.arcade.window.home.shelf import Recording
from grpo_arcade.arcade.window.shell.kept_files import match_of, named_here
from grpo_arcade.games import Outcome, score_text
from grpo_arcade.games.names import shown_name
from grpo_arcade.recordings import SUFFIX, load_all

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

_BETWEEN = " - "
"""Between the name that a person gave a match and the player, in a file's name."""
_LONGEST_NAME = 80
_KEPT_S = 30 * 86_400
"""What was deleted is there for so long."""


@dataclass(frozen=True)
class Group:
    """Recordings in one folder: the games of a match on one court, or one seed as it was played by several or again."""

    recordings: tuple[Recording, ...]
    """The newest first."""

    @property
    def path(self) -> Path:
        """Of the newest."""
        return self.recordings[0].path

    @property
    def given_name(self) -> str:
        """What a person has called it; empty where it has the name that the window gave."""
        stem = self.path.stem
        return "" if named_here(stem) else stem.partition(_BETWEEN)[0]

    @property
    def match(self) -> bool:
        """Whether these are games of one match on a court, each with a seed of its own."""
        first = self.recordings[0].first
        return len(self.recordings) > 1 and first is not None and bool(first.seats)

    @property
    def in_order(self) -> tuple[Recording, ...]:
        """Games of a match as they were played; otherwise the newest first."""
        return self.recordings[::-1] if self.match else self.recordings


def grouped(recordings: Iterable[Recording]) -> list[Group]:
    """Recordings that belong together, in the order of the newest of each."""
    groups: dict[object, list[Recording]] = {}
    for recording in recordings:
        first = recording.first
        key: object = recording.path
        if first is not None:
            stem = recording.path.stem
            of_match = match_of(stem) if named_here(stem) else stem.partition(_BETWEEN)[0]
            one = of_match if first.seats else first.seed
            key = recording.path.parent, first.game, tuple(sorted(first.options.items())), one
        groups.setdefault(key, []).append(recording)
    return [Group(tuple(found)) for found in groups.values()]


class RecordingShelf:
    """What Home shows of recordings, and does with them.

    Args:
        app: the window.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._groups: list[Group] = []
        self.typing: tuple[Path, str] | None = None
        """The row whose name is being typed, and what there is of it."""
        self._deleted: list[list[tuple[Path, Path]]] = []
        """Where files were and are, for everything that was deleted here, the last one last."""

    @property
    def _folder(self) -> Path:
        return self._app.settings.data_folder / "recordings"

    def show(self, recordings: Sequence[Recording]) -> None:
        """What there is now."""
        self._groups = grouped(recordings)

    def of(self, key: object) -> Group | None:
        """The group of a row."""
        return next((group for group in self._groups if group.path == key), None)

    def rows(self) -> list[Entry]:
        """A row a group."""
        return [self._row(group) for group in self._groups]

    def _row(self, group: Group) -> Entry:
        look, newest, first = self._app.theme, group.recordings[0], group.recordings[0].first
        choose = partial(self.open, group)
        if first is None:
            return Entry(group.path, group.path.name, "cannot be read", look.bad, choose)
        own = group.path.parent == self._folder
        if group.match:
            return self._match_row(group, own)
        episodes = [recording.first for recording in group.recordings if recording.first is not None]
        who = " – ".join(player_words(episode.player, own=own) for episode in reversed(episodes))
        who = who if len(episodes) < 4 else f"{len(episodes)} games"
        more = f" and {newest.count - 1} more" if newest.count > 1 and len(episodes) == 1 else ""
        words = self._words(group, f"{who}{more} · {shown_name(first.game)} · seed {first.seed}")
        scores = " : ".join(score_text(episode.score) for episode in reversed(episodes[:3]))
        return Entry(group.path, words, scores, look.outcome(first.outcome), choose)

    def _match_row(self, group: Group, own: bool) -> Entry:
        """Of a match on one court: who played, and who has won how many games."""
        games = [recording.first for recording in group.in_order if recording.first is not None]
        first = games[0]
        who = " – ".join(player_words(seat.player, own=own) for seat in first.seats)
        words = self._words(group, f"{who} · {shown_name(first.game)} · {len(games)} games")
        won = Counter(seat.player for game in games for seat in game.seats if seat.outcome is Outcome.WON)
        names = list(dict.fromkeys(seat.player for seat in first.seats))
        score = " : ".join(str(won[name]) for name in names) if len(names) > 1 else ""
        best = max(names, key=lambda name: won[name])
        drawn = len({won[name] for name in names}) == 1
        colour = self._app.theme.outcome(Outcome.DRAWN if drawn else Outcome.WON if best == names[0] else Outcome.LOST)
        return Entry(group.path, words, score, colour, partial(self.open, group))

    def _words(self, group: Group, plain: str) -> str:
        if self.typing is not None and self.typing[0] == group.path:
            return f"{self.typing[1]}_"
        return f"{group.given_name} · {plain}" if group.given_name else plain

    # What the person does.

    def open(self, group: Group) -> None:
        """Replay a file, the games of a match one by one, or what was played on one seed side by side.

        Raises:
            ValueError: it cannot be read, in one line.
            OSError: it is gone.
        """
        from grpo_arcade.arcade.window.replay.replay import ReplayScene

        first, *more = group.in_order
        scene = ReplayScene.of_file(self._app, first.path)
        others = [each for recording in more for each in load_all(recording.path).episodes]
        scene.episodes += others
        self._app.open(scene)
        if others and not group.match:
            scene.compare_with(others[0])

    def begin_typing(self, group: Group) -> None:
        """Type another name, beginning with the present one.

        Raises:
            ValueError: it is a run's.
        """
        self._check_own(group)
        self.typing = group.path, group.given_name

    def type(self, text: str) -> None:
        """A letter more, or with a backspace one less."""
        if self.typing is not None:
            path, before = self.typing
            self.typing = path, before[:-1] if text == "\b" else (before + text)[:_LONGEST_NAME]

    def end_typing(self, *, rename: bool) -> None:
        """Give the name that was typed, or leave it.

        Raises:
            ValueError: there cannot be such a name, or it is taken, in one line.
            OSError: the files cannot be renamed.
        """
        typed, self.typing = self.typing, None
        group = self.of(typed[0]) if typed is not None else None
        if rename and typed is not None and group is not None:
            self.rename(group, typed[1])

    def rename(self, group: Group, name: str) -> None:
        """Call a recording, or all of a match, by another name; their files are called so too.

        Raises:
            ValueError: there cannot be such a name, or it is taken, in one line.
            OSError: the files cannot be renamed.
        """
        self._check_own(group)
        name = " ".join(name.split())
        if not name or name.startswith(".") or re.search(r'[/\\:*?"<>|\x00-\x1f]', name) or _BETWEEN in name:
            raise ValueError(f'{name!r} is no name for a file: no / \\ : * ? " < > | and no dot at its beginning')
        moves: list[tuple[Path, Path]] = []
        for number, recording in enumerate(group.recordings):
            player = recording.first.player if recording.first is not None else ""
            plain = re.sub(r"[^\w. ()-]", "-", player)[:40] or "player"
            stem = name if len(group.recordings) == 1 else f"{name}{_BETWEEN}{plain}{f' {number}' if number else ''}"
            moves.append((recording.path, recording.path.with_name(stem + SUFFIX)))
        taken = [to.name for path, to in moves if to.exists() and to != path]
        if taken:
            raise ValueError(f"there is a recording {taken[0]} already")
        for path, to in moves:
            path.rename(to)
        self._app.say(f"Renamed: {moves[0][1].name}" + (f" and {len(moves) - 1} more" if len(moves) > 1 else ""))

    def delete(self, group: Group) -> None:
        """Take a recording, or all of a match, away; :meth:`undo` brings it back.

        Raises:
            ValueError: it is a run's.
            OSError: the files cannot be moved.
        """
        self._check_own(group)
        bin_ = self._app.files.folder("deleted")
        for old in bin_.glob(f"*{SUFFIX}"):
            with suppress(OSError):
                if time.time() - old.stat().st_ctime > _KEPT_S:
                    old.unlink()
        moved: list[tuple[Path, Path]] = []
        self._deleted.append(moved)
        for recording in group.recordings:
            to = bin_ / f"{time.time_ns()}-{recording.path.name}"
            os.replace(recording.path, to)
            moved.append((recording.path, to))
        key = self._app.bindings.key_label("home.undo")
        what = group.path.name if len(moved) == 1 else f"{len(moved)} recordings"
        self._app.say(f"Deleted: {what}. {key} brings it back")

    def undo(self) -> None:
        """Bring back what was deleted last.

        Raises:
            ValueError: nothing was, or its place is taken.
            OSError: the files cannot be moved.
        """
        if not self._deleted:
            raise ValueError("nothing was deleted here that could be brought back")
        for to, path in self._deleted[-1]:
            if to.exists():
                raise ValueError(f"{to.name} cannot be brought back: there is one of that name")
            os.replace(path, to)
        count = len(self._deleted.pop())
        self._app.say("It is back" if count == 1 else f"{count} recordings are back")

    def _check_own(self, group: Group) -> None:
        if group.path.parent != self._folder:
            raise ValueError("this one belongs to a training run, in whose folder it stays")
