"""``arcade doctor``: what is installed, what is missing and how to get it, and how safe the sandbox is here."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from grpo_arcade.foreign_text import one_line

EXTRAS = {
    "train": ("torch", "transformers", "trl", "peft", "datasets", "accelerate"),
    "gpu": ("unsloth", "unsloth_zoo", "bitsandbytes"),
    "gguf": ("gguf", "llama-cpp-python"),
    "two": ("multi-agent-ale-py", "pettingzoo"),
    "openenv": ("openenv",),
    "video": ("imageio", "imageio-ffmpeg"),
    "monty": ("pydantic-monty",),
}
CORE = ("grpo-arcade", "gymnasium", "numpy", "pillow", "pygame", "rich", "tyro")

LARGE = "unsloth/gpt-oss-20b"
"""What stands for every model that is not small, where it is said which backend would train it."""


@dataclass
class Command:
    """Look at this machine as the arcade sees it."""

    json: bool = False
    """Print the facts as JSON."""


def run(command: Command) -> int:
    """0 when everything needed to play and to run strategies safely is here, else 1."""
    facts = examine()
    if command.json:
        print(json.dumps(facts, indent=2))
    else:
        _tell(facts)
    return 0 if facts["sandbox"]["works"] else 1


def examine() -> dict[str, Any]:
    """All facts, JSON-able."""
    from grpo_arcade.games.players.sandbox import sandbox_report

    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory_gib": _memory_gib(),
        "packages": {name: _version(name) for name in CORE},
        "extras": {extra: {name: _version(name) for name in names} for extra, names in EXTRAS.items()},
        "torch": _torch() if _version("torch") else None,
        "sandbox": sandbox_report(),
    }


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (ValueError, OSError, AttributeError):
        return None  # no such figure on this system


def _torch() -> dict[str, Any]:
    # Asked of a child process, because importing torch takes seconds and this process never does it.
    asked = [sys.executable, "-P", "-m", "grpo_arcade.trainer.models.backends", LARGE]
    child = subprocess.run(asked, capture_output=True, text=True, check=False)
    if child.returncode:
        return {"error": (child.stderr.strip().splitlines() or ["it does not import"])[-1]}
    return dict(json.loads(child.stdout))


def _tell(facts: dict[str, Any]) -> None:
    print(f"Python {facts['python']} on {facts['system']}, {facts['cores']} cores, {facts['memory_gib']} GiB")
    print("  " + "  ".join(f"{name} {version or 'MISSING'}" for name, version in facts["packages"].items()))
    for extra, packages in facts["extras"].items():
        missing = [name for name, version in packages.items() if version is None]
        if missing:
            print(f'extra {extra}: {", ".join(missing)} not installed; pip install "grpo-arcade[{extra}]"')
        else:
            print(f"extra {extra}: " + "  ".join(f"{name} {version}" for name, version in packages.items()))
    if facts["torch"] is not None:
        _tell_torch(facts["torch"])
    sandbox = facts["sandbox"]
    print(f"sandbox: works, wall: {sandbox['wall']}" if sandbox["works"] else "sandbox: DOES NOT WORK")
    for line in sandbox["lines"]:
        print(f"  {one_line(line)}")


def _tell_torch(torch: dict[str, Any]) -> None:
    if "error" in torch:
        print(f"torch is installed but does not work: {one_line(torch['error'])}")
        return
    if torch["device"] == "cpu":
        print(f"training runs on: the CPU, with torch {torch['torch']}")
    else:
        cards = one_line(f"{torch['count']} × {torch['name']}" if torch["count"] > 1 else torch["name"])
        low = "" if torch["bfloat16"] else ", no bfloat16"
        print(f"training runs on: {cards} ({torch['runtime']}, {torch['memory'] / 2**30:.0f} GiB{low})")
    if torch["problem"]:
        print(f"  {one_line(torch['problem'])}")
    for name, model in (("pocket", "pocket"), ("large", f"a large one ({LARGE})")):
        choice = torch["backends"][name]
        print(f"backend for {model}: {choice['name']}; {choice['why']}")
        if choice["install"]:
            print(f"  worth installing: {choice['install']}")
    writer = torch["writer"]
    print(f"completions of a large model are written by {writer['name']}; {writer['why']}")
    if writer["install"]:
        print(f"  worth installing: {writer['install']}")
