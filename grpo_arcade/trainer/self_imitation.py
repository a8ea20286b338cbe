"""The champion's completion as one of every group's: what is found once is learnt from until it is written again.

Self-imitation (Oh et al. 2018, "Self-Imitation Learning"; one completion of a group that another policy wrote: Yan et
al. 2025, "Learning to Reason under Off-Policy Guidance"). It is played, earns its reward and has its advantage like the
others, and its probability ratio is 1, as if it had been drawn. torch is not imported here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from grpo_arcade.recordings.runs.reader import RunReader

if TYPE_CHECKING:
    from grpo_arcade.trainer.generation import Completions, Generate, Logprobs, OnFinished
    from grpo_arcade.trainer.loop import Loop


def given(loop: Loop, completions: int) -> tuple[dict[int, list[int]], int]:
    """Token ids of this process's completions that are not written but given, by their place; all ranks together.

    The last of each group is the champion's, as soon as there is one, where the run has ``champion_in_group``. Then
    how many are given to the processes before this one: each draws what it would draw alone.
    """
    if not loop.config.champion_in_group:
        return {}, 0
    tokens: list[int] = []
    if (holder := loop.champion.holder) is not None:
        with RunReader(loop.checkpoints.folder) as run:
            tokens = list(run.strategy(holder.strategy_id)["token_ids"])
    if not (tokens := loop.processes.broadcast(tokens)):
        return {}, 0
    first, size = completions * loop.processes.rank, loop.config.num_generations
    return {place: tokens for place in range(completions) if (first + place + 1) % size == 0}, first // size


def written_beside(
    known: Mapping[int, list[int]],
    generate: Generate,
    prompts_ids: Sequence[list[int]],
    *,
    on_finished: OnFinished,
    **settings: Any,
) -> tuple[Completions, Logprobs | None]:
    """As ``generate``, but the completions at the places of ``known`` are not written.

    They have no log-probabilities, which TRL understands as: the same as those it learns from.
    """
    for place, ids in known.items():
        on_finished(place, ids)
    places = [place for place in range(len(prompts_ids)) if place not in known]
    written, logprobs = generate(
        [prompts_ids[place] for place in places],
        on_finished=lambda row, ids: on_finished(places[row], ids),
        **settings,
    )
    completions = {**known, **dict(zip(places, written, strict=True))}
    told: dict[int, list[float | None]] = {place: [None] * len(ids) for place, ids in known.items()}
    told |= dict(zip(places, logprobs or (), strict=logprobs is not None))
    each = range(len(prompts_ids))
    return [completions[place] for place in each], None if logprobs is None else [told[place] for place in each]
