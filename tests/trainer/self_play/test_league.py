"""Whom a group meets, what its games give, who becomes champion, and what ratings and alarms make of it."""

import hashlib
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.episode import SeatResult
from grpo_arcade.games.players import MatchPool, extract_source
from grpo_arcade.recordings.runs.league import MODEL, Meeting, Member, table
from grpo_arcade.trainer.config import TrainConfig
from grpo_arcade.trainer.counting import ahead_by, how_far_ahead, rounds
from grpo_arcade.trainer.recorder import Recorder
from grpo_arcade.trainer.rewards import load
from grpo_arcade.trainer.scoring import Assignment, Rollout, Scorer
from grpo_arcade.trainer.self_play import court
from grpo_arcade.trainer.self_play.contest import Contest
from grpo_arcade.trainer.self_play.court import Opponent, court_options
from grpo_arcade.trainer.self_play.league import League, contender, meeting_of
from grpo_arcade.trainer.self_play.ratings import newcomer, rated
from grpo_arcade.trainer.self_play.signs import signs

GAME = make("connect-four")
OPTIONS = court_options(GAME, {})
LEFT = "def strategy(board):\n    return next(c for c in range(7) if board[0][c] == 0)\n"
CRASHES = "def strategy(board):\n    return 1 // 0\n"
LOOKS = """def strategy(board):
    free = [c for c in (3, 2, 4, 1, 5, 0, 6) if board[0][c] == 0]
    for who in (1, -1):
        for c in free:
            r = max(i for i in range(6) if board[i][c] == 0)
            for v, u in ((0, 1), (1, 0), (1, 1), (1, -1)):
                line = [board[r + i * v][c + i * u] if 0 <= r + i * v < 6 and 0 <= c + i * u < 7 else 0
                        for i in range(-3, 4)]
                if any(sum(line[at:at + 4]) == 3 * who for at in range(4)):
                    return c
    return free[0]
"""
FRAGILE = LOOKS.replace(
    "    free =",
    "    if sum(board[r][c] == -1 for r in range(6) for c in range(1, 7)) > 1:\n        return 1 // 0\n    free =",
)
"""Beats who fills one column after another, and nobody else."""


@pytest.fixture(scope="module")
def pool():
    with MatchPool(workers=1) as pool:
        yield pool


def opponents(*members):
    return tuple(Opponent(member.id, contender(member)) for member in members)


RANDOM = Member(1, "random", 0, baseline="random")


def test_a_strategy_meets_everybody_on_every_seed_from_both_sides(pool):
    met = opponents(RANDOM, Member(2, "left", 1, source=LEFT))
    found = court.play(pool, LOOKS, "looks", GAME.name, OPTIONS, [4, 5], met).result()
    assert [
        (episode.seed, seat, who) for episode, seat, who in zip(found.episodes, found.sat, found.met, strict=True)
    ] == [(seed, seat, who) for who in (1, 2) for seed in (4, 5) for seat in (0, 1)]
    for episode, seat in zip(found.episodes, found.sat, strict=True):
        assert episode.player == "looks"
        assert (episode.outcome, episode.score) == (episode.seats[seat].outcome, episode.seats[seat].score)
    assert meeting_of(1, 5, 2, found.episodes[4:]).points > 0.5


def test_who_fails_loses_its_own_games_only(pool):
    met = opponents(Member(2, "crashes", 1, source=CRASHES))
    found = court.play(pool, LEFT, "left", GAME.name, OPTIONS, [4, 5], met).result()
    assert {episode.outcome for episode in found.episodes} == {Outcome.WON}
    assert not found.error
    back = court.play(pool, CRASHES, "crashes", GAME.name, OPTIONS, [4], opponents(Member(2, "left", 1, source=LEFT)))
    assert {episode.outcome for episode in back.result().episodes} == {Outcome.CRASHED}
    assert "division" in back.result().error


