"""A run tells its story in Watch: a sentence, its best program in the light, the climb, before and after, by itself."""

import dataclasses
import time

import numpy as np
import pygame
import pytest

from grpo_arcade.arcade.window.draw.theme import theme_for
from grpo_arcade.arcade.window.replay.export import Export
from grpo_arcade.arcade.window.replay.replay import ReplayScene
from grpo_arcade.arcade.window.watch.headline import time_left
from grpo_arcade.arcade.window.watch.run_feed import Feed, News, Point
from grpo_arcade.arcade.window.watch.show import ACTS, RESTS_S, Show, stops
from grpo_arcade.arcade.window.watch.story import MOMENT_S
from grpo_arcade.arcade.window.watch.story_chart import StoryChart
from grpo_arcade.arcade.window.watch.watch import WatchScene

from .made_runs import ORDER, MadeRun, completions, paddles

BASELINES = {"random": 1089.0, "greedy": 1953.0, "expectimax": 20696.0}
PROGRAMS = {step: [ORDER.format(order=order) for order in orders] for step, orders in
            ((0, ("WDSA", "WASD", "ADSW")), (3, ("SADW", "ASDW", "DSAW")))}  # fmt: skip
MEANS = {0: 1796.0, 1: 2100.0, 2: 2400.0, 3: 2882.0}


class Told(MadeRun):
    """A run that climbs, of which the games of its first and last evaluation were kept."""

    def evaluate(self, step, champion=None):
        super().evaluate(step, champion, mean=MEANS[step], programs=PROGRAMS.get(step, ()))


@pytest.fixture(scope="module")
def climbed(tmp_path_factory):
    with Told(tmp_path_factory.mktemp("outputs"), group=4, max_steps=3, baselines=BASELINES) as run:
        for step in (1, 2, 3):
            run.step(step)
        run.writer.note(status="finished", step=3)
    return run.folder


@pytest.fixture(scope="module")
def not_evaluated(tmp_path_factory):
    """A run that plays, and never looks at held-out games."""

    class Unasked(MadeRun):
        def evaluate(self, step, champion=None):
            pass

    with Unasked(tmp_path_factory.mktemp("outputs"), group=3, max_steps=2, baselines=BASELINES) as run:
        for step in (1, 2):
            run.step(step)
        run.writer.note(status="finished", step=2)
    return run.folder


def watch(app, hands, folder, tiles=4, **how):
    scene = WatchScene(app, folder, **how)
    app.open(scene)
    hands.until(lambda: len(scene.tiles) == tiles and scene._listener.listening)
    return scene


def said_of(folder, step=None):
    feed = Feed(folder)
    try:
        return feed.look(step).headline
    finally:
        feed.close()


def test_one_sentence_says_where_a_run_stands_and_where_it_began(climbed):
    said = said_of(climbed)
    assert said.line == "After 3 steps it scores 2,882, above greedy; it began at 1,796"
    assert said_of(climbed, 1).line == "After 1 step it scores 2,100, above greedy; it began at 1,796"
    for word in ("held-out", "GRPO", "programs", "never trains on"):
        assert word in said.meaning  # each is explained where it stands


@pytest.mark.parametrize(
    ("mean", "low", "high", "place"),
    [
        (500.0, 450.0, 550.0, ", below random"),
        (2000.0, 1900.0, 2100.0, ", level with greedy"),
        (2000.0, 1960.0, 2040.0, ", above greedy"),
        (30000.0, 29000.0, 31000.0, ", above expectimax, the best baseline"),
    ],
)
def test_a_score_is_only_above_a_baseline_that_lies_below_its_interval(climbed, mean, low, high, place):
    from grpo_arcade.arcade.window.watch.headline import headline_of
    from grpo_arcade.recordings.runs.snapshot import snapshot_of

    run = snapshot_of(climbed)
    one = dataclasses.replace(run.held_out[0], mean=mean, low=low, high=high, step=0)
    line = headline_of(dataclasses.replace(run, held_out=(one,)), 3, 4, BASELINES).line
    assert line == f"Before training it scores {mean:,.0f}{place}"


def test_a_run_without_held_out_games_is_told_by_those_of_training(not_evaluated):
    said = said_of(not_evaluated)
    assert "held out" in said.meaning
    assert said.line.startswith("After 2 steps its programs score")
    assert "; at first " in said.line


@pytest.mark.parametrize(
    ("seconds", "words"), [(3, "10 s left"), (720, "12 min left"), (7200, "2 h left"), (3e5, "3 days left")]
)
def test_what_is_left_is_said_as_people_say_it(seconds, words):
    assert time_left(seconds) == words


