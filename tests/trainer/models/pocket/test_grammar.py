"""What the pocket model is taught: programs that run, in great variety, fitting the prompt."""

import hashlib
import random
import re
from collections import Counter
from pathlib import Path
from statistics import fmean

import pytest

from grpo_arcade.games.atari.titles import SYMBOLIC
from grpo_arcade.games.game import Outcome
from grpo_arcade.games.players import check_source, extract_source, play_match
from grpo_arcade.games.registry import make
from grpo_arcade.trainer.counting import mean_score
from grpo_arcade.trainer.models.pocket import grammar
from grpo_arcade.trainer.models.pocket.acceptance import KNOWN
from grpo_arcade.trainer.models.pocket.grammar import FURTHER, GRAMMARS, SHARES, draw, draw_for, draw_some, shares_of
from grpo_arcade.trainer.models.pocket.grammar.choice import pick
from tests.games.openenv.conftest import running

EXAMPLES = [draw(f"test/{i}") for i in range(3_000)]
BOARDS = [example for example in EXAMPLES if example.game == "2048"]
ATARI = [game for game in GRAMMARS if game.startswith("atari/")]


def test_the_same_seed_gives_the_same_example():
    assert draw("test/7") == EXAMPLES[7]
    assert draw("test/7") != draw("test/8")


def test_several_answers_to_one_prompt_begin_with_the_one():
    for seed in ("a", "b", "c", "d"):
        several = draw_some(seed, 5)
        assert several[0] == draw(seed)
        assert {example.prompt for example in several} == {several[0].prompt}


def test_every_game_with_named_numbers_has_a_grammar_and_its_share():
    assert set(ATARI) == {f"atari/{title}" for title in SYMBOLIC}
    picked = [pick(random.Random(f"test/{i}"), SHARES) for i in range(20_000)]
    assert picked[: len(EXAMPLES)] == [example.game for example in EXAMPLES]
    seen = Counter(picked)
    for game, share in SHARES.items():
        assert seen[game] == pytest.approx(len(picked) * share / sum(SHARES.values()), rel=0.2)


def test_every_program_passes_extraction_and_policy():
    for example in EXAMPLES[:900]:
        extraction = extract_source(example.completion)
        assert extraction.source is not None, example.completion
        assert check_source(extraction.source) is None, example.completion


@pytest.mark.parametrize("name", [*GRAMMARS, *FURTHER])
def test_programs_differ_and_stay_short(name):
    programs = [draw_for(name, random.Random(i)).completion for i in range(500)]
    if name == "2048":
        programs = [e.completion for e in BOARDS if e.options["size"] == 4 and e.options["target"] == 2048]
        assert len(programs) > len(BOARDS) * 0.4
    assert len(set(programs)) > 0.8 * len(programs)
    assert max(map(len, programs)) < (2_000 if name in ("2048", "connect-four") else 1_200)


def test_prompts_are_the_games_own_words_and_ask_for_many_boards():
    for example in [example for example in EXAMPLES if example.game != "made-up"][:200]:
        assert example.prompt == make(example.game, **example.options).prompt()
    assert {e.options["size"] for e in BOARDS} == {3, 4, 5, 6, 7, 8}


PROMPTS = {
    "2048": "1f0d00d82174edfc",
    "atari/pong": "2529ea29a0c0f68a",
    "atari/breakout": "4bf0016e649095f2",
    "atari/freeway": "a199f21f69c31053",
    "atari/boxing": "135a53d9968700d1",
    "atari/kaboom": "fd9b9bed65410544",
    "atari/skiing": "bb9720f450752013",
    "atari/tennis": "43750d3e91ceac63",
    "atari/bowling": "40fe6ac27b133938",
    "atari/space_invaders": "46377507782ae129",
    "atari/ms_pacman": "7dcd838418cb0336",
    "atari/asterix": "4c7df2702b78d7e2",
    "atari/demon_attack": "0d7a5717aeee5a5b",
    "connect-four": "326083e51b45e4fa",
}
"""SHA-256, cut short, in the order the shipped weights' examples were drawn in."""


def test_prompts_are_to_the_letter_those_the_shipped_weights_were_trained_on():
    assert list(KNOWN) == list(PROMPTS)
    assert {game: hashlib.sha256(make(game).prompt().encode()).hexdigest()[:16] for game in KNOWN} == PROMPTS


def test_a_grammar_is_found_by_its_file():
    files = {file.stem for file in Path(grammar.__file__).parent.rglob("*.py") if file.parent.name != "made_up"}
    files = files - {"__init__", "choice", "lines"} | {"made_up"}
    assert {module.__name__.rpartition(".")[2] for module in (*GRAMMARS.values(), *FURTHER.values())} == files


