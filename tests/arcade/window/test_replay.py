"""Recordings again: wound, compared and made into films, in a real window under SDL's dummy driver."""

import dataclasses

import pygame
import pytest
from PIL import Image

from grpo_arcade.arcade.window.replay.export import Export
from grpo_arcade.arcade.window.replay.replay import SPEEDS, ReplayScene
from grpo_arcade.games.baseline_scores import play_baseline
from grpo_arcade.recordings import append, save

SMALL = {"size": 3, "target": 128}


def recorded(name="greedy", seed=1, options=SMALL):
    return play_baseline("2048", options, name, [seed])[0]


def opened(app, hands, *episodes, note=""):
    scene = ReplayScene(app, episodes or [recorded()], note)
    app.open(scene)
    scene.playing = False
    hands.turns(2)
    return scene


def test_it_plays_to_the_end_and_again(app, hands):
    scene = opened(app, hands)
    scene.speed = 64.0
    hands.press("space")
    hands.until(lambda: scene.ply == scene.length)
    assert not scene.playing
    assert scene.replay.game.outcome is scene.replay.episode.outcome
    hands.press("space")
    assert scene.playing
    assert scene.ply < scene.length


def test_it_is_stepped_both_ways_by_keys_pad_and_to_the_ends(app, hands):
    scene = opened(app, hands)
    hands.press("right", "right", ".", "left")
    assert scene.ply == 2
    hands.pad(pygame.CONTROLLER_BUTTON_DPAD_RIGHT)
    assert scene.ply == 3
    hands.press("end")
    assert scene.ply == scene.length
    hands.press("down")
    assert scene.ply == max(0, scene.length - 20)
    hands.press("home")
    assert scene.ply == 0
    hands.press("left")
    assert scene.ply == 0


def test_speed_goes_from_an_eighth_to_sixty_four_times(app, hands):
    scene = opened(app, hands)
    hands.press(*["="] * 20)
    assert scene.speed == 64.0
    hands.press(*["-"] * 20)
    assert scene.speed == 0.125
    assert SPEEDS[0] == 0.125
    assert SPEEDS[-1] == 64.0


def test_the_bar_is_scrubbed_with_the_mouse(app, hands):
    scene = opened(app, hands)
    track = scene._track
    hands.click((track.left + track.width // 2, track.centery))
    assert abs(scene.ply - scene.length / 2) <= 1
    pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, pos=track.center, button=1))
    move = pygame.event.Event(pygame.MOUSEMOTION, pos=(track.right + 500, 5), rel=(1, 0), buttons=(1, 0, 0))
    pygame.event.post(move)
    hands.turns(1)
    assert scene.ply == scene.length
    pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONUP, pos=(5, 5), button=1))
    hands.point((track.left, track.centery))
    assert scene.ply == scene.length


def test_two_episodes_of_one_seed_are_compared_move_by_move_then_the_baselines(app, hands):
    scene = opened(app, hands, recorded("greedy"), recorded("random"), recorded("random", seed=2))
    hands.press("c")
    assert scene.compared.episode.player == "random"
    assert scene.compared.episode.seed == 1
    hands.press("right", "right")
    assert [replay.ply for replay in scene._replays] == [2, 2]
    hands.press("end")
    assert [replay.ended for replay in scene._replays] == [True, True]
    strongest = list(scene.replay.game.baselines)[-1]
    hands.press("c")
    hands.until(lambda: scene.compared.episode.player == strongest)
    for _ in scene.replay.game.baselines:
        hands.until(lambda: not scene._rivals.running)
        hands.press("c")
    assert scene.compared is None


def test_the_episodes_of_one_file_are_gone_through(app, hands, tmp_path):
    path = append([recorded(seed=s) for s in (1, 2, 3)], tmp_path / "three.episode")
    scene = ReplayScene.of_file(app, path)
    app.open(scene)
    hands.press("n", "n")
    assert scene.replay.episode.seed == 3
    hands.press("n")
    assert scene.replay.episode.seed == 1
    hands.press("b")
    assert scene.replay.episode.seed == 3


def test_a_forged_score_is_marked_told_and_not_exported(app, hands):
    scene = opened(app, hands, dataclasses.replace(recorded(), score=99_999))
    assert scene.replay.verdict.genuine is False
    assert "99999" in hands.said[-1]
    hands.press("e")
    assert app.scene is scene
    assert "No film" in hands.said[-1]


@pytest.mark.parametrize("actions", [bytes([7, 1, 2]), bytes([0, 1, 2, 3]) * 4000])
def test_actions_the_game_refuses_end_the_replay_and_nothing_else(app, hands, actions):
    scene = opened(app, hands, dataclasses.replace(recorded(), actions=actions))
    assert scene.replay.verdict.genuine is False
    hands.press("end", "left", "home")
    assert scene.replay.length < len(actions)


def test_an_episode_of_other_rules_is_shown_as_unchecked(app, hands):
    scene = opened(app, hands, dataclasses.replace(recorded(), versions={"rules": "999"}))
    assert scene.replay.verdict.genuine is None