def test_the_best_of_a_step_stands_in_the_light_and_gives_way_to_the_next_when_that_is_judged(app, hands, tmp_path):
    with MadeRun(tmp_path / "outputs", group=4) as run:
        run.step(1)
        scene = watch(app, hands, run.folder)
        hands.press("f")
        best = scene.spotlight.tile
        assert best.entrant.score == max(tile.entrant.score for tile in scene.tiles)
        assert scene.spotlight.code.text == best.entrant.source.rstrip("\n")
        assert scene.spotlight.chart.rect.height > 100
        run.begin(2)
        run.strategy(2, completions(4, 2)[1])
        hands.until(lambda: scene.news.shown == 2)
        assert scene.spotlight.tile is best  # one program so far, which nobody has judged
        for text in completions(4, 2)[:3]:
            run.strategy(2, text)
        run.judge()
        hands.until(lambda: scene.spotlight.tile is not best)
        assert scene.spotlight.step == 2
        assert scene.spotlight.tile.entrant.score == max(tile.entrant.score for tile in scene.tiles)
        hands.press("f")
        assert scene.spotlight is None


def test_the_climb_fills_the_chart_though_a_baseline_lies_seven_times_as_high():
    look = theme_for("classic", (1280, 800))
    points = tuple(Point(step, held_out=1800.0 + 24 * step, score=1700.0 + 20 * step) for step in range(0, 46, 5))
    chart = StoryChart()
    chart.rect = pygame.Rect(0, 0, 800, 260)
    surface = pygame.Surface(chart.rect.size, 0, 32)
    chart.draw(surface, look, News(game="2048", step=45, newest=45, shown=45, points=points, baselines=BASELINES))
    rows = np.any(
        pygame.surfarray.array2d(surface)[chart._plot.left : chart._plot.right] & 0xFFFFFF == look.rival, axis=0
    )
    (drawn,) = np.nonzero(rows[chart._plot.top - 6 : chart._plot.bottom + 6])
    assert np.ptp(drawn) > 0.4 * chart._plot.height
    assert chart.step_at((chart._plot.right - 1, chart._plot.centery)) == 45


@pytest.mark.parametrize("points", [(), (Point(0, held_out=-20.5),), (Point(3, score=0.0), Point(4, score=0.0))])
@pytest.mark.parametrize("size", [(800, 260), (300, 90), (40, 30)])
def test_a_chart_of_little_can_be_drawn_at_any_size(points, size):
    chart = StoryChart()
    chart.rect = pygame.Rect((0, 0), size)
    news = News(game="atari/pong", points=points, baselines={"random": -20.2, "scripted": 6.0}, crowned=(3,))
    chart.draw(pygame.Surface(size, 0, 32), theme_for("classic", (1280, 800)), news)


def test_before_and_after_play_the_same_seed_side_by_side_and_become_one_film(app, hands, climbed):
    scene = watch(app, hands, climbed)
    hands.press("b")
    hands.until(lambda: scene.story.pair is not None)
    before, after = scene.story.pair.episodes
    assert (before.seed, after.seed) == (7, 7)
    assert before.player.endswith("before training")
    assert after.player.endswith("after step 3")
    left, right = (tile.board for tile in scene.story.pair.tiles)
    assert left.size == right.size
    assert left.right < right.left
    hands.until(lambda: all(tile.playback.ply > 3 for tile in scene.story.pair.tiles))
    hands.press("g")
    assert isinstance(app.scene, Export)
    assert app.scene.plan().moves == (len(before.actions), len(after.actions))
    hands.press("escape")
    hands.press("r")
    assert isinstance(app.scene, ReplayScene)
    assert app.scene.compared is not None
    hands.press("escape", "escape")
    assert scene.story.pair is None
    assert app.scene is scene


def test_without_held_out_games_two_of_its_programs_play_once_more_on_one_seed(app, hands, not_evaluated):
    scene = watch(app, hands, not_evaluated, 3)
    hands.press("b")
    hands.until(lambda: scene.story.pair is not None)
    before, after = scene.story.pair.episodes
    assert before.seed == after.seed
    assert (before.player, after.player) == ("a program of step 1", "a program of step 2")
    assert before.actions
    assert after.actions


def test_both_begin_anew_together_when_the_longer_game_has_stood_for_a_while(app, hands, climbed):
    scene = watch(app, hands, climbed)
    hands.press("b")
    hands.until(lambda: scene.story.pair is not None)
    pair = scene.story.pair
    short = min(pair.tiles, key=lambda tile: len(tile.episodes[0].actions))
    short.advance(1e6, 60.0)
    short.advance(1e6, 60.0)
    assert short.playback.ended  # it waits for the other one
    for tile in pair.tiles:
        tile.advance(1e6, 60.0)
        tile.advance(1e6, 60.0)
    pair.advance(60.0)
    assert [tile.playback.ply for tile in pair.tiles] == [0, 0]


