"""GRPO Arcade: a desktop arcade whose second player is a language model that learns while you watch.

Four rooms, and imports run one way: ``games`` ← ``recordings`` ← ``trainer`` ← ``arcade``.
"""

__version__ = "0.1.0"
