"""``arcade serve``: a real server in a child process, asked by plain WebSockets and by OpenEnv's own tools."""

import asyncio
import base64
import contextlib
import json
import random
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import ConnectionClosed

from grpo_arcade.arcade.cli import main
from grpo_arcade.games import make
from tests.games.openenv.serving import save_as_the_page_says, serving

pytest.importorskip("openenv")

PAGE = Path(__file__).parents[3] / "docs" / "openenv.md"


@pytest.fixture(scope="module")
def server():
    with serving("2048", "--game-options", "target=64", "--port", "0") as served:
        yield served


@pytest.fixture
def session(server):
    with server.session() as opened:
        yield opened


def local(seed):
    game = make("2048", target=64)
    game.reset(seed)
    return game


def same(seen, game):
    return (
        seen["position"] == game.observation()
        and seen["legal_actions"] == [game.actions[action] for action in game.legal_actions()]
        and seen["score"] == game.score
        and seen["plies"] == game.plies
        and seen["outcome"] == (None if game.outcome is None else str(game.outcome))
        and seen["done"] == (game.outcome is not None)
    )


def test_a_served_episode_is_the_one_of_its_seed(session):
    for seed in (0, 7, 2**63 - 1):
        game = local(seed)
        seen = session.reset(seed=seed)
        assert same(seen, game)
        assert seen["reward"] is None
        rng = random.Random(seed)
        while game.outcome is None:
            before, action = game.score, rng.choice(game.legal_actions())
            game.step(action)
            # Every spelling that a strategy may use is taken.
            seen = session.step(rng.choice([game.actions[action], action, str(action)]))
            assert same(seen, game)
            assert seen["reward"] == game.score - before


def test_without_a_seed_every_episode_is_another_and_the_state_tells_its_seed(session):
    seeds = set()
    for _ in range(5):
        seen = session.reset()
        state = session.state()
        seeds.add(state["seed"])
        assert seen["position"] == local(state["seed"]).observation()
    assert len(seeds) == 5


def test_the_state_holds_all_that_a_genuine_recording_needs(session, tmp_path, monkeypatch):
    from grpo_arcade.recordings import load, verify

    seen = session.reset(seed=11, episode_id="eleven")
    while not seen["done"]:
        seen = session.step(seen["legal_actions"][0])
    state = session.state()
    assert (state["episode_id"], state["step_count"]) == ("eleven", seen["plies"])
    monkeypatch.chdir(tmp_path)
    save_as_the_page_says(session)
    verify(load("served.episode"))


def test_the_state_before_the_first_episode_says_what_is_served(session):
    state = session.state()
    assert (state["game"], state["options"]["target"], state["action_names"]) == ("2048", 64, ["W", "D", "S", "A"])
    assert (state["episode_id"], state["step_count"], state["seed"], state["actions"]) == (None, 0, None, [])


def test_what_cannot_be_is_refused_in_clear_words_and_the_session_lives_on(session):
    assert "reset first" in session.refused("step", {"action": "W"})
    seen = session.reset(seed=3)
    while len(seen["legal_actions"]) == 4:
        seen = session.step(seen["legal_actions"][0])
    illegal = next(name for name in "WDSA" if name not in seen["legal_actions"])
    before = session.state()
    for data, words in (
        ({"action": illegal}, f"'{illegal}' is not legal now; legal are {', '.join(seen['legal_actions'])}"),
        ({"action": "up"}, "'up' is no action"),
        ({"action": True}, "True is no action"),
        ({"action": [["W"]]}, "is no action"),
        ({"action": 10**400}, "is no action"),
        ({}, "None is no action"),
        ({"move": "W"}, '{"action": NAME}'),
        ({"action": "W", "picture": 1}, "picture must be true, false or a width from 16 to 1024, not 1"),
    ):
        assert words in session.refused("step", data)
    after = session.state()
    assert after.pop("refused") == before.pop("refused") + 6
    assert after == before
    for data, words in (
        ({"seed": -1}, "seed must be a whole number from 0 to"),
        ({"seed": 2**63}, "seed must be"),
        ({"seed": "7"}, "seed must be"),
        ({"seed": 1.5}, "seed must be"),
        ({"seed": True}, "seed must be"),
        ({"episode_id": 4}, "episode_id must be a text"),
        ({"episode_id": "x" * 300}, "episode_id must be a text"),
        ({"sede": 4}, "no argument 'sede'"),
        ({"picture": "yes"}, "picture must be"),
    ):
        assert words in session.refused("reset", data)
    assert session.state()["actions"] == before["actions"]
    assert "Unknown message type" in session.refused("rest")
    session.socket.send("{not json")
    assert "Invalid JSON" in json.loads(session.socket.recv())["data"]["message"]
    assert session.step(seen["legal_actions"][0])["plies"] == seen["plies"] + 1