def test_a_new_champion_has_its_moment(app, hands, tmp_path):
    with MadeRun(tmp_path / "outputs", group=3) as run:
        run.step(1)
        scene = watch(app, hands, run.folder, 3)
        assert not scene.story.moment  # it was there already
        run.step(2)
        row = {"step": 2, "strategy_id": run.ids[1], "time": time.time(), "stage": 0, "score": 5012.0}
        run.writer.champion({**row, "previous": 3870.0, "scores": [5012.0]})
        hands.until(lambda: "3,870" in scene.story.moment)
        assert scene.story.moment == "New champion in step 2: 5,012 points, 3,870 before"
        assert scene.next_update() is not None
        scene.update(MOMENT_S + 1)
        assert not scene.story.moment


def test_a_run_shows_itself_part_by_part_and_an_ended_one_is_told_from_its_first_champion_on(app, hands, climbed):
    scene = watch(app, hands, climbed, show=True)
    hands.until(lambda: scene.spotlight is not None and scene.news.shown == scene.pinned)
    assert scene.pinned == stops(scene.news.crowned, 3)[0]
    seen = [scene.spotlight.part]
    for _, seconds in ACTS[:4]:
        scene.update(seconds)
        hands.until(lambda: scene.story.show.act != "pair" or scene.story.pair is not None)
        seen.append("pair" if scene.story.pair is not None else scene.spotlight.part)
    assert seen == [act for act, _ in ACTS]
    scene.update(ACTS[4][1])
    assert scene.story.pair is None
    assert scene.pinned == stops(scene.news.crowned, 3)[1 % len(stops(scene.news.crowned, 3))]
    hands.press("escape")
    assert (scene.story.show, scene.spotlight) == (None, None)


def test_the_show_waits_for_somebody_who_looks_at_something(app, hands, climbed):
    scene = watch(app, hands, climbed)
    hands.press("s")
    hands.press("down")
    assert scene.story.show.due > RESTS_S - 5
    hands.press("s")
    assert scene.story.show is None


def test_where_there_is_no_before_and_after_the_show_goes_on(app, hands, tmp_path):
    with MadeRun(tmp_path / "outputs", group=3) as run:
        run.step(1)
        scene = watch(app, hands, run.folder, 3)
        hands.press("s")
        for _, seconds in ACTS[:4]:
            scene.update(seconds)
        assert scene.story.show.act == "pair"
        hands.until(lambda: scene.story.show.act == "all")
        assert scene.story.show.rounds == 1


def test_of_a_run_in_which_nothing_was_played_there_is_no_story_and_no_error(app, hands, tmp_path):
    with MadeRun(tmp_path / "outputs", group=3) as run:
        scene = WatchScene(app, run.folder, show=True)
        app.open(scene)
        hands.until(lambda: scene.news.game)
        hands.press("f", "s")
        hands.turns(3)
        assert scene.spotlight is None
        assert hands.said[-1] == "there is no strategy yet that could be shown"
        hands.press("b")
        hands.until(lambda: "has not come so far" in hands.said[-1])
        run.step(1)
        hands.until(lambda: scene.story.show is not None)


def test_a_console_s_run_is_told_too(app, hands, tmp_path):
    with MadeRun(tmp_path / "outputs", game="atari/pong", options={"max_num_frames_per_episode": 600}, group=2,
                 baselines={"random": -20.2, "scripted": 6.0}) as run:  # fmt: skip
        run.step(1, paddles(2))
        scene = watch(app, hands, run.folder, 2)
        hands.press("f")
        hands.until(lambda: scene.spotlight.tile.playback.ply > 3)
        assert scene.spotlight.tile.board.height > 300


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (1920, 1080)])
def test_every_part_of_the_story_lies_in_the_window_at_any_size(make_app, climbed, size):
    from .conftest import Hands

    app = make_app(size=size)
    hands = Hands(app)
    scene = watch(app, hands, climbed)
    hands.press("f")
    for act, _ in ACTS[:4]:
        scene.spotlight.part = act
        scene.relay_out()
        app._draw(scene)
        light = scene.spotlight
        for rect in (light.headline, light._board, light._facts, light._title, light.code.rect, light.chart.rect):
            assert not rect.width or scene.area.contains(rect), (act, rect)
    hands.press("b")
    hands.until(lambda: scene.story.pair is not None)
    app._draw(scene)
    assert all(scene.area.contains(tile.rect) for tile in scene.story.pair.tiles)


def test_stops_are_few_and_end_at_the_newest_step():
    assert stops((), 0) == []
    assert stops((1, 4, 9), 9) == [1, 4, 9]
    told = stops(range(1, 100), 140)
    assert (told[0], told[-1], len(told)) == (1, 140, 6)


def test_a_show_comes_round():
    show = Show()
    acts = [show.act]
    for _ in ACTS:
        show.advance(show.due + 0.1)
        acts.append(show.act)
    assert acts == [*(act for act, _ in ACTS), "all"]
    assert show.rounds == 1
