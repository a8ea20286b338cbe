"""``arcade watch`` opens the window where it was asked to: on a run, on one strategy, on the games of an evaluation."""

import re

import pytest

from grpo_arcade.arcade import cli, window
from grpo_arcade.arcade.window.home.home import Home
from grpo_arcade.arcade.window.replay.replay import ReplayScene
from grpo_arcade.arcade.window.watch.watch import WatchScene
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.scoring import Rollout

from .conftest import Hands
from .made_runs import MadeRun


@pytest.fixture(scope="module")
def ended_run(tmp_path_factory):
    """Two steps of four strategies, and an evaluation of one more."""
    with MadeRun(tmp_path_factory.mktemp("outputs"), group=4, max_steps=2) as run:
        run.step(1)
        run.step(2)
        first = run.rollouts[0]
        run.writer.group(2, "evaluation", 0, 0, run.game.options, run.seeds[0])
        run.writer.strategy(2, "evaluation", 0, 0, Rollout(first.completion, first.source, first.episodes), [1], False)
        run.writer.note(status="finished")
    return run.folder


@pytest.fixture
def watch(monkeypatch, make_app):
    """Runs the command as far as an open window; gives its app and its hands."""
    opened = []

    def build():
        opened.append(make_app())
        opened[0].run = lambda: 0  # the test's hands turn it instead
        return opened[0]

    monkeypatch.setattr(window, "App", build)

    def run(*words):
        assert cli.main(["watch", *map(str, words)]) == 0
        return opened[0], Hands(opened[0])

    return run


def ids(folder, purpose="training"):
    with RunReader(folder) as reader:
        rows = reader.query("SELECT id, step FROM strategies WHERE purpose = ? ORDER BY id", (purpose,))
    return [(row["id"], row["step"]) for row in rows]


@pytest.mark.parametrize("by", ["path", "name", "newest"])
def test_a_run_is_opened_by_path_by_name_or_as_the_newest_and_back_leads_home(watch, ended_run, by):
    words = [ended_run] if by == "path" else [ended_run.name] if by == "name" else []
    app, hands = watch(*words, "--output-dir", ended_run.parent)
    hands.until(lambda: len(app.scene.tiles) == 4)
    assert isinstance(app.scene, WatchScene)
    assert app.scene.pinned is None
    hands.press("escape")
    assert isinstance(app.scene, Home)


def test_a_run_shows_itself_where_that_was_asked_for(watch, ended_run):
    app, hands = watch(ended_run, "--show")
    hands.until(lambda: app.scene.story.show is not None)
    assert app.scene.spotlight.best


def test_a_strategy_is_enlarged_at_its_own_step_once_and_closing_it_shows_its_neighbours(watch, ended_run):
    strategy, step = ids(ended_run)[2]
    app, hands = watch(ended_run, "--strategy", strategy)
    hands.until(lambda: app.scene.spotlight is not None)
    assert (app.scene.news.shown, app.scene.pinned, step) == (1, 1, 1)
    assert app.scene.spotlight.tile.entrant.id == strategy
    hands.press("escape")
    hands.turns(5)
    assert app.scene.spotlight is None
    assert len(app.scene.tiles) == 4


def test_a_strategy_of_an_evaluation_is_replayed(watch, ended_run):
    ((strategy, _),) = ids(ended_run, "evaluation")
    app, _ = watch(ended_run, "--strategy", strategy)
    assert isinstance(app.scene, ReplayScene)
    assert app.scene.note.endswith("evaluation of step 2")
    scores = [episode.score for episode in app.scene.episodes]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["nothing"], "there is no run 'nothing'"),
        (["--strategy", "999"], "has no strategy 999; they are numbered 1 to 9"),
    ],
)
def test_what_is_not_there_is_one_line_and_no_window(capsys, monkeypatch, ended_run, words, line):
    monkeypatch.setattr(window, "App", lambda: pytest.fail("a window was opened"))
    assert cli.main(["watch", *words, "--output-dir", str(ended_run.parent)]) == 2
    told = capsys.readouterr().err
    assert re.fullmatch(r"arcade: [^\n]*\n", told)
    assert line in told


def test_without_a_display_it_says_what_works(capsys, monkeypatch, ended_run):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    assert cli.main(["watch", str(ended_run)]) == 2
    assert capsys.readouterr().err.startswith("arcade: there is no display")


def test_the_champion_of_a_run_is_enlarged_by_its_word_and_filmed_replayed_and_told_by_it(
    watch, ended_run, tmp_path, capsys
):
    champion = f"{ended_run.name}:champion"
    app, hands = watch(champion, "--output-dir", ended_run.parent)
    hands.until(lambda: app.scene.spotlight is not None)
    with RunReader(ended_run) as reader:
        best = reader.champion()
        (game, *_) = reader.episodes(best.strategy_id)
    film = tmp_path / "x.gif"
    assert cli.main(["export", "latest:champion", "--to", str(film), "--output-dir", str(ended_run.parent)]) == 0
    assert film.stat().st_size > 1000
    assert cli.main(["replay", champion, "--output-dir", str(ended_run.parent)]) == 0
    assert f"{game.score:,.0f} points" in capsys.readouterr().out
    assert cli.main(["runs", champion, "--source", "--output-dir", str(ended_run.parent)]) == 0
    assert capsys.readouterr().out.strip() == best.source.strip()
