"""A trained model leaves for other programs: as an adapter, whole, in gpt-oss's own 4-bit format, or for llama.cpp.

Every export is read again by a fresh process, which has to write the same strategies as the checkpoint (``reading``),
and gets a model card. Nothing here trains or knows a reward; importing this package imports no torch.
"""

from grpo_arcade.trainer.model_export.export import FORMATS, Export, export_model
from grpo_arcade.trainer.model_export.origin import ExportError

__all__ = ["FORMATS", "Export", "ExportError", "export_model"]
