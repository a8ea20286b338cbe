"""The model card of an export: ``README.md`` as the Hugging Face hub reads it, the learning curve, the champion's GIF.

Every number comes from the run folder or from what was just checked; what nobody measured is not in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade import __version__
from grpo_arcade.games import score_text
from grpo_arcade.recordings.runs.made_here import made_here
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.strangers import asks_nobody

if TYPE_CHECKING:
    from grpo_arcade.games import Episode
    from grpo_arcade.recordings.runs.records import Champion

CARD, CURVE, GIF = "README.md", "reward-curve.png", "champion.gif"
_MOST_GIF_BYTES = 3_000_000
_LICENCES = {"pocket": "mit", "gpt-oss": "apache-2.0"}
"""By what a base model's name says; of any other base, the card names no licence."""
_KINDS = {
    "lora": ("peft", "a LoRA adapter, to be put on its base model"),
    "merged-16bit": ("transformers", "the whole model in bfloat16 safetensors"),
    "mxfp4": ("transformers", "the whole model, its experts in MXFP4 as OpenAI's own checkpoints have them"),
    "gguf": ("gguf", "the whole model for llama.cpp, Ollama and LM Studio"),
}


def write_card(
    folder: Path,
    kind: str,
    *,
    name: str,
    base: str | None,
    step: int | None,
    run: Path | None,
    files: Sequence[str],
    checks: Sequence[str],
) -> None:
    """Write the card and its pictures into an export's folder.

    Args:
        folder: where the export lies.
        kind: its format, as ``--to`` names it.
        name: of the model.
        base: what training began with; None where that is not known.
        step: after which the exported checkpoint was made.
        run: the run folder; without one the card has no curve, table or champion.
        files: the ``.gguf`` files, if it is those.
        checks: what was found when the export was read again, a line each; empty if it was not.
    """
    parts = [_front_matter(kind, base, run), f"# {name}\n", _what(kind, base, step, run)]
    if run is not None:
        with RunReader(run) as reader:
            parts += _of_the_run(reader, folder, step)
    parts += [_use(kind, name, base, files), _checked(checks)]
    (folder / CARD).write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")


def _front_matter(kind: str, base: str | None, run: Path | None) -> str:
    facts: dict[str, Any] = {"library_name": _KINDS[kind][0], "pipeline_tag": "text-generation"}
    if base is not None and base.count("/") == 1 and not Path(base).exists():
        facts["base_model"] = base
    licence = next((licence for word, licence in _LICENCES.items() if base is not None and word in base.lower()), None)
    if licence is not None:
        facts["license"] = licence
    facts["language"] = ["en"]
    tags = ["grpo", "trl", "reinforcement-learning", "code", "grpo-arcade"]
    if run is not None:
        with RunReader(run) as reader:
            tags.append(str(reader.facts()["game"]).replace("/", "-").replace(":", "-"))
    facts["tags"] = [*tags, *({"lora": ["lora"], "gguf": ["gguf", "llama.cpp"], "mxfp4": ["mxfp4"]}.get(kind, []))]
    # JSON is YAML.
    lines = [f"{key}: {json.dumps(value)}" for key, value in facts.items()]
    return "\n".join(["---", *lines, "---\n"])


def _what(kind: str, base: str | None, step: int | None, run: Path | None) -> str:
    called = "the pocket model of GRPO Arcade" if base == "pocket" else f"`{base}`" if base else "a model"
    how = f"{called[0].upper()}{called[1:]}"
    if run is not None:
        with RunReader(run) as reader:
            facts = reader.facts()
        how += f" after {step} step{'s' * (step != 1)} of GRPO on {facts['game']}"
    return (
        f"{how}: {_KINDS[kind][1]}. Asked with the game's prompt, it answers with a Python function `strategy`, which "
        f"then plays. Made with GRPO Arcade {__version__}.\n"
    )


def _of_the_run(reader: RunReader, folder: Path, step: int | None) -> list[str]:
    parts = []
    if reader.evaluations():
        from grpo_arcade.trainer.curve_picture import write_curve

        write_curve(reader, folder / CURVE)
        parts += [f"![Held-out score and training reward by step]({CURVE})\n", _table(reader.evaluations(), step)]
    if (champion := reader.champion()) is not None:
        parts += _champion(reader, champion, folder)
    return [*parts, _configuration(TrainConfig.of(reader), reader.config().get("versions", {}))]


