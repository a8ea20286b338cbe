"""What a strategy may use of the machine."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_S = 1_000_000
"""Of every time, in seconds: above eleven days nothing is a limit."""
MOST_MEMORY_MB = 1 << 30
"""Of memory, in MiB: a million GiB, which no machine has."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a strategy may use. CPU times are those of its own process, so a busy machine does not make it slow."""

    move_cpu_s: float = 1.0
    """CPU seconds for one move, and for loading the source once; kept to within about a tenth."""
    game_cpu_s: float = 20.0
    """CPU seconds for all moves of one game."""
    match_cpu_s: float = 90.0
    """CPU seconds for one child, of which a match has two at most, or for all together where each game has its own."""
    memory_bytes: int = 256 << 20
    """Address space beyond what the interpreter itself has."""
    waiting_s: float = 1.0
    """Wall-clock seconds a strategy may sleep in the kernel in one move; nothing it may do needs any."""
    match_wall_s: float = 900.0
    """Wall-clock seconds for one child, a generous backstop."""

    def __post_init__(self) -> None:
        for name in ("move_cpu_s", "game_cpu_s", "match_cpu_s", "memory_bytes", "waiting_s", "match_wall_s"):
            value = getattr(self, name)
            most = MOST_MEMORY_MB << 20 if name == "memory_bytes" else LONGEST_S
            if not 0 < value <= most:
                raise ValueError(f"{name} must be a positive number of at most {most}, not {value!r}")
        if self.memory_bytes < 16 << 20:
            raise ValueError(f"memory_bytes must be at least {16 << 20} (16 MiB), not {self.memory_bytes}")
