"""What must be seen on a card, as the commands a person would type; each prints a table and writes its figures as JSON.

    python tests/gpu/proofs.py pocket   OUT    # the pocket model through Unsloth beside transformers, 120 steps each
    python tests/gpu/proofs.py bf16     OUT    # a gpt-oss of full 20b shape: load, learn, save, resume, export
    python tests/gpu/proofs.py four-bit OUT    # the same in 4 bits
    python tests/gpu/proofs.py speed    OUT    # our step beside the tutorials' loop: same card, model and lengths

``--tiny`` runs each in a shape for two CPU cores, to see that the script itself works. Nothing is downloaded. OUT needs
60 GB for the full shape, whose random weights are made on the card.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
KEY = "5eed" * 8


def arcade(*words):
    """One command, its output shown; its seconds."""
    words = [str(word) for word in words]
    print("$ arcade", *words, flush=True)
    started = time.perf_counter()
    paths = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": paths}
    subprocess.run([sys.executable, "-m", "grpo_arcade.arcade.cli", *words], check=True, env=environment)
    return time.perf_counter() - started


def figures(folder):
    """What a run's own records say: the split of a step, memory, tokens a second, the held-out curve."""
    from grpo_arcade.recordings.runs.reader import RunReader

    with RunReader(folder) as run:
        steps, evaluations, facts = run.steps(), run.evaluations(), run.facts()
        completions = run.config()["config"]["per_device_train_batch_size"]
        completions *= run.config()["config"]["gradient_accumulation_steps"]
    # The first two steps compile and warm up.
    steady = steps[2:] or steps
    mean = {
        name: statistics.fmean(row[name] for row in steady) for name in ("step_s", "generate_s", "score_s", "learn_s")
    }
    tokens = statistics.fmean(row["completion_length"] for row in steady) * completions
    return {
        "backend": facts["backend"],
        "device": facts["device"],
        "parameters": facts["parameters"],
        "steps": len(steps),
        **mean,
        "scoring_share": mean["score_s"] / mean["step_s"],
        "steps_per_hour": 3600 / mean["step_s"],
        "tokens_per_second_generated": tokens / mean["generate_s"],
        "tokens_per_second_whole": tokens / mean["step_s"],
        "peak_memory_gib": max(row["metrics"].get("gpu_memory_bytes", 0) for row in steps) / 2**30,
        "held_out": {row["step"]: row["mean"] for row in evaluations},
        "rewards": [row["reward"] for row in steps],
        "grad_norms": [row["grad_norm"] for row in steps],
    }


