"""Watch attaches to run folders as the trainer writes them: live, ended, crashed, resumed and deleted."""

import contextlib
import dataclasses
import shutil
import sqlite3
import subprocess
import sys

import numpy as np
import pygame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grpo_arcade.arcade.window.draw.code_view import highlighted, new_lines
from grpo_arcade.arcade.window.replay.playback import Playback
from grpo_arcade.arcade.window.shell.widgets import draw_focus_frame, focus_frame
from grpo_arcade.arcade.window.watch.run_feed import Feed, champion_score
from grpo_arcade.arcade.window.watch.watch import WatchScene
from grpo_arcade.games import Episode, Outcome, score_text
from grpo_arcade.games.baseline_scores import play_baseline
from grpo_arcade.games.replay import Replay
from grpo_arcade.recordings.runs.folder import LIVE
from grpo_arcade.recordings.runs.history import MOST_POINTS
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.writer import RunWriter

from .conftest import Hands
from .made_runs import CRASHING, ORDER, MadeRun, completions


@pytest.fixture(scope="module")
def ended_run(tmp_path_factory):
    """A finished run of three steps; not to be changed."""
    with MadeRun(tmp_path_factory.mktemp("outputs"), max_steps=3) as run:
        for step in (1, 2, 3):
            run.step(step)
        run.writer.event("alarm", 3, "half of the strategies are alike", name="identical", help="more temperature")
        run.writer.note(status="finished")
    return run.folder


@pytest.fixture
def live(tmp_path):
    with MadeRun(tmp_path / "outputs", group=4) as run:
        yield run


def watch(app, hands, folder, tiles=None):
    scene = WatchScene(app, folder)
    app.open(scene)
    hands.until(lambda: (scene.news.game or scene.news.problem) and scene._listener.listening)
    if tiles is not None:
        hands.until(lambda: len(scene.tiles) == tiles)
    return scene


def settle(hands, scene):
    hands.until(lambda: not scene.view.stale and not any(tile.dirty for tile in scene.view.playing()))


def test_a_finished_run_shows_every_strategy_of_its_newest_step_with_its_outcome(app, hands, ended_run):
    scene = watch(app, hands, ended_run, 16)
    assert (scene.news.shown, scene.news.newest, scene.news.status) == (3, 3, "finished")
    outcomes = [tile.entrant.outcome for tile in scene.tiles]
    assert [outcomes[place] for place in (5, 9, 12, 15)] == [
        Outcome.CRASHED, Outcome.NO_CODE, Outcome.SYNTAX_ERROR, Outcome.FORBIDDEN,
    ]  # fmt: skip
    assert set(scene.measure.rewards) == {"function_works", "no_cheating", "strategy_succeeds", "progress"}
    assert list(scene.news.baselines) == ["random", "greedy", "expectimax"]
    assert [warning.message for warning in scene.news.warnings] == ["half of the strategies are alike"]
    assert [point.step for point in scene.news.points] == [0, 1, 2, 3]
    assert [point.held_out for point in scene.news.points] == [1500.0, 1620.0, 1740.0, 1860.0]


def test_boards_come_to_the_scores_the_run_recorded(app, hands, ended_run):
    scene = watch(app, hands, ended_run, 16)
    for _ in range(5):
        hands.press("=")
    hands.until(lambda: all(tile.playback.ended for tile in scene.grid.visible() if not tile.number))
    for tile in scene.tiles:
        playback = Playback(Replay(tile.episodes[0]))
        playback.advance(1e6, 30.0)
        assert playback.ended
        assert playback.score == tile.episodes[0].score or not tile.episodes[0].actions


