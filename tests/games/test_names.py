"""What games are called among people."""

import pytest

from grpo_arcade.games.names import shown_name


@pytest.mark.parametrize(
    ("game", "name"),
    [
        ("2048", "2048"),
        ("connect-four", "Connect Four"),
        ("atari/space_invaders", "Space Invaders"),
        ("openenv:https://games.example/maze/", "openenv:https://games.example/maze/"),
        ("openenv:ws://127.0.0.1:8101", "openenv:ws://127.0.0.1:8101"),
    ],
)
def test_a_game_is_called_by_its_name_and_an_address_is_told_whole(game, name):
    assert shown_name(game) == name
