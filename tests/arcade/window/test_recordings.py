"""Recordings on the first screen: a match is one row, renamed and deleted where it stands, and nothing is lost at once."""

import os
import time

import pygame
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.arcade.window.home.recordings import Group, grouped
from grpo_arcade.arcade.window.home.shelf import Recording, look
from grpo_arcade.arcade.window.replay.replay import ReplayScene
from grpo_arcade.games.baseline_scores import play_baseline
from grpo_arcade.recordings import load, save

from .test_home import home, words

SMALL = {"size": 3, "target": 64}


@pytest.fixture
def match(app):
    """Two players on one seed, and a game of another."""
    folder = app.settings.data_folder / "recordings"
    paths = []
    for age, (player, seed) in enumerate([("greedy", 5), ("random", 5), ("greedy", 6)]):
        path = save(
            play_baseline("2048", SMALL, player, [seed])[0], folder / f"2048-{player}-{seed}-20260101-120000.episode"
        )
        os.utime(path, (time.time() - 60 * age,) * 2)
        paths.append(path)
    return paths


def focus(scene, path):
    scene._focus.index = next(i for i, item in enumerate(scene._focus.items) if item.key == path)


def names(app, kind="recordings"):
    return sorted(path.name for path in (app.settings.data_folder / kind).glob("*.episode"))


def test_a_match_is_one_row_and_opens_side_by_side(app, hands, match):
    scene = home(app, hands)
    rows = {entry.key: entry for entry in scene.kept.rows()}
    assert list(rows) == [match[0], match[2]]
    assert rows[match[0]].words == "random – greedy · 2048 · seed 5"
    scores = [f"{load(path).score:,.0f}" for path in (match[1], match[0])]
    assert rows[match[0]].note == " : ".join(scores)
    focus(scene, match[0])
    assert scene.keys()[1:4] == ("home.rename", "home.delete", "home.undo")
    hands.press("return")
    assert isinstance(app.scene, ReplayScene)
    assert [replay.episode.player for replay in app.scene._replays] == ["greedy", "random"]


def test_a_recording_is_renamed_in_its_row_and_a_match_with_all_its_players(app, hands, match):
    scene = home(app, hands)
    focus(scene, match[2])
    hands.press("n")
    for letter in "my best":
        hands.press(letter)
    assert "my best_" in words(scene)
    hands.press("return")
    hands.until(lambda: any(line.startswith("my best · greedy") for line in words(scene)))
    focus(scene, match[0])
    hands.press("n", "x", "escape")
    assert scene.kept.typing is None
    hands.press("n", "d", "u", "e", "l", "return")
    hands.until(lambda: any(line.startswith("duel · random – greedy") for line in words(scene)))
    assert names(app) == ["duel - greedy.episode", "duel - random 1.episode", "my best.episode"]
    focus(scene, app.settings.data_folder / "recordings" / "duel - greedy.episode")
    hands.press("n", *["backspace"] * 4, *"my best", "return")
    hands.until(lambda: "my best - greedy.episode" in names(app))


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", 'a"b', "a - b", "a\x07", "my best"])
def test_no_name_for_a_file_is_one_line_and_nothing_is_renamed(app, hands, match, name):
    scene = home(app, hands)
    match[1].rename(match[1].with_name("my best.episode"))
    before = names(app)
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - each says something else
        scene.kept.rename(scene.kept.of(match[2]), name)
    assert len(str(refusal.value).splitlines()) == 1
    assert names(app) == before


def test_what_is_deleted_comes_back_as_it_was(app, hands, match):
    scene = home(app, hands)
    before = names(app)
    bytes_before = match[0].read_bytes()
    focus(scene, match[0])
    hands.press(pygame.K_DELETE)
    assert "U brings it back" in hands.said[-1]
    hands.until(lambda: len(scene.kept.rows()) == 1)
    assert names(app) == ["2048-greedy-6-20260101-120000.episode"]
    assert len(names(app, "deleted")) == 2
    hands.press("u")
    hands.until(lambda: len(scene.kept.rows()) == 2)
    assert names(app) == before
    assert names(app, "deleted") == []
    assert match[0].read_bytes() == bytes_before
    hands.press("u")
    assert "nothing was deleted" in hands.said[-1]


def test_what_is_no_recording_or_a_runs_is_not_touched(app, hands, match, run_folder):
    scene = home(app, hands)
    hands.press("x")
    assert "no recording is chosen" in hands.said[-1]
    kept = save(play_baseline("2048", SMALL, "greedy", [9])[0], run_folder.folder / "recordings" / "best.episode")
    scene._look_now()
    hands.until(lambda: scene.kept.of(kept))
    focus(scene, kept)
    hands.press("x", "n")
    assert [line for line in hands.said if "belongs to a training run" in line]
    assert kept.exists()
    assert scene.kept.typing is None


EPISODES = [play_baseline("2048", {"size": 2, "target": 8}, "random", [seed])[0] for seed in range(3)]


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=12))
def test_every_recording_is_in_one_group_and_those_of_a_group_are_of_one_seed(tmp_path_factory, chosen):
    recordings = [
        Recording(tmp_path_factory.getbasetemp() / str(number), -number, EPISODES[seed] if whole else None, 1)
        for number, (seed, whole) in enumerate(chosen)
    ]
    groups = grouped(recordings)
    assert sorted(r.path for g in groups for r in g.recordings) == sorted(r.path for r in recordings)
    for group in groups:
        assert len({recording.first and recording.first.seed for recording in group.recordings}) == 1
        assert len(group.recordings) == 1 or group.recordings[0].first is not None
    assert [g.path for g in groups] == [r.path for r in recordings if r.path in {g.path for g in groups}]


def test_a_name_that_the_window_gave_is_none_that_a_person_gave(match, app):
    found = look(app.settings.data_folder / "none", app.settings.data_folder / "recordings").recordings
    assert {Group((recording,)).given_name for recording in found} == {""}
