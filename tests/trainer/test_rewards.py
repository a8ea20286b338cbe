"""Reward values: those of the tutorials by name, and the ones that carry the learning signal."""

import asyncio
import itertools
import math
import sys
from dataclasses import replace

import pytest

from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.games.atari.titles import SYMBOLIC
from grpo_arcade.trainer import judging, rewards
from grpo_arcade.trainer.config import REWARDS
from grpo_arcade.trainer.counting import counted_score
from grpo_arcade.trainer.own_rewards import try_out
from grpo_arcade.trainer.scoring import Assignment, Rollout, Scorer

BASELINES = {"random": 1000.0, "greedy": 2000.0, "expectimax": 16000.0}


def episode(outcome, score=0.0, moves=b"", seed=0, wasted=0):
    return Episode("2048", {}, seed, moves, outcome, score, wasted)


def rollout(*episodes, refusal=None, error="", champion=()):
    return Rollout("text", "source", tuple(episodes), error, refusal, 0.0, BASELINES, champion=tuple(champion))


WON = episode(Outcome.WON, 20000.0, b"\0" * 900)
LOST = episode(Outcome.LOST, 2000.0, b"\0" * 100)
STUCK = episode(Outcome.STUCK, 100.0, b"\0" * 40, wasted=32)
TIMEOUT = episode(Outcome.TIMEOUT, 900.0, b"\0" * 9)
CRASHED = episode(Outcome.CRASHED, 900.0, b"\0" * 9)
AT_ONCE = episode(Outcome.CRASHED)
FORBIDDEN = episode(Outcome.FORBIDDEN)
NO_CODE = episode(Outcome.NO_CODE)
SYNTAX = episode(Outcome.SYNTAX_ERROR)


@pytest.mark.parametrize(
    ("episodes", "refusal", "works", "cheats", "succeeds"),
    [
        ([WON], None, 1, 1, 20),
        ([LOST], None, 1, 1, 2),
        ([STUCK], None, 1, 1, 2),
        ([TIMEOUT], None, 1, 1, -1),
        ([CRASHED], None, 1, 1, -3),
        ([AT_ONCE], None, -0.5, 1, -3),
        ([FORBIDDEN], Outcome.FORBIDDEN, -0.5, -20, 0),
        ([NO_CODE], Outcome.NO_CODE, -2, -1, 0),
        ([SYNTAX], Outcome.SYNTAX_ERROR, -2, -1, 0),
        ([WON, LOST, CRASHED, TIMEOUT], None, 1, 1, 4.5),
    ],
)
def test_the_tutorials_values(episodes, refusal, works, cheats, succeeds):
    played = rollout(*episodes, refusal=refusal)
    assert rewards.function_works.judge(played)[0] == works
    assert rewards.no_cheating.judge(played)[0] == cheats
    assert rewards.strategy_succeeds.judge(played)[0] == succeeds


def test_every_reward_says_why():
    for name in rewards.names():
        for episodes, refusal in (([LOST], None), ([NO_CODE], Outcome.NO_CODE), ([WON, CRASHED], None)):
            value, reason = rewards.load([name])[0].judge(rollout(*episodes, refusal=refusal))
            assert math.isfinite(value)
            assert reason


def test_progress_is_a_ratio_between_random_and_the_best_baseline():
    def value(score):
        return rewards.progress.judge(rollout(episode(Outcome.LOST, score)))[0]

    assert value(1000.0) == 0
    assert value(16000.0) == pytest.approx(1)
    assert value(8500.0) == pytest.approx(0.5)
    assert value(0.0) == pytest.approx(-1 / 15)
    assert value(31000.0) == pytest.approx(2)


def test_progress_puts_the_best_player_of_the_scale_at_a_person_where_one_is_known():
    pong = replace(rollout(episode(Outcome.LOST, -2.8)), baselines={"random": -20.2}, human_score=14.6)
    value, reason = rewards.progress.judge(pong)
    assert value == pytest.approx(0.5)
    assert "a person 14.6" in reason


