"""Programs meet in games of several seats: each from every side, each behind its own wall, at its own expense."""

import random

import pytest

from grpo_arcade.games import Outcome, make
from grpo_arcade.games.players import Contender, Limits, MatchPool, play_seats, rotations
from grpo_arcade.games.players.sandbox import walls
from grpo_arcade.games.seats import at_seat
from grpo_arcade.recordings import verify

pytestmark = pytest.mark.usefixtures("seated_games_plugged_in")

QUICK = Limits(move_cpu_s=0.15, game_cpu_s=0.6, match_cpu_s=1.5)
HEADS = Contender("heads", 'def strategy(state):\n    return "HEADS"')
COPY = Contender("copy", 'def strategy(state):\n    return "TAILS" if state["theirs"] else "HEADS"')
PERFECT = Contender(
    "perfect", 'def strategy(state):\n    return ["ONE", "TWO", "THREE"][max(0, state["left"] % 4 - 1)]'
)
RANDOM = Contender("random", baseline="random")
WALLS = ["kernel", "policy", pytest.param("monty", marks=pytest.mark.skipif(not walls.monty_wall(), reason="no Monty"))]


def failing(body: str, when: str = 'state["ahead"] == 2') -> Contender:
    """Shows heads, and does something else once it leads by two."""
    return Contender("failing", f'def strategy(state):\n    if {when}:\n        {body}\n    return "HEADS"')


@pytest.mark.parametrize("wall", WALLS)
def test_two_programs_play_every_seed_from_both_sides_and_the_better_one_wins(monkeypatch, wall):
    monkeypatch.setenv("ARCADE_WALL", wall)
    result = play_seats([PERFECT, RANDOM], "sticks", {}, range(8))
    assert result.seatings == ((0, 1), (1, 0)) * 8
    assert [episode.seed for episode in result.episodes] == [seed for seed in range(8) for _ in range(2)]
    assert result.points(0) > 0.9
    assert result.points(0) + result.points(1) == 1
    assert result.errors == ("", "")
    assert result.walls == (wall, "")
    for episode, seating in zip(result.episodes, result.seatings, strict=True):
        assert [seat.player for seat in episode.seats] == [("perfect", "random")[who] for who in seating]
        verify(episode)


def test_what_each_sees_is_its_own_side():
    # Who copies what the other one has just shown plays as from the other side.
    result = play_seats([HEADS, COPY], "coins", {}, range(4))
    for episode, seating in zip(result.episodes, result.seatings, strict=True):
        heads, copy = episode.actions[seating.index(0) :: 2], episode.actions[seating.index(1) :: 2]
        assert set(heads) == {0}
        assert set(copy[1:]) == {0}
        verify(episode)


def test_a_game_is_the_same_in_whatever_company_it_is_played():
    shuffler = Contender(
        "shuffler", 'import random\ndef strategy(state):\n    return random.choice(["HEADS", "TAILS"])'
    )
    together = play_seats([shuffler, HEADS], "coins", {}, range(6)).episodes
    alone = [episode for seed in range(6) for episode in play_seats([shuffler, HEADS], "coins", {}, [seed]).episodes]
    assert list(together) == alone
    assert len({episode.actions for episode in together}) == 12, "each seat of each seed has its own randomness"


def test_a_baseline_plays_as_it_would_be_asked_by_hand():
    (episode,) = play_seats([RANDOM, PERFECT], "sticks", {}, [5], seatings=[(0, 1)]).episodes
    game, rng = make("sticks"), random.Random("random 5 0")
    game.reset(5)
    for ply, action in enumerate(episode.actions):
        if ply % 2 == 0:
            assert action == game.baselines["random"](at_seat(game, 0), rng)
        game.step(action)


@pytest.mark.parametrize(
    ("body", "outcome", "error"),
    [
        ("raise ValueError('no idea')", Outcome.CRASHED, "no idea"),
        ("return 'EDGE'", Outcome.ILLEGAL, "EDGE"),
        ("while True: pass", Outcome.TIMEOUT, "0.15 s of CPU time"),
        ("return [0] * 10**9", Outcome.CRASHED, "MemoryError"),
    ],
)
@pytest.mark.parametrize("wall", ["kernel", "policy"])
def test_who_fails_loses_its_game_and_the_other_pays_nothing(monkeypatch, wall, body, outcome, error):
    monkeypatch.setenv("ARCADE_WALL", wall)
    if wall == "policy" and "10**9" in body:
        pytest.skip("memory is the kernel's to bound")
    result = play_seats([failing(body), HEADS], "coins", {}, [0], limits=QUICK, seatings=[(0, 1)])
    (episode,) = result.episodes
    assert [seat.outcome for seat in episode.seats] == [outcome, Outcome.WON]
    assert (result.points(0), result.points(1)) == (0, 1)
    assert error in result.errors[0]
    assert result.errors[1] == ""
    verify(episode)


