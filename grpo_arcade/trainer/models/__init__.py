"""The models that write strategies: the embedded pocket model, any Hugging Face causal LM, and a fast sampler.

Nothing here knows what a reward or a training step is; importing this package imports no torch.
"""

from grpo_arcade.trainer.models.loading import POCKET, ModelError, load, locate

__all__ = ["POCKET", "ModelError", "load", "locate"]