def test_new_strategies_appear_while_the_others_play_on_and_rewards_follow(app, hands, live):
    live.begin(1)
    texts = completions(4)
    live.strategy(1, texts[0])
    scene = watch(app, hands, live.folder, 1)
    first = scene.tiles[0]
    assert first.entrant.reward is None
    hands.until(lambda: first.playback.ply > 3)
    live.strategy(1, texts[1])
    live.strategy(1, f"```python\n{CRASHING}```")
    hands.until(lambda: len(scene.tiles) == 3)
    assert scene.tiles[0] is first
    assert first.playback.ply > 3 or first.number
    assert scene.tiles[2].entrant.error.startswith("IndexError") or "index" in scene.tiles[2].entrant.error
    live.judge()
    hands.until(lambda: all(tile.entrant.reward is not None for tile in scene.tiles))
    assert scene.tiles[2].entrant.reasons["function_works"]


def test_the_newest_step_is_followed_until_one_is_pinned(app, hands, live):
    live.step(1)
    scene = watch(app, hands, live.folder, 4)
    live.step(2)
    hands.until(lambda: scene.news.shown == 2)
    hands.press(",")
    hands.until(lambda: scene.news.shown == 1)
    live.step(3)
    hands.until(lambda: scene.news.newest == 3)
    assert (scene.pinned, scene.news.shown) == (1, 1)
    hands.press("end")
    hands.until(lambda: scene.news.shown == 3)
    assert scene.pinned is None
    hands.press("home")
    hands.until(lambda: scene.news.shown == 1)


def test_several_groups_of_a_step_are_turned_over_one_by_one_and_never_mixed(app, hands, tmp_path):
    with MadeRun(tmp_path / "outputs", group=9, groups=3) as run:
        run.step(1)
        scene = watch(app, hands, run.folder, 9)
        seen = []
        for number in range(3):
            visible = scene.grid.visible()
            assert [tile.entrant.group for tile in visible] == [number] * 3
            assert len({tile.episodes[0].seed for tile in visible}) == 1
            assert f"group {number + 1} of 3" in scene.view.status_words()
            seen += visible
            hands.press("n")
        assert seen == scene.tiles
        hands.press("o")
        scores = [tile.entrant.score for tile in scene.grid.visible()]
        assert scores == sorted((tile.entrant.score for tile in seen[:3]), reverse=True)
        hands.press("return", "right", "right", "right")
        assert scene.spotlight.tile.entrant.group == 1
        hands.press("escape")
        assert scene.grid.page == 1


def test_no_game_is_begun_before_it_is_in_sight_and_the_champion_s_is_among_the_first(
    app, hands, tmp_path, monkeypatch
):
    begun, play = [], WatchScene.play
    monkeypatch.setattr(WatchScene, "play", lambda scene, episode: begun.append(episode) or play(scene, episode))
    with MadeRun(tmp_path / "outputs", group=9, groups=3) as run:
        run.step(1)
        scene = watch(app, hands, run.folder, 9)
        settle(hands, scene)
        hands.turns(3)
        assert len(begun) == 3 + 1
        assert scene.champion.episodes[0] in begun[:2]
        hands.press("n")
        settle(hands, scene)
        assert len(begun) == 6 + 1