def test_a_program_that_names_the_board_size_names_the_prompts():
    sizes = [e.options["size"] for e in BOARDS if f"    n = {e.options['size']}\n" in e.completion]
    assert len(sizes) > len(BOARDS) * 0.4
    for example in BOARDS:
        assert not any(
            f"    n = {size}\n" in example.completion for size in range(2, 9) if size != example.options["size"]
        )


def test_every_program_plays_every_size_to_an_end_the_rules_know():
    for example in BOARDS[:24]:
        source = extract_source(example.completion).source
        result = play_match(source, example.game, {**example.options, "target": 64}, [1])
        assert result.episodes[0].outcome in (Outcome.WON, Outcome.LOST, Outcome.STUCK), result.error


def test_play_is_mediocre_and_of_every_quality():
    rng = random.Random(0)
    scores = []
    for _ in range(40):
        program = GRAMMARS["2048"].draw_program(rng, {"size": 4, "target": 2048})
        scores.append(mean_score(play_match(program, "2048", {}, [1, 2]).episodes))
    assert 1_000 < fmean(scores) < 4_000
    assert min(scores) < 700 < 2_500 < max(scores)


@pytest.mark.parametrize("name", ATARI)
def test_atari_programs_use_the_fields_and_actions_there_are(name):
    fields = {field.name for field in SYMBOLIC[name.removeprefix("atari/")].all_fields()}
    actions = set(make(name).aliases)
    named, answered = set(), set()
    for i in range(300):
        text = draw_for(name, random.Random(i)).completion
        named |= set(re.findall(r'state\["(\w+)"\]', text))
        answered |= set(re.findall(r'return "(\w+)"', text))
    assert named <= fields
    assert answered <= actions
    assert len(answered) > 2


@pytest.mark.parametrize("name", ATARI)
def test_atari_programs_play_to_an_end_the_rules_know(name):
    short = {"max_num_frames_per_episode": 800}
    for i in range(8):
        source = extract_source(draw_for(name, random.Random(i)).completion).source
        result = play_match(source, name, short, [i])
        assert result.episodes[0].outcome.by_the_rules, (result.error, source)


@pytest.fixture(scope="module")
def servers():
    pytest.importorskip("openenv")
    with running() as address:
        yield address


def test_programs_for_a_server_know_its_spec_and_are_of_every_quality(servers):
    game = make(f"openenv:{servers}/catch")
    examples = [draw(f"catch/{i}", shares_of(["openenv:catch"])) for i in range(60)]
    won = []
    for example in examples:
        assert example.prompt == game.prompt()
        extraction = extract_source(example.completion)
        assert check_source(extraction.source) is None, example.completion
        episodes = play_match(extraction.source, game.name, game.options, range(8)).episodes
        assert all(episode.outcome in (Outcome.WON, Outcome.LOST) for episode in episodes), example.completion
        won.append(fmean(episode.outcome is Outcome.WON for episode in episodes))
    assert 0.1 < fmean(won) < 0.35  # a random player's is a fifth
    assert min(won) == 0
    assert max(won) >= 0.5


def test_what_wins_every_game_of_catch_can_be_drawn(servers):
    program = """\
def strategy(screen):
    me = screen[9].index(1)
    aim = 2
    for row in screen[:9]:
        if 1 in row:
            aim = row.index(1)
    if me < aim - 0:
        return "RIGHT"
    if me > aim + 0:
        return "LEFT"
    return "STAY"
"""
    game = make(f"openenv:{servers}/catch")
    episodes = play_match(program, game.name, game.options, range(20)).episodes
    assert {episode.outcome for episode in episodes} == {Outcome.WON}
    lines = {line for i in range(500) for line in draw_for("openenv:catch", random.Random(i)).completion.splitlines()}
    assert set(program.splitlines()) <= lines


