"""Baselines play reproducible episodes, and the stored scores are what the command would write again."""

import json

import pytest

from grpo_arcade.games import Outcome, baseline_scores, make
from grpo_arcade.games.baseline_scores import entries, play_baseline
from grpo_arcade.games.seeds import EVALUATION_SEEDS

PLAYERS = ("random", "greedy", "expectimax")


@pytest.mark.parametrize(("game", "options", "seeds"), entries(), ids=str)
def test_stored_scores_cover_every_baseline_and_the_seeds_named(game, options, seeds):
    assert seeds == EVALUATION_SEEDS[: len(seeds)]
    built = make(game, **options)
    stored = built.baseline_scores()
    assert set(stored) == set(built.baselines)
    for results in stored.values():
        assert len(results["scores"]) == len(results["outcomes"]) == len(seeds)
        assert set(results["outcomes"]) <= ({"won", "lost"} if game == "2048" else set(Outcome))


@pytest.mark.parametrize(
    ("size", "target", "name", "seeds"),
    [
        (4, 2048, "random", (0, 1, 2, 50, 99)),
        (4, 2048, "greedy", (0, 1, 2, 50, 99)),
        (4, 2048, "expectimax", (17,)),
        (4, 256, "expectimax", (0, 99)),
        (3, 256, "expectimax", (0, 99)),
        (6, 2048, "random", (0,)),
        (6, 2048, "greedy", (0,)),
        (6, 2048, "expectimax", (0,)),
    ],
)
def test_stored_games_play_again_to_the_same_end(size, target, name, seeds):
    options = {"size": size, "target": target}
    stored = make("2048", **options).baseline_scores()[name]
    for episode in play_baseline("2048", options, name, seeds):
        assert episode.score == stored["scores"][episode.seed]
        assert episode.outcome == stored["outcomes"][episode.seed]


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("game", "options", "seeds"), entries(), ids=str)
def test_every_stored_game_plays_again_to_the_same_end(game, options, seeds):
    for name, stored in make(game, **options).baseline_scores().items():
        episodes = play_baseline(game, options, name, seeds)
        assert [episode.score for episode in episodes] == stored["scores"]
        assert [str(episode.outcome) for episode in episodes] == stored["outcomes"]


@pytest.mark.parametrize("title", ["boxing", "kaboom", "skiing"])
@pytest.mark.parametrize("name", ["noop", "random", "scripted"])
def test_stored_atari_games_play_again_to_the_same_end(title, name):
    stored = make(f"atari/{title}").baseline_scores()[name]
    seed = sum(map(ord, title + name)) % len(stored["scores"])
    (episode,) = play_baseline(f"atari/{title}", {}, name, [seed])
    assert (episode.score, episode.outcome) == (stored["scores"][seed], stored["outcomes"][seed])


def test_a_hand_written_player_beats_random_play_in_every_atari_game_that_has_one():
    for game, options, _ in entries():
        if game.startswith("atari/"):
            stored = make(game, **options).baseline_scores()
            assert sum(stored["scripted"]["scores"]) > sum(stored["random"]["scores"]), game


def test_other_options_have_no_stored_scores():
    assert make("2048", size=4, target=2048, probability_fours=0.5).baseline_scores() is None
    assert make("2048", size=7).baseline_scores() is None


def test_the_baselines_are_ordered_weakest_first():
    game = make("2048")
    means = [sum(game.baseline_scores()[name]["scores"]) / 100 for name in game.baselines]
    assert tuple(game.baselines) == PLAYERS
    assert means == sorted(means)
    assert means[-1] > 15_000


@pytest.mark.parametrize("name", PLAYERS)
def test_an_episode_replays_from_its_seed_and_actions(name):
    (episode,) = play_baseline("2048", {"size": 3, "target": 128}, name, [7])
    assert episode.player == name
    assert episode.options == {"size": 3, "target": 128, "probability_fours": 0.1}
    assert episode.versions["rules"] == "1"
    game = episode.new_game()
    for action in episode.actions:
        game.step(action)
    assert (game.score, game.outcome, game.wasted) == (episode.score, episode.outcome, episode.wasted)


@pytest.mark.parametrize("name", PLAYERS)
def test_an_episode_depends_on_its_seed_alone_not_on_those_played_before(name):
    options = {"size": 3, "target": 64}
    several = play_baseline("2048", options, name, range(4))
    for episode in several:
        assert play_baseline("2048", options, name, [episode.seed]) == (episode,)
    assert len({episode.actions for episode in several}) > 1


@pytest.mark.parametrize("size", range(2, 9))
@pytest.mark.parametrize("name", PLAYERS)
@pytest.mark.parametrize("probability_fours", [0, 0.1, 0.5, 1])
def test_every_baseline_plays_every_size_to_its_end_without_a_wasted_move(size, name, probability_fours):
    options = {"size": size, "target": 64, "probability_fours": probability_fours}
    (episode,) = play_baseline("2048", options, name, [size])
    assert episode.outcome in (Outcome.WON, Outcome.LOST)
    assert episode.wasted == 0


def test_expectimax_takes_a_win_when_it_is_there():
    game = make("2048", size=3, target=64)
    stored = play_baseline("2048", game.options, "expectimax", range(10))
    for episode in stored:
        game = episode.new_game()
        for action in episode.actions:
            wins = []
            for candidate in game.legal_actions():
                trial = episode.new_game()
                for earlier in episode.actions[: game.plies]:
                    trial.step(earlier)
                trial.step(candidate)
                if trial.outcome is Outcome.WON:
                    wins.append(candidate)
            assert not wins or action in wins
            game.step(action)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("2048", {}, "perfect", [0]), "no baseline 'perfect'; it has random, greedy, expectimax"),
        (("2049", {}, "random", [0]), "did you mean 2048"),
        (("2048", {"size": 99}, "random", [0]), "2 to 8"),
    ],
)
def test_unknown_names_are_refused_with_what_would_work(arguments, says):
    with pytest.raises(ValueError, match=says):
        play_baseline(*arguments)


def test_some_games_can_be_played_again_without_the_others(tmp_path):
    path = tmp_path / "baseline_scores.json"
    options = {entry.game: dict(make(entry.game, **entry.options).options) for entry in entries()}
    old = [{"game": game, "options": options[game], "baselines": "old"} for game in ("atari/pong", "atari/boxing")]
    path.write_text(json.dumps({"games": old}))
    new = [{"game": game, "options": options[game], "baselines": "new"} for game in ("atari/pong", "atari/freeway")]
    merged = [(entry["game"], entry["baselines"]) for entry in baseline_scores._merged(path, new)]
    assert merged == [("atari/boxing", "old"), ("atari/freeway", "new"), ("atari/pong", "new")]


def test_a_game_without_stored_scores_is_refused(capsys):
    with pytest.raises(SystemExit):
        baseline_scores.main(["chess"])
    assert "no scores of 'chess' are stored; there are 2048, connect-four, atari/asterix" in capsys.readouterr().err
