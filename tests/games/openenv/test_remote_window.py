"""A person plays a game that a server runs: with keys where it has directions, with the mouse where it has cells."""

from __future__ import annotations

import pygame
import pytest

from grpo_arcade import recordings
from grpo_arcade.arcade.settings import Settings
from grpo_arcade.arcade.window.play.opening import play
from grpo_arcade.arcade.window.shell.app import App
from grpo_arcade.games import Outcome, make
from tests.games.openenv.by_hand import STRATEGIES, elsewhere


@pytest.fixture
def app(monkeypatch, tmp_path):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    app = App(Settings(folder=str(tmp_path / "data"), outputs=str(tmp_path / "outputs"), undo=True), size=(960, 640))
    yield app
    app.shut()


def click(app, at):
    pygame.event.post(pygame.event.Event(pygame.MOUSEMOTION, pos=tuple(at), rel=(0, 0), buttons=(0, 0, 0)))
    for kind in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
        pygame.event.post(pygame.event.Event(kind, pos=tuple(at), button=1))
    app.turn(wait=False)


def press(app, key):
    code = pygame.key.key_code(key)
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=code, mod=0, unicode=key, scancode=0))
    pygame.event.post(pygame.event.Event(pygame.KEYUP, key=code, mod=0, scancode=0))
    app.turn(wait=False)


def opened(app, servers, environment):
    game = make(f"openenv:{servers}/{environment}")
    scene = play(app, game.name, dict(game.options))
    app.open(scene)
    app.turn(wait=False)
    return scene


def drawn(scene):
    return pygame.image.tobytes(pygame.display.get_surface().subsurface(scene._board), "RGB")


@pytest.mark.parametrize("environment", STRATEGIES)
def test_what_every_server_says_is_drawn_move_by_move(app, servers, environment):
    scene = opened(app, servers, environment)
    seen = {drawn(scene)}
    while len(scene.session.actions) < 8 and scene.game.outcome is None:
        scene._person_moves(scene.game.legal_actions()[-1])
        app.redraw()
        for _ in range(30):
            app.turn(wait=False)
        seen.add(drawn(scene))
    assert len(seen) > 2
    assert scene.game.outcome is not Outcome.DISCONNECTED
    assert recordings.verify(elsewhere(scene.session.episode())).plies == len(scene.session.actions)


@pytest.mark.parametrize("environment", ["catch", "connect4"])
def test_a_baseline_takes_over_the_game_on_the_board(app, servers, environment):
    scene = opened(app, servers, environment)
    for moves in (1, 2, 3):
        press(app, ".")
        for _ in range(20):
            app.turn(wait=False)
        assert len(scene.session.actions) == moves
    assert recordings.verify(elsewhere(scene.session.episode())).plies == 3


def test_a_board_is_played_with_the_mouse(app, servers):
    scene = opened(app, servers, "tic_tac_toe")
    click(app, scene._board.center)
    assert scene.game.observation()[1][1] == "X"
    assert bytes(scene.session.actions) == b"\x04"
    press(app, "w")  # means nothing here
    click(app, scene._board.center)  # not legal
    assert len(scene.session.actions) == 1
    press(app, "u")  # cannot be taken back: the server would answer otherwise
    assert len(scene.session.actions) == 1


def test_a_column_is_played_with_the_mouse(app, servers):
    scene = opened(app, servers, "connect4")
    click(app, (scene._board.left + scene._board.width // 14, scene._board.centery))
    assert scene.game.observation()[5][0] == 1


def test_directions_are_played_with_the_keys(app, servers):
    scene = opened(app, servers, "grid_world")
    for key in "sssdssdddd":
        press(app, key)
    assert scene.game.outcome is Outcome.WON
    episode = scene.session.episode()
    assert episode.observations
    again = episode.new_game()
    for action in episode.actions:
        again.step(action)
    assert again.outcome is Outcome.WON
