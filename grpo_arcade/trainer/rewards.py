"""Reward functions: what a completion earns for what its strategy did.

Each takes one :class:`~grpo_arcade.trainer.scoring.Rollout` and returns a value and the reason in words. A reward of
your own is written the same way, or as any TRL reward function, and named in the configuration by its dotted path
``package.module:function``; how they are called is in ``judging``. :func:`trl_rewards` gives them to other people's
trainers.

``function_works``, ``no_cheating`` and ``strategy_succeeds`` carry the names and values of the public 2048 tutorials.
They hardly differ between two strategies that both play, so the default adds ``progress``, fifty times as heavy: it is
what the model climbs on. With less, a few programs that fail make up most of a group's spread. Below random play that
scale is flat, and a model that starts there finds nothing to climb: for it there is ``gets_further``.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from grpo_arcade.games import Episode, Game, Outcome, make, score_text
from grpo_arcade.trainer.config import REWARDS
from grpo_arcade.trainer.counting import FAILURES, counted_score, how_far_ahead, points, rules_of
from grpo_arcade.trainer.judging import Reward
from grpo_arcade.trainer.own_rewards import reward_named
from grpo_arcade.trainer.scoring import Rollout

if TYPE_CHECKING:
    from grpo_arcade.games.players import Pool
    from grpo_arcade.trainer.shared_rollouts import SharedRollouts

_KNOWN: dict[str, Reward] = {}


def reward(function: Callable[[Rollout], Any]) -> Reward:
    """Make a reward function out of one that judges a single rollout."""
    return Reward(function.__name__, function)


def _built_in(weight: float = 1.0) -> Callable[[Callable[[Rollout], tuple[float, str]]], Reward]:
    def add(function: Callable[[Rollout], tuple[float, str]]) -> Reward:
        made = _KNOWN[function.__name__] = replace(reward(function), weight=weight)
        return made

    return add


@_built_in()
def function_works(rollout: Rollout) -> tuple[float, str]:
    """+1 for a strategy that can be called, −0.5 for one that fails before its first move, −2 for none."""
    if rollout.refusal in (Outcome.NO_CODE, Outcome.SYNTAX_ERROR):
        return -2.0, rollout.error or "no strategy in the completion"
    if rollout.refusal is not None or _never_moved(rollout):
        return -0.5, rollout.error or "the strategy could not be called"
    return 1.0, "it runs"


@_built_in()
def no_cheating(rollout: Rollout) -> tuple[float, str]:
    """+1 for plain Python, −20 for a program that asks for something forbidden, −1 where there is no program."""
    if rollout.refusal in (Outcome.NO_CODE, Outcome.SYNTAX_ERROR):
        return -1.0, "there is no program to look at"
    if any(episode.outcome is Outcome.FORBIDDEN for episode in rollout.episodes):
        return -20.0, rollout.error or "it asked for something no strategy may have"
    return 1.0, "it uses nothing forbidden"


_SUCCESS = {Outcome.WON: 20.0, Outcome.TIMEOUT: -1.0, Outcome.CRASHED: -3.0, Outcome.ILLEGAL: -3.0}


@_built_in()
def strategy_succeeds(rollout: Rollout) -> tuple[float, str]:
    """Mean over the games of +20 won, +2 played to another end, −1 timeout, −3 crash; 0 if it could not be called.

    An answer that is no action counts as a crash, as it does where the tutorials' board raises.
    """
    if rollout.refusal is not None or any(episode.outcome is Outcome.FORBIDDEN for episode in rollout.episodes):
        return 0.0, "it could not be called"
    return statistics.fmean(_SUCCESS.get(episode.outcome, 2.0) for episode in rollout.episodes), _tally(
        rollout.episodes
    )


@_built_in(weight=50.0)
def progress(rollout: Rollout) -> tuple[float, str]:
    """Mean over the games of the score's place on a scale: 0 is random play, 1 a person, else the best baseline.

    ``(score - random) / (top - random)``, with the baselines' mean held-out scores and the game's ``human_score``; a
    game the program failed, or where moving costs gave up, has the game's ``failure_score``, or the lowest score of
    those who played if that is lower. Linear, so that advantages follow the score: on a
    logarithmic scale the spread of a group is that of its failures. A game whose scale has no length is measured by its
    score.
    """
    means = rollout.baselines or {}
    random = means.get("random", 0.0)
    mean = statistics.fmean(counted_score(episode, rollout.worst) for episode in rollout.episodes)
    top, whose = max(means.values(), default=0.0), "best baseline"
    if rollout.human_score is not None:
        top, whose = rollout.human_score, "a person"
    if not top > random:
        return mean, f"mean score {score_text(mean)}"
    words = f"mean score {score_text(mean)}, random {score_text(random)}, {whose} {score_text(top)}"
    return (mean - random) / (top - random), words


@_built_in(weight=5.0)
def gets_further(rollout: Rollout) -> tuple[float, str]:
    """Mean over the games of how far the program got, 0 to about 1, on a scale with steps where weak programs are.

    One half is for moves: all of it for a game played to its end, and for one that got stuck or failed the logarithm
    of the moves that did something, ``log(1 + moves) / log(1 + step_cap)``. The other half is for points above the
    game's ``failure_score``, those before a failure too: ``log(1 + points) / log(1 + top points)``, where the top is
    that of ``progress``. What failed counts half. With the weight of 5 a failure never earns as much as a game that was
    played, and nothing here is highest for random play: the scale goes on to the top.
    """
    if rollout.refusal is not None:
        return 0.0, "it was never called"
    top = rollout.human_score if rollout.human_score is not None else max((rollout.baselines or {}).values(), default=0)
    came = [_came(episode, float(top), rollout.worst) for episode in rollout.episodes]
    moves = sum(len(episode.actions) - episode.wasted for episode in rollout.episodes)
    reached = statistics.fmean(episode.score for episode in rollout.episodes)
    return statistics.fmean(came), f"{moves:,} moves that did something, mean score reached {score_text(reached)}"


def _came(episode: Episode, top: float, worst: float) -> float:
    rules = rules_of(episode)
    failed = episode.outcome in FAILURES
    moves = 1.0
    if failed or episode.outcome is Outcome.STUCK:
        moves = math.log1p(len(episode.actions) - episode.wasted) / math.log1p(rules.step_cap)
    # Where moving costs, whoever makes no move that is possible has gained nothing by it.
    reached = episode.score if failed else counted_score(episode, worst)
    gained, most = max(0.0, reached - rules.failure_score), top - rules.failure_score
    # Without a known top, in a game of somebody's own, every point still counts for something.
    share = math.log1p(gained) / math.log1p(most) if most > 0 else gained / (1 + gained)
    return (moves + share) / (4 if failed else 2)


@_built_in()
def legal_actions(rollout: Rollout) -> tuple[float, str]:
    """Share of the decisions that did something, 0 to 1; 0 where the program failed."""
    moves = sum(len(episode.actions) for episode in rollout.episodes)
    wasted = sum(episode.wasted for episode in rollout.episodes)
    if rollout.refusal is not None or not moves:
        return 0.0, "it never moved"
    if failed := sum(episode.outcome in FAILURES for episode in rollout.episodes):
        value = (1 - failed / len(rollout.episodes)) * (1 - wasted / moves)
        return value, f"{wasted} of {moves} moves did nothing, {failed} of {len(rollout.episodes)} games failed"
    return 1 - wasted / moves, f"{wasted} of {moves} moves did nothing"


@_built_in()
def universal(rollout: Rollout) -> tuple[float, str]:
    """Mean over the games of win +1, draw 0, anything else −1: for every game that says who won."""
    values = {Outcome.WON: 1.0, Outcome.DRAWN: 0.0}
    return statistics.fmean(values.get(episode.outcome, -1.0) for episode in rollout.episodes), _tally(rollout.episodes)


@_built_in(weight=50.0)
def head_to_head(rollout: Rollout) -> tuple[float, str]:
    """Mean over the games of how they went against others, −1 to 1: by how far ahead, or who won where no points are.

    Of each game that is :func:`~grpo_arcade.trainer.counting.how_far_ahead`.
    """
    tally = Counter(map(points, rollout.episodes))
    words = f"{tally[1.0]} won, {tally[0.5]} drawn, {tally[0.0]} lost"
    return statistics.fmean(map(how_far_ahead, rollout.episodes)), words


@_built_in()
def beats_champion(rollout: Rollout) -> tuple[float, str]:
    """Share of the seeds on which it beat the run's best strategy so far, a tie counting half; 0.5 while none is."""
    if not rollout.champion:
        return 0.5, "there is no champion yet"
    pairs = list(zip(rollout.episodes, rollout.champion, strict=True))
    marks = [_point(counted_score(own, rollout.worst), counted_score(other, rollout.worst)) for own, other in pairs]
    return statistics.fmean(marks), f"better on {marks.count(1.0)} of {len(marks)} seeds, equal on {marks.count(0.5)}"


