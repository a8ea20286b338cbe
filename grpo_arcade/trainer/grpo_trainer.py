"""TRL's GRPOTrainer with our generation, games as rewards, and a run folder that records every step.

The algorithm is TRL's. What is ours: completions come from the fast sampler and are played while others are still
being written; log-probabilities of a group use one pass over the shared prompt; batches are sorted by length; and
after each step come champion, evaluation, curriculum, alarms, commands and checkpoint, in that order.
"""

from __future__ import annotations

import contextlib
import functools
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from trl import GRPOConfig, GRPOTrainer
from trl.trainer.utils import shuffle_sequence_dict, split_tensor_dict

from grpo_arcade.recordings.runs.folder import STATE, write_json
from grpo_arcade.trainer import alarms, shared_prompt
from grpo_arcade.trainer.batches import sorted_by_length, trimmed
from grpo_arcade.trainer.evaluate import derived_seed
from grpo_arcade.trainer.generation import Generate, Sampler, VllmHere, VllmServer
from grpo_arcade.trainer.models.chat import completion_text, ending_tokens, is_cut_off
from grpo_arcade.trainer.models.machine import this_machine
from grpo_arcade.trainer.scoring import Played, Rollout, Scorer
from grpo_arcade.trainer.session import Session
from grpo_arcade.trainer.tracking import PROJECT, outcome_shares

if TYPE_CHECKING:
    from grpo_arcade.trainer.config import TrainConfig
    from grpo_arcade.trainer.rewards import Reward
    from grpo_arcade.trainer.share import Share

# Columns of the table `steps` and what TRL calls them.
_COLUMNS = {
    **{name: name for name in ("reward", "reward_std", "frac_reward_zero_std", "loss", "entropy", "kl")},
    **{name: name for name in ("learning_rate", "grad_norm", "num_tokens")},
    "clip_ratio": "clip_ratio/region_mean",
    "completion_length": "completions/mean_length",
}


# TRL counts as cut off whatever does not end in the tokenizer's own end token; a chat model has several.
_LEFT_OUT = {*_COLUMNS.values(), "epoch", "completions/clipped_ratio"}


