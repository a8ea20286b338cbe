"""GRPO Arcade: a desktop arcade whose second player is a language model that learns while you watch.

Four rooms, and imports run one way: ``games`` ← ``recordings`` ← ``trainer`` ← ``arcade``.
"""

import os

# Pygame greets on stdout when it is imported, and stdout is data.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

__version__ = "0.1.0"
