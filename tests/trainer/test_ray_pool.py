"""Matches on a local Ray cluster of two nodes: the same results as this machine's pool gives, also when a node dies."""

import dataclasses
import socket
import time

import pytest

from grpo_arcade.games.players import Limits, MatchPool
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.pools import open_pool

PLAYER = """
def strategy(board):
    for column in range(4):
        for row in range(3):
            if board[row][column] and board[row][column] == board[row + 1][column]:
                return "W"
    return {order!r}[(sum(map(sum, board)) // 2) % 4]
"""
BAD = {
    "loop": "def strategy(board):\n    while True:\n        pass\n",
    "crash": "def strategy(board):\n    return 1 // 0\n",
    "import": "import os\ndef strategy(board):\n    return os.getcwd()\n",
    "no strategy": "x = 1\n",
}
LIMITS = Limits(move_cpu_s=0.2, game_cpu_s=2.0, match_cpu_s=4.0)


def results(pool):
    """What eight strategies and four bad ones do, without the clock."""
    sources = [PLAYER.format(order=order) for order in ("WASD", "SADW", "ASDW", "DSAW", "SDAW", "ADSW", "WDSA", "SWAD")]
    sources += BAD.values()
    futures = [pool.submit(source, "2048", {}, [5, 6, 2**40], player="p") for source in sources]
    return [dataclasses.replace(future.result(timeout=600), cpu_s=0.0) for future in futures]


def test_an_address_where_nobody_answers_and_a_missing_ray_are_refused_in_one_line(monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    try:
        import ray  # noqa: F401
    except ImportError:
        with pytest.raises(ImportError, match=r'pip install "grpo-arcade\[ray\]"'):
            open_pool(TrainConfig(ray_address=address))
        return
    for where in (address, f"ray://{address}"):
        with pytest.raises(ValueError, match="no Ray cluster answers at") as refused:
            open_pool(TrainConfig(ray_address=where))
        assert "\n" not in str(refused.value)
    with pytest.raises(ValueError, match="is not auto, host:port or ray://host:port"):
        open_pool(TrainConfig(ray_address="somewhere"))


@pytest.fixture
def cluster():
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.second = made.add_node(num_cpus=1)
    made.wait_for_nodes()
    yield made
    made.shutdown()


@pytest.mark.soak
def test_two_nodes_play_what_this_machine_plays_and_a_dead_one_s_matches_are_played_again(cluster):
    from grpo_arcade.trainer.ray_pool import RayPool

    with MatchPool(workers=2, limits=LIMITS) as pool:
        expected = results(pool)
    with RayPool(cluster.address, limits=LIMITS) as pool:
        assert len(pool.nodes) == 2
        assert results(pool) == expected
        busy = [pool.submit(BAD["loop"], "2048", {}, [seed], player="p") for seed in range(12)]
        time.sleep(1)
        cluster.remove_node(cluster.second, allow_graceful=False)
        assert {episode.outcome.value for match in busy for episode in match.result(timeout=600).episodes} == {
            "timeout"
        }
        assert results(pool) == expected
    with pytest.raises(RuntimeError, match="closed"):
        pool.submit(PLAYER, "2048", {}, [1])


@pytest.mark.soak
def test_a_run_on_a_cluster_records_what_a_run_on_this_machine_records(cluster, tiny_config):
    from grpo_arcade.recordings.runs.reader import RunReader
    from grpo_arcade.trainer.grpo import train

    config = dataclasses.replace(tiny_config, max_steps=2)
    here = train(config).folder
    there = train(dataclasses.replace(config, run_name="ray", ray_address=cluster.address)).folder
    with RunReader(here) as one, RunReader(there) as other:
        for step in (1, 2):
            scores = [
                [(row["outcome"], row["score"], row["reward"]) for row in run.strategies(step)] for run in (one, other)
            ]
            assert scores[0] == scores[1]
            assert scores[0]