def _point(own: float, other: float) -> float:
    return 1.0 if own > other else 0.5 if own == other else 0.0


def names() -> list[str]:
    """The built-in reward functions."""
    return list(_KNOWN)


def load(wanted: Sequence[str], weights: Sequence[float] = ()) -> list[Reward]:
    """The reward functions of these names or dotted paths, with their weights.

    Args:
        wanted: built-in names, or ``package.module:function``.
        weights: one each; empty gives every function its own default (progress 50, gets_further 5, others 1).

    Raises:
        ValueError: no such function, one named twice, or a module that cannot be imported.
    """
    if not wanted:
        raise ValueError(f"rewards is empty; there are {', '.join(names())}")
    if len(set(wanted)) != len(wanted):
        raise ValueError(f"rewards names one twice: {', '.join(wanted)}")
    found = [reward_named(name, _KNOWN) for name in wanted]
    if weights:
        found = [replace(each, weight=float(weight)) for each, weight in zip(found, weights, strict=True)]
    if len({each.name for each in found}) != len(found):
        raise ValueError(f"two rewards are called alike: {', '.join(each.name for each in found)}; rename one")
    for each in found:
        if not math.isfinite(each.weight):
            raise ValueError(f"reward_weights gives {each.name} the weight {each.weight}, which is no finite number")
    if all(each.weight == 0 for each in found):
        raise ValueError("reward_weights are all 0, so nothing could be learnt; leave them empty for the defaults")
    return found


