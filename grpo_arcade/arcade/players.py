"""Who plays, by the word a person types: a baseline, a strategy file, a run's champion, or a model that writes one.

A model is a process of its own (``python -m grpo_arcade.trainer.write``) or somebody's server, so nothing here imports
torch.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grpo_arcade.arcade.endpoint import CutOffError, Endpoint, complete, is_endpoint
from grpo_arcade.games import Episode, Game, Outcome
from grpo_arcade.games.players import Extraction, extract_source, play_match
from grpo_arcade.games.players.lending import game_for
from grpo_arcade.games.replay import play_again

FORMS = (
    "a baseline, a strategy file (.py, or - for standard input), RUN:champion, or a model (pocket, a folder, a name, "
    "or an endpoint http://host:port/v1#model)"
)


@dataclass(frozen=True)
class Written:
    """What a model answered to a game's prompt."""

    player: str
    """The name it is shown under."""
    completion: str
    found: Extraction
    """The program in it, and why it may not be played, if so."""


@dataclass(frozen=True)
class Played:
    """What one player did."""

    player: str
    """The name it is shown under."""
    episodes: tuple[Episode, ...]
    """One per seed, in order."""
    source: str | None = None
    """The strategy's source, where the player is a program that was found."""
    error: str = ""
    """Why it was refused or ended early; empty when all went well."""


def play(
    player: str,
    game: Game,
    seeds: Sequence[int],
    *,
    model_seed: int = 0,
    temperature: float = 1.0,
    on_token: Callable[[str], None] | None = None,
) -> Played:
    """Let ``player`` (one of :data:`FORMS`) play ``game`` on every seed.

    ``on_token`` is called with every piece of text a model writes, as it is written.

    Raises:
        ValueError: no such player, in one line that says what would work.
    """
    if player in game.baselines:
        from grpo_arcade.games.baseline_scores import play_baseline

        episodes = play_baseline(game.name, game.options, player, seeds)
        return Played(player, episodes, error=_trouble(episodes))
    if player == "-":
        return _play_source(sys.stdin.read(), "standard input", game, seeds)
    from grpo_arcade.trainer.evaluate import source_of

    source = source_of(player)
    if source is not None:
        return _play_source(source, Path(player).stem.replace(":", " "), game, seeds)
    return play_written(ask(player, game, seed=model_seed, temperature=temperature, on_token=on_token), game, seeds)


def _trouble(episodes: Sequence[Episode]) -> str:
    """Why a server broke off the first of the games it broke off; empty if it did not."""
    for episode in episodes:
        if episode.outcome is Outcome.DISCONNECTED:
            return play_again(episode).trouble
    return ""


def ask(
    model: str,
    game: Game,
    *,
    seed: int = 0,
    temperature: float = 1.0,
    max_completion_length: int | None = None,
    prompt: str = "",
    on_token: Callable[[str], None] | None = None,
) -> Written:
    """Let a model (pocket, a folder, a run, a hub name, or an endpoint) answer the game's prompt once.

    Args:
        model: who is asked.
        game: whose prompt it is.
        seed: of the sampling; the same seed gives the same completion on the same machine.
        temperature: 0 always takes the likeliest token.
        max_completion_length: tokens after which it is cut off; by default as many as the model may need.
        prompt: what it is asked instead (:func:`~grpo_arcade.trainer.question.prompt_text`).
        on_token: called with every piece of text, as it is written.

    Raises:
        ValueError: no such model, or it gives no answer, in one line that says what would work.
    """
    sampling: dict[str, Any] = {"seed": seed, "temperature": temperature, "on_token": on_token}
    if is_endpoint(model):
        from grpo_arcade.trainer.question import GAME, question

        name, asked = Endpoint.parse(model).name, question(game, prompt or GAME)
        try:
            completion = complete(model, asked, max_tokens=max_completion_length, **sampling)
        except CutOffError as cut_off:
            return Written(name, cut_off.completion, _before_the_cut(cut_off))
        return Written(name, completion, extract_source(completion))
    from grpo_arcade.trainer.write import MAX_NEW_TOKENS, write

    sampling["prompt"] = prompt
    if model != "pocket" and not Path(model).exists() and "/" not in model:
        near = difflib.get_close_matches(model, [*game.baselines, "pocket"], n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"a player is {FORMS}"
        raise ValueError(f"no player is called {model!r}; {hint}")
    most = max_completion_length or MAX_NEW_TOKENS
    completion = write(model, game.name, game.options, max_new_tokens=most, **sampling)
    name = Path(model).name if Path(model).exists() else model
    return Written(name, completion, extract_source(completion))


def _before_the_cut(cut_off: CutOffError) -> Extraction:
    """The program in an answer that was cut off, if it was written to its end before that."""
    found = extract_source(cut_off.completion)
    if found.refusal is None and found.source and not cut_off.completion.rstrip().endswith(found.source.rstrip()):
        return found
    return Extraction(found.source, found.refusal or Outcome.NO_CODE, str(cut_off))


def play_written(written: Written, game: Game, seeds: Sequence[int]) -> Played:
    """Let what a model wrote play every seed; a program that is refused fails there with the outcome that says why."""
    if written.found.source is not None and written.found.refusal is None:
        return _play_source(written.found.source, written.player, game, seeds)
    from grpo_arcade.trainer.scoring import Assignment, refused

    play = refused(written.completion, written.found, Assignment(game.name, game.options, tuple(seeds)), written.player)
    return Played(written.player, play.episodes, play.source, play.error)


def table_for(player: str, game: Game, toolbox: bool | None = None) -> Game:
    """The game as ``player`` plays it: with its toolbox if that is asked for, or nobody says and a model takes it.

    Programs need no word here: :func:`play` looks what they call.

    Raises:
        ValueError: it has no toolbox, and one was asked for.
    """
    from grpo_arcade.trainer.evaluate import source_of
    from grpo_arcade.trainer.question import takes_toolbox

    if toolbox is None:
        model = player not in ("-", "you", *game.baselines) and source_of(player) is None
        toolbox = model and game.toolbox is not None and takes_toolbox(player)
    if toolbox and game.lent is None:
        game.lend(True)
    return game


def _play_source(source: str, name: str, game: Game, seeds: Sequence[int]) -> Played:
    game = game_for(source, game)
    result = play_match(source, game.name, game.options, seeds, player=name)
    return Played(name, result.episodes, source, result.error)