def test_a_move_after_the_end_is_refused_until_the_next_reset(session):
    seen = session.reset(seed=5)
    while not seen["done"]:
        seen = session.step(seen["legal_actions"][0])
    assert f"the episode is over ({seen['outcome']})" in session.refused("step", {"action": "W"})
    assert session.state()["step_count"] == seen["plies"]
    assert not session.reset(seed=5)["done"]


def test_pictures_are_made_on_request_only_and_show_the_position(session):
    import io

    import pygame
    from PIL import Image

    assert session.reset(seed=1)["picture"] is None
    seen = session.reset(seed=1, picture=True)
    game = local(1)
    for width in (240, 300):
        image = Image.open(io.BytesIO(base64.b64decode(seen["picture"])))
        picture = game.picture()
        surface = pygame.Surface((width, width))
        picture.draw(surface, game.view())
        assert image.format == "PNG"
        assert image.convert("RGB").tobytes() == pygame.image.tobytes(surface, "RGB")
        move = seen["legal_actions"][0]
        game.step(game.actions.index(move))
        seen = session.step(move, picture=300)
    assert session.step(seen["legal_actions"][0])["picture"] is None


def test_schemas_name_the_actions_and_the_observation(server):
    import jsonschema

    schema = json.loads(server.get("/schema"))
    assert schema["action"]["properties"]["action"]["enum"] == ["W", "D", "S", "A"]
    assert schema["action"]["required"] == ["action"]
    position = schema["observation"]["properties"]["position"]
    assert (position["type"], position["items"]["items"]) == ("array", {"type": "integer"})
    assert schema["observation"]["properties"]["legal_actions"]["items"]["enum"] == ["W", "D", "S", "A"]
    assert all(
        field["description"]
        for part in ("action", "observation", "state")
        for field in schema[part]["properties"].values()
    )
    with server.session() as session:
        jsonschema.validate(session.reset(seed=2, picture=True), schema["observation"])
        jsonschema.validate(session.state(), schema["state"])


def test_hundreds_play_at_once_and_none_sees_another(server):
    players = 200

    async def play(seed):
        url = server.url.replace("http", "ws") + "/ws"
        async with connect_async(url, open_timeout=60, compression=None) as socket:

            async def ask(kind, data):
                await socket.send(json.dumps({"type": kind, "data": data}))
                answer = json.loads(await socket.recv())["data"]
                return {**answer["observation"], "done": answer["done"]}

            game = local(seed)
            seen = await ask("reset", {"seed": seed})
            await everybody.wait()
            for _ in range(5):
                game.step(game.legal_actions()[-1])
                seen = await ask("step", {"action": seen["legal_actions"][-1]})
            return same(seen, game)

    async def all_of_them():
        nonlocal everybody
        everybody = asyncio.Barrier(players)
        return await asyncio.gather(*map(play, range(players)))

    everybody = None
    assert asyncio.run(all_of_them()) == [True] * players


def test_openenvs_own_client_plays(server):
    from openenv.core.generic_client import GenericEnvClient

    with GenericEnvClient(base_url=server.url).sync() as env:
        result = env.reset(seed=4, episode_id="four")
        assert result.observation["position"] == local(4).observation()
        with pytest.raises(RuntimeError, match="'up' is no action; legal are"):
            env.step({"action": "up"})
        while not result.done:
            result = env.step({"action": result.observation["legal_actions"][0]})
        assert env.state()["episode_id"] == "four"


