import dataclasses
import subprocess
import sys
import tempfile
import tracemalloc

import numpy as np
import pytest

from grpo_arcade.games import fonts, make
from grpo_arcade.recordings import ForgedEpisodeError, RecordingError
from grpo_arcade.recordings.films import Film
from grpo_arcade.recordings.films.strip import PAPER, TitleStrip


def seconds(film):
    return sum(frame.hundredths for frame in film) / 100


def test_a_film_shows_the_start_every_move_and_the_end(short):
    frames = list(Film(short, frames_per_move=3))
    assert [frame.move for frame in frames] == [0, *(move for move in range(1, 26) for _ in range(3))]
    assert all(frame.pixels.shape == frames[0].pixels.shape for frame in frames)


def test_every_showing_is_the_same(short):
    film = Film(short)
    for one, other in zip(film, film, strict=True):
        assert one.hundredths == other.hundredths
        assert np.array_equal(one.pixels, other.pixels)


def test_the_frame_at_rest_is_the_picture_of_the_position(short):
    import pygame

    film = Film(short, size=120, title=False)
    resting = {frame.move: frame for frame in film}
    game = short.new_game()
    picture = game.picture()
    for move, action in enumerate(short.actions, start=1):
        game.step(action)
        surface = pygame.Surface((120, 120), 0, 32)
        picture.draw(surface, game.view())
        assert np.array_equal(resting[move].rgb(), pygame.surfarray.array3d(surface).swapaxes(0, 1))


def test_a_film_lasts_as_long_as_the_game_does_at_its_speed(short):
    rate = make("2048").frame_rate
    for frames_per_move, speed in ((1, 1.0), (2, 1.0), (3, 0.5), (5, 1.0), (2, 2.0), (2, 20.0)):
        moving = seconds(Film(short, frames_per_move=frames_per_move, speed=speed, hold_s=0)) - max(
            0.5, 1 / (rate * speed)
        )
        assert moving == pytest.approx(len(short.actions) / (rate * speed), abs=0.06)


def test_no_frame_is_shorter_than_browsers_show(short):
    for speed in (0.3, 1, 7, 50, 1000):
        film = Film(short, frames_per_move=4, speed=speed)
        assert min(frame.hundredths for frame in film) >= 2
        assert (film.shown < film.moves) == (speed >= 7)


def test_the_last_frame_is_held(short):
    *_, last = Film(short, hold_s=2.0)
    assert last.hundredths == 200
    assert last.move == 25


def test_an_episode_without_moves_is_one_held_frame(short):
    (frame,) = Film(dataclasses.replace(short, actions=b"", score=0, wasted=0))
    assert frame.hundredths == 200


def test_moves_left_out_are_still_played(short):
    *_, all_shown = Film(short)
    *_, few_shown = Film(short, every=10)
    assert np.array_equal(all_shown.pixels, few_shown.pixels)
    assert [frame.move for frame in Film(short, every=10)] == [0, 10, 20, 25]


def test_a_recording_that_lies_is_not_shown(short):
    with pytest.raises(ForgedEpisodeError):
        Film(dataclasses.replace(short, score=99999))


def test_boards_stand_side_by_side_and_one_that_ended_is_dimmed(short, greedy):
    assert len(greedy.actions) > len(short.actions)
    film = Film([short, greedy], size=100)
    alone = Film(short, size=100)
    *_, last = film
    *_, last_alone = alone
    assert (film.width, film.height) == (200, alone.height)
    strip = TitleStrip(100).height
    assert np.array_equal(last.pixels[:strip, :100], last_alone.pixels[:strip])
    dimmed, bright = last.rgb()[strip:, :100].astype(int), last_alone.rgb()[strip:].astype(int)
    paper = np.array([PAPER >> 16, PAPER >> 8 & 255, PAPER & 255])
    assert np.abs(dimmed - (bright + paper) / 2).max() <= 1
    *_, winner_alone = Film(greedy, size=100)
    assert np.array_equal(last.pixels[:, 100:], winner_alone.pixels)


@pytest.mark.parametrize(
    ("boards", "columns", "rows"), [(1, 1, 1), (2, 2, 1), (3, 3, 1), (4, 2, 2), (5, 3, 2), (6, 3, 2)]
)
def test_montages_of_every_size_fill_a_grid(short, boards, columns, rows):
    film = Film([short] * boards, size=64)
    assert film.width == columns * 64
    assert rows * (64 + TitleStrip(64).height) <= film.height <= rows * (64 + TitleStrip(64).height) + 1
    *_, last = film
    assert last.pixels.shape == (film.height, film.width)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"frames_per_move": 0}, "frames_per_move"),
        ({"speed": 0}, "speed"),
        ({"speed": float("nan")}, "speed"),
        ({"size": 5}, "size must be 32 to 4096"),
        ({"size": 50000}, "size must be 32 to 4096"),
        ({"palette": "grey"}, "palette must be one of classic, colour-blind"),
        ({"hold_s": -1}, "hold_s"),
    ],
)
def test_bad_arguments_are_refused_in_one_line(short, arguments, words):
    with pytest.raises(RecordingError, match=words) as error:
        Film(short, **arguments)
    assert "\n" not in str(error.value)