def test_a_death_ends_its_own_game_and_the_others_are_played_as_if_it_had_not_been():
    lives = play_seats([failing("pass"), COPY], "coins", {}, range(6), limits=QUICK)
    marked = lives.episodes[4].actions
    dies = f"""
def strategy(state, shown=[]):
    shown.append(state["theirs"])
    if {list(marked[1::2])[:7]!r} == shown[1:8] and state["mine"] == 0:
        while True:
            pass
    return "HEADS"
"""
    result = play_seats([Contender("dies", dies), COPY], "coins", {}, range(6), limits=QUICK)
    fallen = [at for at, episode in enumerate(result.episodes) if episode.outcome is Outcome.TIMEOUT]
    assert fallen
    for at, (with_death, without) in enumerate(zip(result.episodes, lives.episodes, strict=True)):
        if at not in fallen:
            assert with_death.actions == without.actions
            assert [seat.outcome for seat in with_death.seats] == [seat.outcome for seat in without.seats]


def test_a_program_that_never_answers_again_loses_all_its_games_and_no_other_contender_does():
    hangs = Contender("hangs", "def strategy(state):\n    while True: pass")
    three = [hangs, HEADS, COPY]
    result = play_seats(three, "coins", {}, range(3), limits=QUICK, seatings=[(0, 1), (1, 2), (2, 0)])
    assert set(result.results(0)) == {Outcome.TIMEOUT}
    assert result.errors[1:] == ("", "")
    untouched = play_seats([HEADS, COPY], "coins", {}, range(3), seatings=[(0, 1)])
    assert [episode.actions for episode in result.episodes[1::3]] == [each.actions for each in untouched.episodes]


def test_nobody_is_charged_for_the_time_another_one_thinks(monkeypatch):
    monkeypatch.setenv("ARCADE_WALL", "policy")  # where time is the wall clock's
    thinks = "def strategy(state):\n    for _ in range({}): pass\n    return 'HEADS'"
    # Far apart, so that a busy machine does not make the quick one slow.
    slow = Contender("slow", thinks.format(60_000_000))
    limits = Limits(move_cpu_s=9.0, game_cpu_s=9.0, match_cpu_s=0.7)
    patient = play_seats([HEADS, slow], "coins", {}, [0], limits=limits, seatings=[(0, 1)])
    assert [seat.outcome for seat in patient.episodes[0].seats] == [Outcome.WON, Outcome.TIMEOUT]
    assert patient.errors[0] == ""


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        ("import os\ndef strategy(state): return 0", Outcome.FORBIDDEN),
        ("def strategy(state) return 0", Outcome.SYNTAX_ERROR),
        ("tactic = 1", Outcome.NO_CODE),
    ],
)
def test_a_program_that_is_not_played_at_all_loses_without_a_move(source, outcome):
    result = play_seats([Contender("refused", source), HEADS], "coins", {}, [0, 1])
    assert result.refusals == (outcome, None)
    assert {episode.actions for episode in result.episodes} == {b""}
    assert set(result.results(0)) == {outcome}
    assert set(result.results(1)) == {Outcome.WON}
    for episode in result.episodes:
        verify(episode)


def test_a_program_that_may_not_share_a_process_has_one_a_game():
    asks = Contender("asks", "def strategy(state):\n    return 'HEADS' if id(state) else 'TAILS'")
    result = play_seats([asks, HEADS], "coins", {}, range(3))
    assert result.errors == ("", "")
    assert all(set(episode.actions) == {0} for episode in result.episodes)


def test_one_program_may_sit_at_every_seat():
    result = play_seats([PERFECT], "sticks", {}, range(3), seatings=[(0, 0)])
    assert len(result.results(0)) == 6
    assert result.points(0) == 0.5


def test_a_forbidden_call_ends_all_its_games_and_the_other_has_won_them():
    cheats = failing("import os; os.system('true')")
    result = play_seats([cheats, HEADS], "coins", {}, range(2), policy=False, limits=QUICK)
    assert set(result.results(0)) == {Outcome.FORBIDDEN}
    assert set(result.results(1)) == {Outcome.WON}


def test_a_pool_plays_such_matches_too():
    with MatchPool(workers=1) as pool:
        played = pool.submit_seats([PERFECT, RANDOM], "sticks", {}, range(3)).result()
    assert played.episodes == play_seats([PERFECT, RANDOM], "sticks", {}, range(3)).episodes


def test_everybody_has_every_seat_once():
    assert rotations(2, 2) == [(0, 1), (1, 0)]
    assert rotations(4, 4)[1] == (1, 2, 3, 0)


@pytest.mark.parametrize(
    ("contenders", "game", "seatings", "said"),
    [
        ([HEADS, COPY], "2048", None, "one seat only"),
        ([HEADS], "coins", None, "for 2 contenders, not 1"),
        ([HEADS, COPY], "coins", [(0, 2)], "left, right"),
        ([HEADS, COPY], "coins", [(0,)], "left, right"),
        ([HEADS, Contender("x", baseline="no such")], "coins", None, "it has random"),
        ([HEADS, Contender("x")], "coins", None, "either a program or a baseline"),
    ],
)
def test_what_cannot_be_a_match_is_refused_in_a_line(contenders, game, seatings, said):
    with pytest.raises(ValueError, match=said) as refused:
        play_seats(contenders, game, {}, [0], seatings=seatings)
    assert "\n" not in str(refused.value)
