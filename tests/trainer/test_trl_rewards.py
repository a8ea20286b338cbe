"""Our rewards in somebody else's trainer: plain functions, each batch played once, whoever asks and from which thread."""

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from grpo_arcade.games import make
from grpo_arcade.games.players import MatchPool, Pool
from grpo_arcade.trainer.rewards import load, trl_rewards
from grpo_arcade.trainer.scoring import Assignment, Scorer
from grpo_arcade.trainer.shared_rollouts import completion_text

EXAMPLE = Path(__file__).parents[2] / "examples" / "notebook_rewards.py"
GOES = '```python\ndef strategy(board):\n    return "W"\n```'
CHEATS = '```python\nimport os\ndef strategy(board):\n    return os.environ["HOME"]\n```'
PROSE = "I would rather not."
TINY = make("2048", size=3, target=32)


class CountingPool(Pool):
    """A real pool that says what it was given."""

    def __init__(self):
        super().__init__()
        self.inner, self.jobs = MatchPool(workers=1), []

    def _begin(self, future, job):
        self.jobs.append(job)
        inner = self.inner.submit(job["source"], job["game"], job["options"], job["seeds"])
        inner.add_done_callback(lambda done: future.set_result(done.result()))

    def close(self, wait=True):
        self.inner.close(wait)


@pytest.fixture(scope="module")
def pool():
    with CountingPool() as pool:
        yield pool


@pytest.fixture
def jobs(pool):
    pool.jobs.clear()
    return pool.jobs


def chat(text):
    return [{"role": "assistant", "content": text}]


def test_the_names_and_values_are_those_of_our_own_rewards_times_their_weights(pool, jobs):
    functions = trl_rewards(TINY, seeds=[5, 6], pool=pool)
    assert [each.__name__ for each in functions] == [
        "function_works",
        "no_cheating",
        "strategy_succeeds",
        "progress",
        "gets_further",
    ]
    texts = [GOES, CHEATS, PROSE]
    baselines = _means(TINY)
    scorer = Scorer(pool, [Assignment(TINY.name, TINY.options, (5, 6), baselines, None)] * 3)
    for place, text in enumerate(texts):
        scorer.submit(place, text)
    rollouts = scorer.collect()
    for function, reward in zip(functions, load([each.__name__ for each in functions]), strict=True):
        values = function(prompts=["?"] * 3, completions=texts, completion_ids=[[1]] * 3)
        assert values == [pytest.approx(reward.weight * reward.judge(each).value) for each in rollouts]
    assert functions[1](prompts=["?"], completions=[CHEATS]) == [-20.0]


def _means(game):
    from grpo_arcade.games.seeds import EVALUATION_SEEDS
    from grpo_arcade.trainer.evaluate import baselines_on

    return {name: told["mean"] for name, told in baselines_on(game, EVALUATION_SEEDS[:8]).items()}


def test_a_batch_is_played_once_for_all_functions_and_every_step_on_other_seeds(pool, jobs):
    functions = trl_rewards(TINY, seeds=3, pool=pool)
    state = SimpleNamespace(global_step=0)
    for step in range(2):
        state.global_step = step
        for function in functions:
            assert len(function(prompts=["?"] * 2, completions=[GOES, PROSE], trainer_state=state)) == 2
    assert [len(job["seeds"]) for job in jobs] == [3, 3]
    assert not set(jobs[0]["seeds"]) & set(jobs[1]["seeds"])


def test_without_a_step_the_functions_count_their_calls(pool, jobs):
    functions = trl_rewards(TINY, rewards=["function_works", "universal"], seeds=1, pool=pool)
    for _ in range(2):
        for function in functions:
            function(["?"], [GOES])
    assert len(jobs) == 2
    assert jobs[0]["seeds"] != jobs[1]["seeds"]


def test_the_same_key_draws_the_same_seeds(pool, jobs):
    for _ in range(2):
        (function,) = trl_rewards(TINY, rewards=["universal"], seeds=2, run_key=b"secret", pool=pool)
        function(["?"], [GOES])
    assert jobs[0]["seeds"] == jobs[1]["seeds"]


def test_threads_that_ask_at_once_get_the_same_answer_of_one_match(pool, jobs):
    (function,) = trl_rewards(TINY, rewards=["progress"], seeds=[1, 2], pool=pool)
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(function, ["?"], [GOES]) for _ in range(8)]
        assert len({tuple(each.result()) for each in asked}) == 1
    assert len(jobs) == 1


def test_a_batch_that_fails_is_tried_again_by_the_next_who_asks():
    class Broken(Pool):
        def _begin(self, future, job):
            future.set_exception(OSError("away"))

        def close(self, wait=True):
            pass

    (function,) = trl_rewards(TINY, rewards=["progress"], seeds=[1], pool=Broken())
    for _ in range(2):
        with pytest.raises(OSError, match="away"):
            function(["?"], [GOES])


def test_conversations_are_read_like_texts():
    assert completion_text(GOES) == completion_text(chat(GOES)) == GOES
    parts = [{"type": "text", "text": GOES[:9]}, {"type": "text", "text": GOES[9:]}]
    assert completion_text([{"role": "assistant", "content": parts}]) == GOES
    called = [{"role": "assistant", "content": None}, {"role": "tool", "content": "def strategy"}, *chat("x")]
    assert completion_text(called) == "\nx"


def test_an_own_reward_gets_the_columns_of_the_data_set(pool, tmp_path, monkeypatch):
    (tmp_path / "liked.py").write_text(
        "def liked(completions, rollouts, *, liking, **_):\n    return [n * len(r.episodes) for n, r in zip(liking, rollouts)]\n"
    )
    monkeypatch.chdir(tmp_path)
    (function,) = trl_rewards(TINY, rewards=["liked:liked"], weights=[2], seeds=[1, 2, 3], pool=pool)
    assert function(prompts=["?"] * 2, completions=[GOES, PROSE], liking=[1, 10]) == [6, 60]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"game": "2049"}, "no game is called"),
        ({"rewards": ["progres"]}, "did you mean progress"),
        ({"rewards": ["beats_champion"]}, "another trainer has none"),
        ({"seeds": 0}, "at least 1"),
        ({"seeds": []}, "at least 1"),
    ],
)
def test_what_makes_no_sense_is_said_at_once(arguments, said):
    with pytest.raises(ValueError, match=said):
        trl_rewards(**arguments)


def test_several_processes_need_a_key(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="run_key"):
        trl_rewards(TINY)
    assert trl_rewards(TINY, run_key=b"same")
    assert trl_rewards(TINY, seeds=[1])


def test_the_notebooks_training_makes_two_steps_with_the_rewards_of_the_example(tiny_model, tmp_path):
    spec = importlib.util.spec_from_file_location("notebook_rewards", EXAMPLE)
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    order = ["--model", tiny_model, "--steps", "2", "--generations", "8", "--length", "200"]
    history = example.main([*order, "--output-dir", str(tmp_path)])
    steps = [row for row in history if "reward" in row]
    assert len(steps) == 2
    assert all(row["rewards/function_works/mean"] > 0 for row in steps)
    parts = [name for name in steps[0] if name.startswith("rewards/") and name.endswith("/mean")]
    assert steps[0]["reward"] == pytest.approx(sum(steps[0][name] for name in parts), rel=1e-4)
