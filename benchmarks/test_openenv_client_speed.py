"""From a fresh interpreter to the first observation of a server: our thin client, a game made of it, and OpenEnv's own.

Each is started in turn, seven rounds, against one server that runs throughout; the median is told, without the time
Python itself takes to start.
"""

import statistics
import subprocess
import sys

import pytest

from tests.games.openenv.serving import serving

pytestmark = pytest.mark.benchmark

ROUNDS = 7
WAYS = {
    "thin client: import, connect": """
from grpo_arcade.games.openenv.client import Session, parse_address
session = Session(parse_address(url))
""",
    "game: import, make, reset": """
from grpo_arcade.games import make
game = make(f"openenv:{url}")
game.reset(1)
assert game.outcome is None
""",
    "OpenEnv's generic client: import, connect": """
from openenv.core.generic_client import GenericEnvClient
client = GenericEnvClient(base_url=url).sync()
client.connect()
""",
}
BOUND_S = 0.3
"""What the first may take."""


def test_import_and_connect():
    times = {name: [] for name in WAYS}
    with serving("2048", "--port", "0") as served:
        url = served.url.replace("http", "ws")
        for _ in range(ROUNDS):
            for name, way in WAYS.items():
                code = f"import time; start = time.perf_counter()\nurl = {url!r}\n{way}\nprint(time.perf_counter() - start)"
                done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
                times[name].append(float(done.stdout.split()[-1]))
    print()
    for name, taken in times.items():
        print(f"{name:<44} {statistics.median(taken):6.3f} s   (best {min(taken):.3f}, worst {max(taken):.3f})")
    first = statistics.median(times["thin client: import, connect"])
    print(f"{first / BOUND_S:.2f} of the {BOUND_S} s it may take")
