"""Who may be chosen to play a game here, in plain words: what each is, where it comes from, and how well it plays."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from grpo_arcade.arcade.players.parse import parse_player
from grpo_arcade.arcade.players.player import (
    POCKET,
    Baseline,
    EndpointModel,
    Model,
    Person,
    Player,
    RunChampion,
    StrategyFile,
)
from grpo_arcade.games import Game, score_text
from grpo_arcade.recordings.runs.reader import RunReader, list_runs


@dataclass(frozen=True)
class Candidate:
    """Somebody who may be chosen."""

    player: Player
    name: str
    note: str
    """What it is, and where it comes from."""

    @property
    def word(self) -> str:
        """As a person would type it."""
        return self.player.word

    @property
    def line(self) -> str:
        """Both in one line: "pocket: the built-in 5 M model, writes Python"."""
        return f"{self.name}: {self.note}" if self.note else self.name


def introduced(player: Player, game: Game) -> Candidate:
    """A player as it is told of where players are chosen."""
    if isinstance(player, Person):
        return Candidate(player, player.label, "at the keyboard")
    if isinstance(player, Baseline):
        return Candidate(player, player.name, f"a baseline{_strength(player, game)}")
    if isinstance(player, StrategyFile):
        return Candidate(player, player.label, f"your program in {_near_home(player.path)}")
    if isinstance(player, EndpointModel):
        return Candidate(player, player.label, f"a model behind {player.endpoint.place}, writes Python")
    if isinstance(player, Model):
        if player.name == POCKET:
            return Candidate(player, POCKET, "the built-in 5 M model, writes Python")
        what = "what a run has learnt" if player.run is not None else "a model on this machine"
        what = what if Path(player.name).exists() else "a model of the Hugging Face hub"
        name = f"model of {player.label}" if player.run is not None else player.label
        return Candidate(player, name, f"{what}, writes Python")
    return Candidate(player, player.label, player.what)


def candidates(game: Game, outputs: str | Path, typed: Iterable[str] = ()) -> list[Candidate]:
    """All who are known here: you, pocket, the baselines, what runs have brought forth, and who was typed before.

    Args:
        game: what is to be played; programs that runs found for another one are left out.
        outputs: where runs are.
        typed: words of players that were chosen before.
    """
    found = [introduced(player, game) for player in (Person(), Model(POCKET), *map(Baseline, game.baselines))]
    for run in list_runs(Path(outputs)):
        with suppress(ValueError), RunReader(run.path) as reader:  # or deleted in this moment
            champion = reader.champion() if run.game == game.name else None
            if champion is not None:
                best = RunChampion(run.path)
                found.append(Candidate(best, best.label, f"{score_text(champion.score)} points, a program"))
            if reader.checkpoints():
                held_out = f", held-out {score_text(run.score)}" if run.score is not None else ""
                note = f"learnt {run.game} for {run.step} steps, writes Python{held_out}"
                found.append(Candidate(Model(str(run.path)), f"model of {run.path.name}", note))
    known = {candidate.player for candidate in found}
    for word in typed:
        with suppress(ValueError, OSError):  # gone since
            player = parse_player(word, game, outputs)
            if player not in known:
                known.add(player)
                found.append(introduced(player, game))
    return found


def _strength(baseline: Baseline, game: Game) -> str:
    stored = (game.baseline_scores() or {}).get(baseline.name)
    return f", {score_text(statistics.fmean(stored['scores']))} points on average" if stored else ""


def _near_home(path: Path) -> str:
    whole = path.expanduser().absolute()
    return f"~/{whole.relative_to(Path.home())}" if whole.is_relative_to(Path.home()) else str(whole)