def test_a_torn_file_shows_what_is_whole_and_says_so(app, hands, tmp_path):
    path = append([recorded(seed=1), recorded(seed=2)], tmp_path / "torn.episode")
    path.write_bytes(path.read_bytes()[:-9])
    app.open(ReplayScene.of_file(app, path))
    assert len(app.scene.episodes) == 1
    assert "damaged" in hands.said[-1]


def test_an_episode_without_moves_can_be_looked_at(app, hands):
    refused = dataclasses.replace(recorded(), actions=b"", outcome="no_code", score=0, wasted=0)
    from grpo_arcade.games import Outcome

    scene = opened(app, hands, dataclasses.replace(refused, outcome=Outcome.NO_CODE))
    hands.press("space", "right", "end", "home")
    assert scene.ply == 0


def export(app, hands, *keys):
    scene = app.scene
    hands.press("e")
    assert isinstance(app.scene, Export)
    dialog = app.scene
    hands.press(*keys)
    return scene, dialog


def films(app):
    return sorted(path for path in (app.settings.data_folder / "films").glob("*") if not path.name.startswith("."))


def test_a_gif_is_measured_while_one_chooses_and_saved_by_one_key(app, hands):
    opened(app, hands)
    scene, dialog = export(app, hands)
    hands.until(lambda: dialog.filmed is not None)
    assert "fits in 10 MB" in dialog.status()[0]
    hands.press("return")
    assert app.scene is scene
    (path,) = films(app)
    assert path.stat().st_size == dialog.filmed.bytes
    assert str(path) in hands.said[-1]
    with Image.open(path) as gif:
        assert gif.n_frames > 10
    assert [p for p in path.parent.iterdir() if p != path] == []


def test_asked_for_before_it_is_made_it_is_saved_when_it_is(app, hands):
    opened(app, hands, recorded("greedy"), recorded("random"))
    hands.press("c")
    scene, dialog = export(app, hands, "up", "up", "up", "left", "down", "down", "down", "return")
    assert dialog.size == 240
    assert dialog.wanted
    hands.until(lambda: app.scene is scene)
    with Image.open(films(app)[0]) as gif:
        assert gif.width == 480


def test_an_mp4_is_made_too(app, hands):
    opened(app, hands)
    scene, _ = export(app, hands, *["up"] * 4, "right", *["down"] * 3, "return")
    hands.until(lambda: app.scene is scene)
    (path,) = films(app)
    assert path.suffix == ".mp4"
    assert path.read_bytes()[4:8] == b"ftyp"


def test_a_film_that_was_asked_for_is_saved_also_when_one_leaves_before_it_is_ready(app, hands):
    scene = opened(app, hands, recorded(options={"size": 5, "target": 8192}))
    export(app, hands, "return")
    hands.turns(3)
    hands.press("escape")
    assert "still being made" in hands.said[-1]
    hands.until(lambda: any("Saved (" in line for line in hands.said))
    assert app.scene is scene
    assert [path.suffix for path in films(app)] == [".gif"]
    assert len(list(app.files.folder("films").iterdir())) == 1


def test_an_export_that_cannot_be_written_is_one_line(app, hands):
    opened(app, hands)
    (app.settings.data_folder).mkdir(parents=True, exist_ok=True)
    (app.settings.data_folder / "films").write_text("a file where the folder should be")
    hands.press("e")
    hands.turns(3)
    assert app.running
    assert any("films" in line for line in hands.said)


@pytest.mark.parametrize("size", [(320, 240), (500, 900), (1280, 800), (3840, 2160)])
def test_boards_never_overlap_and_never_leave_the_window(app, hands, size):
    scene = opened(app, hands, recorded("greedy"), recorded("random"))
    hands.press("c")
    hands.resize(size)
    one, other = scene._boards
    assert not one.colliderect(other)
    assert all(scene.area.contains(board) for board in scene._boards)
    assert all(board.bottom < scene._track.top for board in scene._boards)
    hands.press("e")
    hands.turns(2)
    assert all(scene.area.contains(item.rect) for item in app.scene._focus.items)


def test_quitting_in_the_middle_of_an_export_leaves_no_rubbish(app, hands):
    opened(app, hands)
    export(app, hands, "return")
    hands.turns(3)
    app.shut()
    assert list((app.settings.data_folder / "films").iterdir()) == []


def test_what_is_saved_can_be_saved_again_beside_it(app, hands, tmp_path):
    first = app.files.fresh("films", "a", ".gif")
    save(recorded(), first)
    assert app.files.fresh("films", "a", ".gif") != first


def test_other_saved_games_of_the_same_seed_are_offered_before_baselines(app, hands):
    shown, other = (play_baseline("2048", {}, name, [77])[0] for name in ("greedy", "random"))
    elsewhere = play_baseline("2048", {}, "random", [78])[0]
    folder = app.files.folder("recordings")
    for name, episode in (("shown", shown), ("other", other), ("elsewhere", elsewhere)):
        save(episode, folder / f"{name}.episode")
    (folder / "broken.episode").write_bytes(b"no recording")
    scene = ReplayScene.of_file(app, folder / "shown.episode")
    app.open(scene)
    hands.press("c")
    hands.until(lambda: scene.compared is not None)
    assert scene.compared.episode == other
