"""Where a run's matches are played: on this machine's cores, or on a Ray cluster's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from grpo_arcade.games.players import Pool


class Playing(Protocol):
    """What of a run's configuration says how its matches are played."""

    move_cpu_s: float | None
    game_cpu_s: float | None
    match_cpu_s: float | None
    memory_mb: int | None
    workers: int | None
    ray_address: str


def check_pool(config: Playing) -> None:
    """Refuse a cluster that cannot be used from here, before anything slow starts.

    Raises:
        ValueError: that is no address of one.
        ImportError: Ray is not installed.
    """
    if config.ray_address:
        from grpo_arcade.trainer.ray_pool import check_address, require_ray

        require_ray()
        check_address(config.ray_address)


def open_pool(config: Playing) -> Pool:
    """A pool with the configuration's limits, on this machine or on a Ray cluster.

    Raises:
        ValueError: the cluster cannot be reached.
        ImportError: Ray is not installed.
    """
    from grpo_arcade.cores import cores
    from grpo_arcade.games.players import Limits, MatchPool
    from grpo_arcade.trainer.processes import count_here

    asked = {name: getattr(config, name) for name in ("move_cpu_s", "game_cpu_s", "match_cpu_s")}
    if config.memory_mb is not None:
        asked["memory_bytes"] = config.memory_mb * 2**20
    limits = Limits(**{name: value for name, value in asked.items() if value is not None})
    if config.ray_address:
        from grpo_arcade.trainer.ray_pool import RayPool

        return RayPool(config.ray_address, limits=limits)
    # The model leaves one core to the person at the desk. Matches may take every core, because they only get what
    # nobody else wants: their processes run at nice 10.
    return MatchPool(workers=config.workers or max(1, cores() // count_here()), limits=limits)
