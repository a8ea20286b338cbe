"""``arcade serve GAME --seat S --opponent P``: others' agents play one seat against ours."""

import pytest

from grpo_arcade.arcade.cli import main
from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.episode import seat_results
from grpo_arcade.games.replay import Replay
from tests.games.openenv.serving import serving

pytest.importorskip("openenv")


def test_a_seat_is_played_against_a_program_and_the_state_tells_all_of_it(tmp_path):
    champion = tmp_path / "champion.py"
    champion.write_text(
        'def strategy(state):\n    gap = state["ball_y"] - state["player_y"]\n'
        '    return "DOWN" if gap > 8 else "UP" if gap < -8 else "FIRE"\n'
    )
    options = ["--game-options", "max_num_frames_per_episode=480"]
    with serving("atari/pong", "--seat", "left", "--opponent", str(champion), *options, "--port", "0") as server:
        assert "atari/pong, left against champion," in server.line
        for seed in (3, 4):
            with server.session() as session:
                seen = session.reset(seed=seed)
                while not seen["done"]:
                    seen = session.step("UP" if seen["plies"] % 3 else "DOWN")
                state = session.state()
            assert state["options"] | {"seat": "left", "opponent": "champion", "players": 2} == state["options"]
            options_of_game = {key: state["options"][key] for key in make("atari/pong", players=2).options}
            game = make("atari/pong", **options_of_game)
            assert len(state["actions"]) == 2 * state["step_count"]
            actions = bytes(state["actions"])
            episode = Episode("atari/pong", options_of_game, seed, actions, Outcome.UNFINISHED, 0.0, per_step=2)
            game.reset(seed)
            replay = Replay(episode, game)
            replay.seek(replay.length)
            assert not replay.broken
            assert game.seat_score(1) == seen["score"]
            assert str(game.seat_outcome(1)) == seen["outcome"]
            assert game.seat_observation(1) == seen["position"]
            assert seat_results(game, ["champion", "theirs"])[1].score == seen["score"]


def test_a_seat_of_a_board_game_waits_for_its_turn():
    words = ["connect-four", "--seat", "yellow", "--opponent", "one-ply", "--port", "0"]
    with serving(*words) as server, server.session() as session:
        seen = session.reset(seed=2)
        while not seen["done"]:
            seen = session.step(seen["legal_actions"][0])
        assert seen["outcome"] in ("won", "lost", "drawn")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["atari/pong", "--seat", "left"], "--opponent random"),
        (["atari/pong", "--opponent", "random", "--seat", "middle"], "its seats are right, left"),
        (["atari/breakout", "--opponent", "random"], "one player only"),
        (["2048", "--opponent", "random"], "one player only"),
        (["atari/pong", "--opponent", "no-such-run:champion"], "no-such-run"),
        (["atari/pong", "--opponent", "you"], "you play in the window"),
        (["atari/combat"], "who plays at the other"),
        (["atari/pong", "--opponent", "random", "--export", "folder"], "--export"),
    ],
)
def test_what_cannot_be_served_is_one_line(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["serve", *words]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line


def test_an_opponent_whose_program_may_not_be_played_is_one_line(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cheat.py").write_text("import os\ndef strategy(state):\n    return 0\n")
    assert main(["serve", "atari/pong", "--opponent", "cheat.py"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "cheat cannot be played" in line
