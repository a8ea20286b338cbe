"""Advantages of a group: copies count once, the best may count more, and without either they are TRL's."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.games import make
from grpo_arcade.games.players import MatchPool
from grpo_arcade.trainer.advantages import behaviour, group_advantages
from grpo_arcade.trainer.scoring import Assignment, Scorer

groups = st.lists(st.tuples(st.integers(0, 5), st.integers(-40, 40)), min_size=4, max_size=24)


def alike(pairs):
    """Rewards and behaviours in which those who did the same have earned the same."""
    earned = dict(pairs)
    behaviours = [kind for kind, _ in pairs]
    return torch.tensor([float(earned[kind]) for kind in behaviours]), torch.tensor(behaviours)


@given(groups, st.sampled_from(["group", "batch", "none"]))
def test_without_either_setting_they_are_trls(pairs, scale):
    rewards, behaviours = alike(pairs * 2)
    found = group_advantages(rewards, behaviours, len(pairs), scale_rewards=scale, copies="each")
    grouped = rewards.view(2, -1)
    theirs = grouped - grouped.mean(dim=1, keepdim=True)
    if scale == "group":
        theirs = theirs / (grouped.std(dim=1, keepdim=True) + 1e-4)
    elif scale == "batch":
        theirs = theirs / (rewards.std() + 1e-4)
    torch.testing.assert_close(found, theirs.flatten(), rtol=1e-4, atol=1e-4)


@given(groups, st.sampled_from([0.0, 1.0]), st.data())
def test_one_more_copy_changes_nobody_elses_and_not_the_sum_of_the_copies(pairs, risk, data):
    rewards, behaviours = alike(pairs)
    again = data.draw(st.integers(0, len(pairs) - 1))
    more = torch.cat([rewards, rewards[again : again + 1]]), torch.cat([behaviours, behaviours[again : again + 1]])
    before = group_advantages(rewards, behaviours, len(rewards), risk_seeking=risk)
    after = group_advantages(*more, len(rewards) + 1, risk_seeking=risk)
    same = behaviours == behaviours[again]
    torch.testing.assert_close(before[~same], after[:-1][~same], rtol=1e-4, atol=1e-4)
    summed = after[:-1][same].sum() + after[-1]
    torch.testing.assert_close(before[same].sum(), summed, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(after.sum(), torch.zeros(()), rtol=0, atol=1e-2)


@given(groups, st.sampled_from([0.0, 0.5, 2.0]))
def test_who_earned_more_never_has_less_of_what_its_copies_have_together(pairs, risk):
    rewards, behaviours = alike(pairs)
    found = group_advantages(rewards, behaviours, len(rewards), risk_seeking=risk)
    together = {int(kind): float(found[behaviours == kind].sum()) for kind in behaviours}
    earned = {int(kind): float(reward) for kind, reward in zip(behaviours, rewards, strict=True)}
    ranked = sorted(together, key=earned.__getitem__)
    assert all(together[low] <= together[high] + 1e-4 for low, high in itertools.pairwise(ranked))


def test_a_better_program_outweighs_sixty_copies():
    """The group at which a run stood still: the best had an advantage of 2.9 there, all copies together 12."""
    rewards = torch.tensor([14.0] * 60 + [-3.0, -4.0, 12.0, 27.0])
    behaviours = torch.tensor([1] * 60 + [2, 3, 4, 5])
    plain = group_advantages(rewards, behaviours, 64, copies="each")
    shared = group_advantages(rewards, behaviours, 64)
    assert plain[:60].sum() > plain[63]
    assert shared[63] > 2 * shared[:60].sum().abs()


def test_seeking_the_best_goes_from_the_mean_to_the_best():
    rewards, behaviours = torch.tensor([0.0, 1.0, 2.0, 6.0]), torch.arange(4)
    best = [
        float(found[3] / found.clamp(min=0).sum())
        for found in (group_advantages(rewards, behaviours, 4, risk_seeking=risk) for risk in (0.01, 0.5, 1.0, 3.0))
    ]
    assert best == sorted(best)
    mild = group_advantages(rewards, behaviours, 4, risk_seeking=0.001) / 0.001
    torch.testing.assert_close(mild, group_advantages(rewards, behaviours, 4), rtol=1e-2, atol=1e-2)


def test_what_nobody_judges_has_none_and_counts_for_none():
    rewards = torch.tensor([1.0, torch.nan, 3.0, torch.nan, torch.nan, torch.nan])
    found = group_advantages(rewards, torch.tensor([1, 2, 3, 1, 1, 2]), 3, risk_seeking=1.0)
    assert found[0] < 0 < found[2]
    assert found[[1, 3, 4, 5]].tolist() == [0, 0, 0, 0]


def test_what_is_paid_for_its_words_is_no_copy_of_what_did_the_same():
    rewards = torch.tensor([0.1, 0.7, 0.4, 0.4])
    found = group_advantages(rewards, torch.ones(4, dtype=torch.int64), 4)
    assert found[0] < found[2] == found[3] < found[1]


def test_all_alike_teach_nothing():
    assert not group_advantages(torch.full((8,), 14.0), torch.ones(8, dtype=torch.int64), 8, risk_seeking=2.0).any()


@pytest.fixture(scope="module")
def played():
    """What programs did on the same two seeds."""
    answers = [
        '```python\ndef strategy(board):\n    return "WASD"[sum(map(sum, board)) % 4]\n```',
        '```python\ndef strategy(tiles):\n    # in other words\n    return ("W", "A", "S", "D")[sum(map(sum, tiles)) % 4]\n```',
        '```python\ndef strategy(board):\n    return "DSAW"[sum(map(sum, board)) % 4]\n```',
        "I would go up.",
        "Down is better.",
        "```python\ndef strategy(board)\n```",
        "```python\ndef strategy(board):\n    return board[9]\n```",
        "```python\ndef strategy(b):\n    return 1 / 0\n```",
    ]
    game = make("2048", size=3)
    with MatchPool(1) as pool:
        scorer = Scorer(pool, [Assignment(game.name, game.options, (11, 12))] * len(answers), player="test")
        for place, answer in enumerate(answers):
            scorer.submit(place, answer)
        return [behaviour(each) for each in scorer.collect()]


def test_programs_that_play_alike_are_one_whatever_their_words(played):
    same, other_words, other, none, none_too, broken, crashes, crashes_too = played
    assert same == other_words != other
    assert none == none_too
    assert crashes == crashes_too
    assert len({same, other, none, broken, crashes}) == 5
    assert all(0 <= each < 2**63 for each in played)
