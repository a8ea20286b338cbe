"""``arcade serve GAME --seat S --opponent P``: others' agents play one seat against ours."""

import pytest

from grpo_arcade.arcade.cli import main
from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.against import Against
from grpo_arcade.games.episode import seat_results
from grpo_arcade.games.players import Contender
from grpo_arcade.games.replay import Replay
from grpo_arcade.recordings import RecordingError, episode_of_state, load, verify
from tests.games.openenv.serving import save_as_the_page_says, serving

pytest.importorskip("openenv")


def test_a_seat_is_played_against_a_program_and_the_state_tells_all_of_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
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
                save_as_the_page_says(session)
            recorded = load("served.episode")
            verify(recorded)
            assert [result.player for result in recorded.seats] == ["champion", "my agent"]
            assert recorded.seats[1].score == seen["score"]
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


def test_a_seat_of_a_board_game_waits_for_its_turn(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["connect-four", "--seat", "yellow", "--opponent", "one-ply", "--port", "0"]
    with serving(*words) as server, server.session() as session:
        seen = session.reset(seed=2)
        while not seen["done"]:
            save_as_the_page_says(session)
            assert verify(load("served.episode")).outcome is None
            seen = session.step(seen["legal_actions"][0])
        save_as_the_page_says(session)
        state = session.state()
        assert seen["outcome"] in ("won", "lost", "drawn")
    recorded = load("served.episode")
    verify(recorded)
    assert (recorded.seats[1].player, str(recorded.seats[1].outcome)) == ("my agent", seen["outcome"])
    with pytest.raises(RecordingError, match=r"the state says the score is 7\.0, the replay of its moves says"):
        episode_of_state(state | {"score": 7})
    for broken in ({}, state | {"seed": None}, state | {"actions": [999]}, state | {"outcome": "splendid"}):
        with pytest.raises(RecordingError, match="the state of no episode"):
            episode_of_state(broken)


def in_one_session(build):
    """An environment as the server has one a session, and one move of its game."""
    from grpo_arcade.games.openenv.server.environment import GameEnvironment
    from grpo_arcade.games.openenv.server.messages import GameAction, messages_for

    environment = GameEnvironment(build, messages_for(build()), None)
    return environment, lambda name: environment.step(GameAction(action=name))


def test_all_seats_of_a_board_game_may_be_played_by_one_client():
    environment, step = in_one_session(lambda: make("connect-four", players=2))
    seen = environment.reset(seed=0)
    while not seen.done:
        seen = step(seen.legal_actions[0])
    episode = episode_of_state(environment.state.model_dump(), player="both")
    verify(episode)
    assert [result.player for result in episode.seats] == ["both", "both"]


def test_an_opponent_that_fails_is_in_the_recording_as_it_failed():
    source = "def strategy(board):\n    return sum(map(len, board)) // 0\n"
    game = make("connect-four", players=2)
    environment, step = in_one_session(lambda: Against(game, 0, Contender("short", source)))
    environment.reset(seed=0)
    assert step("4").outcome == "won"
    state = environment.state.model_dump()
    episode = episode_of_state(state)
    verify(episode)
    assert state["failed"] == {"yellow": "crashed"}
    assert [result.outcome for result in episode.seats] == [Outcome.WON, Outcome.CRASHED]
    assert episode.outcome is Outcome.CRASHED


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
