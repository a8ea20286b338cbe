"""The loop of an improvement: whom to ask for what, what the answers play, and all that follows a round.

A round: parents are chosen and play the round's seeds; whoever writes is told how those games went; the answers play
the same seeds, and the best of them challenges the champion. All lasting state is in the run folder.
"""

from __future__ import annotations

import math
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grpo_arcade.games import Episode, Game, make
from grpo_arcade.games.seeds import EVALUATION_SEEDS, training_seeds
from grpo_arcade.trainer.champion import ChampionKeeper, champion_seeds
from grpo_arcade.trainer.counting import FAILURES, counted_score, worst_played
from grpo_arcade.trainer.evaluate import derived_seed, evaluate_source
from grpo_arcade.trainer.improvement.asking import Answer, Author, AuthorGone, Question
from grpo_arcade.trainer.improvement.commands import obey_all
from grpo_arcade.trainer.improvement.earned import advantages, by_reward, total
from grpo_arcade.trainer.improvement.feedback import Shown, Wish, became, note_of, wordings
from grpo_arcade.trainer.improvement.population import MIGRATION, Member, Population
from grpo_arcade.trainer.improvement.probes import Probes
from grpo_arcade.trainer.improvement.recording import SearchRecorder, Spent
from grpo_arcade.trainer.improvement.ways import Way, Ways, tunable
from grpo_arcade.trainer.judging import judge_all
from grpo_arcade.trainer.processes import ALONE
from grpo_arcade.trainer.question import question
from grpo_arcade.trainer.scoring import Assignment, Rollout, Scorer

if TYPE_CHECKING:
    from grpo_arcade.games.players import MatchResult, Pool
    from grpo_arcade.trainer.improvement.config import ImproveConfig
    from grpo_arcade.trainer.judging import Judged, Reward


@dataclass(frozen=True)
class Planned:
    """One candidate of a round: who is asked, about whom."""

    island: int
    author: Author
    way: Way
    parents: tuple[Member, ...]
    question: Question


