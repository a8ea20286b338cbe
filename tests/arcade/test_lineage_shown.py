"""A search's families are shown: the line with scores, the tree, and what is new against the parent."""

import asyncio
import contextlib
import dataclasses
import re
import shutil
import sqlite3
import tomllib

import pytest

from grpo_arcade.arcade.cli import main
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.lineage import family, has_lineage, line_of
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.verdict import Kind, judge
from grpo_arcade.recordings.runs.writer import RunWriter

from .test_endpoint import serving
from .test_improve import KEY, SMALL, by_turns


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """Three rounds of two programs each."""
    folder = tmp_path_factory.mktemp("outputs")
    with serving(*by_turns()) as server:
        words = [
            "--model",
            f"{server.url}#tiny",
            "--rounds",
            "3",
            "--candidates",
            "2",
            "--islands",
            "1",
            "--fresh",
            "0",
        ]
        kept = ["--output-dir", str(folder), "--run-name", "run", "--run-key", KEY]
        assert main(["improve", "2048", *words, *kept, *SMALL]) == 0
    return folder / "run"


def descendant(reader):
    """A strategy with the longest line."""
    ids = [row["strategy_id"] for row in reader.query("SELECT strategy_id FROM lineage")]
    return max((line_of(reader, each) for each in ids), key=lambda line: len(line.kin))


def test_a_line_leads_from_the_first_ancestor_to_the_strategy(searched):
    with RunReader(searched) as reader:
        line = descendant(reader)
        assert len(line.kin) >= 2
        assert [kin.step for kin in line.kin] == sorted(kin.step for kin in line.kin)
        assert line.kin[0].step == 1
        assert line.parent_source == reader.strategy(line.parent.id)["source"]
        first = line_of(reader, line.kin[0].id)
        assert (first.parent, first.parent_source) == (None, None)


def test_a_family_holds_every_child_of_the_line_once(searched):
    with RunReader(searched) as reader:
        line = descendant(reader)
        branches = family(reader, line)
        shown = [branch.kin.id for branch in branches]
        assert len(shown) == len(set(shown))
        assert {kin.id for kin in line.kin} <= set(shown)
        parents = {row["strategy_id"]: row["parent_id"] for row in reader.query("SELECT * FROM lineage")}
        for branch in branches:
            assert parents[branch.kin.id] is None or parents[branch.kin.id] in {kin.id for kin in line.kin}


def test_a_run_without_lineage_and_a_strategy_that_descends_from_itself_are_read(searched, tmp_path):
    forged = tmp_path / "forged"
    shutil.copytree(searched, forged)
    with sqlite3.connect(forged / "run.db") as connection:
        connection.execute("UPDATE lineage SET parent_id = 2 WHERE strategy_id = 1")
        connection.execute("UPDATE lineage SET parent_id = 1 WHERE strategy_id = 2")
    connection.close()
    with RunReader(forged) as reader:
        line = line_of(reader, 1)
        assert [kin.id for kin in line.kin] == [2, 1]
        family(reader, line)
    with sqlite3.connect(forged / "run.db") as connection:
        connection.execute("DROP TABLE lineage")
    connection.close()
    with RunReader(forged) as reader:
        assert not has_lineage(reader)
        assert line_of(reader, 1) is None


def test_the_dashboard_shows_the_line_the_tree_and_the_difference_from_the_parent(searched):
    from grpo_arcade.arcade.dashboard.app import Dashboard
    from grpo_arcade.arcade.dashboard.draw.page import Page
    from grpo_arcade.arcade.dashboard.tabs.strategies import Strategies
    from grpo_arcade.arcade.dashboard.tabs.strategy_detail import Detail

    with RunReader(searched) as reader:
        line = descendant(reader)

    async def look():
        app = Dashboard(searched)
        async with app.run_test(size=(140, 40)) as pilot:
            while app.snapshot is None:
                await pilot.pause(0.02)
            await pilot.press("2")
            app.query_one(Strategies).list_only(f"id={line.kin[-1].id}")
            await app.refresh_tab()
            detail = app.query_one(Detail)
            while detail.told is None or detail.told.row["id"] != line.kin[-1].id:
                await pilot.pause(0.02)
            assert "lineage" in detail.views
            detail.open_view("lineage")
            await pilot.pause()
            tree = app.query_one("#lineage", Page)._visual.plain
            detail.open_view("diff")
            await pilot.pause()
            return tree, app.query_one("#diff", Page)._visual.plain, str(app.query_one("#detail-title").render())

    tree, difference, title = asyncio.run(look())
    assert all(f"#{kin.id}" in tree for kin in line.kin)
    assert f"its parent #{line.parent.id}" in difference
    assert "→" in title