@pytest.mark.parametrize("outcome", [Outcome.CRASHED, Outcome.ILLEGAL, Outcome.TIMEOUT, Outcome.NO_CODE])
def test_a_program_that_fails_scores_as_badly_as_its_game_can_go(outcome):
    assert counted_score(replace(episode(outcome, -3.0), game="atari/pong")) == -21
    assert counted_score(replace(episode(outcome, 300.0), game="2048")) == 0


def test_a_failed_game_is_worse_than_any_played_one_however_far_it_came():
    failed = rewards.progress.judge(rollout(episode(Outcome.CRASHED, 15000.0)))[0]
    assert failed <= rewards.progress.judge(rollout(episode(Outcome.STUCK, 4.0)))[0]


DEFAULT = rewards.load(REWARDS)


def total(played):
    return sum(reward.weight * reward.judge(played)[0] for reward in DEFAULT)


def test_weak_programs_have_something_to_climb_under_the_default_rewards():
    def crashed(moves, score):
        return episode(Outcome.CRASHED, score, b"\0" * moves)

    def stuck(moves, score):
        return episode(Outcome.STUCK, score, b"\0" * (moves + 32), wasted=32)

    ladder = [
        rollout(NO_CODE, refusal=Outcome.NO_CODE),
        rollout(AT_ONCE),
        rollout(crashed(2, 0)),
        rollout(crashed(20, 40)),
        rollout(crashed(20, 80)),
        rollout(crashed(900, 15000.0)),
        rollout(stuck(0, 0)),
        rollout(stuck(10, 20)),
        rollout(stuck(20, 60)),
        rollout(stuck(200, 600)),
        rollout(episode(Outcome.LOST, 500.0, b"\0" * 80)),
        rollout(episode(Outcome.LOST, 1000.0, b"\0" * 120)),
        rollout(episode(Outcome.LOST, 1200.0, b"\0" * 130)),
    ]
    totals = [total(each) for each in ladder]
    assert totals == sorted(totals)
    # Each step is one that a group's spread shows: today's two outcomes far from each other must not drown it.
    assert min(b - a for a, b in itertools.pairwise(totals)) > 0.05
    # A move that changes nothing is no step.
    more_of_nothing = episode(Outcome.STUCK, 20, b"\0" * 60, wasted=50)
    assert rewards.gets_further.judge(rollout(more_of_nothing)) == rewards.gets_further.judge(rollout(stuck(10, 20)))


@pytest.mark.parametrize("name", ["2048", *(f"atari/{title}" for title in SYMBOLIC)])
def test_no_default_reward_is_highest_for_random_play_and_no_failure_pays(name):
    game = make(name)
    stored = game.baseline_scores()
    means = {who: sum(kept["scores"]) / len(kept["scores"]) for who, kept in stored.items()}
    best = max(means.values())

    def ended(outcome, score, moves=100):
        made = Episode(name, game.options, 0, b"\0" * moves, outcome, score)
        return Rollout("text", "source", (made,), baselines=means, human_score=game.human_score)

    if best > means["random"]:
        assert total(ended(Outcome.LOST, means["random"])) < total(ended(Outcome.LOST, best))
        for reward in DEFAULT:
            if reward.name in ("progress", "gets_further"):
                value = [reward.judge(ended(Outcome.LOST, score))[0] for score in (means["random"], best)]
                assert value[0] < value[1], reward.name
    # However far it came before it failed, a game played to an end earned more; so did one that got stuck at once.
    worst = game.failure_score
    for failure in (Outcome.CRASHED, Outcome.ILLEGAL, Outcome.TIMEOUT):
        far = total(ended(failure, best, game.step_cap))
        assert total(ended(failure, worst, 1)) < far < total(ended(Outcome.STUCK, worst, 32))
        assert far < total(ended(Outcome.LOST, worst))


