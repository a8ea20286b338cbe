"""Improve a program, from a configuration or from where a run was left.

    result = improve(ImproveConfig(model=("http://localhost:11434/v1#qwen2.5-coder:7b",)), authors)

Everything that can be refused is, before there is a run folder.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from grpo_arcade.games import make, score_text
from grpo_arcade.recordings.runs.folder import LOG
from grpo_arcade.recordings.runs.kind import RunKind
from grpo_arcade.recordings.runs.new_run import check_new
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.writer import RunWriter
from grpo_arcade.trainer import rewards as reward_functions
from grpo_arcade.trainer.bounds import ConfigError
from grpo_arcade.trainer.ending import recorded
from grpo_arcade.trainer.evaluate import published_means
from grpo_arcade.trainer.improvement.asking import Author
from grpo_arcade.trainer.improvement.config import ImproveConfig
from grpo_arcade.trainer.improvement.population import Population
from grpo_arcade.trainer.improvement.recording import SearchRecorder, Spent, kept_search
from grpo_arcade.trainer.improvement.search import Search
from grpo_arcade.trainer.improvement.ways import Ways
from grpo_arcade.trainer.judging import Reward
from grpo_arcade.trainer.narration import Narrator, captured
from grpo_arcade.trainer.own_rewards import try_out
from grpo_arcade.trainer.pools import open_pool
from grpo_arcade.trainer.signals import stopping
from grpo_arcade.trainer.strangers import refuse_unless_trusted

_FREE_ON_RESUME = frozenset(
    (
        *("rounds", "minutes", "tokens", "price_in", "price_out", "patience", "parallel", "workers", "threads"),
        *("model", "model_weights", "context_length", "stop", "output_dir", "run_name"),
        "vllm_gpu_memory_utilization",
    )
)
"""What may differ when a run is gone on with: none of these makes its programs' scores incomparable."""

_TO_LOWER = "a lower max_completion_length, or fewer candidates"
"""What saves memory where a model in this process ran out of it."""


@dataclass(frozen=True)
class ImproveResult:
    """How a call of :func:`improve` ended."""

    folder: Path
    status: str
    """finished (a budget is used up), stopped (a command, or nobody answers any more), or interrupted (Ctrl-C)."""
    rounds: int
    """Rounds made."""
    spent: Spent
    champion: float | None
    """The champion's mean on its own seeds; None where no program played."""
    held_out: float | None
    """The champion's mean on the held-out seeds, as last measured."""
    source: str | None
    """The champion's program."""


@dataclass
class _Settings:
    """What a run folder needs to know of the configuration."""

    config: ImproveConfig

    def __post_init__(self) -> None:
        self.game, self.model = self.config.game, self.config.label
        self.output_dir, self.run_name = self.config.output_dir, self.config.run_name

    def to_dict(self) -> dict[str, Any]:
        return self.config.to_dict()

    def defaults(self) -> dict[str, Any]:
        return self.config.defaults()


def resumed_config(folder: Path) -> ImproveConfig:
    """The configuration a run was made with, as :func:`improve` wants it for going on.

    Raises:
        RunFolderError: no run folder, or one that cannot be read.
        ConfigError: the run is a training.
    """
    with RunReader(folder) as run:
        config = ImproveConfig.of(run).resolved()
        config.run_key = str(run.facts()["run_key"])
        return config


def improve(
    config: ImproveConfig, authors: Sequence[Author], *, resume: Path | None = None, capture: bool = False
) -> ImproveResult:
    """Search until a budget is used up, a stop command, or Ctrl-C, which ends the round and returns.

    Args:
        config: what to do; of a resumed run its own (:func:`resumed_config`), with other budgets if wanted.
        authors: who writes, one for each of ``config.model``.
        resume: a run folder to go on with.
        capture: send all that this process and its libraries print to the run's ``log.txt``.

    Raises:
        ConfigError: the configuration makes no sense.
        RunFolderError: the run folder cannot be read or written.
        ValueError: nobody can be asked, in one line.
        KeyboardInterrupt: Ctrl-C a second time; the round in flight is lost.
    """
    config = config.resolved()
    config.check()
    rewards = reward_functions.load(config.rewards)
    try_out(rewards, config.game, config.options, config.train_seeds)
    game = make(config.game, **config.options)
    if resume is not None:
        _check_resumed(resume, config)
    config.run_key = config.run_key or secrets.token_hex(16)
    facts: dict[str, Any] = {
        "kind": RunKind.SEARCH,
        "game": config.game,
        "model": config.label,
        "max_steps": config.rounds,
    }
    facts["reward_weights"] = {reward.name: reward.weight for reward in rewards}
    facts["reward_descriptions"] = {reward.name: reward.description for reward in rewards}
    if resume is None:
        facts |= {"episode_versions": game.versions, "run_key": config.run_key}
        open_writer = partial(RunWriter.create, _Settings(config), facts)
    else:
        with RunReader(resume) as run:
            last = max((row["step"] for row in run.steps()), default=0)
        open_writer = partial(RunWriter.reopen, resume, last, RunKind.SEARCH)
    with (
        recorded(open_writer, RunKind.SEARCH, lambda: _TO_LOWER, new=resume is None) as writer,
        captured(writer.folder / LOG if capture else None) as (terminal, log),
        Narrator(terminal, log, config.rounds, 1, RunKind.SEARCH) as narrator,
    ):
        if resume is not None:
            writer.note(**facts)
        recorder = SearchRecorder(writer, narrator, config.candidates)
        return _search(config, authors, writer.folder, recorder, rewards, narrator, new=resume is None)