def test_pointing_at_a_curve_scrubs_to_its_step(app, hands, ended_run):
    scene = watch(app, hands, ended_run, 16)
    settle(hands, scene)
    plot = scene.view.strip._plots[1]
    hands.click((plot.left + plot.width * 2 // 3, plot.centery))
    hands.until(lambda: scene.news.shown == 2)
    hands.click((plot.left + 1, plot.centery))
    hands.until(lambda: scene.news.shown == 1)


def test_a_strategy_is_enlarged_with_its_source_and_what_the_champion_lacks_marked(app, hands, live):
    champion = ORDER.format(order="SADW")
    live.step(1, [f"```python\n{champion}```"] * 4)
    other = champion.replace("for move in", "for  move in")
    live.step(2, [f"```python\n{champion}```", f"```python\n{other}```", f"```python\n{CRASHING}```", "no idea"])
    scene = watch(app, hands, live.folder, 4)
    hands.until(lambda: scene.news.rival is not None)
    hands.press("return")
    assert scene.spotlight.code.text == champion.rstrip("\n")
    assert not scene.spotlight.code.new
    hands.press("right")
    assert scene.spotlight.code.text == other.rstrip("\n")
    assert {other.split("\n")[line] for line in scene.spotlight.code.new} == {'    for  move in "SADW":'}
    hands.press("right")
    assert scene.spotlight.tile.entrant.outcome is Outcome.CRASHED
    hands.press("right")
    assert scene.spotlight.code.text == "no idea"
    hands.press("escape")
    assert scene.spotlight is None
    assert app.scene is scene
    hands.press("c")
    assert scene.spotlight.code.text == champion.rstrip("\n")


def test_a_board_that_is_clicked_is_enlarged(app, hands, ended_run):
    scene = watch(app, hands, ended_run, 16)
    settle(hands, scene)
    tile = scene.grid.visible()[7]
    hands.click(tile.board.center)
    assert scene.spotlight.tile is tile


def test_a_deleted_run_is_told_and_what_was_seen_stays(app, hands, live):
    live.step(1)
    scene = watch(app, hands, live.folder, 4)
    shutil.rmtree(live.folder)
    hands.until(lambda: scene.news.problem)
    assert scene.news.problem.startswith("The run was deleted")
    assert len(scene.tiles) == 4
    hands.turns(20)
    assert scene.view.status_words() == scene.news.problem


def test_a_trainer_that_died_is_told(app, hands, live):
    live.step(1)
    scene = watch(app, hands, live.folder, 4)
    assert "live" in scene.view.status_words()
    live.writer.close()
    hands.until(lambda: scene.news.status == "crashed")
    assert "died" in scene.view.status_words()


def test_a_run_that_finishes_is_told(app, hands, live):
    live.step(1)
    scene = watch(app, hands, live.folder, 4)
    live.writer.note(status="finished")
    hands.until(lambda: "finished" in scene.view.status_words())


def test_a_resumed_run_drops_what_came_after_the_checkpoint(tmp_path):
    with MadeRun(tmp_path / "outputs", group=4) as run:
        for step in (1, 2, 3):
            run.step(step)
    feed = Feed(run.folder)
    before = feed.look(None)
    assert before.newest == 3
    with RunWriter.reopen(run.folder, 1) as writer:
        run.writer = writer
        assert feed.look(None).newest == 1
        run.step(2, completions(4, salt=6))
        after = feed.look(2)
    assert [point.step for point in after.points] == [0, 1, 2]
    assert [entrant.source for entrant in after.entrants] != [e.source for e in Feed(run.folder).look(1).entrants]
    feed.close()


def test_of_a_long_run_the_curves_keep_means_of_stretches_and_the_present_exactly(live):
    live.step(1)
    feed = Feed(live.folder)
    for step in range(2, 1601):
        row = {"step": step, "time": float(step), "stage": 0, "reward": float(step), "reward_std": 1.0, "step_s": 9.0}
        live.writer.step({**row, "outcomes": {}, "rewards": {}, "metrics": {}})
        live.evaluate(step)
        if step % 100 == 0:
            news = feed.look(None)
            assert len(news.points) <= 2 * MOST_POINTS
    assert news.points[-1].step == 1600
    assert news.points[-1].held_out == pytest.approx(1500 + 120 * 1600, rel=0.01)
    rewards = {point.step: point.reward for point in news.points if point.reward is not None}
    assert len(rewards) <= MOST_POINTS
    assert all(step - 8 <= reward <= step for step, reward in rewards.items() if step > 8)
    assert news.shown == 1
    assert news.present.held_out == 1620.0
    feed.close()


def test_the_champion_s_score_is_the_one_its_curve_ends_with_once_it_was_evaluated(live):
    live.step(1)
    live.crown(1, 0)
    feed = Feed(live.folder)
    news = feed.look(None)
    assert champion_score(news) == score_text(news.champion.score)  # nothing fairer is known yet
    live.evaluate(1, champion=1234.0)
    live.step(2)
    assert champion_score(feed.look(None)) == "1,234 held-out"
    live.evaluate(2, champion=1500.0)
    assert champion_score(feed.look(None)) == "1,500 held-out"
    assert champion_score(feed.look(1)) == "1,234 held-out"
    feed.close()


def test_several_windows_may_watch_while_the_trainer_writes(live):
    feeds = [Feed(live.folder) for _ in range(3)]
    for step in (1, 2):
        live.step(step)
        seen = [feed.look(None) for feed in feeds]
        assert [news.newest for news in seen] == [step] * 3
        assert all(len(news.entrants) == 4 for news in seen)
    assert [feed.look(None) for feed in feeds] == [None] * 3
    for feed in feeds:
        feed.close()


def test_what_is_no_run_is_one_readable_line(app, hands, tmp_path):
    scene = watch(app, hands, tmp_path / "nothing")
    assert "is not a run folder" in scene.news.problem
    assert "\n" not in scene.news.problem
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "run.db").write_bytes(b"not a database at all" * 100)
    scene = watch(app, hands, broken)
    assert "no database" in scene.news.problem or "not a database" in scene.news.problem


def test_a_damaged_row_is_told_and_what_was_seen_stays(app, hands, live):
    live.step(1)
    scene = watch(app, hands, live.folder, 4)
    live.step(2)
    hands.until(lambda: scene.news.shown == 2 and len(scene.tiles) == 4)
    with contextlib.closing(sqlite3.connect(live.folder / "run.db")) as connection, connection:
        connection.execute("UPDATE episodes SET actions = x'00' WHERE strategy_id = 1")
    hands.press("home")
    hands.until(lambda: scene.news.problem)
    assert "is damaged" in scene.news.problem
    assert len(scene.tiles) == 4
    hands.press("end")
    hands.until(lambda: not scene.news.problem)


def test_a_run_that_appears_later_is_watched_then(app, hands, tmp_path):
    scene = watch(app, hands, tmp_path / "outputs" / "later")
    with MadeRun(tmp_path / "outputs", name="later", group=2) as run:
        run.step(1)
        hands.until(lambda: len(scene.tiles) == 2)
        assert not scene.news.problem


@pytest.mark.parametrize("size", [(320, 240), (1280, 800), (3840, 2160)])
def test_boards_fit_the_window_and_never_overlap(make_app, ended_run, size):
    app = make_app(size)
    hands = Hands(app)
    scene = watch(app, hands, ended_run, 16)
    settle(hands, scene)
    shown = scene.grid.visible()
    assert len(shown) == min(16, scene.grid.per_page)
    for tile in shown:
        assert scene.area.contains(tile.rect)
        assert tile.board.width >= 40
        assert not any(tile.rect.colliderect(other.rect) for other in shown if other is not tile)
        assert not tile.rect.colliderect(scene.grid.rest)
    if scene.grid.rest.width and size[0] > 1000:
        # Where no board goes their signs are told.
        assert scene.area.contains(scene.grid.rest)
        corner = app.surface.get_at(scene.grid.rest.move(-2, -2).midbottom)[:3]
        assert corner == tuple(app.theme.sunken >> shift & 255 for shift in (16, 8, 0))
    assert (size == (1280, 800)) <= bool(scene.grid.rest.width)
    seen = set()
    for _ in range(len(scene.grid.pages())):
        seen |= {tile.entrant.id for tile in scene.grid.visible()}
        hands.press("n")
    assert len(seen) == 16
    hands.press("return")
    hands.turns(3)
    assert scene.area.contains(scene.spotlight.code.rect)
    assert scene.area.contains(scene.spotlight.tile.board)


def test_painting_in_parts_comes_to_the_same_picture_as_painting_everything(app, hands, ended_run):
    scene = watch(app, hands, ended_run, 16)
    hands.turns(5)
    for keys in (("right", "down"), (",",), ("o",), ("=", "right"), ("end",), ("n", "left")):
        hands.press(*keys)
        if keys in ((",",), ("end",)):
            hands.until(lambda step=2 if keys == (",",) else 3: scene.news.shown == step)
        hands.turns(12)
    hands.press("p")
    hands.until(lambda: scene.next_update() is None)  # nor does a moment in the heading end between the two pictures
    app.messages.dismiss()
    hands.turns(2)
    in_parts = pygame.surfarray.array2d(app.surface)
    app.redraw()
    app._draw(scene)  # a turn would take in what has come in the meantime
    differing = np.argwhere(in_parts != pygame.surfarray.array2d(app.surface))
    assert not len(differing), (differing.min(axis=0), differing.max(axis=0))


def test_a_paused_run_that_ended_costs_no_frames(app, hands, ended_run):
    scene = watch(app, hands, ended_run, 16)
    hands.press("p")
    hands.until(lambda: scene.next_update() is None)
    hands.turns(3)
    assert scene.next_update() is None
    assert hands.turns(40) == 0


def test_leaving_stops_listening_and_coming_back_goes_on(app, hands, live):
    live.step(1)
    scene = watch(app, hands, live.folder, 4)
    task = scene._listener._task
    top = WatchScene(app, live.folder)
    app.open(top)
    assert task.cancelled
    live.step(2)
    hands.until(lambda: top.news.shown == 2)
    hands.press("escape")
    assert app.scene is scene
    hands.until(lambda: scene.news.shown == 2)


def test_playback_shows_every_move_and_never_passes_its_goal():
    (episode,) = play_baseline("2048", {}, "random", [7])
    playback = Playback(Replay(episode))
    for goal in (1, 5, 5, 40):
        for _ in range(200):
            playback.advance(1 / 60, 30.0, goal)
        assert (playback.ply, playback.moving) == (goal, False)
        assert playback.game.plies == goal
    playback.step()
    assert (playback.ply, playback.progress) == (41, 0.0)
    while not playback.ended:
        playback.advance(1 / 60, 8.0)
        assert 0.0 <= playback.progress <= 1.0
    assert (playback.score, playback.game.outcome) == (episode.score, episode.outcome)


def test_actions_that_do_not_fit_their_game_stop_the_board_and_nothing_else():
    (episode,) = play_baseline("2048", {}, "random", [3])
    forged = Episode("2048", {}, 3, episode.actions + b"\0\0", Outcome.WON, 1e6)
    playback = Playback(Replay(forged))
    playback.advance(1e4, 60.0)
    assert playback.ended
    assert "ended" in playback.replay.broken


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300) | st.sampled_from(completions(16)))
def test_any_text_is_highlighted_without_losing_a_character(text):
    shown = "\n".join("".join(span.text for span in line) for line in highlighted(text))
    same = text.replace("\r\n", "\n").replace("\r", "\n")
    assert [line.expandtabs(4).split() for line in same.split("\n")] == [line.split() for line in shown.split("\n")]


