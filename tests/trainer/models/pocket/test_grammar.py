"""What the pocket model is taught: programs that run, in great variety, fitting the prompt."""

import random
from statistics import fmean

from grpo_arcade.games.game import Outcome
from grpo_arcade.games.players import check_source, extract_source, play_match
from grpo_arcade.games.registry import make
from grpo_arcade.trainer.models.pocket.grammar import GRAMMARS, draw
from grpo_arcade.trainer.scoring import mean_score

EXAMPLES = [draw(f"test/{i}") for i in range(2_000)]


def test_the_same_seed_gives_the_same_example():
    assert draw("test/7") == EXAMPLES[7]
    assert draw("test/7") != draw("test/8")


def test_every_program_passes_extraction_and_policy():
    for example in EXAMPLES[:600]:
        extraction = extract_source(example.completion)
        assert extraction.source is not None, example.completion
        assert check_source(extraction.source) is None, example.completion


def test_programs_differ_and_stay_short():
    standard = [e.completion for e in EXAMPLES if e.options["size"] == 4 and e.options["target"] == 2048]
    assert len(standard) > len(EXAMPLES) * 0.4
    assert len(set(standard)) > 0.8 * len(standard)
    assert max(map(len, standard)) < 2_000


def test_prompts_are_the_games_own_words_and_ask_for_many_boards():
    for example in EXAMPLES[:200]:
        assert example.prompt == make(example.game, **example.options).prompt()
    assert {e.options["size"] for e in EXAMPLES} == {3, 4, 5, 6, 7, 8}


def test_a_program_that_names_the_board_size_names_the_prompts():
    sizes = [e.options["size"] for e in EXAMPLES if f"    n = {e.options['size']}\n" in e.completion]
    assert len(sizes) > len(EXAMPLES) * 0.4
    for example in EXAMPLES:
        assert not any(
            f"    n = {size}\n" in example.completion for size in range(2, 9) if size != example.options["size"]
        )


def test_every_program_plays_every_size_to_an_end_the_rules_know():
    for example in EXAMPLES[:24]:
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
