"""TRL's GRPOTrainer with our generation, games as rewards, and the loop after each step. The algorithm is TRL's.

Completions are played while others are still being written; log-probabilities of a group use one pass over the shared
prompt; batches are sorted by length. All that is private of TRL and transformers and touched by this program stands in
this file, each with its reason; ``tests/trainer/test_trl_adapter.py`` names what another version has changed.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import transformers
from trl import GRPOConfig, GRPOTrainer
from trl.trainer.utils import shuffle_sequence_dict, split_tensor_dict

from grpo_arcade.games import Game
from grpo_arcade.trainer import shared_prompt
from grpo_arcade.trainer.advantages import behaviour, group_advantages
from grpo_arcade.trainer.ahead import Ahead, ahead_pays
from grpo_arcade.trainer.batches import sorted_by_length, trimmed
from grpo_arcade.trainer.evaluate import derived_seed, evaluate_model
from grpo_arcade.trainer.evaluation import Evaluation
from grpo_arcade.trainer.feedback import MOST_TOKENS, fullest
from grpo_arcade.trainer.generation import Generate, Sampler, VllmServer
from grpo_arcade.trainer.judging import Judged, judge_all
from grpo_arcade.trainer.models.chat import completion_text, ending_tokens, is_cut_off, prompt_ids
from grpo_arcade.trainer.models.fused_decoding import is_fusible
from grpo_arcade.trainer.scoring import Scorer
from grpo_arcade.trainer.self_imitation import given, written_beside
from grpo_arcade.trainer.tracking import show
from grpo_arcade.trainer.trl_settings import learns_in_bfloat16
from grpo_arcade.trainer.vllm_here import Engine

if TYPE_CHECKING:
    from grpo_arcade.trainer.loop import Loop


class ArcadeTrainer(GRPOTrainer):
    """One rank of GRPO on one game; the :class:`~grpo_arcade.trainer.loop.Policy` of its loop."""

    def __init__(self, loop: Loop, args: GRPOConfig, **arguments: Any) -> None:
        """``args`` and ``arguments`` go to ``GRPOTrainer``."""
        self._loop = loop
        self._scorer: Scorer
        self._batch: list[Judged] = []
        self._values: torch.Tensor
        self._behaviours: torch.Tensor
        self._cut_off: list[bool] = []
        self._ahead = Ahead()
        self._learns_in_bfloat16 = learns_in_bfloat16(loop.config)
        self._buffered_inputs: list[dict[str, Any]] | None = None
        self._last_loaded_step = -1
        self._spent = dict.fromkeys(("generate_s", "score_s", "step_s"), 0.0)
        # One process computes on one card; several cards are for several processes.
        args._n_gpu = min(1, args.n_gpu)
        super().__init__(args=args, **arguments)
        self._engine: Engine | None = None
        if loop.config.use_vllm and loop.config.vllm_mode == "colocate":
            # TRL would start an engine of its own here, and add adapters to weights of 16 bits for it. What it does
            # beside, allowing for probabilities that differ a little, it does where it is told that vLLM writes.
            self.use_vllm = True
        self.remove_callback(transformers.PrinterCallback)  # the recorder tells the person
        self.add_callback(_Beginning(self))

    # ---- What the loop asks of it ---------------------------------------------------------------------------------

    @property
    def step(self) -> int:
        """Optimizer steps made so far."""
        return int(self.state.global_step)

    def evaluation(self, game: Game, seeds: Sequence[int], **settings: Any) -> Evaluation:
        """The held-out score of the weights of this moment; all ranks together."""
        with _evaluating(self.accelerator.unwrap_model(self.model)) as model:
            return evaluate_model(model, self.processing_class, game, seeds, generate=self.generator(), **settings)

    def save(self) -> None:
        """Write a checkpoint of this moment; all ranks together.

        ``_save_checkpoint``: TRL's own is called by its clock, and ours by what a step has shown.
        """
        self._save_checkpoint(self.model, trial=None)
        self._loop.processes.barrier()

    def fall_back(self, checkpoint: Path, factor: float) -> float:
        """Take weights and optimizer from ``checkpoint`` and go on from here at ``factor`` times the learning rate.

        The count of steps goes on, since what happened has happened. ``_load_from_checkpoint`` is how the trainer
        itself resumes, and ``_last_lr`` what its scheduler says the rate is. Returns the new base learning rate.
        """
        self._load_from_checkpoint(str(checkpoint))
        optimizer = torch.load(checkpoint / "optimizer.pt", map_location="cpu", weights_only=True)
        rates = [group["lr"] for group in self.optimizer.param_groups]
        self.optimizer.load_state_dict(optimizer)
        self.lr_scheduler.base_lrs = [rate * factor for rate in self.lr_scheduler.base_lrs]
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * factor
            group["initial_lr"] = self.lr_scheduler.base_lrs[0]
        self.lr_scheduler._last_lr = [rate * factor for rate in rates]
        self.optimizer.zero_grad()
        self._last_loaded_step = -1
        return float(self.lr_scheduler.base_lrs[0])

    def tell_trackers(self, values: Mapping[str, float], film: Callable[[], Path] | None) -> None:
        """Send numbers to experiment trackers, and to those that show pictures the GIF that ``film`` makes."""
        self.callback_handler.on_log(self.args, self.state, self.control, dict(values))
        try:
            if film is not None:
                show(self, film())
        except (ValueError, OSError) as error:
            self._loop.recorder.warn(f"the trackers get no picture of the champion: {' '.join(str(error).split())}")

    def generator(self) -> Generate:
        """Who writes with the weights of this moment; called by all ranks together.

        ``_last_loaded_step`` is TRL's: the step whose weights vLLM has.
        """
        model = self.accelerator.unwrap_model(self.model)
        if not self.use_vllm:
            low = self.args.bf16 or (self._learns_in_bfloat16 and is_fusible(model))
            return Sampler(model, self.processing_class, low=low)
        stale = self.step != self._last_loaded_step
        self._last_loaded_step = self.step
        if self._loop.config.vllm_mode == "colocate":
            engine = self._engine = self._engine or self._started_engine(model)
            if stale:
                engine.load(model)
            return engine
        if stale:
            self.vllm_generation.sync_weights()
            # Nobody asks a server that is still taking in the new weights.
            self._loop.processes.barrier()
        return VllmServer(self._vllm_client)

    def _started_engine(self, model: Any) -> Engine:
        config, tokenizer = self._loop.config, self.processing_class
        asked = self._loop.prompt()[0]["content"]
        return Engine.beside(
            model,
            config,
            len(prompt_ids(tokenizer, asked, config.template)) + (MOST_TOKENS if config.feedback else 0),
            rank=self.accelerator.process_index,
            local_rank=self.accelerator.local_process_index,
        )

    @functools.cached_property
    def _vllm_client(self) -> Any:
        if self.accelerator.is_main_process:
            return self.vllm_generation.vllm_client
        from trl.generation.vllm_client import VLLMClient

        # The others need no part in sending weights.
        return VLLMClient(base_url=self.args.vllm_server_base_url, connection_timeout=self.args.vllm_server_timeout)

    # ---- What TRL calls, in the order of a step -------------------------------------------------------------------

    @property
    def _now(self) -> int:
        """The step in progress; TRL counts it when it has ended."""
        return self.step + 1

    def _prepare_inputs(self, generation_batch: Any) -> Any:
        """A batch to learn from. TRL's own shuffles the generation; batches of like length waste less.

        ``_step`` and ``_buffered_inputs`` are TRL's: batches so far, and what is left of the generation.
        """
        if not self.model.training:
            return super()._prepare_inputs(generation_batch)
        batches = self.args.steps_per_generation
        if self._step % (batches * self.num_iterations) == 0 or self._buffered_inputs is None:
            whole = self._generate_and_score_completions(generation_batch)
            # Where all of them make one optimizer step, their order is free.
            if batches == self.args.gradient_accumulation_steps and self.loss_type != "bnpo":
                whole = sorted_by_length(whole)
            else:
                whole = shuffle_sequence_dict(whole)
            self._buffered_inputs = [trimmed(batch) for batch in split_tensor_dict(whole, batches)]
        return self._buffered_inputs[self._step % batches]

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        """TRL's, which calls the two below; asks what the stage asks, and records what comes out."""
        # Everything random in a step comes from its number, so a resumed run needs no generator's state.
        seed, rank = self._loop.config.seed, self._loop.processes.rank
        torch.manual_seed(derived_seed(seed, f"shuffle {rank}" if rank else "shuffle", self._now))
        first = len(inputs) * rank
        wordings = self._loop.wordings(self._now, len(inputs) * self._loop.processes.count)[first:]
        said = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        room = None if said is None else said - self.max_completion_length

        def tokens(words: str) -> int:
            return len(prompt_ids(self.processing_class, words, self._loop.config.template))

        texts = {words: fullest(words, tokens, room) for words in wordings}
        asked = [
            {**row, "prompt": [{"role": "user", "content": texts[words]}]}
            for row, words in zip(inputs, wordings, strict=False)
        ]
        output: dict[str, Any] = super()._generate_and_score_completions(asked)
        started = time.perf_counter()
        config = self._loop.config
        if config.mask_truncated_completions:
            self._leave_out_what_was_cut_off(output)
        totals = (self._values * self.reward_weights.to(self._values.device)).nansum(dim=1)
        totals = totals.masked_fill(self._values.isnan().all(dim=1), torch.nan)  # nobody judges it
        if config.copies == "shared" or config.risk_seeking:
            every = self._own_advantages(totals)
            here = len(output["advantages"])
            output["advantages"] = every[here * rank : here * (rank + 1)]
        advantages = self.accelerator.gather(output["advantages"]).tolist()
        self._loop.judged(self._batch, totals.tolist(), advantages)
        self._spent["score_s"] += time.perf_counter() - started
        return output

    def _own_advantages(self, totals: torch.Tensor) -> torch.Tensor:
        """Those of all ranks' completions, in the place of TRL's, which compare every one with every other."""
        config = self._loop.config
        return group_advantages(
            totals,
            self._behaviours.to(totals.device),
            self.num_generations,
            scale_rewards=config.scale_rewards,
            copies=config.copies or "each",
            risk_seeking=config.risk_seeking or 0.0,
        )

    def _leave_out_what_was_cut_off(self, output: dict[str, Any]) -> None:
        """Take completions that ran out of tokens from the loss.

        TRL's own setting counts as cut off whatever does not end in the tokenizer's end token. A chat model may end its
        answers with another, and then TRL would leave out every one: a run that learns nothing, and says so nowhere.
        """
        mask = output["completion_mask"]
        ended = torch.tensor([not cut for cut in self._cut_off], device=mask.device)
        output["completion_mask"] = mask * ended.unsqueeze(1).to(mask.dtype)
        output["num_items_in_batch"] = self.accelerator.gather(output["completion_mask"].sum()).sum()

    def _generate_single_turn(
        self, prompt_ids: list[list[int]], images: Any, multimodal_fields: Any, has_tool_images: bool = False
    ) -> tuple[list[list[int]], list[list[float | None]] | None]:
        """Write the completions, each of which is played while the others are still being written."""
        loop, tokenizer, step, here = self._loop, self.processing_class, self._now, len(prompt_ids)
        first = here * loop.processes.rank
        started = time.perf_counter()
        with _evaluating(self.model):
            ends = ending_tokens(self.accelerator.unwrap_model(self.model), tokenizer)
            scorer = self._scorer = Scorer(
                loop.pool,
                loop.assignments(step, here * loop.processes.count)[first : first + here],
                player=f"{loop.model_name} step {step}",
                on_rollout=lambda place, rollout: loop.recorder.rollout(step, first + place, rollout),
                processes=loop.processes,
            )

            def finished(place: int, ids: list[int]) -> None:
                text = completion_text(tokenizer, ids, ends, prompt_ids[place])
                scorer.submit(place, text, ids, is_cut_off(ids, ends))

            known, before = given(loop, here)
            completions, logprobs = written_beside(
                known,
                self.generator(),
                prompt_ids,
                first=first - before,
                seed=derived_seed(loop.config.seed, "training", step),
                max_new_tokens=self.max_completion_length,
                temperature=self.temperature,
                on_finished=finished,
            )
            if self._engine is not None:
                self._engine.rest()
        self._cut_off = [is_cut_off(ids, ends) for ids in completions]
        self._ahead.written = prompt_ids, completions
        self._spent["generate_s"] += time.perf_counter() - started
        return completions, logprobs

    def _calculate_rewards(
        self, inputs: list[dict[str, Any]], prompts: list[Any], completions: list[Any], completion_ids_list: list[Any]
    ) -> torch.Tensor:
        """What every reward function says of every completion, of all ranks: value and reason at once.

        TRL's own wants values only. ``_log_completion_extra`` and ``_log_metric`` are what it hands to functions.
        """
        if ahead_pays(config := self._loop.config, self.model, self._loop.processes.count):
            forward = functools.partial(self._get_per_token_logps_and_entropies, self.model, compute_entropy=True)
            left_out = [config.mask_truncated_completions and cut for cut in self._cut_off]
            batches, pad = self.args.gradient_accumulation_steps, self.processing_class.pad_token_id
            self._ahead.work(left_out, batches, pad, forward, lambda: self._scorer.plays)
        started = time.perf_counter()
        columns = {
            **{"prompts": prompts, "completions": completions, "completion_ids": completion_ids_list},
            **{"trainer_state": self.state, "log_extra": self._log_completion_extra, "log_metric": self._log_metric},
        }
        mine = judge_all(self._loop.rewards, self._scorer.collect(), columns)
        self._batch = self._loop.gather(self._now, mine)
        rows = [[torch.nan if each.value is None else each.value for each in one.verdicts.values()] for one in mine]
        device = self.accelerator.device
        self._values = self.accelerator.gather(torch.tensor(rows, dtype=torch.float32, device=device))
        did = [behaviour(one.rollout) for one in mine]
        self._behaviours = self.accelerator.gather(torch.tensor(did, dtype=torch.int64, device=device))
        self._spent["score_s"] += time.perf_counter() - started
        return self._values

    def _get_per_token_logps_and_entropies(
        self,
        model: Any,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        logits_to_keep: int,
        batch_size: int | None = None,
        compute_entropy: bool = False,
        *others: Any,
        **named: Any,
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None]:
        """The same by one pass over the prompt all completions share. ``_entropy_bonus_enabled`` is a loss's wish."""
        prompts, prompt_mask = input_ids[:, :-logits_to_keep], attention_mask[:, :-logits_to_keep]
        # What else may be asked for differs between TRL's trainer and the one Unsloth makes of it.
        plain = not any(others) and all(value is None or value is False for value in named.values())
        if plain and compute_entropy and (known := self._ahead.take(input_ids, attention_mask)) is not None:
            return known
        if not plain or self.use_liger_kernel or not shared_prompt.applies(
            self.accelerator.unwrap_model(model), prompts, prompt_mask
        ):  # fmt: skip
            if others:
                others = (batch_size, compute_entropy, *others)
            else:
                named |= {"batch_size": batch_size, "compute_entropy": compute_entropy}
            return super()._get_per_token_logps_and_entropies(
                model, input_ids, attention_mask, logits_to_keep, *others, **named
            )
        completions, mask = input_ids[:, -logits_to_keep:], attention_mask[:, -logits_to_keep:]
        with torch.autocast("cpu", torch.bfloat16, enabled=self._learns_in_bfloat16):
            logps, entropies = shared_prompt.logps_and_entropies(
                model, prompts[:1], completions, mask, self.temperature, self._entropy_bonus_enabled, batch_size
            )
        return logps, entropies if compute_entropy else None, None

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        """TRL's, timed: loss and gradient of one batch."""
        started = time.perf_counter()
        with self._loop.saved_if_it_fails(self):
            loss: torch.Tensor = super().training_step(model, inputs, num_items_in_batch)
        self._spent["step_s"] += time.perf_counter() - started
        return loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """TRL's, and the step's row."""
        ended = "grad_norm" in logs
        own = self._loop.recorder.shares() if ended and self._loop.config.trackers else {}
        told = {**logs, **own}
        super().log(told, start_time)  # adds its own numbers
        if ended:
            card = {"gpu_memory_bytes": torch.cuda.max_memory_allocated()} if torch.cuda.is_available() else {}
            spent, self._spent = self._spent, dict.fromkeys(self._spent, 0.0)
            numbers = {name: value for name, value in told.items() if name in logs or name not in own}
            self._loop.recorder.step(self.step, self._loop.curriculum.at, numbers, spent, **card)

    def _maybe_log_save_evaluate(self, *arguments: Any, **named: Any) -> None:
        """TRL's, and the loop's part between two steps: the last thing that the trainer does in a step.

        It is called once more at the end of the epoch; ``_globalstep_last_logged`` tells that the step is done already.
        """
        ended = self.control.should_log and self.state.global_step > self._globalstep_last_logged
        super()._maybe_log_save_evaluate(*arguments, **named)
        if ended and self._loop.after_step(self):
            self.control.should_training_stop = True

    # ---- What TRL would do, and this does not ---------------------------------------------------------------------

    def create_model_card(self, *arguments: Any, **named: Any) -> None:
        """None: TRL writes one into every checkpoint, which costs more than saving a small model."""

    def _send_telemetry(self) -> None:
        """None: training on somebody's desk tells nobody."""


class _Beginning(transformers.TrainerCallback):
    """Calls the loop before the first step."""

    def __init__(self, trainer: ArcadeTrainer) -> None:
        self._trainer = trainer

    def on_train_begin(self, *arguments: Any, **named: Any) -> None:
        """Everything is ready, a checkpoint loaded."""
        self._trainer._loop.before_first_step(self._trainer)


@contextlib.contextmanager
def _evaluating(model: Any) -> Iterator[Any]:
    training = model.training
    model.eval()
    try:
        yield model
    finally:
        model.train(training)