def test_only_lines_the_base_lacks_are_new():
    assert new_lines("a\nb\nc\n\nd", "a\nc") == {1, 4}
    assert new_lines("a\nb", "a\nb") == frozenset()


def test_a_real_training_is_watched_from_its_first_boards_to_its_end(app, hands, tmp_path):
    pytest.importorskip("trl", reason='needs pip install "grpo-arcade[train]"')
    chosen = {
        "output-dir": tmp_path, "run-name": "run", "num-generations": 4, "per-device-train-batch-size": 4,
        "gradient-accumulation-steps": 1, "max-steps": 1000, "save-steps": 1000, "train-seeds": 2, "eval-steps": 0,
        "eval-strategies": 2, "eval-seeds": 2, "threads": 1, "workers": 1,
    }  # fmt: skip
    words = [word for name, value in chosen.items() for word in (f"--{name}", str(value))]
    with (tmp_path / "log").open("wb") as log:
        trainer = subprocess.Popen([sys.executable, "-m", "grpo_arcade.arcade.cli", "train", *words], stderr=log)
    try:
        scene = WatchScene(app, tmp_path / "run")
        app.open(scene)
        hands.until(lambda: scene.tiles or trainer.poll() is not None, 300)
        assert trainer.poll() is None, (tmp_path / "log").read_text()
        assert scene.news.status == "running"
        hands.until(lambda: any(tile.playback.ply > 5 for tile in scene.tiles))
        hands.until(lambda: scene.news.newest > 1)  # by itself
        hands.press("home")
        hands.until(lambda: scene.news.shown == 1)
        assert len(scene.tiles) == 4
        assert all(tile.entrant.reward is not None for tile in scene.tiles)
        with RunReader(tmp_path / "run") as reader:
            for tile, row in zip(scene.tiles, reader.strategies(1), strict=True):
                assert (tile.entrant.source, tile.entrant.score) == (row["source"], row["score"])
                assert list(tile.episodes) == reader.episodes(row["id"])
        hands.press("end")
        hands.until(lambda: scene.news.shown > 1)
        trainer.terminate()
        hands.until(lambda: scene.news.status not in LIVE)
        assert "stopped" in scene.view.status_words()
    finally:
        trainer.kill()
        trainer.wait()