def pocket(out, tiny):
    """The same start, seeds and settings under both backends."""
    steps = 2 if tiny else 120
    told = {}
    for backend in ("transformers", "unsloth"):
        arcade(
            *("train", "--model", "pocket", "--backend", backend, "--max-steps", steps, "--eval-steps", steps // 2),
            *("--run-key", KEY, "--seed", 0, "--output-dir", out, "--run-name", f"pocket-{backend}"),
            *(TINY if tiny else ()),
        )
        told[backend] = figures(out / f"pocket-{backend}")
    return told


def large(out, tiny, four_bits):
    """Load, learn on attention and experts, save, resume, export."""
    name = "four-bit" if four_bits else "bf16"
    model = random_model(out, tiny)
    settings = [
        *("--model", model, "--lora-r", 8, "--rewards", "varied:varied", "--beta", 0, "--learning-rate", 1e-3),
        *("--reasoning-effort", "low", "--warmup-steps", 0, "--run-key", KEY, "--output-dir", out),
        *("--run-name", name, "--save-steps", 1, "--eval-steps", 0, "--no-fallback", "--gradient-checkpointing"),
        "--no-mask-truncated-completions",  # random weights end nothing
        *(["--load-in-4bit", "--optim", "adamw_8bit"] if four_bits else ()),
        *(TINY if tiny else FULL),
    ]
    seconds = {"train": arcade("train", *settings, "--max-steps", 2 if tiny else 6)}
    seconds["resume"] = arcade("train", "--resume", out / name, "--max-steps", 3 if tiny else 8)
    seconds["export"] = arcade("export", out / name, "--to", "lora", "--folder", out / f"{name}-lora")
    return {name: {**figures(out / name), "seconds": seconds, "experts_moved": experts_moved(out / name)}}


def experts_moved(folder):
    """The largest change an adapter made to an expert; zero if none was reached."""
    from safetensors.torch import load_file

    last = max(folder.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    weights = load_file(last / "adapter_model.safetensors")
    return max(float(tensor.abs().max()) for name, tensor in weights.items() if "experts" in name and "lora_B" in name)


def speed(out, tiny, model=None):
    """The tutorials' loop and ours, one after the other; each in a fresh process. With a real model, or without one."""
    told = {}
    models = {"real": model} if model else {"pocket": "pocket", "gpt-oss": random_model(out, tiny)}
    for kind, model in models.items():
        group, length, steps = (4, 32, 2) if tiny else (16, {"pocket": 128, "gpt-oss": 768, "real": 384}[kind], 8)
        file = out / f"notebook-{kind}.json"
        words = [model, group, length, steps, file]
        subprocess.run([sys.executable, HERE / "notebook_loop.py", *map(str, words)], check=True)
        told[f"{kind}: the tutorials' loop"] = json.loads(file.read_text())
        lora = [] if kind == "pocket" else ["--lora-r", 4]
        arcade(
            *("train", "--model", model, "--max-steps", steps, "--eval-steps", 0, "--eval-strategies", 1),
            *("--eval-seeds", 1, "--run-key", KEY, "--output-dir", out, "--run-name", f"ours-{kind}", "--beta", 0),
            *("--num-generations", group, "--per-device-train-batch-size", group, "--gradient-accumulation-steps", 1),
            *("--max-completion-length", length, "--save-steps", 1000, "--gradient-checkpointing", *lora),
            "--no-mask-truncated-completions",
        )
        told[f"{kind}: ours"] = figures(out / f"ours-{kind}")
    return told


TINY = (
    *("--num-generations", 4, "--per-device-train-batch-size", 2, "--gradient-accumulation-steps", 2),
    *("--max-completion-length", 24, "--eval-strategies", 2, "--eval-seeds", 1, "--train-seeds", 1),
)
FULL = (
    *("--num-generations", 8, "--per-device-train-batch-size", 2, "--gradient-accumulation-steps", 4),
    *("--max-completion-length", 768, "--eval-strategies", 2, "--eval-seeds", 1),
)


def random_model(out, tiny):
    """The folder of a gpt-oss with random weights, made once."""
    shape = "tiny" if tiny else "20b"
    folder = out / f"gpt-oss-{shape}"
    if not (folder / "config.json").is_file():
        # In a process of its own, so that its memory is free again.
        subprocess.run([sys.executable, HERE / "random_gpt_oss.py", folder, shape], check=True)
    return folder


PROOFS = {
    "pocket": pocket,
    "bf16": lambda out, tiny: large(out, tiny, four_bits=False),
    "four-bit": lambda out, tiny: large(out, tiny, four_bits=True),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("proof", choices=[*PROOFS, "speed"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--model", help="speed: a real model's folder, in the place of the pocket's and gpt-oss's")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    out = asked.out.resolve()
    told = speed(out, asked.tiny, asked.model) if asked.proof == "speed" else PROOFS[asked.proof](out, asked.tiny)
    (asked.out / f"{asked.proof}.json").write_text(json.dumps(told, indent=2))
    names = ("step_s", "generate_s", "score_s", "learn_s", "tokens_per_second_whole", "peak_memory_gib")
    for who, found in told.items():
        print(who, "  ".join(f"{name} {found[name]:.3g}" for name in names if name in found), sep="\n  ")


if __name__ == "__main__":
    main()
