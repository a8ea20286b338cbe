"""Two checkouts side by side by ``benchmarks/table.py``: which became faster, and by how much.

    .venv/bin/python benchmarks/compare.py ../before . [--only match candidate] [--rounds 3]

The table of this checkout measures the package of each, in turn, so that a busy machine is as busy for both; of several
rounds the least counts. Both must run by this Python.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def rows_of(checkout: Path, arguments: list[str]) -> list[dict[str, Any]]:
    """What the table says of the package in a checkout."""
    environment = {**os.environ, "PYTHONPATH": f"{checkout.resolve()}{os.pathsep}{HERE.parent}"}
    command = [sys.executable, str(HERE / "table.py"), "--json", *arguments]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(text) for text in done.stdout.splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    for checkout in (args.before, args.after):
        if not (checkout / "grpo_arcade").is_dir():
            parser.error(f"{checkout} is no checkout: it has no folder grpo_arcade")
    arguments = ["--repeats", str(args.repeats), *(["--only", *args.only] if args.only else [])]
    found: dict[str, dict[Path, float]] = {}
    units, problems = {}, set()
    for _ in range(args.rounds):
        for checkout in (args.before, args.after):
            for row in rows_of(checkout, arguments):
                if "problem" in row:
                    problems.add(f"{checkout}: {row['problem']}")
                    continue
                units[row["name"]] = row["unit"]
                least = found.setdefault(row["name"], {})
                least[checkout] = min(row["ours"], least.get(checkout, float("inf")))
    print(f"{'':58}{'before':>10}   {'after':>10}      after / before")
    for name, least in found.items():
        if len(least) == 2:
            before, after = least[args.before], least[args.after]
            print(f"{name:58}{before:10.3g} {units[name]:2}{after:10.3g} {units[name]:2}  {after / before:6.2f}")
    for problem in sorted(problems):
        print(f"({problem})")


if __name__ == "__main__":
    main()