def test_no_program_loses_as_many_games_as_a_program_would_play(pool):
    assignment = Assignment(GAME.name, OPTIONS, (4, 5), opponents=opponents(RANDOM, Member(2, "l", 1, source=LEFT)))
    scorer = Scorer(pool, [assignment, assignment])
    scorer.submit(0, "I cannot")
    scorer.submit(1, f"```python\n{LEFT}```")
    none, left = scorer.collect()
    assert (none.sat, none.met) == (left.sat, left.met)
    assert (
        [episode.seed for episode in none.episodes] == [episode.seed for episode in left.episodes] == assignment.games
    )
    (head_to_head,) = load(["head_to_head"])
    assert head_to_head.judge(none).value == -1.0
    assert -1 < head_to_head.judge(left).value < 1


def ended(episode, outcome, score):
    """The same game of the first seat with another end, in which the other seat has the opposite score."""
    seats = tuple(
        replace(result, outcome=outcome, score=each, source_sha256="")
        for result, each in zip(episode.seats, (score, -score), strict=True)
    )
    return replace(episode, outcome=outcome, score=score, source_sha256="", seats=seats)


def earned(*episodes):
    (head_to_head,) = load(["head_to_head"])
    return head_to_head.judge(Rollout("", LEFT, episodes)).value


def test_a_game_given_up_without_a_point_is_a_little_worse_than_a_draw(pool):
    (episode, *_) = court.play(pool, LEFT, "x", GAME.name, OPTIONS, [4], opponents(RANDOM)).result().episodes
    stalled = ended(episode, Outcome.STUCK, 0.0)
    assert meeting_of(1, MODEL, 1, [stalled, stalled, episode, episode]).stalls == 1
    assert earned(stalled) == -0.1 < earned(ended(episode, Outcome.DRAWN, 0.0)) == 0.0


def pong(points, outcome=Outcome.CAPPED, **options):
    """A game of Pong that ends with so many points more for its player."""
    court = court_options(make("atari/pong"), options)
    blank = Episode("atari/pong", court, 1, b"", outcome, 0.0, per_step=2, seats=(SeatResult("x", outcome, 0.0),) * 2)
    return ended(blank, outcome, float(points))


@given(st.integers(-21, 21), st.integers(-21, 21))
def test_a_short_game_counts_by_how_far_one_was_ahead_however_it_ended(one, other):
    game = pong(0, max_num_frames_per_episode=3000)
    worse, better = sorted((one, other))
    values = [earned(ended(game, Outcome.CAPPED, float(points))) for points in (worse, better)]
    assert (values[0] < values[1]) == (worse < better)
    assert values[1] == pytest.approx(-earned(ended(game, Outcome.CAPPED, float(-better)))) or better == 0
    if better:
        # A rally that was cut short takes nothing from who is ahead, and gives nothing to who is behind.
        assert earned(ended(game, Outcome.STUCK, float(better))) == values[1]
    assert earned(ended(game, Outcome.CRASHED, float(better))) == -1.0
    assert max(map(abs, values)) <= 1.0


@given(st.lists(st.integers(-21, 21), min_size=1, max_size=8))
def test_a_champion_is_chosen_by_whole_leads_and_training_earns_most_by_the_first_points(leads):
    whole = [ahead_by(pong(lead)) for lead in leads]
    assert sum(whole) == pytest.approx(sum(leads) / 21)
    assert [how_far_ahead(pong(lead)) ** 2 for lead in leads if lead] == pytest.approx([abs(x) for x in whole if x])


def test_who_is_a_little_ahead_often_and_far_behind_once_has_earned_and_is_behind():
    games = [pong(6), pong(1), pong(1), pong(-21)]
    assert sum(map(how_far_ahead, games)) == pytest.approx(0.0, abs=0.05)
    assert sum(map(ahead_by, games)) < -0.5


def test_who_is_ahead_in_both_games_of_a_seed_has_won_the_round(pool):
    games = court.play(pool, LEFT, "x", GAME.name, OPTIONS, [4], opponents(RANDOM)).result().episodes
    won, lost = ended(games[0], Outcome.WON, 1.0), ended(games[0], Outcome.LOST, -1.0)
    drawn, stalled = ended(games[0], Outcome.DRAWN, 0.0), ended(games[0], Outcome.STUCK, 0.0)
    # Where one side of the court wins always, nobody is better for it.
    assert rounds([won, lost, lost, won]) == [0.5, 0.5]
    assert rounds([won, drawn, drawn, lost, stalled, stalled, stalled, won]) == [1.0, 0.0, 0.5, 1.0]


