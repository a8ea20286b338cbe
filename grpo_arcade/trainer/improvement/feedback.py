"""What a model is told of earlier programs: their text, their scores beside the baselines', how their games went.

Several wordings of one question, from the fullest to the game's own words alone: whoever asks takes the first that has
room. What the games were like comes from :func:`~grpo_arcade.games.describing.describe`. Only games on training seeds
are told of; held-out ones never come here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grpo_arcade.foreign_text import clean, clean_source
from grpo_arcade.games import Episode, Outcome, score_text
from grpo_arcade.games.describing import describe
from grpo_arcade.games.toolbox import Toolbox
from grpo_arcade.trainer.counting import FAILURES, common_outcome, counted_score, worst_played
from grpo_arcade.trainer.improvement.ways import Way
from grpo_arcade.trainer.scoring import Rollout

MOST_GAMES = 3
"""Games of a program that are described: the worst, the best, and the one between."""
LONGEST_NOTE = 300
_LONGEST_ERROR = 400
_LONGEST_TRIED = 80


@dataclass(frozen=True)
class Shown:
    """An earlier program and what it did."""

    source: str
    episodes: Sequence[Episode]
    """Its games on training seeds."""
    mean: float
    """Over every game it has played."""
    error: str = ""
    note: str = ""
    """What its author said of it."""
    tried: Sequence[str] = ()
    """What became of programs that were written from it."""


@dataclass(frozen=True)
class Wish:
    """What is asked for."""

    shorter: bool = False
    explain: bool = False


def wordings(
    own_words: str,
    shown: Sequence[Shown],
    baselines: Mapping[str, float],
    wish: Wish,
    way: Way = Way.BETTER,
    lent: Toolbox | None = None,
) -> tuple[str, ...]:
    """The question, from its fullest wording to the game's own words.

    What is asked for comes last, behind the program it is asked of: small models go by what they have read last.

    Args:
        own_words: what the game asks.
        shown: earlier programs, the one to be improved first; may be none.
        baselines: scores of the game's own players, by name.
        wish: what kind of program is wanted.
        way: how it is asked for.
        lent: by the game; what a program wrote again of that is not shown, unless an error may name a line of it.
    """
    if not shown:
        asked = f"{own_words}\n\n{_EXPLAIN_ALONE}" if wish.explain else own_words
        return (asked, own_words) if wish.explain else (own_words,)
    first, others = shown[0], () if way is Way.NUMBERS else shown[1:]
    asked = _asked(first, wish, way)
    beside = _beside(baselines)
    told = [
        "\n\n".join(
            (*(_another(each, lent) for each in beside_it), _program(first, lent), _result(first, beside, games), asked)
        )
        for games, beside_it in ((MOST_GAMES, others), (MOST_GAMES, ()), (1, ()), (0, ()))
    ]
    return *(f"{own_words}\n\n{words}" for words in dict.fromkeys(told)), own_words


_EXPLAIN_ALONE = "First say in one or two sentences how your program will play, then give it."


def _program(shown: Shown, lent: Toolbox | None) -> str:
    return f"This program was written earlier:\n\n{_code(shown, lent)}"


def _code(shown: Shown, lent: Toolbox | None) -> str:
    source = shown.source if lent is None or shown.error else lent.without_lent(shown.source)
    return f"```python\n{clean_source(source).strip()}\n```"


def _beside(baselines: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {score_text(mean)}" for name, mean in baselines.items())


def _result(shown: Shown, beside: str, games: int) -> str:
    count = len(shown.episodes)
    outcome = common_outcome(shown.episodes)
    lines = []
    if outcome in FAILURES:
        lines.append(f"It failed: {_failure(shown, outcome)}")
    else:
        lines.append(f"It scored {score_text(shown.mean)} on average.")
        if shown.error:
            lines.append(f"Some of its games failed: {_error(shown)}")
    if beside:
        lines.append(f"For comparison, average scores of other players: {beside}.")
    told = _chosen(shown.episodes, games)
    if told and outcome not in (Outcome.NO_CODE, Outcome.SYNTAX_ERROR, Outcome.FORBIDDEN):
        if count == 1:
            lines.append("How its game went:")
        elif all(episode.outcome in FAILURES for episode in shown.episodes):
            # One is enough to see why.
            told = told[:1]
            lines.append(f"So did all of its last {count} games; one of them:")
        else:
            lines.append(f"Its last {count} games scored {', '.join(map(_scored, shown.episodes))}:")
        lines += _games(told)
    if games and shown.tried:
        lines.append(f"Earlier attempts to better it: {'; '.join(shown.tried)}.")
    return "\n".join(lines)


def _scored(episode: Episode) -> str:
    return "nothing (failed)" if episode.outcome in FAILURES else score_text(counted_score(episode))


def _games(told: Sequence[Episode]) -> list[str]:
    """What happened in games, the worst first; those that went alike in one line."""
    equal = len({_scored(episode) for episode in told}) == 1
    names = ("one", "another", "a third") if equal else ("the worst", "the best", "the middle one")
    lines: dict[str, list[str]] = {}
    for name, episode in zip(names, told, strict=False):
        lines.setdefault(describe(episode), []).append(name)
    if len(lines) == 1:
        return [f"- {'they went alike: ' if len(told) > 1 else ''}{words}" for words in lines]
    return [f"- {' and '.join(which)}: {words}" for words, which in lines.items()]


def _chosen(episodes: Sequence[Episode], count: int) -> list[Episode]:
    """The worst, the best and the median, as many as are wanted."""
    # Where points are lost, a game that failed before it lost any is not the best.
    worst = worst_played(episodes)
    ranked = sorted(episodes, key=lambda episode: (counted_score(episode, worst), len(episode.actions)))
    places = dict.fromkeys((0, len(ranked) - 1, len(ranked) // 2))
    return [ranked[place] for place in list(places)[:count]] if ranked else []


def _failure(shown: Shown, outcome: Outcome) -> str:
    error = _error(shown)
    if outcome is Outcome.ILLEGAL and error:
        return error  # which says it
    how = _IN_WORDS.get(outcome, outcome.value)
    return f"{how}: {error}" if error else f"{how}."


def _error(shown: Shown) -> str:
    words = " ".join(clean(shown.error).split())
    return words if len(words) <= _LONGEST_ERROR else words[:_LONGEST_ERROR] + "…"


_IN_WORDS = {
    Outcome.CRASHED: "it crashed",
    Outcome.TIMEOUT: "it took too long",
    Outcome.ILLEGAL: "it answered with something that is no action",
    Outcome.FORBIDDEN: "it uses what no strategy may use",
    Outcome.SYNTAX_ERROR: "it is not valid Python",
    Outcome.NO_CODE: "there was no program in the answer",
}


def _another(shown: Shown, lent: Toolbox | None) -> str:
    how = "failed" if common_outcome(shown.episodes) in FAILURES else f"scored {score_text(shown.mean)} on average"
    note = f" Its author said: {shown.note}" if shown.note else ""
    return f"Another program, which {how}:{note}\n\n{_code(shown, lent)}"


def _asked(first: Shown, wish: Wish, way: Way) -> str:
    if common_outcome(first.episodes) in FAILURES:
        want = "Now write the whole program again so that it does not fail, and plays well."
    elif way is Way.NUMBERS:
        want = (
            "Now write this program again with other numbers: change the values of its weights, limits or depths so "
            "that it scores more, and nothing else."
        )
    elif way is Way.OTHERWISE:
        want = "Now write a program that plays by another idea than what is shown here, and scores more."
    elif wish.shorter:
        want = "Now write a shorter program that scores at least as much: leave out whatever does not help."
    else:
        want = "Now improve this program: make one change to what cost it most in these games, and keep the rest."
    same = " A program that plays just as one of these does is worth nothing." if not wish.shorter else ""
    first_say = "First say in one or two sentences what lost these games and what you change. Then answer"
    return f"{want}{same} {first_say if wish.explain else 'Answer'} with one code block that holds the whole program."


def became(rollout: Rollout, parent: float, plays_alike: bool, note: str) -> str:
    """What became of a program, in a few words, for whoever writes the next one from the same parent.

    ``parent`` is what that scored in the same games.
    """
    said = f" ({note[:_LONGEST_TRIED]})" if note else ""
    if rollout.outcome in FAILURES:
        error = " ".join(clean(rollout.error).split())[:_LONGEST_TRIED]
        return f"one failed ({rollout.outcome.value.replace('_', ' ')}{': ' + error if error else ''})"
    if plays_alike:
        return f"one played just the same{said}"
    return f"one scored {score_text(rollout.score)} where it scored {score_text(parent)}{said}"


def note_of(completion: str) -> str:
    """What an answer says before its program, in a few sentences; empty where it says nothing."""
    before, fence, _ = completion.rpartition("</think>")[2].partition("```")
    words = " ".join(clean(before).split()) if fence else ""
    return words if len(words) <= LONGEST_NOTE else words[:LONGEST_NOTE] + "…"