def test_openenvs_validation_of_a_running_server_passes(server):
    from openenv.cli._validation import validate_running_environment

    report = validate_running_environment(server.url, timeout_s=30)
    assert report["passed"], report
    assert report["summary"]["failed_criteria"] == []


def test_plain_requests_can_reset_and_are_told_why_they_cannot_step(server):
    status, answer = server.post("/reset", {"seed": 9})
    assert (status, answer["observation"]["position"]) == (200, local(9).observation())
    status, answer = server.post("/reset", {"seed": 2**63})
    assert (status, answer["detail"]) == (409, f"seed must be a whole number from 0 to {2**63 - 1}, not {2**63}")
    status, answer = server.post("/step", {"action": {"action": "W"}})
    assert status == 409
    assert "sessions live on the WebSocket /ws" in answer["detail"]
    status, answer = server.post("/reset", b" " * 70_000)
    assert (status, "longer than 65536 bytes" in answer["detail"]) == (413, True)


def test_the_page_holds_the_game_and_loads_nothing_from_elsewhere(server):
    page = server.get("/web")
    assert page == server.get("/web/") == server.get("/")
    facts = json.loads(re.search(r'<script type="application/json" id="facts">(.*?)</script>', page)[1])
    assert facts["actions"] == ["W", "D", "S", "A"]
    assert facts["keys"]["ArrowUp"] == "W"
    assert facts["keys"]["a"] == "A"
    assert not re.search(r'(src|href)="http|url\(|@import', page)


def test_a_message_too_long_ends_its_session_alone(server):
    with server.session() as other, server.session() as session:
        other.reset(seed=1)
        session.socket.send(json.dumps({"type": "reset", "data": {"episode_id": "x" * 70_000}}))
        with pytest.raises(ConnectionClosed) as closed:
            session.socket.recv()
        assert closed.value.rcvd.code == 1009
        assert other.state()["seed"] == 1


def test_a_small_server_of_a_console():
    """One server for three properties: what is where, its limits, and its end."""
    with serving("atari/pong", "--port", "0", "--sessions", "2", "--idle", "8") as served:
        a_console_is_served_as_what_is_where_and_its_seeds_hold(served)
        a_full_server_says_so_and_an_idle_session_gives_its_place_back(served)
        with served.session() as one, served.session():
            one.reset(seed=1)
            assert served.interrupt() == (130, "stopped\n")


def a_console_is_served_as_what_is_where_and_its_seeds_hold(served):
    schema = json.loads(served.get("/schema"))
    named = schema["observation"]["properties"]["position"]
    assert named["type"] == "object"
    assert named["properties"]["ball_x"] == {"type": "integer"}
    assert "UP" in schema["action"]["properties"]["action"]["enum"]
    facts = json.loads(re.search(r'id="facts">(.*?)</script>', served.get("/web"))[1])
    assert (facts["held"]["up"], facts["held"][""]) == ("UP", "NOOP")
    game = make("atari/pong")
    game.reset(6)
    with served.session() as session:
        seen = session.reset(seed=6)
        rng = random.Random(6)
        for _ in range(120):
            assert seen["position"] == game.observation()
            assert seen["picture"] is None
            move = rng.choice(seen["legal_actions"])
            game.step(game.aliases[move])
            seen = session.step(move)
        assert seen["plies"] == game.plies
        assert base64.b64decode(session.step("NOOP", picture=True)["picture"]).startswith(b"\x89PNG")


def a_full_server_says_so_and_an_idle_session_gives_its_place_back(served):
    with served.session() as one, served.session() as idle:
        idle.reset(seed=1)
        third = served.session()
        refusal = json.loads(third.socket.recv())
        assert refusal["data"]["code"] == "CAPACITY_REACHED"
        with pytest.raises(ConnectionClosed):
            third.socket.recv()

        def play_while_the_other_idles():
            for seed in range(1_000_000):
                one.reset(seed=seed)
                with contextlib.suppress(TimeoutError):
                    idle.socket.recv(timeout=0.5)

        with pytest.raises(ConnectionClosed) as closed:
            play_while_the_other_idles()
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, "no message for 8 s")
        assert one.state()["seed"] > 0
        with served.session() as fourth:
            fourth.reset(seed=2)


