"""``python -m grpo_arcade`` is ``arcade``, for launchers that start a module: ``torchrun -m grpo_arcade train``."""

import os
import sys
from pathlib import Path

# Python looks first where one stands, which may be a folder that somebody sent, with a torch.py in it. It stays only
# where this program itself lies there and is not installed; then its children need it too.
if not sys.flags.safe_path:
    root = str(Path(__file__).resolve().parents[1])
    if str(Path(sys.path[0]).resolve()) == root:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    else:
        del sys.path[0]

from grpo_arcade.arcade.cli import main

if __name__ == "__main__":
    sys.exit(main())
