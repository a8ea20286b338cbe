"""Servers that speak as OpenEnv's own environments do are games like any other: played, drawn, recorded."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import numpy as np
import pygame
import pytest

from grpo_arcade import recordings
from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.baseline_scores import play_baseline
from grpo_arcade.games.conformance import check_game
from grpo_arcade.games.openenv import Remote
from grpo_arcade.games.openenv.spec_parser import shipped
from grpo_arcade.games.players import play_match
from grpo_arcade.recordings import films
from tests.games.openenv.by_hand import SPEC_OF, STRATEGIES, WINS, elsewhere


@pytest.mark.parametrize("environment", SPEC_OF)
def test_a_server_that_names_itself_is_played_drawn_and_recorded(servers, environment, tmp_path):
    game = make(f"openenv:{servers}/{environment}")
    assert game.options == {"spec": SPEC_OF[environment]}
    result = play_match(STRATEGIES[environment], game.name, game.options, [1, 2], player="by hand")
    assert result.error == ""
    for episode in result.episodes:
        assert episode.outcome is not Outcome.DISCONNECTED
        assert episode.actions
        assert episode.outcome is Outcome.WON or environment not in WINS
        # What was recorded is shown without asking the server: this one has gone to an address where nobody is.
        copy = recordings.load(recordings.save(episode, tmp_path / "an.episode"))
        assert copy == episode
        end = recordings.verify(elsewhere(copy))
        assert (end.outcome, end.score, end.plies) == (episode.outcome, episode.score, len(episode.actions))
        colours = len(np.unique(pixels(end)))
        assert colours > 3
    film = films.Film(elsewhere(result.episodes[0]), size=96, every=max(1, len(episode.actions) // 10))
    frames = [frame.pixels.tobytes() for frame in film]
    assert len(set(frames)) > 2


def test_every_spec_is_tried_here():
    assert set(shipped()) == {*SPEC_OF.values(), "atari"}


def pixels(game) -> np.ndarray:
    picture = game.picture()
    surface = pygame.Surface(picture.natural_size, 0, 32)
    picture.draw(surface, game.view())
    return pygame.surfarray.array2d(surface)


def test_an_atari_server_is_asked_for_its_actions_and_its_pictures_are_kept_small(servers):
    game = make(f"openenv:{servers}/atari")
    assert game.actions == ("NOOP", "FIRE", "RIGHT", "LEFT")
    game.reset(1)
    seen = []
    for action in (2, 2, 3):
        game.step(action)
        observation = game.observation()
        assert len(observation["screen"]) == 35
        assert {len(row) for row in observation["screen"]} == {32}
        seen.append(pixels(game))
    assert not np.array_equal(seen[0], seen[1])
    assert len(game.kept()) < 20_000
    again = make("openenv:ws://127.0.0.1:9", **game.options)
    again.recall(game.kept())
    again.reset(1)
    for action, picture in zip((2, 2, 3), seen, strict=True):
        again.step(action)
        assert np.array_equal(pixels(again), picture)


def test_what_is_not_legal_is_not_sent_and_ends_as_stuck(servers):
    game = make(f"openenv:{servers}/tic_tac_toe")
    game.reset(1)
    game.step(4)
    for _ in range(31):
        game.step(4)
        assert game.outcome is None
    game.step(4)
    assert (game.outcome, game.wasted, game.plies) == (Outcome.STUCK, 32, 33)
    game.reset(1)  # the server would have died of it
    assert game.legal_actions() == tuple(range(9))


def test_the_cap_of_a_spec_holds(servers):
    game = make(f"openenv:{servers}/grid_world", spec="grid_world")
    game.reset(1)
    while game.outcome is None:
        game.step(0)
    assert (game.outcome, game.plies) == (Outcome.CAPPED, 100)


def test_the_same_seed_gives_the_same_game_where_a_spec_says_so(servers):
    assert make(f"openenv:{servers}/connect4").replayable
    assert not make(f"openenv:{servers}/catch").replayable
    for environment in ("connect4", "coin"):
        game = make(f"openenv:{servers}/{environment}")
        if environment == "coin":
            game = Remote(f"{servers}/coin", {**game.options["spec"], "seeds": True})
        one, other = (play_baseline(game.name, game.options, "random", range(4)) for _ in range(2))
        assert one == other
        assert len({episode.observations for episode in one}) > 1


def test_a_server_nobody_wrote_a_spec_for_is_played_by_its_schema(servers):
    game = make(f"openenv:{servers}/coin")
    assert game.actions[0] == "side=heads sure=False"
    assert len(game.actions) == 4
    episodes = play_baseline(game.name, game.options, "random", range(12))
    assert {episode.outcome for episode in episodes} == {Outcome.WON, Outcome.LOST}
    assert '`state["message"]`' in game.prompt()
    assert len(np.unique(pixels(game))) == 1
    game.reset(1)
    assert len(np.unique(pixels(game))) > 3


def test_a_server_that_takes_any_text_needs_a_spec(servers, tmp_path):
    with pytest.raises(ValueError, match="takes anything as 'message'; a spec"):
        make(f"openenv:{servers}/talk")
    path = tmp_path / "talk.toml"
    path.write_text(
        '[action]\nfield = "message"\nnames = ["hi", "bye"]\ntext = true\n[see.message]\nfield = "message"\n'
    )
    game = make(f"openenv:{servers}/talk", spec=str(path))
    path.unlink()  # it goes with the options
    (episode,) = play_baseline(game.name, game.options, "random", [1])
    assert episode.outcome is not Outcome.DISCONNECTED


def test_more_seeds_than_sessions_are_played_one_after_another(servers):
    game = make(f"openenv:{servers}/maze")
    assert game.most_at_once == 1
    result = play_match(STRATEGIES["maze"], game.name, game.options, [3, 1, 2])
    assert [episode.seed for episode in result.episodes] == [3, 1, 2]
    assert {episode.outcome for episode in result.episodes} == {Outcome.WON}


def test_nobody_takes_over_in_the_middle_of_a_game_that_cannot_be_repeated(servers):
    game = make(f"openenv:{servers}/catch")
    with pytest.raises(ValueError, match="cannot take over in the middle"):
        play_match(STRATEGIES["catch"], game.name, game.options, [1], opening=b"\0")


def test_a_full_server_is_waited_for(servers, monkeypatch):
    import grpo_arcade.games.openenv as openenv

    first, second = (make(f"openenv:{servers}/snake") for _ in range(2))
    first.reset(1)
    monkeypatch.setattr(openenv, "_PATIENCE_S", 0.2)
    second.reset(1)
    assert second.outcome is Outcome.DISCONNECTED
    assert "capacity" in second.trouble
    first.step(0)
    assert first.outcome is None
    del first
    monkeypatch.setattr(openenv, "_PATIENCE_S", 10.0)
    second.reset(1)
    assert second.outcome is None


def test_of_several_servers_one_that_is_free_plays(servers, monkeypatch):
    import grpo_arcade.games.openenv as openenv

    port = int(servers.rpartition(":")[2])
    name = f"openenv:ws://127.0.0.1:{port - 1}-{port}/snake"  # nobody answers at the first
    first, second = (make(name, spec="snake", step_cap=3) for _ in range(2))
    assert first.name == name
    first.reset(1)
    assert first.outcome is None
    monkeypatch.setattr(openenv, "_PATIENCE_S", 0.2)
    second.reset(1)
    assert "capacity" in second.trouble  # one is away and one is full: that is the one to wait for
    for _ in range(3):
        first.step(0)
    assert (first.outcome, first.plies) == (Outcome.CAPPED, 3)
    again = type(first).recorded(name.partition(":")[2], **first.options)
    again.recall(first.kept())
    again.reset(1)
    for _ in range(3):
        again.step(0)
    assert (again.outcome, again.score) == (first.outcome, first.score)


@pytest.mark.parametrize("ports", ["8004-8001", "1-70", "8001-8001", "70000-70001"])
def test_ports_that_are_no_row_are_refused_with_a_line(ports):
    with pytest.raises(ValueError, match=r"(?i)port"):
        make(f"openenv:ws://localhost:{ports}", spec="snake")


@pytest.mark.parametrize("step_cap", [0, 1001, True, "9"])
def test_a_cap_is_at_most_that_of_the_spec(step_cap):
    with pytest.raises(ValueError, match="step_cap must be a whole number from 1 to 1000"):
        make("openenv:ws://localhost", spec="snake", step_cap=step_cap)


def test_a_strategy_that_is_refused_leaves_episodes_that_can_be_shown(servers):
    from grpo_arcade.games.players import extract_source
    from grpo_arcade.trainer.scoring import Assignment, refused

    game = make(f"openenv:{servers}/catch")
    play = refused("no program", extract_source("no program"), Assignment(game.name, game.options, (1, 2)), "model")
    for episode in play.episodes:
        assert recordings.verify(elsewhere(episode)).plies == 0


def test_a_spec_can_be_chosen_by_hand_without_asking_the_server():
    game = make("openenv:ws://127.0.0.1:9", spec="tic_tac_toe")
    assert game.actions[4] == "B2"
    assert game.aliases["B2"] == game.aliases[4] == game.aliases["4"] == 4
    assert 'Return one of "A1"' in game.prompt()
    with pytest.raises(ValueError, match="did you mean tic_tac_toe"):
        make("openenv:ws://127.0.0.1:9", spec="tictactoe")
    with pytest.raises(ValueError, match="has no option 'size'"):
        make("openenv:ws://127.0.0.1:9", size=4)


def test_a_server_that_plays_the_same_game_again_meets_the_contract_of_games(servers):
    game = make(f"openenv:{servers}/grid_world")
    check_game(lambda: make(game.name, **game.options))


def test_a_forged_recording_is_found_out_as_far_as_it_can_be(servers):
    from dataclasses import replace

    game = make(f"openenv:{servers}/catch")
    (episode,) = play_baseline(game.name, game.options, "random", [1])
    for forged in (
        replace(episode, score=5.0),
        replace(episode, outcome=Outcome.DRAWN),
        replace(episode, wasted=1),
        replace(episode, actions=episode.actions + b"\0"),
        replace(episode, observations=episode.observations[:-20]),
        replace(episode, observations=b"nonsense"),
    ):
        with pytest.raises(recordings.ForgedEpisodeError):
            recordings.verify(forged)


def test_a_recording_makes_nobody_connect_anywhere(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        address = f"ws://127.0.0.1:{listening.getsockname()[1]}"
        good = {"spec": "catch"}
        for options in (
            {},
            {"spec": "atari"},
            {"spec": str(tmp_path / "x.toml")},
            {"spec": {"action": {"legal": "x", "field": "a"}}},
            good,
        ):
            versions = make("openenv:ws://127.0.0.1:9", **good).versions
            episode = Episode(f"openenv:{address}", options, 1, b"", Outcome.UNFINISHED, 0.0, versions=versions)
            if options is good:
                recordings.verify(episode)
            else:
                with pytest.raises(recordings.UnverifiableEpisodeError, match="cannot be played again"):
                    recordings.verify(episode)
        with pytest.raises(TimeoutError):
            listening.accept()


def test_the_client_needs_no_openenv():
    code = (
        "import sys\nfrom grpo_arcade.games import make\n"
        "game = make('openenv:ws://127.0.0.1:9', spec='catch')\ngame.reset(1)\n"
        "print(sorted({'openenv', 'pydantic', 'fastapi', 'asyncio', 'pygame', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_server_that_dies_ends_the_episode(servers):
    address, connections = servers.removeprefix("ws://").split(":"), []
    listening = socket.create_server(("127.0.0.1", 0))

    def between() -> None:
        near, _ = listening.accept()
        far = socket.create_connection((address[0], int(address[1])))
        connections.extend((near, far))
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=pipe, args=(one, other), daemon=True).start()

    def pipe(one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)

    threading.Thread(target=between, daemon=True).start()
    game = make(f"openenv:ws://127.0.0.1:{listening.getsockname()[1]}/catch", spec="catch")
    game.reset(1)
    game.step(0)
    assert game.outcome is None
    listening.close()
    for connection in connections:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
    game.step(0)
    assert (game.outcome, game.plies) == (Outcome.DISCONNECTED, 2)
    game.reset(2)
    assert game.outcome is Outcome.DISCONNECTED
    assert "no server answers" in game.trouble


def test_one_of_our_own_servers_is_the_same_game_as_here():
    pytest.importorskip("openenv")
    from tests.games.openenv.serving import serving

    with serving("2048", "--port", "0", "--game-options", "size=3", "target=64") as served:
        far, near = make(f"openenv:{served.url}"), make("2048", size=3, target=64)
        assert far.replayable
        assert far.prompt() == near.prompt()
        assert far.aliases == near.aliases
        assert far.picture().natural_size == near.picture().natural_size
        for seed in (5, 2**62 + 1):
            far.reset(seed)
            near.reset(seed)
            while near.outcome is None:
                assert far.observation() == near.observation()
                assert far.view() == near.view()
                assert far.legal_actions() == near.legal_actions()
                action = near.legal_actions()[near.plies % len(near.legal_actions())]
                far.step(action)
                near.step(action)
            assert (far.outcome, far.score, far.wasted, far.plies) == (
                near.outcome,
                near.score,
                near.wasted,
                near.plies,
            )
        (there,) = play_baseline(far.name, far.options, "greedy", [7])
    (here,) = play_baseline("2048", near.options, "greedy", [7])
    assert (there.actions, there.score, there.outcome) == (here.actions, here.score, here.outcome)
    assert recordings.verify(there).view() == recordings.verify(here).view()


def test_the_spec_in_the_documentation_plays(servers):
    text = (Path(__file__).parents[3] / "docs" / "openenv.md").read_text(encoding="utf-8")
    spec = tomllib.loads(text.split("```toml\n")[1].split("```")[0])
    game = make(f"openenv:{servers}/coin", spec=spec)
    episodes = play_baseline(game.name, game.options, "random", range(8))
    assert {episode.outcome for episode in episodes} == {Outcome.WON, Outcome.LOST}
    assert play_baseline(game.name, game.options, "random", range(8)) == episodes
