"""``arcade verify``: are these recordings genuine? The score is computed again from the seed and the actions."""

from __future__ import annotations

import json
from dataclasses import dataclass

from grpo_arcade.arcade.configuration import Positional
from grpo_arcade.games import score_text


@dataclass
class Command:
    """Re-play recordings and compare what they claim."""

    files: Positional[tuple[str, ...]] = ()
    """Recordings (.episode) to check."""
    json: bool = False
    """Print one JSON object a recording."""


def run(command: Command) -> int:
    """0 when every recording is genuine, 1 when one is not."""
    from grpo_arcade.recordings import ForgedEpisodeError, load, verify

    if not command.files:
        raise ValueError("which recordings? for example: arcade verify game.episode")
    forged = 0
    for file in command.files:
        episode = load(file)
        facts = {"file": file, "game": episode.game, "seed": episode.seed, "score": episode.score}
        facts |= {"outcome": episode.outcome.value, "moves": len(episode.actions), "player": episode.player}
        try:
            verify(episode)
            facts["genuine"], facts["why"] = True, ""
            if episode.observations:
                # It holds together, but what the server said is nobody's to check.
                facts["genuine"], facts["why"] = None, "a server ran the game, so it is shown as recorded"
        except ForgedEpisodeError as error:
            facts["genuine"], facts["why"] = False, str(error)
            forged += 1
        if command.json:
            print(json.dumps(facts))
        elif facts["genuine"]:
            who = episode.player or "somebody"
            print(f"{file}: genuine: {who} scored {score_text(episode.score)} ({episode.outcome})")
        elif facts["genuine"] is None:
            print(f"{file}: not replayable: {facts['why']}: {score_text(episode.score)} ({episode.outcome})")
        else:
            print(f"{file}: NOT genuine: {facts['why']}")
    return 1 if forged else 0