def test_watch_draws_the_line_and_compares_with_the_parent(searched):
    import pygame

    from grpo_arcade.arcade.window.draw.theme import theme_for
    from grpo_arcade.arcade.window.watch.descent import against_parent, draw_line
    from grpo_arcade.arcade.window.watch.run_feed import Feed

    with RunReader(searched) as reader:
        line = descendant(reader)
    feed = Feed(searched)
    news = feed.look(line.kin[-1].step)
    feed.close()
    (entrant,) = [entrant for entrant in news.entrants if entrant.id == line.kin[-1].id]
    assert entrant.line == line
    assert f"against its parent #{line.parent.id}" in against_parent(entrant.line, 2)
    surface, look = pygame.Surface((400, 200)), theme_for("classic", (1280, 800))
    surface.fill(look.page)
    before = pygame.image.tobytes(surface, "RGB")
    draw_line(surface, look, surface.get_rect(), line)
    assert pygame.image.tobytes(surface, "RGB") != before


STEP = re.compile(r"\bsteps?\b|\btrain(ing|ed)?\b", re.IGNORECASE)


def test_what_is_told_of_a_search_speaks_of_rounds_and_of_no_training(searched, capsys):
    from grpo_arcade.arcade.report.page import text
    from grpo_arcade.arcade.window.watch.panels import status_words
    from grpo_arcade.arcade.window.watch.run_feed import Feed

    for words in (["runs", str(searched)], ["runs", "--output-dir", str(searched.parent)], ["dash", "--once"]):
        assert main([*words, str(searched)] if words[0] == "dash" else words) == 0
        said = capsys.readouterr().out
        assert "round" in said
        assert not STEP.search(said), STEP.search(said)
    log = (searched / "log.txt").read_text()
    assert "round 3: the champion's held-out score" in log
    assert not STEP.search(log)
    assert main(["report", str(searched), "--to", str(searched / "page.html"), "--no-film"]) == 0
    capsys.readouterr()
    page = (searched / "page.html").read_text()
    told = re.sub(
        r"<style.*?</style>|<[^>]*>", " ", page.partition("Everything else was at its default")[0], flags=re.S
    )
    assert f"tiny {text('improves its program for')} 2048" in told
    assert not STEP.search(told), STEP.search(told)
    with contextlib.closing(Feed(searched)) as feed:
        news = feed.look(None)
    crashed = status_words(dataclasses.replace(news, status="crashed"), searched, False, ())
    assert f"arcade improve --resume {searched}" in crashed
    assert not STEP.search(f"{crashed} {news.headline.line} {news.headline.meaning}")
    with RunReader(searched) as reader:
        # Rewards of candidates that come and go are no sign of a model that games them.
        falling = [(step, 90.0 - step) for step in range(1, 60)]
        assert judge(falling, reader.held_out(), of=reader.kind).kind not in (Kind.COLLAPSING, Kind.HACKING)


def test_a_search_is_repeated_as_a_search_and_not_offered_to_be_trained_on(searched, tmp_path):
    from grpo_arcade.arcade.submission.folder import _configuration
    from grpo_arcade.arcade.window.home.train import learners

    with RunReader(searched) as reader:
        config = reader.config()["config"]
        kept = _configuration(config, reader.kind)
    assert "arcade improve --config improve.toml" in kept
    assert tomllib.loads(kept)["model"] == config["model"]
    shutil.copytree(searched, tmp_path / "stopped")
    with RunWriter.reopen(tmp_path / "stopped", 3, RunKind.SEARCH) as writer:
        writer.note(status="stopped")
    assert [learner.resume for learner in learners(str(tmp_path), "2048")] == [None]
