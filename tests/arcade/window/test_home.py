"""The first screen, with real recordings and a real run folder on a real disk."""

import dataclasses
import os
import shutil
import time

import pygame
import pytest

from grpo_arcade.arcade.window.draw.words import player_words
from grpo_arcade.arcade.window.home.home import Home
from grpo_arcade.arcade.window.home.shelf import look, run_line
from grpo_arcade.arcade.window.home.tiles import Board
from grpo_arcade.arcade.window.play.play import Play
from grpo_arcade.arcade.window.replay.replay import ReplayScene
from grpo_arcade.arcade.window.versus.versus import VersusScene
from grpo_arcade.arcade.window.watch.watch import WatchScene
from grpo_arcade.games.baseline_scores import play_baseline
from grpo_arcade.recordings import save


@pytest.fixture
def recordings(app):
    folder = app.settings.data_folder / "recordings"
    for age, seed in enumerate(range(12)):
        path = save(play_baseline("2048", {"size": 3}, "greedy", [seed])[0], folder / f"game-{seed}.episode")
        os.utime(path, (time.time() - 60 * age,) * 2)
    return folder


def home(app, hands):
    scene = Home(app)
    app.open(scene)
    hands.until(lambda: scene._shelf is not None)
    hands.turns(2)
    return scene


def words(scene):
    return [entry.words for rows in scene._lists for entry in rows.entries]


def test_a_running_training_is_listed_as_live_and_its_end_is_noticed(app, hands, run_folder):
    scene = home(app, hands)
    assert "pocket · 2048 · step 41 · live" in words(scene)
    run_folder.note(status="finished", step=60)
    scene._look_in = 0.0
    hands.until(lambda: "pocket · 2048 · step 60 · finished" in words(scene))
    shutil.rmtree(run_folder.folder)
    scene._look_in = 0.0
    hands.until(lambda: not any("pocket" in line for line in words(scene)))
    assert hands.said == []


def test_a_run_whose_trainer_is_gone_is_listed_as_crashed(app, hands, run_folder):
    run_folder.close()
    (run,) = look(run_folder.folder.parent, app.settings.data_folder).runs
    assert run_line(run) == "pocket · 2048 · step 41 · crashed"


def test_the_games_of_a_runs_champion_can_be_replayed(app, hands, run_folder):
    scene = home(app, hands)
    entry = next(entry for rows in scene._lists for entry in rows.entries if "pocket" in entry.words)
    entry.choose()
    assert isinstance(app.scene, WatchScene)
    hands.until(lambda: app.scene.champion is not None)
    hands.press("c", "r")
    assert isinstance(app.scene, ReplayScene)
    assert [replay.verdict.genuine for replay in app.scene._replays] == [True]
    assert len(app.scene.episodes) == 2


def test_versus_is_opened_by_key_and_by_mouse(app, hands):
    scene = home(app, hands)
    hands.press("v")
    assert isinstance(app.scene, VersusScene)
    hands.press("escape")
    hands.click(next(item for item in scene._focus.items if item.key == "versus").rect.center)
    assert isinstance(app.scene, VersusScene)


def test_a_game_is_opened_by_key_by_mouse_and_by_gamepad(app, hands):
    scene = home(app, hands)
    hands.press("return")
    assert isinstance(app.scene, Play)
    hands.press("escape")
    hands.click(scene._focus.items[1].rect.center)
    assert app.scene.game.options["size"] == 3
    hands.press("escape")
    hands.pad(pygame.CONTROLLER_BUTTON_DPAD_RIGHT, pygame.CONTROLLER_BUTTON_A)
    assert app.scene.game.options["size"] == 5
    hands.pad(pygame.CONTROLLER_BUTTON_B)
    assert app.scene is scene


def test_every_recording_can_be_reached_by_the_arrows_alone(app, hands, recordings):
    scene = home(app, hands)
    hands.resize((640, 420))
    seen = set()
    hands.press("down")
    for _ in range(40):
        hands.press("right")
        if any(scene._focus.item.key == entry.key for rows in scene._lists for entry in rows.shown()):
            break
    for _ in range(30):
        seen.add(scene._focus.item.key)
        hands.press("down")
    assert {path.name for path in recordings.iterdir()} <= {getattr(key, "name", "") for key in seen}
    for _ in range(60):
        hands.press("up")
    assert ("game", 0) in {item.key for item in scene._focus.items}


def test_a_recording_opens_and_a_broken_one_is_one_line(app, hands, recordings):
    (recordings / "broken.episode").write_bytes(b"no recording")
    scene = home(app, hands)
    rows = {entry.words: entry for rows in scene._lists for entry in rows.entries}
    assert rows["broken.episode"].note == "cannot be read"
    item = next(i for i in scene._focus.items if getattr(i.key, "name", "") == "broken.episode")
    hands.click(item.rect.center)
    assert app.scene is scene
    assert "is not a recording" in hands.said[-1]
    item = next(i for i in scene._focus.items if getattr(i.key, "name", "") == "game-0.episode")
    hands.click(item.rect.center)
    assert isinstance(app.scene, ReplayScene)