def trl_rewards(
    game: str | Game = "2048",
    *,
    rewards: Sequence[str] = REWARDS,
    weights: Sequence[float] = (),
    seeds: int | Sequence[int] = 2,
    run_key: bytes | None = None,
    pool: Pool | None = None,
) -> list[Callable[..., list[float | None]]]:
    """Reward functions as TRL's and Unsloth's ``GRPOTrainer`` take them, for a data set that asks for strategies.

    Each is called with ``prompts``, ``completions`` (texts or conversations) and whatever else the trainer hands over,
    and returns a value a completion: that of the reward of its name, times its weight. A value is None, which TRL
    leaves out, where a game's server broke off. The completions of a call are played once, for all of the functions
    together, in the sandbox, in processes beside this one; any thread may call.

    Args:
        game: what completions play: a registered name, or a game with its options, ``make("2048", size=3)``.
        rewards: names of this module's functions, or ``package.module:function`` of your own.
        weights: one each; empty gives every function its own default (progress 50, gets_further 5, others 1), so that
            ``GRPOConfig.reward_weights`` can be left alone.
        seeds: how many games each completion plays, on seeds drawn for each step from a secret; or a list of seeds,
            which are then the same at every step.
        run_key: the secret; needed where several processes train together, which must draw the same seeds.
        pool: where matches are played, and by which limits; all cores but one, where none is given.

    Raises:
        ValueError: no such game or reward, in one line that says what would work.
    """
    from grpo_arcade.trainer.shared_rollouts import SharedRollouts

    if "beats_champion" in rewards:
        raise ValueError("beats_champion compares with a run's champion, and another trainer has none")
    found = load(rewards, weights)
    shared = SharedRollouts(make(game) if isinstance(game, str) else game, seeds, run_key, pool)
    return [_as_trl_calls_it(reward, shared) for reward in found]


def _as_trl_calls_it(reward: Reward, shared: SharedRollouts) -> Callable[..., list[float | None]]:
    from grpo_arcade.trainer.shared_rollouts import completion_text

    calls = count()

    def function(prompts: Sequence[Any], completions: Sequence[Any], **columns: Any) -> list[float | None]:
        call, state = next(calls), columns.get("trainer_state")
        # Older trainers do not tell their step; every function's n-th call is for the same batch.
        step = call if state is None else int(state.global_step)
        rollouts = shared.of([completion_text(completion) for completion in completions], step)
        verdicts = reward.verdicts(rollouts, columns | {"prompts": prompts, "completions": completions})
        return [None if each.value is None else each.value * reward.weight for each in verdicts]

    function.__name__ = function.__qualname__ = reward.name
    function.__doc__ = reward.function.__doc__
    return function


def _never_moved(rollout: Rollout) -> bool:
    crashed = all(episode.outcome is Outcome.CRASHED for episode in rollout.episodes)
    return crashed and not any(episode.actions for episode in rollout.episodes)


def _tally(episodes: Sequence[Episode]) -> str:
    counts = Counter(episode.outcome.value for episode in episodes)
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
