"""How busy this machine is: CPU, memory and GPU, from what the system gives away without a library."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

_GPU_S = 15.0


@dataclass(frozen=True)
class Load:
    """One look at the machine; None where the system does not say."""

    cpu: float | None = None
    """Share of all cores, 0 to 1."""
    memory: tuple[int, int] | None = None
    """Bytes used, bytes there are."""
    gpus: tuple[str, ...] = ()
    """One line a GPU: busy, memory, temperature."""


@dataclass
class Machine:
    """Looks at the machine, and remembers enough to say how busy it was since the last look."""

    _before: tuple[float, float] | None = None
    _gpus: tuple[str, ...] = ()
    _gpu_time: float = -60.0
    _nvidia: str | None = field(default_factory=lambda: shutil.which("nvidia-smi"))

    def __post_init__(self) -> None:
        self._cpu()

    def look(self) -> Load:
        """The load now; the CPU's since the last look."""
        return Load(self._cpu(), _memory(), self._look_at_gpus())

    def _cpu(self) -> float | None:
        try:
            with open("/proc/stat", encoding="ascii") as file:
                times = [float(word) for word in file.readline().split()[1:9]]
        except (OSError, ValueError):
            with contextlib.suppress(OSError, AttributeError):
                return min(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
            return None
        now = (sum(times), times[3] + times[4])
        before, self._before = self._before, now
        if before is None or now[0] <= before[0]:
            return None
        return 1 - (now[1] - before[1]) / (now[0] - before[0])

    def _look_at_gpus(self) -> tuple[str, ...]:
        # Asking takes tens of milliseconds of a process; it is not done often.
        if self._nvidia is None or time.monotonic() - self._gpu_time < _GPU_S:
            return self._gpus
        self._gpu_time = time.monotonic()
        wanted = "utilization.gpu,memory.used,memory.total,temperature.gpu"
        asked = [self._nvidia, f"--query-gpu={wanted}", "--format=csv,noheader,nounits"]
        try:
            said = subprocess.run(asked, capture_output=True, text=True, timeout=3, check=True).stdout
        except (OSError, subprocess.SubprocessError):
            self._nvidia = None
            return ()
        lines = []
        for place, line in enumerate(said.splitlines()):
            with contextlib.suppress(ValueError):
                busy, used, there, warm = (word.strip() for word in line.split(","))
                lines.append(f"GPU{place} {busy} %  {int(used) / 1024:.1f}/{int(there) / 1024:.0f} GiB  {warm} °C")
        self._gpus = tuple(lines)
        return self._gpus


def _memory() -> tuple[int, int] | None:
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
        there, free = (int(lines[name].split()[0]) * 1024 for name in ("MemTotal", "MemAvailable"))
        return there - free, there
    except (OSError, ValueError, KeyError):
        return None