class Noted(Recorder):
    """Remembers what a run folder would."""

    def league(self, step, joined, played, members):
        self.history.meetings += played
        if members:
            self.history.league = list(members)


def rollouts(pool, league, *sources, met=None):
    met = met or league.opponents(1, 0, 3)
    found = []
    for source in sources:
        played = court.play(pool, source, "x", GAME.name, OPTIONS, range(4), met).result()
        found.append(Rollout(source, source, played.episodes, sat=played.sat, met=played.met))
    return found


def test_champions_are_those_who_beat_the_one_before_and_join_the_league(pool):
    recorder = Noted()
    league = League(b"key", ["random"], recorder)
    contest = Contest(pool, GAME.name, OPTIONS, range(100, 112), league, None)
    contest.challenge(rollouts(pool, league, LEFT, CRASHES), [7, 8])
    first = contest.settle(1)
    assert (first.source, first.strategy_id, first.previous) == (LEFT, 7, None)
    contest.challenge(rollouts(pool, league, LOOKS, LEFT), [9, 10])
    second = contest.settle(2)
    assert (second.source, second.strategy_id) == (LOOKS, 9)
    assert second.score == -second.previous > 0
    assert [member.name for member in league.members] == ["random", "strategy of step 1", "strategy of step 2"]
    ratings = [member.mu for member in league.members]
    assert ratings == sorted(ratings)
    contest.challenge(rollouts(pool, league, LEFT), [11])
    assert contest.settle(3) is None
    # Taken up again from what was recorded, it goes on as if it had never stopped.
    again = League(b"key", ["random"], recorder)
    assert again.members == league.members
    assert [again.opponents(step, 0, 2) for step in range(9)] == [league.opponents(step, 0, 2) for step in range(9)]


def test_who_beats_the_champion_and_does_worse_against_a_hard_baseline_does_not_join(pool):
    recorder = Noted()
    champion = replace(newcomer(Member(2, "strategy of step 1", 1, strategy_id=1, source=LEFT)), mu=9000.0, sigma=1.0)
    recorder.history.league = [newcomer(Member(1, "random", 0, baseline="random")), champion]
    league = League(b"key", (), recorder)
    contest = Contest(pool, GAME.name, OPTIONS, range(100, 104), league, None)
    contest.challenge(rollouts(pool, league, FRAGILE, met=opponents(champion)), [9])
    assert contest.settle(2) is None
    assert league.champion.id == 2
    # Once the baseline is easy it says no more who is better.
    recorder.history.meetings = [Meeting(3, MODEL, 1, 99, 0, 1, 0)]
    league = League(b"key", (), recorder)
    contest = Contest(pool, GAME.name, OPTIONS, range(100, 104), league, None)
    contest.challenge(rollouts(pool, league, FRAGILE, met=opponents(champion)), [10])
    assert contest.settle(4).strategy_id == 10
    assert league.champion.source == FRAGILE


def test_a_group_meets_the_champion_and_mostly_its_equals():
    recorder = Noted()
    names = ["easy", "hard", "new"]
    members = [newcomer(Member(number, name, 0, baseline=name)) for number, name in enumerate(names, 1)]
    champion = newcomer(Member(4, "champion of step 3", 3, strategy_id=1, source=LEFT))
    recorder.history.league = [*members, champion]
    recorder.history.meetings = [Meeting(1, MODEL, 1, 100, 0, 0, 0), Meeting(1, MODEL, 2, 10, 0, 90, 0)]
    league = League(b"key", (), recorder)
    assert [league.hardness(number) for number in (1, 2, 3)] == [0.0, 0.9, 0.5]
    met = [[each.id for each in league.opponents(step, 0, 2)] for step in range(300)]
    assert all(len(each) == 2 and each[0] == 4 and each[1] != 4 for each in met)
    drawn = Counter(each[1] for each in met)
    assert drawn[3] > 1.5 * drawn[2] > 3 * drawn[1] > 0
    assert sorted(each.id for each in league.opponents(1, 0, 9)) == [1, 2, 3, 4]
    alone = Counter(each.id for step in range(300) for each in league.opponents(step, 0, 1))
    assert alone[4] == pytest.approx(150, abs=30)
    assert min(alone[number] for number in (1, 2, 3)) > 0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), max_size=6))