def test_too_many_or_no_episodes_are_refused(short):
    for episodes in ([], [short] * 7):
        with pytest.raises(RecordingError, match="1 to 6 episodes"):
            Film(episodes)


@pytest.mark.parametrize("width", [32, 48, 80, 161, 320, 1000])
@pytest.mark.parametrize("player", ["", "x", "W" * 300, "pocket step 40", "東京 \x00\n\t🎲", "iiiiiiiiii " * 9])
def test_titles_never_leave_the_strip(width, player):
    from grpo_arcade.games import Outcome

    strip = TitleStrip(width)
    pixels = strip.pixels(player, "2048", 2**63 - 1, 123456789.25, Outcome.SYNTAX_ERROR)
    assert pixels.shape == (strip.height, width)
    # Nothing touches the borders: no letter is cut off.
    for border in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (border == PAPER).all()


def test_player_and_score_do_not_run_into_each_other():
    strip = TitleStrip(200)
    one, other = (strip.pixels(player, "2048", 1, 1_234_567, None) for player in ("m" * 80, "i"))
    score = np.flatnonzero((other[: strip.height // 2, 40:] != PAPER).any(axis=0))[0] + 40
    assert np.array_equal(one[:, score:], other[:, score:])
    assert (one[: strip.height // 2, score - 4 : score] == PAPER).all()


def test_a_console_stays_numbers_from_the_emulator_to_the_frame(pong):
    film = Film(pong, title=False, flicker_safe=False)
    game = pong.new_game()
    colours = np.array(game.picture().colours)
    for frame, action in zip(film, (None, *pong.actions), strict=True):
        if action is not None:
            game.step(action)
        assert frame.pixels.astype(np.uint8).tobytes() == game.view().screen
        assert np.array_equal(frame.packed(), colours[frame.pixels])


def test_a_console_at_its_own_size_needs_no_drawing():
    program = """
import sys
from grpo_arcade.games import Episode, Outcome, make
from grpo_arcade.recordings.films import write_gif
game = make("atari/pong")
game.reset(0)
for _ in range(5):
    game.step(0)
episode = Episode(game.name, game.options, 0, bytes(5), Outcome.UNFINISHED, game.score, versions=game.versions)
write_gif(episode, "x.gif", title=False)
print("pygame" in sys.modules)
"""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=folder, check=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_a_game_by_the_clock_keeps_its_pace_when_frames_are_left_out(pong):
    whole = seconds(Film(pong, hold_s=0))
    assert whole == pytest.approx(0.5 + 90 / 15, abs=0.02)
    assert {frame.hundredths for frame in list(Film(pong, hold_s=0))[1:]} == {6, 7}
    for every in (2, 3):
        film = Film(pong, every=every, hold_s=0)
        assert film.faster == 1
        assert seconds(film) == pytest.approx(whole, abs=0.25)
    hurried = Film(pong, every=6, hold_s=0)
    assert hurried.faster == pytest.approx(2)
    assert seconds(hurried) == pytest.approx(0.5 + 3, abs=0.25)
    assert seconds(Film(pong, speed=8, hold_s=0)) == pytest.approx(0.5 + 90 / 120, abs=0.1)


def test_a_person_at_sixty_frames_a_second_is_shown_at_thirty(second_of_pong):
    film = Film(second_of_pong, hold_s=0)
    assert (film.shown, film.faster) == (30, 1)
    assert seconds(film) == pytest.approx(0.5 + 1, abs=0.05)


def test_what_blinks_is_seen_in_a_flicker_safe_film(asteroids):
    def lit(**options):
        return np.array([np.count_nonzero(frame.packed()) for frame in Film(asteroids, title=False, **options)])

    single, safe = lit(flicker_safe=False), lit(flicker_safe=True)
    # Without it, rocks are missing from every frame shown.
    assert (safe[5:] > single[5:] + 100).all()
    assert np.array_equal(lit(), safe)


def test_flicker_safe_is_the_brighter_of_two_frames_in_a_row(asteroids):
    """Every frame of the console, one by one, against films of every fourth."""
    from grpo_arcade.games import make

    options = {**asteroids.options, "repeat_action_probability": 0.0}
    game, each = make("atari/asteroids", **options), make("atari/asteroids", **{**options, "frame_skip": 1})
    for one in (game, each):
        one.reset(7)
    picture = game.picture()
    colours = np.array(picture.colours)
    luminance = (colours >> 16) * 299 + (colours >> 8 & 255) * 587 + (colours & 255) * 114
    for _ in range(30):
        for _ in range(3):
            each.step(0)
        before = picture.indices(each.view())
        each.step(0)
        now = picture.indices(each.view())
        game.step(0)
        assert np.array_equal(picture.indices(game.view()), now)
        safe = picture.indices(game.view(), flicker_safe=True)
        assert ((safe == now) | (safe == before)).all()
        # Colours as bright as each other to a thousandth may stand for each other.
        assert (luminance[safe] >= np.maximum(luminance[now], luminance[before]) - 1000).all()


def test_drawn_pictures_do_not_blink(short):
    for frame, other in zip(Film(short, flicker_safe=True), Film(short), strict=True):
        assert np.array_equal(frame.pixels, other.pixels)


def test_consoles_side_by_side_keep_apart(pong, longer_pong):
    film = Film([pong, longer_pong])
    *_, last = film
    assert film.width == 160 + 4 + 160
    assert (last.packed()[:, 160:164] == PAPER).all()
    *_, alone = Film(longer_pong)
    assert np.array_equal(last.packed()[:, 164:], alone.packed())
    *_, bright = Film(pong)
    top = TitleStrip(160).height
    board = slice(top, top + 210), slice(0, 160)
    paper = np.array([PAPER >> 16, PAPER >> 8 & 255, PAPER & 255])
    assert np.abs(last.rgb()[board] - (bright.rgb()[board].astype(int) + paper) / 2).max() <= 1


def test_a_long_film_takes_no_more_memory_than_a_short_one(longer_pong):
    def peak(moves):
        episode = dataclasses.replace(longer_pong, actions=longer_pong.actions[:moves])
        game = episode.new_game()
        for action in episode.actions:
            game.step(action)
        film = Film(dataclasses.replace(episode, score=game.score))
        tracemalloc.start()
        for _ in film:
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    peak(5)
    assert peak(150) < peak(15) + 200_000


def test_a_film_may_begin_in_the_middle_of_its_game(short):
    whole, later = (list(Film(short, frames_per_move=1, start=start)) for start in (0, 10))
    assert [frame.move for frame in later] == list(range(16))
    for frame, same in zip(later, whole[10:], strict=True):
        assert np.array_equal(frame.pixels, same.pixels)
    assert Film(short, start=10).shown == 15
    (only,) = Film(short, start=25)
    assert only.hundredths == 200
    for start in (-1, 26):
        with pytest.raises(RecordingError, match="start must be 0 to 25"):
            Film(short, start=start)


def test_games_in_turn_have_one_board_between_them_and_each_is_shown_to_its_end(short, greedy):
    def shown(*episodes, **options):
        return list(Film(episodes, frames_per_move=1, in_turn=True, **options))

    alone = [list(Film(episode, frames_per_move=1)) for episode in (short, greedy)]
    frames = shown(short, greedy, short)
    assert len(frames) == sum(map(len, (*alone, alone[0])))
    for frame, same in zip(frames, [*alone[0], *alone[1], *alone[0]], strict=True):
        assert np.array_equal(frame.pixels, same.pixels)
    ends = len(alone[0]) - 1, len(alone[0]) + len(alone[1]) - 1, len(frames) - 1
    assert [frames[end].hundredths for end in ends] == [100, 100, 200]
    assert frames[-1].move == Film((short, greedy, short), in_turn=True).length == 2 * short.moves + greedy.moves
    # It may begin in the middle of any of them.
    later = shown(short, greedy, start=short.moves + 3)
    assert [frame.move for frame in later] == list(range(greedy.moves - 2))
    assert np.array_equal(later[0].pixels, alone[1][3].pixels)
    assert len(shown(*[short] * 7)) == 7 * len(alone[0])


def test_a_title_names_the_game_and_the_seed_comes_last():
    """As much of a long seed as there is room for: it gives way to everything else."""
    strip = TitleStrip(160)
    drawn = [
        strip.pixels("me", game, seed, 1.0, None) for game, seed in [("2048", 5), ("2048", 2**62), ("atari/pong", 5)]
    ]
    lower = [pixels[strip.height // 2 :] for pixels in drawn]
    begins = fonts.coverage("2048 · seed ", strip._text, "medium").shape[1]
    assert np.array_equal(lower[0][:, :begins], lower[1][:, :begins])
    assert not np.array_equal(lower[0][:, :begins], lower[2][:, :begins])
