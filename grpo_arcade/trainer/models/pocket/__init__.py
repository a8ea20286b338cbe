"""The embedded model: a 5-million-parameter decoder trained from scratch on programs drawn from a grammar.

``grammar`` draws the examples, ``tokenizer`` and ``architecture`` say what the model is, ``pretrain`` trains it,
``acceptance`` measures what it writes, and ``weights`` is the result that is shipped. No torch is imported here.
"""

from grpo_arcade.trainer.models.pocket.pretrain import PretrainConfig, PretrainResult, pretrain

__all__ = ["PretrainConfig", "PretrainResult", "pretrain"]