def test_a_game_without_baselines_has_steps_too():
    def value(score):
        return rewards.gets_further.judge(replace(rollout(episode(Outcome.LOST, score)), baselines=None))[0]

    assert value(0) < value(1) < value(10) < value(1000) <= 1


def test_the_default_rewards_rank_strategies_as_their_games_do():
    ladder = [
        rollout(FORBIDDEN, refusal=Outcome.FORBIDDEN),
        rollout(NO_CODE, refusal=Outcome.NO_CODE),
        rollout(AT_ONCE),
        rollout(TIMEOUT),
        rollout(STUCK),
        rollout(LOST),
        rollout(episode(Outcome.LOST, 8000.0)),
        rollout(WON),
    ]
    totals = [total(each) for each in ladder]
    assert totals == sorted(totals)
    assert len(set(totals)) == len(totals)


def test_legal_actions_universal_and_beats_champion():
    assert rewards.legal_actions.judge(rollout(STUCK))[0] == pytest.approx(8 / 40)
    assert rewards.legal_actions.judge(rollout(LOST))[0] == 1
    assert rewards.universal.judge(rollout(WON, LOST, episode(Outcome.DRAWN)))[0] == 0
    assert rewards.beats_champion.judge(rollout(LOST))[0] == 0.5
    assert rewards.beats_champion.judge(rollout(WON, LOST, STUCK, champion=[LOST, LOST, LOST]))[0] == pytest.approx(0.5)
    # A crash counts nothing, so a champion that crashed where the challenger lost is beaten.
    assert rewards.beats_champion.judge(rollout(LOST, champion=[CRASHED]))[0] == 1


