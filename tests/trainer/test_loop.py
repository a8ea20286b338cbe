"""Rank 0 decides and every rank applies: what a rank that is not 0 does with decisions, and what it never does itself."""

import dataclasses

import pytest

from grpo_arcade.games import make
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.generation import choose_writer
from grpo_arcade.trainer.loop import Decision, Loop, Start
from grpo_arcade.trainer.processes import ALONE, Processes
from grpo_arcade.trainer.recorder import Recorder


class Told(Processes):
    """Rank 1 of two, which is told these things by rank 0, one after another."""

    def __init__(self, *told):
        super().__init__(1, 2)
        self.told, self.given = list(told), []

    def broadcast(self, value=None):
        self.given.append(value)
        return self.told.pop(0)

    def gather(self, value):
        return []


class Policy:
    """Remembers what it was asked to do."""

    step = 3

    def __init__(self):
        self.done = []

    def evaluation(self, game, seeds, **settings):
        self.done.append(("evaluation", dict(game.options)["target"], len(seeds), settings["player"]))
        return "found"

    def save(self):
        self.done.append("save")

    def fall_back(self, checkpoint, factor):
        self.done.append(("fall back", checkpoint.name, factor))
        return 1e-4


@pytest.fixture
def start(tmp_path):
    config = TrainConfig(
        curriculum=("size=3,target=64", "size=4,target=2048"), run_key="00" * 16, eval_seeds=5, num_generations=2
    ).resolved()
    return Start(config, tmp_path, None, 0, choose_writer(config))


def loop(start, processes):
    return Loop(start, processes, None, (), {}, Recorder())


def test_a_rank_that_is_not_0_applies_every_decision_in_order_and_takes_none(start):
    good = start.folder / "checkpoint-2"
    ranks = Told(
        Decision(stage=1, baselines={"random": 1000.0}), Decision(evaluate=True), Decision(fall_back=good),
        Decision(save=True), Decision(stop="stopped"), None,
    )  # fmt: skip
    mine, policy = loop(start, ranks), Policy()
    assert mine.game.options["target"] == 64
    assert mine.after_step(policy)
    assert policy.done == [("evaluation", 2048, 5, "pocket step 3"), ("fall back", "checkpoint-2", 0.5), "save"]
    assert (mine.curriculum.at, mine.baselines, mine.stop_asked) == (1, {"random": 1000.0}, "stopped")
    assert set(ranks.given) == {None}
    # Nothing of what it did stands in a run folder.
    assert mine.recorder.history.evaluations == []
    assert list(start.folder.iterdir()) == []


def test_without_a_decision_the_next_step_follows(start):
    assert not loop(start, Told(None)).after_step(Policy())


def test_all_ranks_play_the_same_assignments_against_the_champion_of_rank_0(start):
    champion = "def strategy(board):\n    return 'W'"
    first, second = loop(start, ALONE), loop(start, Told(champion))
    ours, theirs = first.assignments(5, 4), second.assignments(5, 4)
    assert [dataclasses.replace(each, champion=None) for each in theirs] == ours
    assert {each.champion for each in theirs} == {champion}
    assert ours[0].seeds == ours[1].seeds != ours[2].seeds
    assert len({seed for each in ours for seed in each.seeds}) == 2 * start.config.train_seeds
    assert first.prompt()[0]["content"] == make("2048", size=3, target=64).prompt()


def test_what_process_0_yields_is_followed_alone_too():
    assert list(ALONE.follow(iter("abc"))) == ["a", "b", "c"]
    assert list(Told("a", None).follow(iter("xyz"))) == ["a"]
