"""Moves a second through our OpenEnv server, beside OpenEnv's own openspiel_env (2048) and atari_env (Pong).

All servers run throughout; every number of sessions is played on each of them in turn, three rounds, and the median is
told. Clients are OpenEnv's generic one, all sessions on one event loop, and for our servers also our own thin one, a
thread each. The server's CPU time a move is read from /proc. Theirs send the whole screen with every move; ours send
what is where, and a picture when it is asked for.
"""

import asyncio
import contextlib
import json
import os
import random
import statistics
import threading
import time
from pathlib import Path

import pytest

from tests.games.openenv.serving import serving

pytestmark = pytest.mark.benchmark

SECONDS = float(os.environ.get("ARCADE_BENCHMARK_SECONDS", "4"))
SESSIONS = (1, 8, 32)
ROUNDS = 3
PEERS = {"command": ("-m", "benchmarks.openenv_peers"), "cwd": Path(__file__).parents[1]}


def values(observation):
    """What a step sends for each legal action: theirs have numbers, ours names."""
    key = "action_id" if "info_state" in observation or "screen" in observation else "action"
    return [{key: action} for action in observation["legal_actions"]]


async def play_generic(url, sessions, seconds, picture):
    from openenv.core.generic_client import GenericEnvClient

    clients = [GenericEnvClient(base_url=url) for _ in range(sessions)]
    for client in clients:
        await client.connect()
    first = [await client.reset() for client in clients]
    until = time.monotonic() + seconds

    async def play(client, result):
        rng, moves = random.Random(0), 0
        while time.monotonic() < until:
            if result.done:
                result = await client.reset()
            move = rng.choice(values(result.observation))
            result = await client.step({**move, "picture": True} if picture else move)
            moves += 1
        return moves

    started = time.monotonic()
    moves = sum(await asyncio.gather(*map(play, clients, first)))
    rate = moves / (time.monotonic() - started)
    for client in clients:
        await client.close()
    return rate, moves


def play_thin(url, sessions, seconds, picture):
    from grpo_arcade.games.openenv.client import Session, parse_address

    address = parse_address(url.replace("http", "ws"))
    opened = [Session(address) for _ in range(sessions)]
    first = [session.request("reset", {}) for session in opened]
    moves = [0] * sessions
    until = time.monotonic() + seconds

    def play(number, session, result):
        rng = random.Random(0)
        while time.monotonic() < until:
            if result["done"]:
                result = session.request("reset", {})
            result = session.request("step", rng.choice(values(result["observation"])))
            moves[number] += 1

    threads = [threading.Thread(target=play, args=each) for each in zip(range(sessions), opened, first, strict=True)]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rate = sum(moves) / (time.monotonic() - started)
    for session in opened:
        session.close()
    return rate, sum(moves)


