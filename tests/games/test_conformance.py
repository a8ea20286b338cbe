"""Every registered game meets the contract, and the check notices games that do not."""

from types import MappingProxyType

import pytest

from grpo_arcade.games import game_names, make
from grpo_arcade.games.conformance import ConformanceError, check_game
from grpo_arcade.games.game import Outcome
from grpo_arcade.games.twenty48 import Twenty48

# A family of games (its name ends in "/" or ":") is checked by the tests of its own room, title by title.
GAMES = [name for name in game_names() if not name.endswith(("/", ":"))]


@pytest.mark.parametrize("name", GAMES)
def test_every_registered_game_meets_the_contract(name):
    check_game(lambda: make(name))


@pytest.mark.parametrize(
    "options",
    [
        {"size": 2, "target": 8},
        {"size": 3, "target": 131072, "probability_fours": 1},
        {"size": 6},
        {"size": 8, "target": 64, "probability_fours": 0.0},
    ],
)
def test_2048_meets_the_contract_with_other_options(options):
    check_game(lambda: make("2048", **options))


class SharedObservation(Twenty48):
    def reset(self, seed):
        super().reset(seed)
        self.rows = super().observation()

    def observation(self):
        return self.rows


class TornObservation(Twenty48):
    def observation(self):
        return bytes(16)


class OwnRandomness(Twenty48):
    instances = 0

    def reset(self, seed):
        OwnRandomness.instances += 1
        super().reset((seed + OwnRandomness.instances) % 2**63)


class ForgetsWasted(Twenty48):
    def step(self, action):
        super().step(action)
        self.wasted = 0


class CountsTwice(Twenty48):
    def step(self, action):
        super().step(action)
        self.plies += 1


class GoesOnAfterTheEnd(Twenty48):
    def step(self, action):
        if self.outcome is None:
            super().step(action)


class TakesAnyAction(Twenty48):
    def step(self, action):
        super().step(action % 4)


class LegalAfterTheEnd(Twenty48):
    def legal_actions(self):
        return super().legal_actions() or (0,)


class ForeignOutcome(Twenty48):
    def step(self, action):
        super().step(action)
        self.outcome = self.outcome and Outcome.CRASHED


class MutableView(Twenty48):
    def view(self):
        return [super().view()]


class SilentPrompt(Twenty48):
    def prompt(self):
        return super().prompt().replace('"S"', "down")


class BoolAlias(Twenty48):
    aliases = MappingProxyType({**Twenty48.aliases, "yes": True})


class NeverCapped(Twenty48):
    def reset(self, seed):
        self.step_cap = 10**6
        super().reset(seed)


class NoRandomBaseline(Twenty48):
    baselines = MappingProxyType({"greedy": Twenty48.baselines["greedy"]})


def meddling(game, rng):
    game.step(game.legal_actions()[0])
    return 0


class MeddlingBaseline(Twenty48):
    baselines = MappingProxyType({**Twenty48.baselines, "meddling": meddling})


class UnframedPicture(Twenty48):
    def picture(self, palette="classic"):
        whole = super().picture(palette)

        class Half:
            aspect, natural_size = whole.aspect, whole.natural_size

            def draw(self, surface, view, progress=1.0):
                whole.draw(surface.subsurface((0, 0, surface.get_width() // 2, surface.get_height())), view, progress)

        return Half()


class OddOptions(Twenty48):
    def __init__(self, **options):
        super().__init__(**options)
        self.options = {**self.options, "palette": {"not", "json"}}


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (SharedObservation, "new at every call"),
        (TornObservation, "built of None, bool"),
        (OwnRandomness, "same seed and actions"),
        (ForgetsWasted, "wasted must count"),
        (CountsTwice, "plies must be"),
        (GoesOnAfterTheEnd, "after the end must raise"),
        (TakesAnyAction, "there is no such action"),
        (LegalAfterTheEnd, "empty after the end"),
        (ForeignOutcome, "by its rules"),
        (MutableView, "immutable"),
        (SilentPrompt, "how to answer"),
        (BoolAlias, "action id from 0"),
        (NeverCapped, "step_cap"),
        (NoRandomBaseline, "must hold random"),
        (MeddlingBaseline, "must not change the game"),
        (UnframedPicture, "fill the whole surface"),
        (OddOptions, "survive JSON"),
    ],
)
def test_the_check_notices(broken, says, monkeypatch):
    # make() must build the broken game, or the check would stop at the registry.
    monkeypatch.setattr("grpo_arcade.games.conformance.make", lambda name, **options: build(broken, options))
    with pytest.raises(ConformanceError, match=says):
        check_game(lambda: broken(size=3, target=32))


def build(factory, options):
    try:
        return factory(**options)
    except TypeError as error:
        raise ValueError(str(error)) from error