def test_ratings_say_who_won_more_and_grow_surer(games):
    members = [newcomer(Member(number, str(number), 0)) for number in (1, 2)]
    meetings = [Meeting(step, 1, 2, wins, draws, losses, 0) for step, wins, draws, losses in games]
    one, other = rated(members, [*meetings, Meeting(9, MODEL, 1, 50, 0, 0, 0)])
    assert one.mu - 1500 == pytest.approx(1500 - other.mu)
    assert (one.sigma < 500) == any(meeting.games for meeting in meetings)
    if len({(m.wins > m.losses) - (m.wins < m.losses) for m in meetings if m.games}) == 1:
        wins, losses = sum(m.wins for m in meetings), sum(m.losses for m in meetings)
        assert (one.mu > other.mu, one.mu < other.mu) in ((wins > losses, wins < losses), (one.mu > other.mu, True))
    pairs = table(meetings)
    if meetings:
        assert pairs[1, 2].wins == pairs[2, 1].losses == sum(meeting.wins for meeting in meetings)


def evaluation(step, mean):
    return {"step": step, "mean": mean, "low": mean - 0.1, "high": mean + 0.1}


def test_a_league_in_circles_and_games_given_up_are_told():
    champions = [
        replace(newcomer(Member(number, "c", number * 10, strategy_id=1)), mu=1400 + 100 * number) for number in (1, 2)
    ]
    rising = [evaluation(0, -0.9), evaluation(10, 0.5), evaluation(20, -0.2)]
    assert [sign.name for sign in signs(champions, [], rising)] == ["league_in_circles"]
    assert "from 1,500 to 1,600" in signs(champions, [], rising)[0].message
    assert signs(champions, [], rising[:2]) == []
    assert signs(champions[:1], [], rising) == []
    stalled = [Meeting(step, MODEL, 1, 5, 5, 0, 5) for step in range(1, 6)]
    assert [sign.name for sign in signs([], stalled, [])] == ["mutual_stalling"]
    assert signs([], [*stalled, *(Meeting(step, MODEL, 1, 9, 1, 0, 1) for step in range(6, 11))], []) == []
    assert signs([], [Meeting(1, 2, 1, 0, 9, 0, 9)], []) == []


def test_self_play_has_settings_of_its_own_where_none_are_named():
    pong = TrainConfig(game="atari/pong", self_play=True).resolved()
    assert (pong.league_baselines, pong.league_opponents, pong.copies) == (("random", "scripted"), 1, "shared")
    assert (pong.learning_rate, pong.champion_seeds) == (2e-4, 6)
    assert (
        pong.training_options["max_num_frames_per_episode"] < make("atari/pong").options["max_num_frames_per_episode"]
    )
    board = TrainConfig(game="connect-four", self_play=True).resolved()
    assert (board.league_baselines, board.train_game_options, board.learning_rate) == (("random",), (), 2e-4)
    assert TrainConfig().resolved().learning_rate == 3e-4
    assert TrainConfig(game="atari/pong").resolved().learning_rate == 1e-4
    assert TrainConfig(model="Qwen/Qwen2.5-Coder-0.5B-Instruct").resolved().learning_rate == 1e-4
    chosen = {"learning_rate": 3e-4, "train_game_options": ("frame_skip=4",), "league_baselines": ("noop",)}
    named = TrainConfig(game="atari/pong", self_play=True, **chosen).resolved()
    assert {name: getattr(named, name) for name in chosen} == chosen


@pytest.mark.parametrize(("name", "options"), [("2048", {}), ("atari/breakout", {}), ("connect-four", {"players": 2})])
def test_a_game_that_two_cannot_play_is_refused_in_a_line(name, options):
    with pytest.raises(ValueError, match=r"cannot play against itself|several seats already") as caught:
        court_options(make(name, **options), {})
    assert "\n" not in str(caught.value)


def test_the_programs_here_are_programs():
    for source in (LEFT, LOOKS):
        assert extract_source(f"```python\n{source}```").refusal is None
        assert len(hashlib.sha256(source.encode()).hexdigest()) == 64