def test_a_file_dropped_onto_the_window_is_opened(app, hands, recordings):
    home(app, hands)
    pygame.event.post(pygame.event.Event(pygame.DROPFILE, file=str(recordings / "game-3.episode")))
    hands.turns(1)
    assert isinstance(app.scene, ReplayScene)


def test_a_second_look_reads_only_what_is_new(app, recordings):
    before = look(recordings / "none", recordings)
    marked = dataclasses.replace(
        before, recordings=tuple(dataclasses.replace(r, problem="kept") for r in before.recordings)
    )
    save(play_baseline("2048", {"size": 3}, "random", [99])[0], recordings / "new.episode")
    after = look(recordings / "none", recordings, marked)
    assert [r.path.name for r in after.recordings if r.problem != "kept"] == ["new.episode"]


def test_previews_move_and_only_they_are_drawn(app, hands):
    scene = home(app, hands)
    hands.until(lambda: all(tile.preview for tile in scene.games.tiles))
    boards = [tile.preview for tile in scene.games.tiles if isinstance(tile.preview, Board)]
    views = [board.view for board in boards]
    hands.until(lambda: all(board.view is not view for board, view in zip(boards, views, strict=True)))
    hands.turns(2)
    for preview in scene.games.previews:
        preview.stale = preview is boards[0]
    assert scene.draw(app.surface) == [boards[0].rect]


def test_scores_and_waiting_games_are_shown(app, hands):
    scene = home(app, hands)
    hands.until(lambda: scene.games.tiles[0].preview)
    assert scene.games.scores(scene.games.tiles[0]) == "not played yet"
    hands.click(next(item for item in scene._focus.items if item.key == ("game", 0)).rect.center)
    hands.press(*"wasdwasd", "escape")
    assert "a game waits" in scene.games.scores(scene.games.tiles[0])
    assert "best" in scene.games.scores(scene.games.tiles[0])


@pytest.mark.parametrize("size", [(320, 240), (500, 900), (1280, 800), (3840, 2160)])
def test_nothing_on_the_first_screen_overlaps_or_leaves_the_window(app, hands, recordings, run_folder, size):
    scene = home(app, hands)
    hands.resize(size)
    rects = [item.rect for item in scene._focus.items if not item.pointer_only]
    assert rects
    for item in scene._focus.items:
        assert not item.pointer_only or sum(rect.contains(item.rect) for rect in rects) == 1
    assert all(scene.area.contains(rect) for rect in rects)
    for i, rect in enumerate(rects):
        assert rect.collidelist(rects[i + 1 :]) == -1


def drop(hands, path):
    pygame.event.post(pygame.event.Event(pygame.DROPFILE, file=str(path)))
    hands.turns(1)


def test_what_is_dropped_anywhere_opens_what_it_is_for_and_a_bad_file_is_one_line(app, hands, tmp_path, run_folder):
    scene = home(app, hands)
    good, bad, other = tmp_path / "mine.py", tmp_path / "bad.py", tmp_path / "picture.png"
    good.write_text("def strategy(board):\n    return 'W'\n")
    bad.write_bytes(b"\xff\xfe\x00def strategy(")
    other.write_bytes(b"PNG")
    for path in (bad, other, tmp_path / "gone.episode", tmp_path / "gone.py", tmp_path):
        drop(hands, path)
        assert app.scene is scene
        assert len(hands.said[-1].splitlines()) == 1
    assert len(set(hands.said)) == 5
    drop(hands, good)
    assert isinstance(app.scene, VersusScene)
    assert app.scene.players == ["you", str(good)]
    drop(hands, run_folder.folder)
    assert isinstance(app.scene, WatchScene)


def test_the_pointer_takes_the_focus_only_when_it_presses(app, hands, recordings):
    scene = home(app, hands)
    before = scene._focus.item.key
    second = scene._focus.items[1]
    hands.point(second.rect.center)
    assert scene._focus.item.key == before
    assert [item.key for item in scene._focus.items if item.hovered] == [second.key]
    edge = second.rect.left + 1, second.rect.centery
    assert app.surface.get_at(edge) == pygame.Color((app.theme.faint << 8) | 0xFF)
    hands.point((2, scene.area.bottom - 2))
    assert not any(item.hovered for item in scene._focus.items)


def test_the_way_to_a_match_can_be_read_where_everything_is_one_list(make_app):
    app = make_app(size=(320, 240))
    scene = Home(app)
    app.open(scene)
    app._draw(scene)
    row = next(item.rect for item in scene._focus.items if item.key == "versus")
    inside = pygame.surfarray.array2d(app.surface.subsurface(row.inflate(-8, -8))) & 0xFFFFFF
    assert (inside == app.theme.ink).any()


def test_your_own_recordings_are_yours_and_a_strangers_are_not():
    assert player_words("a person", own=True) == "You"
    assert player_words("a person", own=False) == "a person"
    assert player_words("expectimax", own=True) == "expectimax"
    assert player_words("", own=False) == "a player"
