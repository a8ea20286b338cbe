"""A training run is something recorded: its folder, read, written and found. All SQL stands here.

Knows nothing of how a run is trained or shown.
"""
