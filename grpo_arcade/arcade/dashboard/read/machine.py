"""How busy this machine is: CPU, memory and GPUs, on every system."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from dataclasses import dataclass, field

_GPU_S = 15.0


@dataclass(frozen=True)
class Load:
    """One look at the machine; None where nobody has looked yet."""

    cpu: float | None = None
    """Share of all cores, 0 to 1."""
    memory: tuple[int, int] | None = None
    """Bytes used, bytes there are."""
    gpus: tuple[str, ...] = ()
    """One line a GPU: busy, memory, temperature."""


@dataclass
class Machine:
    """Looks at the machine, and remembers enough to say how busy it was since the last look."""

    _looked: bool = False
    _gpus: tuple[str, ...] = ()
    _gpu_time: float = -60.0
    _nvidia: str | None = field(default_factory=lambda: shutil.which("nvidia-smi"))

    def look(self) -> Load:
        """The load now; the CPU's since the last look."""
        import psutil  # 15 ms, which the first picture need not wait for

        cpu = psutil.cpu_percent() / 100  # of its first call psutil says that it means nothing
        looked_before, self._looked = self._looked, True
        memory = psutil.virtual_memory()
        used = memory.total - memory.available
        return Load(cpu if looked_before else None, (used, memory.total), self._look_at_gpus())

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
