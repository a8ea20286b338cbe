"""A run by self-play: recorded so that every game can be shown again, resumed as if it had never stopped, told by command."""

import asyncio
import dataclasses
import json

import pytest

from grpo_arcade.arcade.cli import main
from grpo_arcade.recordings import verify
from grpo_arcade.recordings.runs import league
from grpo_arcade.recordings.runs.reader import RunReader
from grpo_arcade.recordings.runs.writer import RunWriter
from grpo_arcade.trainer.config import SELF_PLAY_REWARDS, TrainConfig
from grpo_arcade.trainer.grpo import train
from grpo_arcade.trainer.resuming import resumed_config


@pytest.fixture(scope="module")
def config(column_model, tmp_path_factory):
    return TrainConfig(
        game="connect-four",
        self_play=True,
        model=str(column_model),
        max_steps=3,
        num_generations=4,
        per_device_train_batch_size=4,
        gradient_accumulation_steps=1,
        train_seeds=1,
        eval_steps=2,
        eval_strategies=2,
        eval_seeds=2,
        champion_seeds=4,
        max_completion_length=48,
        beta=0.0,
        save_steps=1,
        run_key="0123456789abcdef",
        output_dir=str(tmp_path_factory.mktemp("runs")),
        run_name="whole",
        workers=1,
        threads=1,
    )


@pytest.fixture(scope="module")
def whole(config):
    return train(config).folder


def records(folder):
    with RunReader(folder) as run:
        sources = [row["source"] for step in range(1, 4) for row in run.strategies(step)]
        rewards = [row["reward"] for step in range(1, 4) for row in run.strategies(step)]
        members = [dataclasses.replace(member, strategy_id=None) for member in league.members(run)]
        return sources, rewards, members, league.meetings(run), league.ratings(run)


def test_every_game_is_recorded_for_both_sides_and_genuine(whole):
    with RunReader(whole) as run:
        assert run.config()["config"]["rewards"] == list(SELF_PLAY_REWARDS)
        count = 0
        for step in range(1, 4):
            (group,) = run.groups(step)
            assert group["options"]["players"] == 2
            for row in run.strategies(step):
                episodes = run.episodes(row["id"])
                assert [episode.seed for episode in episodes] == group["seeds"]
                for episode in episodes:
                    assert len(episode.seats) == 2
                    if row["source"] is not None:
                        verify(episode)
                        count += 1
        assert count > 12
        assert run.evaluations()[0]["options"] == {"opponent": "one-ply", "opening": 2}
        rounds = sum(meeting.games for meeting in league.meetings(run) if meeting.member == league.MODEL)
        assert 2 * rounds == sum(len(run.episodes(row["id"])) for step in range(1, 4) for row in run.strategies(step))


def test_a_run_that_trained_on_whole_games_goes_on_with_them(tmp_path):
    for name, said, known in (("old", (), "18000"), ("young", ("max_num_frames_per_episode=3000",), "3000")):
        config = TrainConfig(game="atari/pong", self_play=True, output_dir=str(tmp_path), run_name=name).resolved()
        config.train_game_options = said
        facts = {"game": config.game, "model": "pocket", "max_steps": 3, "run_key": "00" * 8}
        with RunWriter.create(config, facts) as writer:
            assert resumed_config(writer.folder).train_game_options == (f"max_num_frames_per_episode={known}",)


def test_a_resumed_run_ends_with_the_same_league(config, whole):
    cut = dataclasses.replace(config, run_name="cut", max_steps=2)
    folder = train(cut).folder
    train(dataclasses.replace(resumed_config(folder), max_steps=3), resume=folder)
    assert records(folder) == records(whole)


def test_the_ladder_is_told_and_any_two_play(whole, capsys):
    outputs = str(whole.parent)
    assert main(["league", "whole", "--output-dir", outputs]) == 0
    told = capsys.readouterr().out
    assert "random" in told
    assert main(["league", "whole", "--output-dir", outputs, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    ratings = [member["rating"] for member in facts["members"]]
    assert ratings == sorted(ratings, reverse=True)
    assert all(member["low"] < member["rating"] < member["high"] for member in facts["members"])
    champion = next(member["name"] for member in facts["members"] if not member["baseline"])
    words = ["league", "whole", "random", champion, "--seeds", "2", "--output-dir", outputs]
    assert main([*words, "--json"]) == 0
    played = json.loads(capsys.readouterr().out)
    assert [game["seed"] for game in played["games"]] == [0, 0, 1, 1]
    assert sum(played["points"]) == 1
    assert main(words) == 0
    assert "of the points" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "nowhere"),
        (["whole", "random"], "name two members"),
        (["whole", "random", "nobody"], "nobody in the league is called 'nobody'; there are, by number: 1 (random)"),
        (["whole", "random", ""], "nobody in the league is called ''; there are, by number: 1 (random)"),
        (["whole", "random", "random", "--seeds", "0"], "1 to 100"),
    ],
)
def test_what_cannot_be_told_is_refused_in_a_line(whole, capsys, words, said):
    assert main(["league", *words, "--output-dir", str(whole.parent)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["2048"], "2048 cannot play against itself"),
        (["connect-four", "--league-baselines", "perfect"], "it has random, one-ply, alpha-beta"),
        (["connect-four", "--league-baselines", "random", "random"], "twice"),
        (["connect-four", "--curriculum", "opening=0"], "no curriculum"),
        (["connect-four", "--train-game-options", "opponent=random"], "the opponents come from the league"),
    ],
)
def test_a_league_that_cannot_be_is_refused_in_a_line(capsys, words, said):
    assert main(["train", *words, "--self-play", "--dry-run"]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_the_dashboard_shows_the_ladder(whole):
    from textual.widgets import DataTable, TabbedContent

    from grpo_arcade.arcade.dashboard.app import Dashboard

    async def look():
        app = Dashboard(whole)
        async with app.run_test(size=(120, 34)) as pilot:
            await pilot.pause()
            await pilot.press("9")
            for _ in range(100):
                await pilot.pause(0.05)
                if app.query("#league DataTable") and app.query_one("#league DataTable", DataTable).row_count:
                    break
            assert app.query_one("#tabs", TabbedContent).active == "tab-league"
            table = app.query_one("#league DataTable", DataTable)
            with RunReader(whole) as run:
                assert table.row_count == len(league.members(run)) >= 2

    asyncio.run(look())