def test_rewards_of_ones_own_by_dotted_path(tmp_path, monkeypatch):
    (tmp_path / "my_rewards.py").write_text(
        "from grpo_arcade.trainer.rewards import reward\n"
        "@reward\ndef generous(play):\n    return 3.0, 'because'\n"
        "def plain(prompts, completions, **columns):\n    return [float(len(text)) for text in completions]\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    generous, counted = rewards.load(["my_rewards:generous", "my_rewards.plain"], (2.0, 0.5))
    assert generous([], ["a", "b"], rollouts=[rollout(LOST), rollout(WON)]) == [3.0, 3.0]
    assert counted(["p"], ["abc"], rollouts=[rollout(LOST)]) == [3.0]
    assert (generous.__name__, generous.weight, counted.weight) == ("generous", 2.0, 0.5)


OWN = """
import asyncio

def patience(rollout):
    return float(len(rollout.episodes)), "so many games"

def bare(rollout):
    return len(rollout.completion)

async def slow(rollout):
    await asyncio.sleep(0)
    return 1.0, "at last"

def batches(prompts, completions, **columns):
    return [float(len(each[0]["content"])) for each in completions]

def few(completions):
    return [1.0 for each in completions]

async def judge(completions, rollouts, **columns):
    await asyncio.sleep(0)
    return [None if rollout.source is None else 2.0 for rollout in rollouts]

def with_a_loop_of_its_own(completions, **columns):
    async def answer():
        return [3.0] * len(completions)
    return asyncio.run(answer())

class Rubric:
    def __call__(self, rollout):
        return 4
rubric = Rubric()

def raises(rollout):
    wide = rollout.episodes
    return 1 / (len(wide) - len(wide))

def many(completions, **columns):
    return [1.0]

def endless(rollout):
    return float("inf"), "too good"

def nothing(completions, **columns):
    return [float("nan")] * len(completions)

def too_large_for_float32(rollout):
    return 1e39

def words(rollout):
    return "good"

def astronomic(rollout):
    return 10**400

def leaves(rollout):
    raise SystemExit(3)

def quotes(rollout):
    raise ValueError("word " * 1000)

def two(rollout, other):
    return 1.0
"""
RAISES = 1 + next(place for place, line in enumerate(OWN.splitlines()) if "1 / (" in line)


@pytest.fixture
def own_rewards(tmp_path, monkeypatch):
    """A file of rewards in the folder one stands in, as for somebody who has installed the command."""
    name = f"own_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [each for each in sys.path if each])
    return lambda *functions: rewards.load([f"{name}:{function}" for function in functions])


@pytest.mark.parametrize(
    ("function", "values", "reason"),
    [
        ("patience", [1.0, 2.0], "so many games"),
        ("bare", [4.0, 4.0], ""),
        ("slow", [1.0, 1.0], "at last"),
        ("batches", [4.0, 4.0], ""),
        ("few", [1.0, 1.0], ""),
        ("judge", [2.0, None], ""),
        ("with_a_loop_of_its_own", [3.0, 3.0], ""),
        ("rubric", [4.0, 4.0], ""),
    ],
)
def test_every_form_of_ones_own_works_and_is_found_in_the_current_folder(own_rewards, function, values, reason):
    batch = [rollout(LOST), replace(rollout(WON, LOST), source=None)]
    columns = {"prompts": ["p", "p"], "completions": [[{"content": "text"}]] * 2, "completion_ids": [[1], [2]]}
    verdicts = [judged.verdicts[function] for judged in judging.judge_all(own_rewards(function), batch, columns)]
    assert [verdict.value for verdict in verdicts] == values
    assert {verdict.reason for verdict in verdicts} == {reason}
    own_rewards_tried(own_rewards(function))


def own_rewards_tried(chosen):
    try_out(chosen, "2048", {"size": 4, "target": 2048}, 2)


def test_a_reward_is_called_once_a_batch_and_works_where_a_loop_is_running(own_rewards):
    asked = []

    def counting(rollout):
        asked.append(rollout)
        return 1.0, "because"

    async def notebook():
        chosen = [rewards.reward(counting), *own_rewards("slow")]
        return judging.judge_all(chosen, [rollout(LOST), rollout(WON)], {"prompts": [], "completions": []})

    found = asyncio.run(notebook())
    assert len(asked) == 2
    assert [judged.verdicts for judged in found] == [{"counting": (1.0, "because"), "slow": (1.0, "at last")}] * 2


@pytest.mark.parametrize(
    ("function", "says"),
    [
        ("raises", rf"reward raises \(own_.*\.py, line {RAISES}\): ZeroDivisionError: "),
        ("many", r"many \(own_.*\.py, line \d+\) gave 1 values for 2 completions"),
        ("endless", r"endless \(own_.*\.py, line \d+\) gave inf, which is no finite number \(too good\)"),
        ("nothing", "gave nan, which is no finite"),
        ("too_large_for_float32", r"gave 1e\+39"),
        ("words", "gave 'good', which is no number"),
        ("astronomic", "too large"),
        ("leaves", "SystemExit: 3"),
        ("quotes", "ValueError: word word .{0,300}…"),
    ],
)
def test_a_reward_that_fails_is_told_in_one_line_before_anything_slow(own_rewards, function, says):
    with pytest.raises(judging.RewardError, match=says) as told:
        own_rewards_tried(own_rewards(function))
    assert "made-up completion" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_function_in_neither_form_and_two_of_one_name_are_refused(own_rewards, tmp_path):
    with pytest.raises(ValueError, match="takes rollout, other; a reward function takes one rollout"):
        own_rewards("two")
    (tmp_path / f"second_{tmp_path.name}.py".replace("-", "_")).write_text(OWN)
    with pytest.raises(ValueError, match="called alike"):
        rewards.load([f"own_{tmp_path.name}:few".replace("-", "_"), f"second_{tmp_path.name}:few".replace("-", "_")])


def test_a_reward_may_be_named_by_its_file_wherever_that_lies(own_rewards, tmp_path, monkeypatch):
    (tmp_path / "deep").mkdir()
    file = f"elsewhere_{tmp_path.name}.py".replace("-", "_")
    (tmp_path / "deep" / file).write_text(OWN)
    (found,) = rewards.load([f"deep/{file}:bare"])
    assert (found.name, found.judge(rollout(LOST)).value) == ("bare", 4.0)
    with pytest.raises(ValueError, match=f"which function of it\\? ./{file}:function"):
        rewards.load([f"./{file}"])
    with pytest.raises(ValueError, match=r"there is no file deep/nowhere\.py"):
        rewards.load(["deep/nowhere.py:bare"])


@pytest.mark.parametrize("weight", [math.inf, math.nan])
def test_a_weight_that_is_no_finite_number_is_refused(weight):
    with pytest.raises(ValueError, match=rf"gives progress the weight {weight}"):
        rewards.load(["progress", "universal"], [weight, 1.0])


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["progres"], "did you mean progress"),
        (["no_such_module_at_all:reward"], "no_such_module_at_all"),
        (["math:no_such"], "has no 'no_such'"),
        (["math:pi"], "not a function"),
        ([], "empty"),
        (["progress", "progress"], "twice"),
    ],
)
def test_an_unknown_reward_is_refused_in_one_line(names, says):
    with pytest.raises(ValueError, match=says) as refusal:
        rewards.load(names)
    assert "\n" not in str(refusal.value)


