"""A tiny model that really writes strategies: it has learnt eight programs by heart, in seconds, on one core."""

import pytest

ORDERS = ("WASD", "SADW", "ASDW", "DSAW", "SDAW", "ADSW", "WDSA", "SWAD")
PROGRAM = """```python
def strategy(board):
    def left(rows):
        return [sorted(row, key=lambda value: value == 0) for row in rows]
    def moved(way):
        rows = board if way in "AD" else [list(row) for row in zip(*board)]
        rows = [list(row)[::-1] if way in "DS" else list(row) for row in rows]
        return any(row != new or any(a and a == b for a, b in zip(new, new[1:])) for row, new in zip(rows, left(rows)))
    for d in "{order}":
        if moved(d):
            return d
    return "W"
```"""


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """A folder with a Qwen3 of 0.1 M parameters, each of whose completions is one of eight programs, or half of one."""
    return make_tiny_model(tmp_path_factory.mktemp("tiny"), train_steps=300)


@pytest.fixture(scope="session")
def garbage_model(tmp_path_factory):
    """The same with random weights: no completion holds a strategy."""
    return make_tiny_model(tmp_path_factory.mktemp("garbage"), train_steps=0)


def make_tiny_model(folder, train_steps, taught=None):
    """Teach a small model pairs of a prompt and an answer by heart; by default eight programs for 2048."""
    import torch
    from transformers import Qwen3ForCausalLM

    from grpo_arcade.games import make
    from grpo_arcade.trainer.models.pocket.architecture import build_config
    from grpo_arcade.trainer.models.pocket.tokenizer import train_tokenizer

    torch.set_num_threads(1)
    if taught is None:
        taught = [(make("2048").prompt(), PROGRAM.format(order=order)) for order in ORDERS]
    tokenizer = train_tokenizer([text for pair in taught for text in pair] * 4, 900)
    torch.manual_seed(0)
    config = build_config(
        len(tokenizer),
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        hidden_size=64,
        num_hidden_layers=2,
    )
    model = Qwen3ForCausalLM(config)
    texts = [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}, {"role": "assistant", "content": program}],
            tokenize=True,
            return_dict=False,
        )
        for prompt, program in taught
    ]
    asked = [
        len(
            tokenizer.apply_chat_template(
                [{"role": "user", "content": prompt}], tokenize=True, return_dict=False, add_generation_prompt=True
            )
        )
        for prompt, _ in taught
    ]
    longest = max(map(len, texts))
    ids = torch.tensor([text + [tokenizer.pad_token_id] * (longest - len(text)) for text in texts])
    labels = ids.clone()
    for row, length in enumerate(asked):
        labels[row, :length] = -100
    labels[ids == tokenizer.pad_token_id] = -100
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(1, train_steps))
    for _ in range(train_steps):
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture
def tiny_config(tiny_model, tmp_path):
    """Three quick steps of a real GRPO run."""
    from grpo_arcade.trainer.config import TrainConfig

    return TrainConfig(
        model=tiny_model,
        output_dir=str(tmp_path / "outputs"),
        run_name="run",
        run_key="00" * 16,
        num_generations=4,
        per_device_train_batch_size=2,
        gradient_accumulation_steps=2,
        max_steps=3,
        max_completion_length=120,
        train_seeds=2,
        eval_steps=2,
        eval_strategies=4,
        eval_seeds=2,
        save_steps=1,
        learning_rate=1e-3,
        warmup_steps=0,
        threads=1,
        workers=1,
    )