class Search:
    """One search, from where its run folder stands."""

    def __init__(
        self,
        config: ImproveConfig,
        folder: Path,
        pool: Pool,
        authors: Sequence[Author],
        rewards: Sequence[Reward],
        recorder: SearchRecorder,
        population: Population,
        ways: dict[str, Ways],
        spent: Spent,
        baselines: dict[str, float],
    ) -> None:
        """``config`` is resolved and has a ``run_key``; ``ways`` are of authors, ``baselines`` mean scores, by name."""
        self.config, self.folder, self.pool = config, folder, pool
        self.authors, self.rewards, self.recorder = authors, rewards, recorder
        self.population, self.ways, self.spent, self.baselines = population, ways, spent, baselines
        self.game: Game = make(config.game, **config.options)
        self.processes = ALONE
        self.stop_asked = ""
        """Why to stop after this round; empty to go on."""
        self._key = bytes.fromhex(config.run_key)
        keep = champion_seeds(self._key, config.champion_seeds)
        self.champion = ChampionKeeper(pool, self.game, 0, keep, recorder.history.champions.get(0))
        self._played_now: dict[str, Sequence[Episode]] = {}
        """What the parents of this round did on its seeds, by source."""
        self._probes = Probes(pool, self.game, self._key)
        self.round = max((row["step"] for row in recorder.history.steps), default=0)
        """The last one that has ended."""

    def run(self) -> str:
        """Rounds until a budget is used up or somebody stops it; how it ended, as a run's status."""
        self.recorder.note(status="running")
        self._evaluate_if_due()
        while not self.stop_asked and not self._over():
            self._round(self.round + 1)
            obey_all(self)
        if not self.stop_asked:
            self._evaluate_if_due(last=True)
        return self.stop_asked or "finished"

    def _over(self) -> str:
        """Which budget is used up; empty while none is."""
        config, spent = self.config, self.spent
        if self.round >= config.rounds:
            return f"its {config.rounds:,} rounds are over"
        if config.minutes and spent.seconds >= 60 * config.minutes:
            return f"its {config.minutes:g} minutes are over"
        if config.tokens and spent.tokens >= config.tokens:
            return f"its {config.tokens:,} tokens are used up"
        return ""

    def ending(self) -> str:
        """Why it is over, for people."""
        return self._over() or "stopped"

    # ---- A round ---------------------------------------------------------------------------------------------------

    def plan(self, number: int, seeds: Sequence[int]) -> list[Planned]:
        """Whom a round asks about whom; the parents play its seeds for that."""
        config = self.config
        draw = random.Random(derived_seed(config.seed, "parents", number))
        chosen = []
        for place in range(config.candidates):
            island = place % config.islands
            author = draw.choices(self.authors, config.model_weights or None)[0]
            anew = not config.programs or place >= config.candidates - int(config.candidates * config.fresh)
            parents = [] if anew else self.population.parents(island, config.programs, draw)
            way = self._way(author, parents, draw)
            if way is Way.FRESH and parents:
                parents[0].chosen -= 1
            chosen.append((island, author, way, () if way is Way.FRESH else tuple(parents)))
        played = self._played({parent.source for *_, parents in chosen for parent in parents}, seeds)
        self._take_in(played)
        self._played_now = {source: result.episodes for source, result in played.items()}
        return [
            Planned(island, author, way, parents, self._question(author, way, parents, played, draw))
            for island, author, way, parents in chosen
        ]

    def _way(self, author: Author, parents: Sequence[Member], draw: random.Random) -> Way:
        """How the next program is asked for."""
        if not parents:
            return Way.FRESH
        if self.config.fresh and not any(member.works for member in self.population.members) and draw.random() < 0.5:
            return Way.FRESH  # one that fails is worth mending no more often than writing anew
        allowed = [Way.BETTER, *([Way.FRESH] if self.config.fresh else [])]
        if author.follows and parents[0].works and not self.config.shorter:
            allowed += [Way.OTHERWISE, *([Way.NUMBERS] if tunable(parents[0].source) else [])]
        return self.ways.setdefault(author.name, Ways()).draw(allowed, draw)

    def _played(self, sources: set[str], seeds: Sequence[int]) -> dict[str, MatchResult]:
        """What earlier programs do on a round's seeds."""
        options = self.game.options
        futures = {
            source: self.pool.submit(source, self.game.name, options, list(seeds), player="parent")
            for source in sorted(sources)
        }
        return {source: future.result() for source, future in futures.items()}

    def _take_in(self, played: dict[str, MatchResult]) -> None:
        """Add a round's games to the parents' own."""
        worst = worst_played((each for result in played.values() for each in result.episodes), self.baselines)
        for member in self.population.members:
            if (result := played.get(member.source)) is not None:
                source, games = member.source, result.episodes
                rollout = Rollout(source, source, games, result.error, result.refusal, worst=worst)
                if not rollout.broken_off:
                    member.add_games(rollout)

    def _question(
        self,
        author: Author,
        way: Way,
        parents: Sequence[Member],
        played: dict[str, MatchResult],
        draw: random.Random,
    ) -> Question:
        own = question(self.game, self.config.prompt)
        if not author.follows:
            return Question((own,), _opening(parents[0].source, draw) if parents else "")
        shown = [
            Shown(member.source, result.episodes, member.mean, result.error, member.note, tuple(member.tried))
            for member in parents
            for result in (played[member.source],)
        ]
        wish = Wish(self.config.shorter, self.config.explain)
        return Question(wordings(own, shown, self.baselines, wish, way, self.game.lent))

    def first_question(self) -> Question:
        """What is asked in the first round."""
        return self._question(self.authors[0], Way.FRESH, (), {}, random.Random(0))

    def _round(self, number: int) -> None:
        started, config = time.perf_counter(), self.config
        seeds = tuple(training_seeds(self._key, number, config.train_seeds))
        assignment = Assignment(
            self.game.name, self.game.options, seeds, self.baselines, self.game.human_score, self.champion.source
        )
        self.recorder.begin(number, 0, [assignment])
        planned = self.plan(number, seeds)
        asked_at = time.perf_counter()
        scorer = Scorer(
            self.pool,
            [assignment] * len(planned),
            player=f"{config.label} round {number}",
            on_rollout=lambda place, rollout: self.recorder.rollout(number, place, rollout),
        )
        answered: list[tuple[Planned, Answer]] = []

        def take(plan: Planned, answer: Answer) -> None:
            # In the order in which they come, so that a round that is cut short has no gaps.
            place = len(answered)
            answered.append((plan, answer))
            self.spent.tokens_in += answer.tokens_in
            self.spent.tokens_out += answer.tokens_out
            count = None if answer.token_ids else answer.tokens_out
            scorer.submit(place, answer.text, answer.token_ids, answer.truncated, count)

        gone = self._ask(planned, number, take)
        written_at = time.perf_counter()
        if answered:
            rollouts = [_with_error(rollout, answer) for rollout, (_, answer) in zip(
                scorer.collect(), answered, strict=True)]  # fmt: skip
            self._end_round(number, answered, rollouts, started, asked_at, written_at)
        if gone:
            self.recorder.warn(gone)
            self.recorder.event("interrupted", self.round, gone)
            self.stop_asked = self.stop_asked or "stopped"

    def _ask(self, planned: Sequence[Planned], number: int, take: Callable[[Planned, Answer], None]) -> str:
        """Put the questions; why nobody answers any more, or empty."""
        seed = derived_seed(self.config.seed, "answers", number)
        # Each author once, with all of its questions: a model in this process writes them together.
        for author in {id(plan.author): plan.author for plan in planned}.values():
            mine = [plan for plan in planned if plan.author is author]

            def on_answer(place: int, answer: Answer, mine: Sequence[Planned] = mine) -> None:
                take(mine[place], answer)

            try:
                author.write([plan.question for plan in mine], seed, on_answer, lambda: bool(self.stop_asked))
            except AuthorGone as error:
                return str(error)
        return ""

    def _end_round(
        self,
        number: int,
        answered: Sequence[tuple[Planned, Answer]],
        rollouts: Sequence[Rollout],
        started: float,
        asked_at: float,
        written_at: float,
    ) -> None:
        batch = self._judged(rollouts)
        totals = [total(judged, self.rewards) for judged in batch]
        ids = self.recorder.ids(len(batch))
        # First, so that whoever sees what a program earned sees too whom it comes from.
        self._found_out(number, answered, rollouts, ids)
        self.recorder.judged(batch, totals, advantages(totals))
        self.champion.challenge(rollouts, ids)
        if (settled := self.champion.settle(number)) is not None:
            self.recorder.champion(settled)
        if number % MIGRATION == 0 and (founder := self.population.migrate()) is not None:
            message = f"the weakest island begins anew with strategy {founder.strategy_id}"
            self.recorder.event("migrated", number, message, data={"strategy_id": founder.strategy_id})
        now = time.perf_counter()
        self.spent.seconds += now - started
        known = [total for total in totals if not math.isnan(total)]
        lengths = [answer.tokens_out for _, answer in answered]
        logs = {
            "reward": statistics.fmean(known) if known else math.nan,
            "reward_std": statistics.pstdev(known) if known else math.nan,
            "frac_reward_zero_std": float(len(set(known)) <= 1),
            "completions/mean_length": statistics.fmean(lengths),
            "num_tokens": float(self.spent.tokens),
            **by_reward(batch, self.rewards),
        }
        seconds = {"step_s": now - started, "generate_s": written_at - asked_at}
        seconds["score_s"] = max(0.0, now - started - seconds["generate_s"])
        more: dict[str, Any] = {
            "tokens_in": sum(answer.tokens_in for _, answer in answered),
            "tokens_out": sum(lengths),
        }
        if self.config.price_in or self.config.price_out:
            more["cost"] = self.spent.cost(self.config.price_in, self.config.price_out)
        self.recorder.round(number, logs, seconds, self._state(), **more)
        self.round = number
        self._tell(number, rollouts)
        self._evaluate_if_due()

    def _state(self) -> dict[str, Any]:
        """Where the search stands."""
        return {
            "members": self.population.state(),
            "ways": {name: ways.state() for name, ways in self.ways.items()},
        }

    def _judged(self, rollouts: Sequence[Rollout]) -> list[Judged]:
        columns = {
            "prompts": [[{"role": "user", "content": question(self.game, self.config.prompt)}]] * len(rollouts),
            "completions": [[{"role": "assistant", "content": rollout.completion}] for rollout in rollouts],
            "completion_ids": [list(rollout.tokens) for rollout in rollouts],
            "trainer_state": None,
            "log_extra": lambda column, values: None,
            "log_metric": lambda name, value: None,
        }
        return judge_all(self.rewards, rollouts, columns)

    def _found_out(
        self,
        number: int,
        answered: Sequence[tuple[Planned, Answer]],
        rollouts: Sequence[Rollout],
        ids: Sequence[int],
    ) -> None:
        """Take a round's programs into the population, and record whom they come from and which play alike."""
        usual = len(question(self.game, self.config.prompt))
        able = [each.source for each in rollouts if each.source is not None and each.refusal is None]
        played = self._probes.choices(able)
        rows: list[dict[str, Any]] = []
        paid: dict[str, list[tuple[Way, float | None, int]]] = {}
        for (plan, answer), rollout, strategy_id in zip(answered, rollouts, ids, strict=True):
            twin = None
            note = note_of(answer.text) if self.config.explain else ""
            if rollout.source is not None and not rollout.broken_off:
                member = Member(
                    strategy_id,
                    rollout.source,
                    plan.island,
                    rollout.outcome,
                    behaviour=played.get(rollout.source, ""),
                    note=note,
                )
                member.add_games(rollout)
                twin = self.population.add(member)
            if plan.parents and not rollout.broken_off:
                parent = plan.parents[0]
                here = [counted_score(each, rollout.worst) for each in self._played_now.get(parent.source, ())]
                alike = twin is not None and twin.strategy_id == parent.strategy_id
                parent.add_child(became(rollout, statistics.fmean(here or [parent.mean]), alike, note))
            if not rollout.broken_off:
                new = twin is None and rollout.source is not None and rollout.outcome not in FAILURES
                earned = rollout.score if new else None
                paid.setdefault(plan.author.name, []).append((plan.way, earned, answer.tokens_in + answer.tokens_out))
            rows.append(
                {
                    "strategy_id": strategy_id,
                    "parent_id": plan.parents[0].strategy_id if plan.parents else None,
                    "twin_id": None if twin is None else twin.strategy_id,
                    "island": plan.island,
                    "author": plan.author.name,
                    "asked": answer.asked[usual:].strip(),
                    "note": note,
                    "tokens_in": answer.tokens_in,
                    "tokens_out": answer.tokens_out,
                }
            )
        for name, answers in paid.items():
            self.ways.setdefault(name, Ways()).learn(answers)
        self.recorder.lineage(rows)

    def _tell(self, number: int, rollouts: Sequence[Rollout]) -> None:
        usable = [rollout for rollout in rollouts if rollout.refusal is None and rollout.outcome not in FAILURES]
        if not usable:
            why = Counter(f"{rollout.outcome.value}: {rollout.error}".removesuffix(": ") for rollout in rollouts)
            words = "; ".join(f"{count} {reason}" for reason, count in why.most_common(3))
            message = f"round {number} has nothing usable: {words}"
            self.recorder.event("nothing_usable", number, message)
            self.recorder.say(message)

    # ---- Between two rounds ----------------------------------------------------------------------------------------

    def _evaluate_if_due(self, last: bool = False) -> None:
        """The champion's held-out score, of which nobody who writes is ever told."""
        every, evaluations = self.config.eval_steps, self.recorder.history.evaluations
        due = last or (every and self.round % every == 0) or (self.round and not evaluations)
        if due and self.champion.holder is not None and all(row["step"] != self.round for row in evaluations):
            self.evaluate()

    def evaluate(self) -> None:
        """Measure the champion on the held-out seeds, now."""
        started, holder = time.time(), self.champion.holder
        assert holder is not None
        seeds = EVALUATION_SEEDS[: self.config.eval_seeds]
        player = f"{self.config.label} round {self.round}"
        found = evaluate_source(holder.source, self.game, list(seeds), pool=self.pool, player=player)
        self.recorder.evaluation(self.round, 0, found, found.mean, started)


def _opening(source: str, draw: random.Random) -> str:
    """The beginning of a program, for a model that goes on from it: at least its first line, never its last."""
    lines = source.splitlines(keepends=True)
    return "```python\n" + "".join(lines[: draw.randint(1, max(1, len(lines) - 1))])


def _with_error(rollout: Rollout, answer: Answer) -> Rollout:
    """A rollout that says why there is no program, where whoever was asked did."""
    return replace(rollout, error=answer.error) if answer.error and rollout.source is None else rollout
