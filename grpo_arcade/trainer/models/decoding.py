"""One token after another for many rows: over a cache that grows, or over one of fixed size by a CUDA graph.

A small model on a processor is written by :mod:`.fused_decoding`.

Every token of a model of some hundred million weights is some two thousand small kernels, which a card computes faster
than Python asks for them. A graph asks for all of them at once; for that nothing may move in memory, so the cache has
its whole length from the start, and rows that have ended stay until half of them have.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from grpo_arcade.trainer.models.fused_decoding import Fused, has_few_weights, is_fusible
from grpo_arcade.trainer.models.unsloth_backend import is_unsloth

if TYPE_CHECKING:
    import torch

_SHARE = 0.5
"""Of the card's free memory, what a cache of fixed size may take: it has room for rows that all run to their limit."""
_UNRECORDED: weakref.WeakSet[Any] = weakref.WeakSet()
"""Models of which no graph could be made: asked once, since trying takes time."""
_WARM_UP = 2
"""Times that a step is computed before it is recorded, so that nothing is set up while it is."""


class Decoder(Protocol):
    """Rows in the middle of being written; which they are is the caller's to know."""

    logits: torch.Tensor
    """Of the next token of every row: (rows, tokens)."""

    def keep(self, places: Sequence[int]) -> None:
        """Go on with these of the present rows alone; ``logits`` are no longer valid."""

    def step(self, chosen: torch.Tensor) -> None:
        """Append a token, (rows,), to each row, and compute ``logits`` anew."""


def decoder(model: Any, prompts: list[list[int]], pad: int, longest: int) -> Decoder:
    """For rows that begin with these prompts and grow by at most ``longest`` tokens."""
    growing = Growing(model, prompts, pad)
    if replays(model):
        return _replayed(growing, longest)
    if growing.mask is None and is_fusible(model) and growing.width + longest <= model.config.max_position_embeddings:
        return Fused(growing, longest)
    return growing


def replays(model: Any) -> bool:
    """Whether a graph writes for this model, as it is and where it is."""
    return model.device.type == "cuda" and model not in _UNRECORDED and is_for_graphs(model)


def is_for_graphs(model: Any) -> bool:
    """Whether a graph would write for this model on a card: it is large, and every layer of it sees all tokens."""
    kinds = getattr(model.config.get_text_config(), "layer_types", None) or ()
    if is_unsloth(model) or any(kind != "full_attention" for kind in kinds):
        return False
    return not has_few_weights(model)  # and what has few writes short programs


def _replayed(growing: Growing, longest: int) -> Decoder:
    """The same rows by a graph; as they are where the card has no room for it or the model cannot be recorded."""
    if growing.windowed or growing.nbytes(growing.width + longest) > _SHARE * _free():
        return growing
    try:
        return Fixed(growing, longest, recorded=True)
    except (RuntimeError, TypeError, ValueError, AttributeError) as error:  # each model has its own forward pass
        _cannot_record(growing.model, error)
        return growing


def _cannot_record(model: Any, error: Exception) -> None:
    _UNRECORDED.add(model)
    said = " ".join(str(error).split())[:200]
    warnings.warn(f"written without a CUDA graph, which takes longer: {said}", RuntimeWarning, stacklevel=3)


def _free() -> int:
    """Bytes of the card that this process could have."""
    import torch

    return torch.cuda.mem_get_info()[0] + torch.cuda.memory_reserved() - torch.cuda.memory_allocated()


