"""What a real model learns on a card, and what learning is worth. Each part writes JSON, and is not done twice.

    python tests/gpu/learning.py engine  MODEL OUT --way adapter|merged   # vLLM's probabilities beside the learner's
    python tests/gpu/learning.py sample  MODEL OUT --prompts game tutorial FILE...   # untrained, one prompt beside another
    python tests/gpu/learning.py best-of MODEL OUT --tokens 2000000       # the best of many untrained answers, held out
    python tests/gpu/learning.py keep    RUN   OUT                        # a run's curve, champions and some programs

The runs themselves are ``arcade train --preset qwen-coder``, which resumes by itself.
"""

import argparse
import gzip
import json
import statistics
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

from grpo_arcade.games import make
from grpo_arcade.games.players import MatchPool
from grpo_arcade.games.seeds import EVALUATION_SEEDS, training_seeds
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.trainer.evaluate import baselines_on, evaluate_model, evaluate_source
from grpo_arcade.trainer.models.chat import completion_text, ending_tokens, prompt_ids
from grpo_arcade.trainer.models.loading import load, open_tokenizer
from grpo_arcade.trainer.question import prompt_text, question
from grpo_arcade.trainer.scoring import Assignment, Scorer

LONGEST = 512
"""Tokens of a completion."""
AT_ONCE = 256
KEY = bytes(16)
"""Of the training seeds: nothing here must be secret."""


def opened(asked):
    """Who writes (vLLM, or where there is no card our sampler), what stands for the model beside it, tokenizer, game."""
    import torch
    from transformers import GenerationConfig

    from grpo_arcade.trainer.generation import Sampler
    from grpo_arcade.trainer.vllm_here import Engine

    game = make(asked.game, toolbox=asked.toolbox)
    if not torch.cuda.is_available():
        model, tokenizer = load(asked.model)
        return Sampler(model, tokenizer), model, tokenizer, game
    engine = Engine(asked.model, longest=2048, sequences=AT_ONCE, memory_share=asked.share, seed=asked.seed)
    model = SimpleNamespace(generation_config=GenerationConfig.from_pretrained(asked.model))
    return engine, model, open_tokenizer(asked.model), game


def sample(asked):
    """Outcomes and scores of untrained answers to each prompt, on the same training seeds."""
    engine, model, tokenizer, game = opened(asked)
    seeds = training_seeds(KEY, 0, 4)
    told = {}
    with MatchPool() as pool:
        for word in asked.prompts:
            started = time.perf_counter()
            found = evaluate_model(
                model, tokenizer, game, seeds, pool=pool, player=word, strategies=asked.strategies, seed=asked.seed,
                max_completion_length=LONGEST, prompt=prompt_text(word), generate=engine,
            )  # fmt: skip
            means = [statistics.fmean(row) for row in found.scores]
            tokens = sum(len(each.tokens) for each in found.rollouts)
            told[word] = {
                "prompt": question(game, prompt_text(word)),
                "mean": found.mean,
                "best": max(means),
                "quartiles": statistics.quantiles(means, n=4),
                "outcomes": found.outcomes,
                "tokens": tokens,
                "seconds": time.perf_counter() - started,
                "answers": [
                    {"completion": each.completion, "outcome": each.outcome, "score": each.score, "error": each.error}
                    for each in found.rollouts
                ],
            }
            games = sum(found.outcomes.values())
            ended = sum(found.outcomes.get(each, 0) for each in ("won", "lost", "capped"))
            print(f"{Path(word).name}: mean {found.mean:.0f} best {max(means):.0f} played {ended / games:.0%} "
                  f"{found.outcomes} {tokens / asked.strategies:.0f} tokens", flush=True)  # fmt: skip
    return told


def best_of(asked):
    """After every batch of answers: tokens so far, and the held-out score of the answer that did best in training."""
    engine, model, tokenizer, game = opened(asked)
    ends, prompt = ending_tokens(model, tokenizer), prompt_ids(tokenizer, question(game, prompt_text(asked.prompts[0])))
    seeds = tuple(training_seeds(KEY, 1, 16))
    spent, kept, rows, outcomes = 0, (-1.0, ""), [], Counter()
    with MatchPool() as pool:
        while spent < asked.tokens:
            scorer = Scorer(pool, [Assignment(game.name, game.options, seeds)] * asked.at_once, player="untrained")

            def played(place, ids, scorer=scorer):
                scorer.submit(place, completion_text(tokenizer, ids, ends), ids)

            order = {"first": 0, "seed": 0, "max_new_tokens": LONGEST, "temperature": 1.0}
            completions, _ = engine([prompt] * asked.at_once, on_finished=played, **order)
            spent += sum(map(len, completions))
            rollouts = scorer.collect()
            outcomes.update(str(each.outcome) for each in rollouts)
            best = max((each.score, each.source or "") for each in rollouts)
            if best[0] > kept[0]:
                kept = best
                held = evaluate_source(kept[1], game, EVALUATION_SEEDS[:16], pool=pool).mean
            rows.append(
                {"answers": asked.at_once * (len(rows) + 1), "tokens": spent, "training": kept[0], "held_out": held}
            )
            print(rows[-1], flush=True)
    return {"rows": rows, "outcomes": outcomes, "source": kept[1]}


