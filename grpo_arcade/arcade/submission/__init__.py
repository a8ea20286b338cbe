"""What a hackathon's judges ask for, made from a run: an environment, numbers, pictures, a story, the way to repeat it.

Written once, to be edited by a person; every number in it is the run's own.
"""

from grpo_arcade.arcade.submission.folder import write_submission

__all__ = ["write_submission"]