class Growing:
    """Over a ``DynamicCache``, with any causal language model that takes one."""

    def __init__(self, model: Any, prompts: list[list[int]], pad: int) -> None:
        """A run of equal prompts is computed once and repeated.

        There is no mask where all prompts are equally long, so that attention takes its fastest path.
        """
        import torch
        from transformers import DynamicCache

        distinct: list[list[int]] = []
        counts: list[int] = []
        for prompt in prompts:
            if distinct and distinct[-1] == prompt:
                counts[-1] += 1
            else:
                distinct.append(prompt)
                counts.append(1)
        width = max(map(len, distinct))
        device = model.device
        ids = torch.tensor([[pad] * (width - len(prompt)) + prompt for prompt in distinct], device=device)
        lengths = torch.tensor([len(prompt) for prompt in distinct], device=device)
        positions = torch.arange(width, device=device) - (width - lengths)[:, None]
        mask = (positions >= 0).long() if min(map(len, distinct)) < width else None
        self.model, self.cache, self.width = model, DynamicCache(config=model.config), width
        self.logits = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=positions.clamp(min=0),
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        if len(distinct) < len(prompts):
            index = torch.repeat_interleave(torch.tensor(counts, device=device))
            self.cache.batch_select_indices(index)
            self.logits = self.logits[index]
            mask = None if mask is None else mask[index]
        self.mask = mask
        self.positions = torch.tensor([len(prompt) for prompt in prompts], device=device)

    def keep(self, places: Sequence[int]) -> None:
        """As :class:`Decoder` says."""
        import torch

        index = torch.tensor(places, device=self.model.device)
        self.cache.batch_select_indices(index)
        self.positions = self.positions[index]
        self.mask = None if self.mask is None else self.mask[index]

    @property
    def windowed(self) -> bool:
        """Whether some layer keeps less than all tokens."""
        from transformers.cache_utils import DynamicLayer

        return any(type(layer) is not DynamicLayer for layer in self.cache.layers)

    def nbytes(self, tokens: int) -> int:
        """Bytes of the keys and values of these rows, each with so many tokens."""
        layers = self.cache.layers
        return sum(each.nbytes for layer in layers for each in (layer.keys, layer.values)) // self.width * tokens

    def step(self, chosen: torch.Tensor) -> None:
        """As :class:`Decoder` says."""
        import torch

        if self.mask is not None:
            self.mask = torch.cat([self.mask, self.mask.new_ones((len(chosen), 1))], dim=1)
        self.logits = self.model(
            input_ids=chosen[:, None],
            attention_mask=self.mask,
            position_ids=self.positions[:, None],
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        self.positions = self.positions + 1


class Fixed:
    """Over a ``StaticCache``, where every layer sees all tokens; ``recorded``, each step is one CUDA graph."""

    def __init__(self, growing: Growing, longest: int, recorded: bool) -> None:
        """Takes over the rows of ``growing``, which may be used on afterwards as if this had not been."""
        import torch
        from transformers import StaticCache

        self._model, self._recorded = growing.model, recorded
        self.logits = growing.logits
        rows, total = len(growing.positions), growing.width + longest
        self._cache = StaticCache(config=self._model.config, max_cache_len=total)
        for fixed, grown in zip(self._cache.layers, growing.cache.layers, strict=True):
            for name in ("keys", "values"):
                tokens = getattr(grown, name)
                whole = tokens.new_zeros((rows, tokens.shape[1], total, tokens.shape[3]))
                whole[:, :, : growing.width] = tokens
                setattr(fixed, name, whole)
            # Its own beginning has torch's compiler imported, which nobody needs here.
            fixed.dtype, fixed.device, fixed.is_initialized = whole.dtype, whole.device, True
            fixed.cumulative_length = torch.tensor(growing.width, device=whole.device)
        self._at = growing.width
        device = growing.positions.device
        self._mask = torch.zeros((rows, 1, 1, total), dtype=torch.bool, device=device)
        self._mask[:, 0, 0, : growing.width] = True if growing.mask is None else growing.mask.bool()
        self._ids = torch.zeros((rows, 1), dtype=torch.long, device=device)
        self._positions = growing.positions[:, None].clone()
        self._slots = list(range(rows))
        self._record()

    def keep(self, places: Sequence[int]) -> None:
        """As :class:`Decoder` says; rows that have ended go when half of all have."""
        import torch

        self._slots = [self._slots[place] for place in places]
        if 2 * len(self._slots) > len(self._ids):
            return
        index = torch.tensor(self._slots, device=self._ids.device)
        for layer in self._cache.layers:
            layer.keys, layer.values = layer.keys[index], layer.values[index]
        self._mask, self._ids, self._positions = self._mask[index], self._ids[index], self._positions[index]
        self._slots = list(range(len(places)))
        try:
            self._record()
        except RuntimeError as error:
            _cannot_record(self._model, error)
            self._rewind()
            self._recorded = False

    def step(self, chosen: torch.Tensor) -> None:
        """As :class:`Decoder` says."""
        import torch

        slots = torch.tensor(self._slots, device=self._ids.device)
        self._ids[slots, 0] = chosen
        self._mask[..., self._at] = True
        if self._graph is None:
            every = self._forward()
        else:
            self._graph.replay()
            every = self._every
        self.logits = every[slots]
        self._positions += 1
        self._at += 1

    def _forward(self) -> torch.Tensor:
        logits: torch.Tensor = self._model(
            input_ids=self._ids,
            attention_mask=self._mask,
            position_ids=self._positions,
            past_key_values=self._cache,
            use_cache=True,
            logits_to_keep=1,
        ).logits[:, -1]
        return logits

    def _record(self) -> None:
        """A graph for so many rows as there are now."""
        import torch

        self._graph: Any = None
        if not self._recorded:
            return
        here = torch.cuda.current_stream()
        beside = torch.cuda.Stream()
        beside.wait_stream(here)
        with torch.cuda.stream(beside):
            for _ in range(_WARM_UP):
                self._forward()
                self._rewind()
        here.wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._every = self._forward()
        self._graph = graph

    def _rewind(self) -> None:
        """What was computed for practice is written over by the next step; nothing looks at it before."""
        for layer in self._cache.layers:
            layer.cumulative_length.fill_(self._at)