def engine(asked):
    """How far vLLM's log-probabilities lie from the learner's after some steps of an adapter; its speed, bare and ours."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from grpo_arcade.trainer.vllm_here import Engine

    tokenizer, game = open_tokenizer(asked.model), make(asked.game, toolbox=True)
    prompt = prompt_ids(tokenizer, game.prompt())
    base = AutoModelForCausalLM.from_pretrained(asked.model, dtype=torch.bfloat16, device_map={"": 0})
    model = get_peft_model(base, LoraConfig(r=32, lora_alpha=64, target_modules="all-linear", task_type="CAUSAL_LM"))
    model.eval()
    writes = Engine(
        asked.model, longest=len(prompt) + LONGEST, sequences=AT_ONCE, memory_share=asked.share,
        adapter_rank=32 if asked.way == "adapter" else 0, rests=True,
    )  # fmt: skip
    order = {"first": 0, "seed": 0, "max_new_tokens": 256, "temperature": 1.0, "on_finished": lambda place, ids: None}
    told = {"way": asked.way, "differences": {}, "tokens_per_second": {}}
    generator = torch.Generator(device="cuda").manual_seed(0)
    for steps in (0, 1, 5, 20):
        for name, weights in model.named_parameters():
            if "lora_B" in name:
                signs = torch.randint(0, 2, weights.shape, device="cuda", generator=generator) * 2 - 1
                weights.data = signs.to(weights.dtype) * 1e-4 * steps
        started = time.perf_counter()
        writes.load(model)
        handed = time.perf_counter() - started
        completions, logprobs = writes([prompt] * 32, **order)
        writes.rest()
        apart = []
        with torch.no_grad():
            for ids, theirs in zip(completions, logprobs, strict=True):
                logits = model(input_ids=torch.tensor([prompt + ids], device="cuda")).logits[0, len(prompt) - 1 : -1]
                mine = torch.log_softmax(logits.float(), -1)[range(len(ids)), ids]
                apart.append(mine - torch.tensor(theirs, device="cuda"))
        every = torch.cat(apart)
        told["differences"][steps] = {
            "mean_absolute": float(every.abs().mean()),
            "largest": float(every.abs().max()),
            "mean_over_completions_of_the_sum": statistics.fmean(float(each.sum().abs()) for each in apart),
            "handed_over_s": handed,
        }
        print(asked.way, steps, told["differences"][steps], flush=True)
    for sequences in (64, 256):
        for who in ("ours", "bare") * 3:
            started = time.perf_counter()
            if who == "ours":
                tokens = sum(map(len, writes([prompt] * sequences, **{**order, "max_new_tokens": LONGEST})[0]))
            else:
                tokens = _bare(writes, prompt, sequences)
            found = told["tokens_per_second"].setdefault(f"{who}, {sequences}", [])
            found.append(tokens / (time.perf_counter() - started))
            print(who, sequences, round(found[-1]), flush=True)
    return told


def _bare(engine, prompt, sequences):
    """Tokens that the same vLLM with the same adapter writes when it is asked as its own manual asks it."""
    from vllm import SamplingParams

    asked = [{"prompt_token_ids": prompt}] * sequences
    params = SamplingParams(temperature=1.0, max_tokens=LONGEST)
    written = engine._llm.generate(asked, params, lora_request=engine._request, use_tqdm=False)
    return sum(len(each.outputs[0].token_ids) for each in written)


def keep(asked):
    """What of a run is worth keeping in a repository."""
    with RunReader(asked.model) as run:
        steps, evaluations = run.steps(), run.evaluations()
        if not evaluations:
            raise SystemExit(f"{asked.model} has no evaluation yet: try again once step 0 is evaluated")
        programs = {}
        for at in sorted({1, *range(10, len(steps) + 1, 10)} & {row["step"] for row in steps}):
            best = sorted(run.strategies(at), key=lambda row: row["score"])[-3:]
            programs[at] = [{"score": row["score"], "source": run.strategy(row["id"])["source"]} for row in best]
        config, facts = run.config()["config"], dict(run.facts())
        champions = [dict(row) for row in run.query("SELECT step, score, previous FROM champions ORDER BY step")]
        holder = run.champion()
        champion = holder and {"score": holder.score, "source": holder.source}
    for row in evaluations:
        for name in ("scores", "seeds", "histogram", "baselines"):
            row.pop(name, None)
    for kept in (facts, config):
        kept["model"] = Path(kept["model"]).name
        for name in ("run_key", "output_dir"):
            kept.pop(name, None)
    board = make(config["game"], **evaluations[-1]["options"])
    means = {name: kept["mean"] for name, kept in baselines_on(board, EVALUATION_SEEDS[: config["eval_seeds"]]).items()}
    return {
        "config": config, "facts": facts, "baselines": means, "steps": steps, "evaluations": evaluations,
        "champions": champions, "champion": champion, "programs": programs,
    }  # fmt: skip


PARTS = {"engine": engine, "sample": sample, "best-of": best_of, "keep": keep}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("model")
    parser.add_argument("out", type=Path, help="a file .json or .json.gz")
    parser.add_argument("--game", default="2048")
    parser.add_argument("--no-toolbox", dest="toolbox", action="store_false")
    parser.add_argument("--prompts", nargs="+", default=["game"])
    parser.add_argument("--strategies", type=int, default=128)
    parser.add_argument("--tokens", type=int, default=1_000_000)
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    parser.add_argument("--way", choices=("adapter", "merged"), default="adapter")
    parser.add_argument("--share", type=float, default=0.2, help="of the card's memory")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if asked.out.exists():
        print(f"{asked.out} is there already")
        return
    text = json.dumps(PARTS[asked.part](asked), indent=1, default=str).encode()
    asked.out.write_bytes(gzip.compress(text, mtime=0) if asked.out.suffix == ".gz" else text)


if __name__ == "__main__":
    main()
