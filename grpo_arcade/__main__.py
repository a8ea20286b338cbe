"""``python -m grpo_arcade`` is ``arcade``, for launchers that start a module: ``torchrun -m grpo_arcade train``."""

import sys

from grpo_arcade.arcade.cli import main

if __name__ == "__main__":
    sys.exit(main())