def test_the_held_out_curve_alone_stands_beside_the_baselines_in_reach_and_names_those_beyond(app, hands, ended_run):
    scene = watch(app, hands, ended_run, 16)
    settle(hands, scene)
    strip, surface, look = scene.view.strip, app.surface, app.theme

    def cards(baselines):
        strip.draw(surface, look, dataclasses.replace(scene.news, baselines=baselines))
        return [pygame.surfarray.array3d(surface.subsurface(plot.inflate(0, 2 * look.px(14)))) for plot in strip._plots]

    without = cards({})
    means = [point.held_out for point in scene.news.points if point.held_out is not None]
    near, far = cards({"greedy": max(means) * 1.1}), cards({"expectimax": 50 * max(means)})
    for drawn in (near, far):
        changed = [bool((before != after).any()) for before, after in zip(without, drawn, strict=True)]
        assert changed == [False, True, False, False][: len(changed)]
    # A baseline beyond leaves the curve as it was: the mark stands in the line above it.
    height = without[1].shape[1] - look.px(14) * 2
    assert (far[1][:, -height:] == without[1][:, -height:]).all()
    assert (near[1][:, -height:] != without[1][:, -height:]).any()


def test_the_frame_of_the_focus_is_whole_and_there_is_only_one(app, hands, ended_run):
    scene = watch(app, hands, ended_run, 16)
    scene.paused = True
    for keys in ((), ("right", "down"), ("o",), ("up",), ("left",)):
        hands.press(*keys)
        settle(hands, scene)
        look = app.theme
        seen = pygame.surfarray.array2d(app.surface) & 0xFFFFFF
        alone = pygame.Surface(app.surface.get_size(), 0, 32)
        framed = focus_frame(look, scene.focused.rect)
        draw_focus_frame(alone, look, framed)
        ring = (pygame.surfarray.array2d(alone) & 0xFFFFFF) == look.accent
        assert (seen[ring] == look.accent).all(), f"after {keys} the frame has lost a part"
        for tile in scene.grid.visible():
            frame = focus_frame(look, tile.rect)
            assert (seen[frame.left, frame.centery] == look.accent) == (tile is scene.focused)


def test_the_focus_stays_in_its_place_while_a_new_step_comes_in(app, hands, live):
    live.step(1)
    scene = watch(app, hands, live.folder, 4)
    settle(hands, scene)
    hands.press("tab", "tab")
    place = scene._focus.index
    assert place == 2
    live.begin(2)
    for text in completions(4, 2):
        live.strategy(2, text)
        hands.until(lambda: scene.news.shown == 2 and len(scene.tiles) == len(live.rollouts))
    assert scene._focus.index == place