class ArcadeTrainer(GRPOTrainer):
    """One process of GRPO on one game."""

    def __init__(self, share: Share, **arguments: Any) -> None:
        """``arguments`` go to ``GRPOTrainer``."""
        self._share = share
        self._session = share if isinstance(share, Session) else None
        self._scorer: Scorer | None = None
        self._mine: list[Played] = []
        self._batch: list[Played] = []
        self._buffered_inputs: list[dict[str, Any]] | None = None
        self._last_loaded_step = -1
        self._spent = dict.fromkeys(("generate_s", "score_s", "step_s"), 0.0)
        self._facts: dict[str, Any] = {}
        super().__init__(**arguments)

    # The step in progress; TRL counts it when it has ended.
    @property
    def _now(self) -> int:
        return self.state.global_step + 1

    def generator(self) -> Generate:
        """Who writes with the weights of this moment; called by all processes together."""
        if not self.use_vllm:
            return Sampler(self.accelerator.unwrap_model(self.model), self.processing_class)
        if self.state.global_step != self._last_loaded_step:
            self.vllm_generation.sync_weights()
            self._last_loaded_step = self.state.global_step
            # Nobody asks a server that is still taking in the new weights.
            self._share.processes.barrier()
        if self.args.vllm_mode == "colocate":
            return VllmHere(self.vllm_generation)
        return VllmServer(self._vllm_client)

    @functools.cached_property
    def _vllm_client(self) -> Any:
        if self.accelerator.is_main_process:
            return self.vllm_generation.vllm_client
        from trl.generation.vllm_client import VLLMClient

        # The others need no part in sending weights.
        return VLLMClient(base_url=self.args.vllm_server_base_url, connection_timeout=self.args.vllm_server_timeout)

    def _generate_single_turn(
        self, prompt_ids: list[list[int]], images: Any, multimodal_fields: Any, has_tool_images: bool = False
    ) -> tuple[list[list[int]], list[list[float | None]] | None]:
        share, tokenizer, step = self._share, self.processing_class, self._now
        ends = ending_tokens(self.accelerator.unwrap_model(self.model), tokenizer)
        here, processes = len(prompt_ids), share.processes
        first = here * processes.rank
        assignments = share.begin(step, here * processes.count)[first : first + here]
        tokens: dict[int, list[int]] = {}
        self._mine = []

        def keep(place: int, rollout: Rollout) -> None:
            ids = tokens[place]
            found = Played(first + place, rollout, tuple(ids), is_cut_off(ids, ends))
            self._mine.append(found)
            if self._session is not None:
                self._session.played(step, found)

        scorer = self._scorer = Scorer(
            share.pool, assignments, player=f"{share.model_name} step {step}", on_rollout=keep
        )

        def finished(place: int, ids: list[int]) -> None:
            tokens[place] = list(ids)
            scorer.submit(place, completion_text(tokenizer, ids, ends, prompt_ids[place]))

        started = time.perf_counter()
        with _evaluating(self.model):
            completions, logprobs = self.generator()(
                prompt_ids,
                first=first,
                seed=derived_seed(share.config.seed, "training", step),
                max_new_tokens=self.max_completion_length,
                temperature=self.temperature,
                on_finished=finished,
            )
        self._spent["generate_s"] += time.perf_counter() - started
        return completions, logprobs

    def _calculate_rewards(
        self, inputs: list[dict[str, Any]], prompts: list[Any], completions: list[Any], completion_ids_list: list[Any]
    ) -> torch.Tensor:
        assert self._scorer is not None
        started = time.perf_counter()
        rollouts = self._scorer.collect()
        rows = [{**row, "rollouts": rollout} for row, rollout in zip(inputs, rollouts, strict=True)]
        earned: torch.Tensor = super()._calculate_rewards(rows, prompts, completions, completion_ids_list)
        self._earned = earned
        everybody = self._share.processes.gather(self._mine)
        self._batch = sorted((found for part in everybody for found in part), key=lambda found: found.place)
        if self._session is not None:
            for found in self._batch[len(self._mine) :]:
                self._session.played(self._now, found)
        self._spent["score_s"] += time.perf_counter() - started
        return earned

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        # Everything random in a step comes from its number, so a resumed run needs no generator's state.
        seed, rank = self._share.config.seed, self._share.processes.rank
        torch.manual_seed(derived_seed(seed, f"shuffle {rank}" if rank else "shuffle", self._now))
        prompt = self._share.prompt()
        asked = [{**row, "prompt": prompt} for row in inputs]
        output: dict[str, Any] = super()._generate_and_score_completions(asked)
        started = time.perf_counter()
        advantages = self.accelerator.gather(output["advantages"]).tolist()
        if self._session is not None:
            self._record(self._session, advantages)
        self._spent["score_s"] += time.perf_counter() - started
        return output

    def _record(self, session: Session, advantages: list[float]) -> None:
        rollouts = [found.rollout for found in self._batch]
        earned = self._earned
        splits = [dict(zip(self.reward_func_names, row, strict=True)) for row in earned.tolist()]
        sums = (earned * self.reward_weights.to(earned.device)).nansum(dim=1)
        totals = sums.masked_fill(earned.isnan().all(dim=1), torch.nan).tolist()
        session.judged(rollouts, splits, totals, advantages)
        self._facts = {
            **_facts(rollouts, session.config.num_generations),
            "clipped_ratio": statistics.fmean(found.truncated for found in self._batch),
        }

    def _prepare_inputs(self, generation_batch: Any) -> Any:
        if not self.model.training:
            return super()._prepare_inputs(generation_batch)
        batches = self.args.steps_per_generation
        if self._step % (batches * self.num_iterations) == 0 or self._buffered_inputs is None:
            whole = self._generate_and_score_completions(generation_batch)
            # Batches of like length waste least; where all of them make one optimizer step, their order is free.
            if batches == self.args.gradient_accumulation_steps and self.loss_type != "bnpo":
                whole = sorted_by_length(whole)
            else:
                whole = shuffle_sequence_dict(whole)
            self._buffered_inputs = [trimmed(batch) for batch in split_tensor_dict(whole, batches)]
        return self._buffered_inputs[self._step % batches]

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
        prompts, prompt_mask = input_ids[:, :-logits_to_keep], attention_mask[:, :-logits_to_keep]
        # What else may be asked for differs between TRL's trainer and the one Unsloth makes of it.
        plain = not any(others) and all(value is None or value is False for value in named.values())
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
        size = batch_size or len(completions)
        parts = [
            shared_prompt.logps_and_entropies(
                model,
                prompts[:1],
                completions[start : start + size],
                mask[start : start + size],
                self.temperature,
                self._entropy_bonus_enabled,
            )
            for start in range(0, len(completions), size)
        ]
        logps = torch.cat([part[0] for part in parts])
        return logps, torch.cat([part[1] for part in parts]) if compute_entropy else None, None

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        """TRL's, timed."""
        started = time.perf_counter()
        loss: torch.Tensor = super().training_step(model, inputs, num_items_in_batch)
        self._spent["step_s"] += time.perf_counter() - started
        return loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """TRL's, and the step's row."""
        told = dict(logs)
        if "grad_norm" in logs and self._session is not None and self._session.config.trackers:
            told |= outcome_shares(self._facts.get("outcomes", {}), "") | {"score": self._facts.get("score", 0.0)}
        own = told.keys() - logs.keys()
        super().log(told, start_time)
        logs = {name: value for name, value in told.items() if name not in own}
        if "grad_norm" not in logs or self._session is None:
            return
        spent, self._spent = self._spent, dict.fromkeys(self._spent, 0.0)
        learn = max(0.0, spent["step_s"] - spent["generate_s"] - spent["score_s"])
        row = {
            "step": self.state.global_step,
            "time": time.time(),
            "stage": self._session.curriculum.at,
            **{column: logs.get(name) for column, name in _COLUMNS.items()},
            **{key: self._facts.get(key) for key in ("score", "identical_share", "clipped_ratio")},
            **spent,
            "learn_s": learn,
            "evaluate_s": 0.0,
            "outcomes": self._facts.get("outcomes", {}),
            "rewards": {
                name: {kind: logs.get(f"rewards/{name}/{kind}") for kind in ("mean", "std")}
                for name in self.reward_func_names
            },
            "metrics": {
                **{name: value for name, value in logs.items() if name not in _LEFT_OUT},
                **{key: self._facts.get(key) for key in ("random_share", "broken_off_share")},
                **_memory(),
            },
        }
        self._session.stepped(row)

    def _maybe_log_save_evaluate(self, *arguments: Any, **named: Any) -> None:
        # Called once more at the end of the epoch, when the step is done already.
        ended = self.control.should_log and self.state.global_step > self._globalstep_last_logged
        super()._maybe_log_save_evaluate(*arguments, **named)
        if ended and self._share.after_step(self):
            self.control.should_training_stop = True

    def save(self) -> Path:
        """A checkpoint of this moment; complete once its state file stands."""
        self._save_checkpoint(self.model, trial=None)
        folder = Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"
        self._share.processes.barrier()
        if self._session is not None:
            write_json(folder / STATE, self._session.state())
        return folder

    def create_model_card(self, *arguments: Any, **named: Any) -> None:
        """None: TRL writes one into every checkpoint, which costs more than saving a small model."""

    def _send_telemetry(self) -> None:
        """None: training on somebody's desk tells nobody."""

    def fall_back(self, checkpoint: Path, factor: float) -> float:
        """Take weights and optimizer from ``checkpoint`` and go on from here at ``factor`` times the learning rate.

        The count of steps goes on, since what happened has happened. Returns the new base learning rate.
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


def trl_config(config: TrainConfig, folder: Path, rewards: Sequence[Reward], template: dict[str, Any]) -> GRPOConfig:
    """TRL's configuration for ours. Checkpoints, evaluation and logs are the session's, so TRL's are off."""
    gpu = torch.cuda.is_available()
    low = config.dtype == "bfloat16" or (config.dtype == "auto" and this_machine().bfloat16)
    same = (
        *("learning_rate", "lr_scheduler_type", "warmup_steps", "weight_decay", "adam_beta1", "adam_beta2", "optim"),
        *("max_grad_norm", "max_steps", "num_generations", "per_device_train_batch_size"),
        *("gradient_accumulation_steps", "steps_per_generation", "num_iterations", "max_completion_length"),
        *("temperature", "beta", "epsilon", "loss_type", "importance_sampling_level"),
        *("scale_rewards", "mask_truncated_completions", "gradient_checkpointing", "seed"),
        *("use_vllm", "vllm_mode", "vllm_server_base_url", "vllm_server_timeout", "vllm_gpu_memory_utilization"),
    )
    made = GRPOConfig(
        **{name: getattr(config, name) for name in same},
        # Said outright, because Unsloth has defaults of its own where TRL would take these.
        epsilon_high=config.epsilon if config.epsilon_high is None else config.epsilon_high,
        router_aux_loss_coef=0.0,
        output_dir=str(folder),
        reward_weights=[reward.weight for reward in rewards],
        chat_template_kwargs=template,
        report_to=config.trackers,
        run_name=folder.name,
        project=PROJECT,
        trackio_static_space_id=False,
        bf16=low,
        use_cpu=not gpu,
        disable_tqdm=True,
        logging_steps=1,
        save_strategy="no",
        eval_strategy="no",
        dataloader_pin_memory=gpu,
        remove_unused_columns=False,
        shuffle_dataset=False,
    )
    # One process computes on one card; several cards are for several processes.
    made._n_gpu = min(1, made.n_gpu)
    return made


@contextlib.contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def _facts(rollouts: Sequence[Rollout], group: int) -> dict[str, Any]:
    copies = 0
    for start in range(0, len(rollouts), group):
        counts = Counter(rollout.source for rollout in rollouts[start : start + group] if rollout.source is not None)
        copies += sum(count for count in counts.values() if count > 1)
    return {
        "score": statistics.fmean(rollout.score for rollout in rollouts),
        "outcomes": dict(Counter(rollout.outcome.value for rollout in rollouts)),
        "identical_share": copies / len(rollouts),
        "random_share": statistics.fmean(alarms.uses_random(rollout.source) for rollout in rollouts),
        "broken_off_share": statistics.fmean(rollout.broken_off for rollout in rollouts),
    }


def _memory() -> dict[str, int]:
    found = {}
    with contextlib.suppress(ImportError):
        import resource
        import sys

        # Linux counts in KiB, macOS in bytes.
        unit = 1 if sys.platform == "darwin" else 1024
        found["memory_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    if torch.cuda.is_available():
        found["gpu_memory_bytes"] = torch.cuda.max_memory_allocated()
    return found
