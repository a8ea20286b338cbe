"""How busy the machine is, as psutil says it on every system."""

import subprocess

import pytest

from grpo_arcade.arcade.dashboard.read.machine import Machine


def test_memory_is_known_at_once_and_the_cpu_from_the_second_look_on():
    machine = Machine(_nvidia=None)
    first, second = machine.look(), machine.look()
    assert first.cpu is None
    assert 0 <= second.cpu <= 1
    used, there = second.memory
    assert 0 < used < there
    assert second.gpus == ()


@pytest.mark.parametrize(
    ("said", "lines"),
    [
        ("42, 2048, 81920, 55\n7, 0, 24576, 30\n", ("GPU0 42 %  2.0/80 GiB  55 °C", "GPU1 7 %  0.0/24 GiB  30 °C")),
        ("[N/A], [N/A], [N/A], [N/A]\n", ()),
    ],
)
def test_a_gpu_is_a_line_and_one_that_says_nothing_is_none(monkeypatch, said, lines):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, said))
    assert Machine(_nvidia="nvidia-smi").look().gpus == lines
