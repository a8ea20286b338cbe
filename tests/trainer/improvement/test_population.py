"""Whom a program comes from: the better and the more different the likelier, and nobody twice."""

import random

from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.games import Outcome
from grpo_arcade.trainer.improvement.population import Member, Population, distance


def member(number, *scores, island=0, outcome=Outcome.LOST, behaviour="", source=None):
    source = source or f"def strategy(board):\n    return {number}\n"
    return Member(number, source, island, outcome, "", behaviour or f"{number:04d}", list(scores or (0.0,)))


members = st.builds(
    member,
    st.integers(0, 10**6),
    st.floats(-100, 10_000),
    island=st.integers(0, 2),
    outcome=st.sampled_from(Outcome),
    behaviour=st.text("0123", min_size=4, max_size=4),
)


@given(st.lists(members, max_size=20), st.integers(0, 2**32), st.integers(1, 3))
def test_parents_are_members_all_different_and_work_if_any_does(found, seed, count):
    population = Population(3, 4)
    for each in found:
        population.add(each)
    parents = population.parents(1, count, random.Random(seed))
    assert len(parents) == len({id(each) for each in parents}) <= count
    assert all(each in population.members for each in parents)
    there = population.on(1) or population.members
    if any(each.works for each in there):
        assert all(each.works for each in parents)
    assert bool(parents) == bool(there)


@given(st.lists(members, max_size=20))
def test_no_island_grows_beyond_its_size_and_no_two_of_it_play_alike(found):
    population = Population(3, 4)
    for each in found:
        population.add(each)
    for island in range(3):
        assert len(population.on(island)) <= 4
    behaviours = [each.behaviour for each in population.members]
    assert len(set(behaviours)) == len(behaviours)
    if found:
        assert population.best() in population.members


@given(st.lists(members, max_size=12), st.booleans())
def test_a_population_comes_back_as_it_was_kept(found, shorter):
    population = Population(3, 4, shorter)
    for each in found:
        population.add(each)
    sources = {each.strategy_id: each.source for each in population.members}
    again = Population.of(population.state(), sources, 3, 4, shorter)
    assert again.state() == population.state()
    assert [again.parents(0, 2, random.Random(seed)) for seed in range(5)] == [
        population.parents(0, 2, random.Random(seed)) for seed in range(5)
    ]


def test_the_better_of_two_is_chosen_more_often_and_one_that_plays_as_others_do_less():
    draw = random.Random(0)

    def chosen(*found, often=300):
        counts = [0] * len(found)
        for _ in range(often):
            population = Population(1, 8)
            made = [member(at, score, behaviour=behaviour) for at, (score, behaviour) in enumerate(found)]
            population.members = list(made)
            counts[made.index(population.parents(0, 1, draw)[0])] += 1
        return counts

    better, worse = chosen((200, "0000"), (100, "1111"))
    assert better > 1.5 * worse
    *_, among_two_alike = chosen((102, "0000"), (101, "0001"), (100, "3333"))
    *_, among_two_others = chosen((102, "0000"), (101, "1111"), (100, "3333"))
    assert among_two_alike > among_two_others


def test_a_parent_that_was_often_asked_about_makes_room_for_others():
    population = Population(1, 8)
    population.members = [member(1, 200, behaviour="0000"), member(2, 100, behaviour="1111")]
    draw = random.Random(3)
    for _ in range(60):
        population.parents(0, 1, draw)
    first, second = (each.chosen for each in population.members)
    assert second > 15
    assert first > second


def test_the_weakest_island_is_founded_anew_by_the_best_program():
    population = Population(3, 4)
    for each in (member(1, 900, island=0), member(2, 10, island=1), member(3, 500, island=2)):
        population.add(each)
    assert population.migrate().strategy_id == 1
    assert [each.strategy_id for each in population.on(1)] == [1]
    assert [each.strategy_id for each in population.on(2)] == [3]
    assert Population(1, 4, members=[member(1, 1)]).migrate() is None


def test_of_two_that_play_alike_the_shorter_is_kept_where_that_is_wished():
    long, short = member(1, 5, source="# a\n# b\n", behaviour="11"), member(2, 5, source="# a\n", behaviour="11")
    population = Population(1, 4)
    population.add(long)
    assert population.add(short) is long
    assert population.members == [long]
    population = Population(1, 4, shorter=True)
    population.add(long)
    assert population.add(short) is long
    assert [each.source for each in population.members] == [short.source]


def test_distance_is_the_share_of_boards_chosen_differently():
    assert distance("0123", "0123") == 0
    assert distance("0123", "0023") == 0.25
    assert distance("", "0123") == 1