def cpu_seconds(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def answer_bytes(server, picture):
    """The length of one answer to a step."""
    with server.session() as session:
        seen = session.ask("reset", {})["data"]["observation"]
        move = values(seen)[0]
        session.socket.send(json.dumps({"type": "step", "data": {**move, "picture": True} if picture else move}))
        return len(session.socket.recv())


def test_moves_a_second_beside_openenvs_own_environments():
    generic = lambda *given: asyncio.run(play_generic(*given))  # noqa: E731
    with contextlib.ExitStack() as running:
        start = lambda *argv, **how: running.enter_context(serving(*argv, **how))  # noqa: E731
        spiel = start("openspiel", **PEERS)
        ours = start("2048", "--port", "0")
        atari = start("atari", **PEERS)
        pong = start("atari/pong", "--port", "0")
        rows = [
            ("openspiel_env 2048", spiel, "OpenEnv's", generic, False),
            ("arcade serve 2048", ours, "OpenEnv's", generic, False),
            ("arcade serve 2048", ours, "ours", play_thin, False),
            ("atari_env pong", atari, "OpenEnv's", generic, False),
            ("arcade serve atari/pong", pong, "OpenEnv's", generic, False),
            ("arcade serve atari/pong, pictures", pong, "OpenEnv's", generic, True),
            ("arcade serve atari/pong", pong, "ours", play_thin, False),
        ]
        rates = {}
        for sessions in SESSIONS:
            for _ in range(ROUNDS):
                for place, (_, server, _, play, picture) in enumerate(rows):
                    before = cpu_seconds(server.process)
                    rate, moves = play(server.url, sessions, SECONDS / ROUNDS, picture)
                    cost = (cpu_seconds(server.process) - before) / moves
                    rates.setdefault((place, sessions), []).append((rate, cost))
        print(f"\n{'server':34} {'client':10} {'bytes':>7}", *(f"{n:>5} sessions{'':14}" for n in SESSIONS))
        for place, (name, server, client, _, picture) in enumerate(rows):
            cells = []
            for sessions in SESSIONS:
                rate, cost = map(statistics.median, zip(*rates[place, sessions], strict=True))
                base = statistics.median(rate for rate, _ in rates[0 if place < 3 else 3, sessions])
                cells.append(f"{rate:7.0f}/s {rate / base:5.1f}× {1e6 * cost:6.0f} µs")
            print(f"{name:34} {client:10} {answer_bytes(server, picture):7}", *cells)
        print("× the moves a second of OpenEnv's environment above; µs: the server's CPU time a move")


def test_where_a_move_of_openenvs_server_goes():
    """The parts of a step that a server may choose, measured alone in this process."""
    from openenv.core.env_server.serialization import serialize_observation
    from openenv.core.env_server.types import WSObservationResponse

    from benchmarks.openenv_peers import AtariAction, AtariEnvironment, OpenSpielAction, OpenSpielEnvironment
    from grpo_arcade.games import make
    from grpo_arcade.games.openenv.server.environment import GameEnvironment
    from grpo_arcade.games.openenv.server.messages import messages_for

    async def hop(count):
        from concurrent.futures import ThreadPoolExecutor

        loop, executor = asyncio.get_running_loop(), ThreadPoolExecutor(1)
        started = time.perf_counter()
        for _ in range(count):
            await loop.run_in_executor(executor, int)
        return (time.perf_counter() - started) / count

    def timed(call, count):
        started = time.perf_counter()
        for _ in range(count):
            call()
        return (time.perf_counter() - started) / count

    def of(environment, action, count):
        environment.reset()
        step = timed(lambda: environment.step(action()), count)
        seen = environment.step(action())
        envelope = lambda: WSObservationResponse(data=serialize_observation(seen)).model_dump_json()  # noqa: E731
        return step, timed(envelope, count)

    def our(name, count):
        build = lambda: make(name)  # noqa: E731
        messages = messages_for(build())
        environment = GameEnvironment(build, messages, None)

        def action():
            if environment.state.outcome is not None:
                environment.reset()
            return messages.action.model_validate({"action": environment._legal[0]})

        return of(environment, action, count)

    def spiel_action():
        state = spiel._game.get_state
        if state.is_terminal():
            spiel.reset()
        return OpenSpielAction(action_id=spiel._game.get_state.legal_actions()[0])

    spiel = OpenSpielEnvironment()
    print(f"\nthread hop there and back {1e6 * asyncio.run(hop(2000)):6.0f} µs (theirs do it every step, ours never)")
    print(f"{'':24} {'step':>10} {'to JSON':>10}")
    for name, (step, envelope) in (
        ("openspiel_env 2048", of(spiel, spiel_action, 300)),
        ("ours 2048", our("2048", 300)),
        ("atari_env pong", of(AtariEnvironment(), lambda: AtariAction(action_id=0), 60)),
        ("ours atari/pong", our("atari/pong", 300)),
    ):
        print(f"{name:24} {1e6 * step:7.0f} µs {1e6 * envelope:7.0f} µs")
