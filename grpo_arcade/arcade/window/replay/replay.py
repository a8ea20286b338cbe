"""Any recorded episode again: wound on and back, compared with another of the same seed, made into a film."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pygame

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.boards import board_size, draw_board, palette_of
from grpo_arcade.arcade.window.draw.words import goal, player_words
from grpo_arcade.arcade.window.replay.playback import replay_of
from grpo_arcade.arcade.window.replay.rivals import Rivals
from grpo_arcade.arcade.window.shell.scene import Event, Pointer, Scene
from grpo_arcade.arcade.window.shell.widgets import heading
from grpo_arcade.games import Episode, Picture
from grpo_arcade.games.names import shown_name
from grpo_arcade.games.replay import Replay
from grpo_arcade.recordings import load_all

if TYPE_CHECKING:
    from grpo_arcade.arcade.window.shell.app import App

SPEEDS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
LEAP = 20
"""Moves, or a twentieth of a long episode."""


class ReplayScene(Scene):
    """One or several episodes, one of them shown, and maybe another beside it.

    Args:
        app: the window.
        episodes: at least one.
        note: where they come from, for the heading.

    Raises:
        ValueError: there is none, or none can be shown.
    """

    title = "Replay"
    contexts = ("replay",)

    def __init__(self, app: App, episodes: Sequence[Episode], note: str = "") -> None:
        super().__init__(app)
        if not episodes:
            raise ValueError(f"{note or 'this'} holds no episode that could be shown")
        self.episodes = list(episodes)
        self.note = note
        self._own = False
        """Whether it was recorded in this window."""
        self.playing = False
        self.speed = 1.0
        self.compared: Replay | None = None
        self._rivals = Rivals(app)
        self._dragging = False
        self._owed_s = 0.0
        self._boards: list[pygame.Rect] = []
        self._track = pygame.Rect(0, 0, 0, 0)
        self.number = 0
        self._show(0)

    @classmethod
    def of_file(cls, app: App, path: Path) -> ReplayScene:
        """The episodes of a file; what was damaged in it is told."""
        loaded = load_all(path)
        if loaded.note and loaded.episodes:
            app.complain(loaded.note)
        scene = cls(app, loaded.episodes, path.name if loaded.episodes else loaded.note or path.name)
        scene._own = path.parent == app.settings.data_folder / "recordings"
        return scene

    def _show(self, number: int) -> None:
        self.number = number % len(self.episodes)
        self._stop_comparing()
        self.replay = self._verified(self.episodes[self.number])
        self._told: set[Replay] = set()
        self._progress = 1.0
        self._tell_problems()
        if self.area.width:
            self.resized()
            self.app.redraw()

    def _verified(self, episode: Episode) -> Replay:
        """At its start; the verdict may be a matter of time."""
        replay = replay_of(episode, self.app.studio)
        replay.check()
        replay.seek(0)
        return replay

    def _tell_problems(self) -> None:
        for replay in self._replays:
            if replay.verdict and replay not in self._told:
                self._told.add(replay)
                if replay.verdict.problem:
                    self.app.complain(replay.verdict.problem)

    @property
    def ply(self) -> int:
        """Moves played in the position shown."""
        return max((replay.ply for replay in self._replays), default=0)

    @property
    def length(self) -> int:
        """Moves of the longer episode."""
        return max(replay.length for replay in self._replays)

    @property
    def _replays(self) -> list[Replay]:
        return [self.replay, *([self.compared] if self.compared else [])]

    def enter(self) -> None:
        """Begin to play, at the start."""
        if self.ply == 0:
            self.playing = self.length > 0

    def leave(self) -> None:
        """Stand still while something lies above."""
        self.playing = False
        self._rivals.pause()

    # What the person does.

    def commands(self) -> Mapping[str, Callable[[], None]]:
        """What each action does."""
        return {
            "replay.pause": self._do_pause,
            "replay.forward": self._do_forward,
            "replay.backward": self._do_backward,
            "replay.leap-forward": self._do_leap_forward,
            "replay.leap-backward": self._do_leap_backward,
            "replay.first": self._do_first,
            "replay.last": self._do_last,
            "replay.slower": self._do_slower,
            "replay.faster": self._do_faster,
            "replay.next": self._do_next,
            "replay.previous": self._do_previous,
            "replay.compare": self._do_compare,
            "replay.export": self._do_export,
        }

    def handle(self, event: Event) -> bool:
        """Keys, and the bar to scrub."""
        if isinstance(event, Pointer):
            return self._point(event)
        return self.obey(event)

    def _point(self, event: Pointer) -> bool:
        reach = self._track.inflate(self.app.theme.px(16), self.app.theme.px(28))
        if event.kind == "down":
            self._dragging = reach.collidepoint(event.at)
            if not self._dragging and any(board.collidepoint(event.at) for board in self._boards):
                self._do_pause()
                return True
        if event.kind == "up" or not event.held:
            self._dragging = False
        if not self._dragging:
            return False
        share = (event.at[0] - self._track.left) / max(1, self._track.width)
        self.playing = False
        self.seek(round(share * self.length))
        return True

    def seek(self, ply: int, progress: float = 1.0) -> None:
        """Show the position after ``ply`` moves."""
        ply = max(0, min(ply, self.length))
        for replay in self._replays:
            replay.seek(ply)
        self._progress = progress

    def _step(self, by: int) -> None:
        self.playing = False
        forward = by == 1 and self.ply < self.length
        self.seek(self.ply + by, theme.FRAME_S / theme.MOVE_S if forward else 1.0)

    def _do_pause(self) -> None:
        if not self.playing and self.ply >= self.length:
            self.seek(0)
        self.playing = not self.playing
        self._owed_s = 0.0

    def _do_forward(self) -> None:
        self._step(1)

    def _do_backward(self) -> None:
        self._step(-1)

    def _do_leap_forward(self) -> None:
        self._step(max(LEAP, self.length // 20))

    def _do_leap_backward(self) -> None:
        self._step(-max(LEAP, self.length // 20))

    def _do_first(self) -> None:
        self._step(-self.length)

    def _do_last(self) -> None:
        self._step(self.length)

    def _do_slower(self) -> None:
        self.speed = SPEEDS[max(0, SPEEDS.index(self.speed) - 1)]

    def _do_faster(self) -> None:
        self.speed = SPEEDS[min(len(SPEEDS) - 1, SPEEDS.index(self.speed) + 1)]

    def _do_next(self) -> None:
        self._show(self.number + 1)

    def _do_previous(self) -> None:
        self._show(self.number - 1)

    def _do_compare(self) -> None:
        """The next episode of the same seed: others that are here, saved ones, then each baseline; then none."""
        self._rivals.next(self.replay.episode, self.episodes, self._show_beside)

    def _show_beside(self, episode: Episode | None) -> None:
        if episode is None:
            self._stop_comparing()
            self._laid_out()
            return
        self.compare_with(episode)

    def compare_with(self, episode: Episode) -> None:
        """Show another episode of the same seed beside this one."""
        ply = self.ply
        self.compared = self._verified(episode)
        self.app.messages.dismiss()
        self._laid_out()
        self.seek(ply)

    def _stop_comparing(self) -> None:
        self._rivals.stop()
        self.compared = None

    def _laid_out(self) -> None:
        self.resized()
        self.app.redraw()

    def _do_export(self) -> None:
        from grpo_arcade.arcade.window.replay.export import Export

        for replay in self._replays:
            if replay.verdict is None:
                raise ValueError("It is still being verified; one moment")
            if not replay.verdict.genuine:
                raise ValueError(f"No film is made of what cannot be verified: {replay.verdict.problem}")
        self.app.open(Export(self.app, [replay.episode for replay in self._replays], self.speed))

    # What is seen.

    def update(self, dt: float) -> bool:
        """Play on."""
        moved = self._progress < 1.0
        for replay in self._replays:
            moved |= replay.catch_up()
        self._tell_problems()
        if moved:
            self._progress = min(1.0, self._progress + dt / min(theme.MOVE_S, self._move_s))
        if not self.playing:
            return moved
        self._owed_s += dt
        due = int(self._owed_s / self._move_s)
        if due:
            self._owed_s -= due * self._move_s
            # What is not on its tape yet is waited for.
            due = min(due, max(0, max(replay.ready for replay in self._replays) - self.ply))
            smooth = self._move_s > 3 * theme.FRAME_S
            self.seek(self.ply + due, theme.FRAME_S / theme.MOVE_S if smooth else 1.0)
            if self.ply >= self.length:
                self.playing = False
        return moved or due > 0

    @property
    def _move_s(self) -> float:
        return 1 / (self.replay.game.frame_rate * self.speed)

    def next_update(self) -> float | None:
        """At once while tiles slide, else when the next move is due."""
        if self._progress < 1.0:
            return 0.0
        if not all(replay.verdict for replay in self._replays):
            return 2 * theme.FRAME_S
        return max(0.0, self._move_s - self._owed_s) if self.playing else None

    def resized(self) -> None:
        """Boards side by side, each under its line; the bar to scrub at the bottom."""
        look = self.app.theme
        pad, gap = look.px(theme.PAD), look.px(theme.GAP)
        top = self.area.top + (gap // 2 if self.compact else 2 * pad + look.px(theme.TITLE))
        low = look.px(50)
        line = look.px(44)
        count = len(self._replays)
        room_w = (self.area.width - (count + 1) * pad) // count
        room_h = self.area.height - top - low - line - gap
        width, height = board_size(self.replay.game, self._picture(self.replay), (room_w, room_h))
        total = count * width + (count - 1) * pad
        left = self.area.left + (self.area.width - total) // 2
        y = top + line + max(0, (room_h - height) // 2)
        self._boards = [pygame.Rect(left + i * (width + pad), y, width, height) for i in range(count)]
        self._track = pygame.Rect(pad, self.area.bottom - low + low // 3, self.area.width - 2 * pad, look.px(6))

    def _picture(self, replay: Replay) -> Picture:
        return replay.picture(palette_of(replay.game, self.app.palette))

    def draw(self, surface: pygame.Surface) -> Sequence[pygame.Rect] | None:
        """The heading only when everything is painted."""
        look = self.app.theme
        if self.whole and not self.compact:
            several = f" · game {self.number + 1} of {len(self.episodes)}" if len(self.episodes) > 1 else ""
            words = f"{shown_name(self.replay.episode.game)} · {goal(self.replay.game)}"
            heading(surface, look, self.area, words, self.note + several)
        changed = []
        for replay, board in zip(self._replays, self._boards, strict=True):
            if replay.view is not None:
                draw_board(surface, board, replay.game, self._picture(replay), replay.view, self._progress)
            else:
                surface.fill(look.sunken, board)
            changed += [board, self._draw_line(surface, replay, board)]
        changed.append(self._draw_bar(surface))
        return changed

    def _draw_line(self, surface: pygame.Surface, replay: Replay, board: pygame.Rect) -> pygame.Rect:
        """Who plays, the score, how it ended, and whether it is genuine."""
        look, episode = self.app.theme, replay.episode
        height, small = look.px(theme.HEADING), look.px(theme.CAPTION)
        # A narrow board lends its line the room beside it.
        width = max(board.width, min(look.px(420), self.area.width // len(self._replays) - look.px(theme.PAD)))
        box = pygame.Rect(0, board.top - look.px(44), width, look.px(44))
        box.centerx = board.centerx
        surface.fill(look.page, box)
        upper, lower = box.top + look.px(14), box.top + look.px(33)
        right = paint.text(
            surface, f"{replay.score:,.0f}", (box.right, upper), height, look.ink, weight="bold", anchor="right"
        )
        room = right.left - box.left - look.px(theme.GAP)
        who = player_words(episode.player, own=self._own)
        paint.text(surface, who, (box.left, upper), height, look.ink, weight="bold", room=room)
        ending = str(episode.outcome).replace("_", " ") if replay.ended else ""
        right = paint.text(
            surface, ending, (box.right, lower), small, look.outcome(episode.outcome), weight="bold", anchor="right"
        )
        badges = {
            True: ("verified", look.good),
            False: ("NOT genuine", look.bad),
            None: ("cannot be checked", look.fair),
        }
        badge, colour = badges[replay.verdict.genuine] if replay.verdict else ("being verified", look.faint)
        mark = pygame.Rect(box.left, 0, look.px(7), look.px(7))
        mark.centery = lower
        paint.panel(surface, mark, colour, mark.width // 2)
        x = mark.right + look.px(5)
        at = paint.text(surface, badge, (x, lower), small, colour, weight="bold").right + look.px(theme.GAP)
        paint.text(surface, f"seed {episode.seed}", (at, lower), small, look.faint, room=right.left - at - look.px(4))
        return box

    def _draw_bar(self, surface: pygame.Surface) -> pygame.Rect:
        look, track = self.app.theme, self._track
        box = pygame.Rect(self.area.left, track.top - look.px(14), self.area.width, self.area.bottom - track.top)
        box.height = self.area.bottom - box.top
        surface.fill(look.page, box)
        paint.panel(surface, track, look.line, track.height // 2)
        ready = min(max(0, *(replay.ready for replay in self._replays)), self.length)
        if ready < self.length:  # what is on the tape already
            taped = track.copy()
            taped.width = round(track.width * ready / max(1, self.length))
            paint.panel(surface, taped, look.faint, track.height // 2)
        done = track.copy()
        done.width = max(track.height, round(track.width * self.ply / max(1, self.length)))
        paint.panel(surface, done, look.accent, track.height // 2)
        for replay in self._replays:
            if replay.length < self.length:  # where the shorter game ends
                x = track.left + round(track.width * replay.length / self.length)
                surface.fill(look.soft, (x, track.top - look.px(4), max(1, look.px(2)), track.height + look.px(8)))
        knob = pygame.Rect(0, 0, look.px(16), look.px(16))
        knob.center = done.right, track.centery
        paint.panel(surface, knob, look.accent, knob.width // 2)
        y, small = track.bottom + look.px(16), look.px(theme.CAPTION)
        words = f"move {self.ply:,} of {self.length:,}"
        paint.text(surface, words, (track.left, y), small, look.soft)
        state = f"{self.speed:g}×" if self.playing else f"{self.speed:g}× · paused"
        paint.text(surface, state, (track.right, y), small, look.soft, anchor="right")
        return box

    def keys(self) -> Sequence[str]:
        """By what is most useful."""
        several = ("replay.next", "replay.previous") if len(self.episodes) > 1 else ()
        common = ("replay.pause", "replay.backward", "replay.forward", "replay.slower", "replay.faster")
        return (*common, "replay.compare", "replay.export", *several, "replay.first", "replay.last", "app.back")