def _search(
    config: ImproveConfig,
    authors: Sequence[Author],
    folder: Path,
    recorder: SearchRecorder,
    rewards: Sequence[Reward],
    narrator: Narrator,
    *,
    new: bool,
) -> ImproveResult:
    with RunReader(folder) as run:
        kept, sources, spent = kept_search(run)
    members = kept.get("members", [])
    # A run of before has no ways yet.
    ways = {name: Ways.of(state) for name, state in kept.get("ways", {}).items()}
    population = Population.of(members, sources, config.islands, config.island_size, config.shorter)
    baselines = recorder.history.baselines.get("0")
    if baselines is None:
        baselines = published_means(make(config.game, **config.options), config.eval_seeds)
        recorder.note(baselines={"0": baselines})
    with open_pool(config) as pool:
        search = Search(config, folder, pool, authors, rewards, recorder, population, ways, spent, baselines)
        narrator.at(search.round)
        going_on = "" if new else f"resuming {folder}: "
        recorder.say(f"{going_on}improving {config.game} by {config.label}: {config.candidates} programs a round")
        message = f"{config.rounds} rounds" if new else f"round {search.round} of {config.rounds}"
        recorder.event("started" if new else "resumed", search.round, message, data={"time": time.time()})
        with stopping(search, recorder.say, RunKind.SEARCH):
            status = search.run()
    again = RunKind.SEARCH.again(folder)
    recorder.note(status="stopped" if status == "interrupted" else status)
    if status == "finished":
        recorder.event("finished", search.round, f"finished after round {search.round}: {search.ending()}")
        recorder.say(f"finished: {search.ending()}: {folder}")
    else:
        recorder.event("interrupted", search.round, f"{status} after round {search.round}")
        recorder.say(f"{status} after round {search.round}; resume with: {again}")
    holder, evaluations = search.champion.holder, recorder.history.evaluations
    held_out = evaluations[-1]["mean"] if evaluations else None
    recorder.say(in_words(spent, config, None if holder is None else holder.score, held_out))
    champion = (None, None) if holder is None else (holder.score, holder.source)
    return ImproveResult(folder, status, search.round, spent, champion[0], held_out, champion[1])


def in_words(spent: Spent, config: ImproveConfig, champion: float | None, held_out: float | None) -> str:
    """What came out and what it cost, in one line."""
    best = "no program has played yet" if champion is None else f"the champion scores {score_text(champion)}"
    if held_out is not None:
        best += f", held out {score_text(held_out)}"
    cost = spent.cost(config.price_in, config.price_out)
    price = f", for {cost:,.4g} at the prices given" if cost else ""
    return (
        f"{best}; {spent.tokens_in:,} tokens asked and {spent.tokens_out:,} answered in {spent.seconds / 60:.1f} "
        f"minutes{price}"
    )


def _check_resumed(folder: Path, config: ImproveConfig) -> None:
    refuse_unless_trusted(folder)
    kept = resumed_config(folder)
    before = kept.to_dict()
    for name, value in config.to_dict().items():
        if name not in _FREE_ON_RESUME and value != before[name]:
            raise ConfigError(
                f"{name} is {value} now and was {before[name]} in {folder}; a resumed run keeps its settings"
            )
    with RunReader(folder) as run:
        last = max((row["step"] for row in run.steps()), default=0)
        then = run.facts()["episode_versions"]
    if last >= config.rounds:
        raise ConfigError(f"{folder} has made its {config.rounds} rounds; give more --rounds to continue")
    if (other := make(config.game, **config.options).other_version(then)) is not None:
        name, recorded, here = other
        raise ConfigError(
            f"{folder} was played by version {recorded} of {name}, and this program has version {here}: "
            "its games would not be comparable; start a new run"
        )


def preview(config: ImproveConfig, *, new: bool = True) -> dict[str, Any]:
    """Everything a run with this configuration would do, JSON-able; nothing is written or asked (``--dry-run``).

    Raises:
        ConfigError: the configuration makes no sense.
        RunFolderError: a ``new`` run could not have its folder.
    """
    from grpo_arcade.trainer.question import question

    config = config.resolved()
    config.check()
    if new:
        check_new(_Settings(config))
    game = make(config.game, **config.options)
    stored = game.baseline_scores() or {}
    return {
        "config": config.to_dict(),
        "options": dict(game.options),
        "baselines": {name: sum(kept["scores"]) / len(kept["scores"]) for name, kept in stored.items()},
        "answers": config.rounds * config.candidates,
        "prompt": question(game, config.prompt),
    }
