"""Two players on one court from the command line: played, kept, verified, filmed; what cannot be is a line."""

import json

import pytest

from grpo_arcade.arcade.cli import main
from grpo_arcade.recordings import load, verify

SHORT = ["--game-options", "max_num_frames_per_episode=1200"]


def told(capsys):
    return capsys.readouterr().out.strip()


def test_two_players_meet_and_what_is_kept_of_it_tells_of_both(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "still.py").write_text('def strategy(state):\n    return "NOOP"\n')
    words = ["play", "atari/pong", "scripted", "--opponent", "still.py", "--seat", "left", "--seed", "3"]
    assert main([*words, *SHORT, "--to", "game.episode"]) == 0
    assert "scripted won (seed 3)" in told(capsys)
    episode = load("game.episode")
    assert [seat.player for seat in episode.seats] == ["still", "scripted"]
    assert verify(episode).seat_score(1) == episode.seats[1].score > 0
    assert main(["verify", "game.episode"]) == 0
    assert "(lost) : " in (said := told(capsys))
    assert "genuine" in said
    assert main(["replay", "game.episode", "--json"]) == 0
    last = json.loads(told(capsys).splitlines()[-1])
    assert last["scores"] == [seat.score for seat in episode.seats]
    assert len(last["action"]) == len(last["observations"]) == 2
    assert main([*words, *SHORT, "--json"]) == 0
    facts = json.loads(told(capsys))
    assert [seat["seat"] for seat in facts["seats"]] == ["right", "left"]
    assert facts["moves"] == episode.moves


def test_the_title_of_a_film_has_the_score_of_both(tmp_path, capsys, monkeypatch):
    from grpo_arcade.recordings.films.strip import TitleStrip

    written = []
    pixels = TitleStrip.pixels
    monkeypatch.setattr(TitleStrip, "pixels", lambda strip, *title: written.append(title) or pixels(strip, *title))
    target = str(tmp_path / "game.gif")
    assert main(["play", "connect-four", "one-ply", "--opponent", "random", "--to", target]) == 0
    assert written[-1][0] == "one-ply against random"
    assert (1, -1) in written[-1]
    assert written[-1][-1] == "one-ply won"


def test_a_terminal_shows_the_score_of_both(capsys):
    from rich.console import Console

    from grpo_arcade.arcade.terminal import show
    from grpo_arcade.games.baseline_scores import play_baseline

    (episode,) = play_baseline("connect-four", {"players": 2}, "random", [3])
    show(episode, speed=64.0, console=Console(force_terminal=True, width=100))
    scores = [f"{seat.score:.0f}" for seat in episode.seats]
    assert f"score {' : '.join(scores)}" in capsys.readouterr().out


def test_a_program_that_fails_is_named_and_the_command_says_so(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.py").write_text('def strategy(state):\n    raise ValueError("lost the ball")\n')
    assert main(["play", "connect-four", "random", "--opponent", "bad.py", "--json"]) == 1
    facts = json.loads(told(capsys))
    assert facts["error"] == "bad: ValueError: lost the ball (line 2)"
    assert [seat["outcome"] for seat in facts["seats"]] == ["won", "crashed"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["play", "2048", "--opponent", "random"], "2048 is for one player only"),
        (["play", "atari/breakout", "--opponent", "random"], "one player only; several can play"),
        (["play", "atari/pong", "--seat", "left"], "--opponent"),
        (["play", "atari/pong", "--opponent", "random", "--seat", "up"], "its seats are right, left"),
        (["play", "connect-four", "random", "--opponent", "you", "--json"], "leave --json and --to out"),
        (["play", "2048", "you", "--to", "game.gif"], "leave --json and --to out"),
        (["play", "connect-four", "--game-options", "colour=1"], "it has opponent, opening, players"),
        (["play", "atari/pong", "--game-options", "player=2"], "it has players, frame_skip"),
        (["train", "connect-four", "--game-options", "players=2"], "add --self-play"),
        (["eval", "random", "--game", "connect-four", "--game-options", "players=2"], "arcade play connect-four A"),
        (["improve", "connect-four", "--game-options", "players=2", "--dry-run"], "asks for one player"),
        (["play", "atari/pong", "--opponent", "nobody"], "did you mean"),
        (["play", "atari/pong", "--opponent", "no-such-run:champion"], "no-such-run"),
    ],
)
def test_what_cannot_be_is_one_line(words, said, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line
