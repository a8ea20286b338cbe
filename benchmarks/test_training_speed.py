"""How fast the pocket model trains here: time of a step by part, and learning with and without the shared prompt.

Ratios measured side by side in one run; nothing is asserted about time.
"""

import time

import pytest
import torch

from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.grpo import train

pytestmark = pytest.mark.benchmark


def test_time_of_a_step_by_part(tmp_path):
    steps = 8
    config = TrainConfig(output_dir=str(tmp_path), max_steps=steps, eval_steps=0, run_key="00" * 16)
    started = time.perf_counter()
    result = train(config, capture=True)
    seconds = time.perf_counter() - started
    with RunReader(result.folder) as run:
        rows = run.steps()[1:]
        evaluations = run.evaluations()
    completions = config.completions_per_step
    print(f"\npocket model, {config.resolved_threads()} threads, groups of {config.num_generations}, "
          f"{config.train_seeds} games a strategy; {len(rows)} steps after the first")  # fmt: skip
    whole = sum(row["step_s"] for row in rows)
    for part in ("generate_s", "score_s", "learn_s"):
        spent = sum(row[part] for row in rows)
        print(f"  {part[:-2]:9} {spent / len(rows):6.2f} s a step   {spent / whole:5.0%}")
    rate = whole / len(rows) / completions
    print(f"  a completion {rate:.3f} s; 3,000 completions {3000 * rate / 60:.1f} min; "
          f"an evaluation {evaluations[0]['seconds']:.0f} s; start and end {seconds - whole:.0f} s")  # fmt: skip


def test_learning_with_and_without_the_shared_prompt(capsys):
    from trl.trainer.utils import selective_log_softmax_and_entropy

    from grpo_arcade.trainer import shared_prompt
    from grpo_arcade.trainer.models import load

    torch.set_num_threads(TrainConfig().resolved_threads())
    model, _ = load("pocket")
    model.train()
    torch.manual_seed(0)
    print("\nseconds of one group of 32 through the model and back, in batches of 8 sorted by length (TRL: as drawn)")
    print("  prompt  completion    TRL   ours   ratio")
    for asked, length in ((12, 48), (150, 180), (500, 180)):
        prompt = torch.randint(10, 1000, (1, asked))
        completions = torch.randint(10, 1000, (32, length))
        lengths = torch.randint(length // 2, length + 1, (32,))
        mask = (torch.arange(length) < lengths[:, None]).long()

        def trl(prompt=prompt, completions=completions, mask=mask, length=length):
            for rows in torch.arange(32).split(8):
                ids = torch.cat([prompt.expand(8, -1), completions[rows]], dim=1)
                whole = torch.cat([torch.ones(8, prompt.shape[1], dtype=torch.long), mask[rows]], dim=1)
                logits = model(input_ids=ids, attention_mask=whole, logits_to_keep=length + 1, use_cache=False).logits
                selective_log_softmax_and_entropy(
                    logits[:, :-1], completions[rows], entropy_requires_grad=False, row_mask=mask[rows]
                )[0].sum().backward()

        def ours(prompt=prompt, completions=completions, mask=mask, lengths=lengths):
            for rows in lengths.argsort().split(8):
                longest = int(lengths[rows].max())
                shared_prompt.logps_and_entropies(
                    model, prompt, completions[rows, :longest], mask[rows, :longest], 1.0
                )[0].sum().backward()

        times = []
        for way in (trl, ours):
            way()
            started = time.perf_counter()
            for _ in range(3):
                way()
            times.append((time.perf_counter() - started) / 3)
        print(f"  {asked:6}  {length:10}  {times[0]:5.2f}  {times[1]:5.2f}  {times[0] / times[1]:6.1f}")