@pytest.mark.soak
def test_a_client_that_reads_nothing_loses_its_place_too():
    with serving("2048", "--port", "0", "--sessions", "1", "--idle", "4") as served, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", int(served.url.rpartition(":")[2])))
        lines = ["GET /ws HTTP/1.1", "Host: here", "Upgrade: websocket", "Connection: Upgrade"]
        lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""]
        client.sendall("\r\n".join(lines).encode())
        assert client.recv(12) == b"HTTP/1.1 101"
        message = b'{"type":"reset","data":{"picture":true}}'
        frame = bytes([0x81, 0x80 | len(message)]) + bytes(4) + message
        client.settimeout(6)
        with contextlib.suppress(TimeoutError):
            # Until the server, which cannot get rid of its answers, reads no more either.
            for _ in range(10_000):
                client.sendall(frame)
        for _ in range(60):
            with served.session() as session, contextlib.suppress(ConnectionClosed):
                if "data" in session.ask("state") and session.reset(seed=1)["score"] == 0:
                    return
            time.sleep(1)
    raise AssertionError("its place was never given back")


def test_a_bucket_gives_a_seconds_worth_at_once_and_then_at_its_rate():
    from grpo_arcade.games.openenv.server.limits import Limits, _Bucket

    bucket = _Bucket(10.0, now=0.0)
    assert [bucket.take(0.0) for _ in range(10)] == [0.0] * 10
    assert bucket.take(0.0) == pytest.approx(0.1)
    assert bucket.take(0.2) == 0.0
    assert [bucket.take(100.0) for _ in range(11)].count(0.0) == 10
    with pytest.raises(ValueError, match="messages_per_s must be positive, not 0"):
        Limits(messages_per_s=0)


def test_bad_input_is_one_line_and_exit_code_2(server, tmp_path, capsys):
    port = server.url.rpartition(":")[2]
    for words, line in (
        (["2048", "--port", port], f"cannot listen on 127.0.0.1 port {port}: Address already in use; --port 0 takes"),
        (["chess"], "no game is called 'chess'"),
        (["openenv:ws://127.0.0.1:1"], "openenv:ws://127.0.0.1:1 is served already"),
        (["--sessions", "1000000000000"], "the system allows"),
        (["2048", "--game-options", "size"], "--game-options: 'size' is not name=value; for example size=4"),
        (["2048", "--game-options", "side=5"], "2048 has no option 'side'"),
        (["--port", "70000"], "--port must be 0 to 65535"),
        (["--host", "192.0.2.1", "--port", "0"], "cannot listen on 192.0.2.1 port 0"),
        (["--sessions", "0"], "--sessions must be at least 1"),
        (["--idle", "0"], "--idle must be more than 0 seconds"),
        (["--export", str(tmp_path.parent)], f"{tmp_path.parent} is there already"),
    ):
        assert main(["serve", *words]) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"arcade: {line}")
        assert said.count("\n") == 1


def test_nothing_but_the_server_loads_openenv():
    program = """
import contextlib, sys
from grpo_arcade.arcade.cli import main
import grpo_arcade.games.openenv.space
with contextlib.suppress(SystemExit):
    main(["serve", "--help"])
main(["serve", "2048", "--port", "70000"])
assert not {"openenv", "fastapi", "uvicorn", "gradio", "pydantic"} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120, check=True)


def test_without_the_extra_the_line_names_it():
    program = """
import sys
sys.modules["openenv"] = None
from grpo_arcade.arcade.cli import main
sys.exit(main(["serve", "2048", "--port", "0"]))
"""
    child = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    line = 'arcade: serving needs openenv, and openenv is not installed: pip install "grpo-arcade[openenv]"\n'
    assert (child.returncode, child.stderr) == (2, line)
