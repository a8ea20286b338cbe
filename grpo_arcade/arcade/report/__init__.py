"""A run told on one page that needs nothing else: no network, no script, pictures inside.

Reads the run and nothing of the trainer. What a model or a stranger wrote is text here, never markup.
"""

from grpo_arcade.arcade.report.page import write_report

__all__ = ["write_report"]
