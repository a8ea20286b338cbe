"""Matches on a Ray cluster's cores: each is a task, played in the same sandbox on whichever node has a core free.

Ray queues them, plays those of a node that dies again elsewhere, and uses nodes that join later. What they need is the
same version of this package as here. Ray is imported when a pool is opened; extra ``ray``.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

from grpo_arcade import __version__
from grpo_arcade.games.players import Limits, Pool

_ATTEMPTS = 3
"""How often a match is played again whose node has died, as often as by the local pool."""
_REACH_S = 5.0
_START_S = 60.0
"""Seconds a node may take to start its first worker, which imports this package."""


class ClusterError(ValueError):
    """The Ray cluster cannot be used; one line that says why and what would work."""


def require_ray() -> None:
    """Raise ImportError where Ray is not installed, without importing it."""
    if importlib.util.find_spec("ray") is None:
        raise ImportError('ray_address needs Ray: pip install "grpo-arcade[ray]"')


def check_address(address: str) -> tuple[str, int]:
    """Host and port of a cluster; "" and 0 of the one that runs here.

    Raises:
        ClusterError: it is no address of a cluster.
    """
    if address == "auto":
        return "", 0
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port[:6]) < 2**16:
        raise ClusterError(f"ray_address {address!r} is not auto, host:port or ray://host:port")
    return host, int(port)


class RayPool(Pool):
    """Plays matches on the cluster at ``address``.

    Args:
        address: host:port of a cluster this machine belongs to, ray://host:port of another, or auto for the one that
            runs here.
        limits: budgets of every match.
        policy: whether sources are checked before they are played.

    Raises:
        ClusterError: it cannot be reached, or its nodes have another version of this package or none.
        ImportError: Ray is not installed.
    """

    def __init__(self, address: str, limits: Limits | None = None, policy: bool = True) -> None:
        require_ray()
        import ray

        super().__init__(limits, policy)
        self._ray = ray
        self._connected = not ray.is_initialized()
        if self._connected:
            _connect(ray, address)
        self._play = ray.remote(num_cpus=1, max_retries=_ATTEMPTS)(_play)
        try:
            self.nodes = self._checked_nodes(address)
        except BaseException:
            self._disconnect()
            raise
        self._running: dict[Any, Future[Any]] = {}

    def _begin(self, future: Future[Any], job: dict[str, Any]) -> None:
        future.set_running_or_notify_cancel()
        task = self._play.remote(job)
        self._running[task] = future
        task.future().add_done_callback(lambda done: self._settle(task, done))

    def _settle(self, task: Any, done: Future[Any]) -> None:
        with self._lock:
            future = self._running.pop(task)
        error = done.exception()
        if error is None:
            future.set_result(done.result())
        else:
            # Ray wraps what a task raised; a node that died thrice in the same match has its own error.
            future.set_exception(getattr(error, "cause", None) or error)

    def close(self, wait: bool = True) -> None:
        """Wait for what is being played, or with ``wait=False`` end it, and leave the cluster. May be called again."""
        with self._lock:
            first, self._closed = not self._closed, True
            running = dict(self._running)
        for task, future in running.items():
            if not wait:
                with contextlib.suppress(Exception):
                    self._ray.cancel(task, force=True)
            with contextlib.suppress(Exception):
                future.result()
        if first:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connected:
            self._ray.shutdown()

    def _checked_nodes(self, address: str) -> list[str]:
        """Host names of the nodes that can play, each of which has said which version of this package it has."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = __version__
        alive = [node for node in self._ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]
        if not alive:
            raise ClusterError(f"the Ray cluster at {address} has no cores; start it with ray start --num-cpus N")
        ask = self._ray.remote(num_cpus=0, max_retries=0)(_version)
        asked = [
            ask.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote()
            for node in alive
        ]
        for node, answer in zip(alive, asked, strict=True):
            name = node["NodeManagerHostname"]
            try:
                there = self._ray.get(answer, timeout=_START_S)
            except Exception as error:
                reason = " ".join(str(getattr(error, "cause", None) or error).split())
                raise ClusterError(
                    f"node {name} of the Ray cluster cannot play ({reason}); install grpo-arcade {here} there"
                ) from error
            if there != here:
                raise ClusterError(
                    f"node {name} of the Ray cluster has grpo-arcade {there}, and {here} is here; their games might "
                    "differ: install the same version"
                )
        return [node["NodeManagerHostname"] for node in alive]


def _connect(ray: Any, address: str) -> None:
    hint = "start one with ray start --head, or leave ray_address empty"
    host, port = check_address(address)
    if host:
        # Ray itself tries for minutes, and in many lines.
        try:
            socket.create_connection((host, port), timeout=_REACH_S).close()
        except OSError as error:
            raise ClusterError(
                f"no Ray cluster answers at {address} ({getattr(error, 'strerror', '') or error}); {hint}"
            ) from error
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # Ray asks for it, or warns at every start
    try:
        ray.init(address=address, logging_level="error", log_to_driver=False, configure_logging=False)
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ClusterError(f"no Ray cluster can be used at {address} ({reason}); {hint}") from error


def _play(job: Mapping[str, Any]) -> Any:
    """Play a match, in a Ray worker."""
    from grpo_arcade.games.players.host import played

    return played(**job)


def _version() -> str:
    """The version of this package on a node, which has just shown that it can play."""
    import grpo_arcade.games.players.match  # noqa: F401

    return __version__