def _table(evaluations: Sequence[Mapping[str, Any]], step: int | None) -> str:
    last = next((row for row in reversed(evaluations) if step is None or row["step"] <= step), evaluations[-1])
    rows = [row for row in (evaluations[0], last) if row["options"] == last["options"]]
    options = " ".join(f"{name}={value}" for name, value in last["options"].items())
    lines = [
        "## Held-out score\n",
        f"{last['strategies']} strategies sampled at temperature 1, {len(last['seeds'])} published seeds that training "
        f"never sees ({options}); the baselines play the same seeds.\n",
        "| | mean score | 95 % interval | games won | strategies that run |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, kept in last["baselines"].items():
        won = f"{kept['won']:.0%}" if "won" in kept else ""
        lines.append(f"| {name} | {score_text(kept['mean'])} | | {won} | |")
    for row in rows[-1:] if rows[0] is rows[-1] else rows:
        interval = f"{score_text(row['low'])} to {score_text(row['high'])}"
        label = "before training" if row["step"] == 0 else f"after step {row['step']}"
        label = f"**{label}**" if row is last else label
        lines.append(f"| {label} | {score_text(row['mean'])} | {interval} | {row['won']:.0%} | {row['compiled']:.0%} |")
    return "\n".join(lines) + "\n"


def _champion(reader: RunReader, champion: Champion, folder: Path) -> list[str]:
    from grpo_arcade.recordings.films import write_gif

    lines = ["## The best strategy of the run\n"]
    if not (asks_nobody(str(reader.facts().get("game"))) or made_here(reader.folder)):
        # Its server is one that only somebody else's run names.
        return [*lines, f"Written at step {champion.step}.\n\n```python\n{champion.source.rstrip()}\n```\n"]
    episode = _played(reader, champion)
    if episode.actions:
        write_gif(episode, folder / GIF, max_bytes=_MOST_GIF_BYTES)
        lines.append(f"![The best strategy plays]({GIF})\n")
    lines.append(
        f"Written at step {champion.step}; held-out seed {episode.seed}: {score_text(episode.score)} points, "
        f"{episode.outcome}.\n\n```python\n{champion.source.rstrip()}\n```\n"
    )
    return lines


def _played(reader: RunReader, champion: Champion) -> Episode:
    """The champion's game on the first held-out seed, under the rules of the last evaluation."""
    from grpo_arcade.games.players import play_match
    from grpo_arcade.games.seeds import EVALUATION_SEEDS

    facts, evaluations = reader.facts(), reader.evaluations()
    settings = TrainConfig.of(reader)
    options = evaluations[-1]["options"] if evaluations else settings.options
    player = f"{facts['model']} step {champion.step}"
    return play_match(champion.source, facts["game"], options, EVALUATION_SEEDS[:1], player=player).episodes[0]


def _configuration(settings: TrainConfig, versions: Mapping[str, str | None]) -> str:
    chosen = {name: value for name, value in settings.differences().items() if name not in _PRIVATE}
    shown = {name: getattr(settings, name) for name in _ALWAYS} | chosen
    lines = ["## How it was trained\n", "```toml"]
    for name, value in shown.items():
        if value is not None:
            value = list(value) if isinstance(value, tuple) else value
            lines.append(f"{name} = {json.dumps(value, ensure_ascii=False)}")
    known = ((package, version) for package, version in versions.items() if version and package != "platform")
    made_with = ", ".join(f"{package} {version}" for package, version in known)
    return "\n".join([*lines, "```\n", f"Everything else was at its default. {made_with}\n"])


_PRIVATE = ("run_key", "run_name", "output_dir")
_ALWAYS = (
    "game",
    "model",
    "lora_r",
    "learning_rate",
    "max_steps",
    "num_generations",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "max_completion_length",
    "temperature",
    "beta",
    "loss_type",
    "rewards",
    "seed",
)


def _use(kind: str, name: str, base: str | None, files: Sequence[str]) -> str:
    here = Path(name).name
    lines = ["## Use\n", "```sh"]
    if kind == "gguf":
        lines += [f"llama-server -m {files[0]} --port 8080", "arcade write --model http://localhost:8080/v1"]
    else:
        lines += [f"arcade write --model {here} --play", f"arcade eval {here}"]
    lines.append("```\n")
    if kind == "lora" and base == "pocket":
        lines.append("The adapter's base is the pocket model, which comes with `pip install grpo-arcade`.\n")
    lines.append("What a language model wrote is run by `arcade` in a sandbox; run it nowhere without one.\n")
    return "\n".join(lines)


def _checked(checks: Sequence[str]) -> str:
    lines = ["## Read again\n"]
    if not checks:
        return "\n".join([*lines, "Nobody checked this export.\n"])
    lines.append(
        "A fresh process read this export and answered prompts of several games, always taking the likeliest token. "
        "Beside the answers of the checkpoint it came from:\n"
    )
    return "\n".join([*lines, *(f"- {line}" for line in checks), ""])