# The best compositions that the grammars hold, as far as they were looked for: what reinforcement learning can find.
GOOD = {
    "atari/pong": (
        8,
        """\
def strategy(state):
    me = state["player_y"]
    aim = state["ball_y"]
    if state["ball_dx"] > 0:
        aim += state["ball_dy"] * (142 - state["ball_x"]) // state["ball_dx"]
    else:
        aim = 112
    if me < aim - 12:
        return "DOWN"
    if me > aim + 12:
        return "UP"
    return "FIRE" if state["ball_dx"] < 5 else "NOOP"
""",
    ),
    "atari/breakout": (
        50,
        """\
def strategy(state):
    me = state["player_x"]
    aim = state["ball_x"]
    if aim < 0:
        return "FIRE"
    aim += state["ball_dx"]
    if me < aim - 10:
        return "RIGHT"
    if me > aim + 10:
        return "LEFT"
    return "NOOP"
""",
    ),
    "atari/freeway": (
        25,
        """\
def strategy(state):
    gap = state["next_car_x"] - 47
    gap += 2 * state["next_car_dx"]
    if gap > -8 and gap < 8:
        return "NOOP"
    return "UP"
""",
    ),
    "atari/boxing": (
        20,
        """\
def strategy(state):
    dy = state["enemy_y"] - state["player_y"]
    dy -= 10
    dx = state["enemy_x"] - state["player_x"]
    if dy > 4:
        return "DOWN"
    if dy < -4:
        return "UP"
    if dx > 28:
        return "RIGHT"
    if dx < -28:
        return "LEFT"
    return "FIRE"
""",
    ),
    "atari/kaboom": (
        300,
        """\
def strategy(state):
    me = state["player_x"]
    aim = state["bomb_x"]
    if aim < 0:
        return "FIRE"
    if me < aim - 2:
        return "RIGHT"
    if me > aim + 2:
        return "LEFT"
    return "FIRE"
""",
    ),
    "atari/space_invaders": (
        500,
        """\
def strategy(state):
    me = state["player_x"]
    aim = max(state["column_x"])
    aim += 8 * state["block_dx"]
    if state["bomb_y"] > 140 and abs(state["bomb_x"] - me) < 12:
        aim = me + 24 if state["bomb_x"] < me else me - 24
    if me < aim - 6:
        return "RIGHTFIRE"
    if me > aim + 0:
        return "LEFTFIRE"
    return "FIRE"
""",
    ),
    "atari/skiing": (
        -6_000,
        """\
def strategy(state):
    me = state["player_x"]
    aim = state["gate_x"]
    if aim < 0:
        return "NOOP"
    me += 4 * state["heading"]
    if me < aim - 2:
        return "RIGHT"
    if me > aim + 2:
        return "LEFT"
    return "NOOP"
""",
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_good_can_be_drawn_and_is_good(name):
    least, program = GOOD[name]
    assert mean_score(play_match(program, name, {}, [0]).episodes) >= least
    lines = {line for i in range(3_000) for line in draw_for(name, random.Random(i)).completion.splitlines()}
    assert set(program.splitlines()) <= lines


def test_a_sum_that_reaches_2048_in_a_third_of_its_games_can_be_drawn():
    program = """\
def strategy(board):
    n = 4
    def slide(row):
        out = []
        last = 0
        for v in row:
            if v and v == last:
                out[-1] = 2 * v
                last = 0
            elif v:
                out.append(v)
                last = v
        return out + [0] * (n - len(out))
    def move(b, d):
        if d in "WS":
            b = zip(*b)
        if d in "WA":
            b = [slide(r) for r in b]
        else:
            b = [slide(r[::-1])[::-1] for r in b]
        return [list(r) for r in zip(*b)] if d in "WS" else b
    def score(b):
        s = 0
        for i, r in enumerate(b):
            for j, v in enumerate(r):
                s -= 20 * v.bit_length() ** 2
                s += 10 * v * j
        for r in b + list(zip(*b)):
            for x, y in zip(r, r[1:]):
                s += 20 * (x == y) * x
        for r in zip(*b):
            for x, y in zip(r, r[1:]):
                s -= 5 * abs(x - y)
        return s
    after = {d: move(board, d) for d in "DWSA"}
    good = [d for d in after if after[d] != board]
    return max(good, key=lambda d: score(after[d]), default="W")
"""
    episodes = play_match(program, "2048", {}, range(16)).episodes
    assert sum(episode.outcome is Outcome.WON for episode in episodes) >= 6
    lines = {line for i in range(3_000) for line in draw_for("2048", random.Random(i)).completion.splitlines()}
    assert set(program.splitlines()) <= lines


@pytest.mark.soak
@pytest.mark.parametrize("name", ATARI)
def test_atari_play_is_near_random_and_of_every_quality(name):
    low, high = GRAMMARS[name].WANTED
    programs = [GRAMMARS[name].draw_program(random.Random(i), {}) for i in range(60)]
    scores = [mean_score(play_match(program, name, {}, [i]).episodes) for i, program in enumerate(programs)]
    assert low <= fmean(scores) <= high
    assert len(set(scores)) > 5
