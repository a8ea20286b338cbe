"""Reward functions of the user's own: found by a dotted path, their form told by what they take, tried before all else.

torch and TRL are not imported here.
"""

from __future__ import annotations

import difflib
import importlib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.seeds import EVALUATION_SEEDS
from grpo_arcade.trainer.judging import Reward, RewardError, error_words, judge_all
from grpo_arcade.trainer.scoring import Assignment, Rollout, refused

_COLUMNS = frozenset(
    ("prompts", "completions", "completion_ids", "rollouts", "trainer_state", "log_extra", "log_metric")
)
"""What TRL, and we beside it, hand to a reward function by name."""


def try_out(rewards: Sequence[Reward], game_name: str, options: Mapping[str, Any], seeds: int) -> None:
    """Call each once on two made-up completions, a program that plays and prose without one, before anything slow.

    Args:
        rewards: the functions.
        game_name: what a run plays.
        options: the game's.
        seeds: games of each completion.

    Raises:
        RewardError: one of them fails, in one line.
    """
    from grpo_arcade.games.players import extract_source

    game = make(game_name, **options)
    assignment = Assignment(game_name, options, tuple(EVALUATION_SEEDS[:seeds]), {"random": 1.0}, game.human_score)
    program = f"def strategy(state):\n    return {game.actions[0]!r}\n"
    episodes = tuple(
        Episode(game_name, options, seed, bytes(10), Outcome.LOST, 1.0, versions=game.versions)
        for seed in assignment.seeds
    )
    prose = "I would rather not."
    rollouts = [
        Rollout(f"```python\n{program}```", program, episodes, baselines=assignment.baselines),
        refused(prose, extract_source(prose), assignment, "made up"),
    ]
    columns = {
        "prompts": [[{"role": "user", "content": game.prompt()}]] * len(rollouts),
        "completions": [[{"role": "assistant", "content": rollout.completion}] for rollout in rollouts],
        "completion_ids": [[1, 2, 3]] * len(rollouts),
        "trainer_state": None,
        "log_extra": lambda column, values: None,
        "log_metric": lambda name, value: None,
    }
    try:
        judge_all(rewards, rollouts, columns)
    except RewardError as error:
        raise RewardError(f"{error}; tried on a made-up completion that plays and on one without a program") from error


def reward_named(name: str, known: Mapping[str, Reward]) -> Reward:
    """The reward function of a name among ``known``, of ``package.module:function``, or of ``file.py:function``.

    A module that is not installed is looked for in the current folder too, that of a file in the file's folder.

    Raises:
        ValueError: there is none, or it is in neither form.
    """
    if name in known:
        return known[name]
    module_name, colon, attribute = name.rpartition(":")
    if not colon and name.endswith(".py"):
        raise ValueError(f"reward {name!r}: which function of it? {name}:function")
    if not colon:
        module_name, _, attribute = name.rpartition(".")
    if not module_name:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}, or package.module:function"
        raise ValueError(f"there is no reward function {name!r}; {hint}")
    # Last, so that nothing that is installed is hidden by a file that happens to lie here.
    folder = Path.cwd()
    if (file := Path(module_name).expanduser()).suffix == ".py":
        if not file.is_file():
            raise ValueError(f"reward {name!r}: there is no file {file}")
        folder, module_name = file.resolve().parent, file.stem
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise ValueError(
            f"reward {name!r}: {error}; it is looked up like any import, and in the current folder"
        ) from error
    except Exception as error:
        raise ValueError(f"reward {name!r}: {module_name} cannot be imported ({error_words(error)})") from error
    if (found := getattr(module, attribute, None)) is None:
        where = getattr(module, "__file__", None) or "a part of Python"
        raise ValueError(f"reward {name!r}: {module_name} ({where}) has no {attribute!r}")
    if isinstance(found, Reward):
        return found
    if not callable(found):
        raise ValueError(f"reward {name!r} is not a function")
    return Reward(attribute, found, takes_batches=_takes_batches(name, found))


def _takes_batches(name: str, function: Callable[..., Any]) -> bool:
    """Whether a function is in the TRL form; by what it must be given."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True  # what is written in C does not say; the trial does
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [each.name for each in parameters if each.kind in positional and each.default is each.empty]
    if len(needed) == 1 and needed[0] not in _COLUMNS:
        return False
    if set(needed) <= _COLUMNS:
        return True
    raise ValueError(
        f"reward {name!r} takes {', '.join(needed)}; a reward function takes one rollout, or prompts, completions and "
        "**columns as TRL's do"
    )
