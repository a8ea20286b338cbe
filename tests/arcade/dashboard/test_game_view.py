"""Games in the terminal: as cells, as half-blocks, as signs; played by a process that may fail without harm."""

import asyncio
import random
import subprocess
import sys
from dataclasses import replace

import pytest
from rich.console import Console
from rich.segment import Segment

from grpo_arcade.arcade.dashboard.draw.boards import Blocks, board
from grpo_arcade.arcade.dashboard.read.stills import Stills, StillsError
from grpo_arcade.arcade.dashboard.tabs.game_view import GameView
from grpo_arcade.games import Episode, Outcome, make


def colours(blocks, width=40):
    """Above and below of every cell, as they reach the terminal."""
    console = Console(color_system="truecolor", force_terminal=True, width=width)
    lines = list(Segment.split_lines(console.render(blocks)))
    return [
        [
            (segment.style.color.get_truecolor(), segment.style.bgcolor.get_truecolor(foreground=False), sign)
            for segment in line
            for sign in segment.text
        ]
        for line in lines
    ]


def test_every_pixel_is_half_a_cell_in_its_own_colour():
    rng = random.Random(1)
    width, height = 7, 6
    pixels = bytes(rng.choice((0, 90, 255)) for _ in range(3 * width * height))
    cells = colours(Blocks(width, height, pixels))
    assert len(cells) == 3
    for y in range(height):
        for x in range(width):
            at = 3 * (y * width + x)
            assert tuple(cells[y // 2][x][y % 2]) == tuple(pixels[at : at + 3])
            assert cells[y // 2][x][2] == "▀"


def test_an_odd_last_row_fills_its_cells():
    cells = colours(Blocks(2, 3, bytes(range(18))))
    assert len(cells) == 2
    assert all(above == below for above, below, _ in cells[1])


def test_cells_alike_travel_as_one():
    console = Console(color_system="truecolor", force_terminal=True, width=100)
    segments = list(console.render(Blocks(80, 2, bytes(480))))
    assert len([segment for segment in segments if segment.text != "\n"]) == 1


@pytest.mark.parametrize("options", [{"color_system": None}, {"no_color": True, "color_system": "truecolor"}])
def test_without_colours_brightness_is_told_by_signs(options):
    console = Console(width=20, file=open("/dev/null", "w"), **options)  # noqa: SIM115
    pixels = b"".join(bytes([value] * 3) for value in (0, 128, 255)) * 2
    with console.capture() as said:
        console.print(Blocks(3, 2, pixels))
    assert said.get() == " +@\n"
    assert said.get().isascii()


def test_a_board_shows_every_number_where_it_stands():
    lines = board([[2, 0], [1024, 65536]]).plain.splitlines()
    assert [line.split() for line in lines if line.strip()] == [["2"], ["1024", "65536"]]
    assert len({len(line) for line in lines}) == 1


def episode_of(name, moves):
    game, rng = make(name), random.Random(2)
    game.reset(5)
    actions = []
    while game.outcome is None and len(actions) < moves:
        actions.append(rng.choice(game.legal_actions()))
        game.step(actions[-1])
    return Episode(name, game.options, 5, bytes(actions), Outcome.UNFINISHED, game.score, versions=game.versions)


def asked(work):
    async def live():
        stills = Stills()
        try:
            return await work(stills)
        finally:
            await stills.close()

    return asyncio.run(live())


def test_any_position_of_a_board_is_what_the_rules_say_forwards_and_backwards():
    episode = episode_of("2048", 60)

    async def work(stills):
        return [await stills.at(episode, move, 40, 40) for move in (60, 0, 1, 30, 29, 999)]

    for still in asked(work):
        game = episode.new_game()
        for action in episode.actions[: still.move]:
            game.step(action)
        assert (still.board, still.score) == (game.observation(), game.score)


def test_a_picture_fits_the_room_it_has_and_changes_with_the_game():
    episode = episode_of("atari/pong", 90)

    async def work(stills):
        return [await stills.at(episode, move, 30, 60) for move in (0, 90, 0)]

    first, later, again = asked(work)
    assert (first.width, first.height) == (30, 39)  # 160 to 210, as the console's screen
    assert len(first.pixels) == 3 * first.width * first.height
    assert len(set(zip(*[iter(first.pixels)] * 3, strict=True))) > 3
    assert later.pixels != first.pixels == again.pixels


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"game": "no such game"}, "no such game"),
        ({"versions": {"rules": "999"}}, "version 999 of the rules"),
        ({"actions": b"\xfa"}, "250"),
    ],
)
def test_what_cannot_be_played_is_said_and_the_next_one_is_played(change, line):
    episode = episode_of("2048", 5)

    async def work(stills):
        with pytest.raises(StillsError, match=line) as refusal:
            await stills.at(replace(episode, **change), 5, 40, 40)
        assert "\n" not in str(refusal.value)
        return await stills.at(episode, 5, 40, 40)

    assert asked(work).move == 5


def test_a_process_that_was_killed_is_started_again():
    episode = episode_of("2048", 5)

    async def work(stills):
        await stills.at(episode, 1, 40, 40)
        stills._process.kill()
        with pytest.raises(StillsError, match="ended"):
            await stills.at(episode, 2, 40, 40)
        return await stills.at(episode, 2, 40, 40)

    assert asked(work).move == 2


def test_what_a_library_prints_does_not_come_between_the_answers():
    program = (
        "import os, grpo_arcade.games.stills as stills\n"
        "answer = stills.Stills.answer\n"
        "def noisy(self, asked): os.write(1, b'NOISE'); print('noise'); return answer(self, asked)\n"
        "stills.Stills.answer = noisy\n"
        "stills.main()"
    )
    told = subprocess.run([sys.executable, "-c", program], input=b"{}\n", capture_output=True, check=True)
    assert told.stdout == b'{"trouble": "which episode?"}\n'


@pytest.mark.parametrize("plain", [False, True])
def test_a_game_that_is_drawn_is_shown_and_played_in_the_dashboard(made_run, tmp_path, drive, until, seen, plain):
    folder = made_run.make_pictured_run(tmp_path)

    async def play(app, pilot):
        await pilot.press("2", "v", "v", "v")
        view = app.query_one(GameView)
        await until(pilot, lambda: "move 40 of 40" in seen(app))
        blocks = seen(app).count("▀")
        assert blocks == 0 if plain else blocks > 500
        if plain:
            return
        await pilot.press("home")
        await until(pilot, lambda: "move 0 of 40, paused" in seen(app))
        first = view.still.pixels
        await pilot.press("full_stop", "full_stop")
        await until(pilot, lambda: "move 2 of 40" in seen(app))
        await pilot.press("comma")
        await until(pilot, lambda: "move 1 of 40" in seen(app))
        await pilot.press("space")
        await until(pilot, lambda: "move 40 of 40, timeout" in seen(app))
        assert view.still.pixels != first
        assert not {"pygame", "ale_py"} & set(sys.modules) - loaded

    loaded = set(sys.modules)
    drive(folder, play, size=(120, 50), plain=plain)