@pytest.fixture(scope="module")
def pool():
    from grpo_arcade.games.players import MatchPool

    with MatchPool(workers=1) as pool:
        yield pool


COMPLETIONS = {
    "prose": ("I cannot.", Outcome.NO_CODE),
    "broken": ("```python\ndef strategy(board):\n  return (\n```", Outcome.SYNTAX_ERROR),
    "cheat": ("```python\nimport os\ndef strategy(board):\n    return os.getcwd()\n```", Outcome.FORBIDDEN),
    "crash": ("```python\ndef strategy(board):\n    return board[9]\n```", Outcome.CRASHED),
    "illegal": ("```python\ndef strategy(board):\n    return 'up'\n```", Outcome.ILLEGAL),
    "stuck": ("```python\ndef strategy(board):\n    return 'W'\n```", Outcome.STUCK),
    "plays": (
        "```python\nimport random\ndef strategy(board):\n    return random.choice('WASD')\n```",
        Outcome.LOST,
    ),
}


def test_completions_become_plays_with_named_outcomes_and_paired_seeds(pool):
    match = Assignment("2048", {"size": 4, "target": 2048}, (2**33, 2**33 + 1, 2**33 + 2), BASELINES)
    heard = []
    scorer = Scorer(pool, [match] * len(COMPLETIONS), on_rollout=lambda place, rollout: heard.append(place))
    for place, (text, _) in enumerate(COMPLETIONS.values()):
        scorer.submit(place, text)
    rollouts = scorer.collect()
    assert [each.outcome for each in rollouts] == [outcome for _, outcome in COMPLETIONS.values()]
    assert sorted(heard) == list(range(len(COMPLETIONS)))
    for each in rollouts:
        assert [episode.seed for episode in each.episodes] == [2**33, 2**33 + 1, 2**33 + 2]
    assert rollouts[-1].score > 0
    assert rollouts[3].score == 0
    assert rollouts[1].source is not None
    assert rollouts[0].source is None


def test_copies_in_a_group_are_played_once_and_each_gets_its_play(pool):
    text = COMPLETIONS["plays"][0]
    match = Assignment(
        "2048", {"size": 3, "target": 256}, (2**33,), BASELINES, champion="def strategy(board):\n return 'W'"
    )
    scorer = Scorer(pool, [match] * 3)
    for place in range(3):
        scorer.submit(place, text)
    rollouts = scorer.collect()
    assert len(rollouts) == 3
    assert rollouts[0].episodes == rollouts[1].episodes == rollouts[2].episodes
    assert rollouts[0].champion[0].outcome is Outcome.STUCK
    assert rewards.beats_champion.judge(rollouts[0])[0] == 1
