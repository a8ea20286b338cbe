import dataclasses

import imageio.v3 as imageio
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from grpo_arcade.recordings import ForgedEpisodeError, RecordingError
from grpo_arcade.recordings.films import Film, Frame, write_frames, write_gif
from grpo_arcade.recordings.films.gif import _Colours
from grpo_arcade.recordings.films.strip import TitleStrip


def shown(path):
    """What an independent decoder shows: (rgb, hundredths) of each stored frame."""
    with Image.open(path) as image:
        for number in range(image.n_frames):
            image.seek(number)
            yield np.asarray(image.convert("RGB")), round(image.info["duration"] / 10)


def merged(film):
    """The frames of a film, equal neighbours being one."""
    last, hundredths = None, 0
    for frame in film:
        rgb = frame.rgb()
        if last is not None and np.array_equal(rgb, last):
            hundredths += frame.hundredths
            continue
        if last is not None:
            yield last, hundredths
        last, hundredths = rgb, frame.hundredths
    yield last, hundredths


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"frames_per_move": 1, "size": 80},
        {"frames_per_move": 5, "size": 133, "palette": "colour-blind"},
        {"title": False, "speed": 3.0},
        {"speed": 30.0, "hold_s": 0.5},
    ],
)
def test_a_decoder_shows_exactly_the_frames_that_were_drawn(tmp_path, greedy, arguments):
    report = write_gif(greedy, tmp_path / "game.gif", **arguments)
    assert report.exact
    expected = list(merged(Film(greedy, **arguments)))
    assert report.frames == len(expected)
    for (pixels, hundredths), (drawn, drawn_hundredths) in zip(shown(report.path), expected, strict=True):
        assert hundredths == drawn_hundredths
        assert np.array_equal(pixels, drawn)


def test_a_montage_is_exact_too(tmp_path, short, greedy):
    report = write_gif([short, greedy, short], tmp_path / "three.gif", size=90, frames_per_move=3)
    assert report.exact
    for (pixels, _), (drawn, _) in zip(
        shown(report.path), merged(Film([short, greedy, short], size=90, frames_per_move=3)), strict=True
    ):
        assert np.array_equal(pixels, drawn)


def test_other_readers_agree(tmp_path, short):
    report = write_gif(short, tmp_path / "game.gif", size=100)
    frames = imageio.imread(report.path, index=None)
    assert frames.shape[0] == report.frames
    expected = [drawn for drawn, _ in merged(Film(short, size=100))]
    assert np.array_equal(frames[..., :3], np.stack(expected))


def test_ffmpeg_reads_it(tmp_path, short):
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    report = write_gif(short, tmp_path / "game.gif", size=100)
    reader = imageio_ffmpeg.read_frames(str(report.path))
    size = next(reader)["size"]
    first = np.frombuffer(next(reader), np.uint8).reshape(size[1], size[0], 3)
    reader.close()
    drawn = next(iter(Film(short, size=100))).rgb()
    assert np.array_equal(first, drawn)


def test_the_report_says_what_is_in_the_file(tmp_path, greedy):
    report = write_gif(greedy, tmp_path / "game.gif")
    with Image.open(report.path) as image:
        assert (image.width, image.height) == (report.width, report.height)
        assert image.info["loop"] == 0
        assert image.n_frames == report.frames
    assert report.path.stat().st_size == report.bytes
    assert report.seconds == pytest.approx(sum(hundredths for _, hundredths in shown(report.path)) / 100)
    assert report.colours == len(set().union(*(np.unique(frame.pixels).tolist() for frame in Film(greedy))))
    assert (report.frames_per_move, report.moves_skipped) == (2, 0)


def test_the_last_frame_is_held_two_seconds(tmp_path, greedy):
    *_, (_, hundredths) = shown(write_gif(greedy, tmp_path / "game.gif").path)
    assert hundredths >= 200


def test_moves_that_change_nothing_store_nothing(tmp_path, short):
    from grpo_arcade.games import make

    game = make("2048")
    seed = next(seed for seed in range(100) if game.reset(seed) or len(game.legal_actions()) < 4)
    idle = next(action for action in range(4) if action not in game.legal_actions())
    for _ in range(20):
        game.step(idle)
    still = dataclasses.replace(short, seed=seed, actions=bytes([idle]) * 20, score=0, wasted=20)
    report = write_gif(still, tmp_path / "still.gif")
    # The first picture, and the last, on whose strip the outcome appears.
    assert report.frames == 2


def test_a_thousand_moves_fit_into_a_megabyte_at_two_frames_a_move(tmp_path, thousand):
    report = write_gif(thousand, tmp_path / "long.gif", size=160)
    assert report.bytes < 1_000_000
    assert (report.frames_per_move, report.moves_skipped) == (2, 0)
    assert report.frames == 2001


@pytest.mark.parametrize("limit", [300_000, 100_000, 30_000, 8_000])
def test_a_limit_is_kept_and_the_same_limit_gives_the_same_file(tmp_path, greedy, limit):
    one = write_gif(greedy, tmp_path / "one.gif", max_bytes=limit)
    other = write_gif(greedy, tmp_path / "other.gif", max_bytes=limit)
    assert one.path.stat().st_size == one.bytes <= limit
    assert one.path.read_bytes() == other.path.read_bytes()
    with Image.open(one.path) as image:
        assert image.n_frames == one.frames
    *_, (last, _) = shown(one.path)
    *_, drawn = Film(greedy, size=one.width)
    assert np.array_equal(last, drawn.rgb())


def test_a_limit_costs_size_before_motion_before_moves(tmp_path, greedy):
    reports = [write_gif(greedy, tmp_path / "x.gif", max_bytes=limit) for limit in (10**7, 150_000, 100_000, 9_000)]
    assert [report.frames_per_move for report in reports] == [2, 2, 1, 1]
    assert reports[0].width > reports[1].width >= 144 > reports[3].width
    assert [report.moves_skipped > 0 for report in reports] == [False, False, False, True]


def test_a_limit_that_nothing_meets_is_refused_and_an_old_file_kept(tmp_path, short):
    path = tmp_path / "game.gif"
    path.write_bytes(b"precious")
    for limit in (1000, 0, -5):
        with pytest.raises(RecordingError, match="bytes"):
            write_gif(short, path, max_bytes=limit)
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.iterdir()) == [path]


def test_a_recording_that_lies_becomes_no_gif(tmp_path, short):
    with pytest.raises(ForgedEpisodeError):
        write_gif(dataclasses.replace(short, score=4), tmp_path / "game.gif")
    assert not list(tmp_path.iterdir())


def test_progress_counts_the_moves_and_an_exception_in_it_leaves_no_file(tmp_path, short):
    calls = []
    write_gif(short, tmp_path / "game.gif", progress=lambda done, total: calls.append((done, total)))
    assert calls == [(move, 25) for move in range(26)]

    def interrupt(done, total):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_gif(short, tmp_path / "other.gif", progress=interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["game.gif"]


def test_more_than_255_colours_fall_back_to_the_nearest_and_say_so():
    colours = _Colours()
    grey = np.array([[value * 0x010101 for value in range(255)]], np.uint32)
    assert colours.numbers(grey).tolist() == [list(range(1, 256))]
    assert colours.exact
    assert colours.numbers(np.array([[0xFFFFFF, 0x000001]], np.uint32)).tolist() == [[255, 1]]
    assert not colours.exact
    assert len(colours) == 255


@st.composite
def films(draw):
    """Frames of one size: by colours or by numbers, most of them a few rectangles away from the one before."""
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 12))
    table = np.array(draw(st.lists(st.integers(0, 0xFFFFFF), min_size=40, max_size=40)), np.uint32)
    value = st.integers(0, 39)
    pixels = np.full((height, width), draw(value), np.uint8)
    frames = []
    for move in range(draw(st.integers(1, 8))):
        for _ in range(draw(st.integers(0, 3))):
            top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
            pixels[top : draw(st.integers(top, height)), left : draw(st.integers(left, width))] = draw(value)
        hundredths = draw(st.sampled_from([2, 6, 7, 500, 40000]))
        kind = draw(st.sampled_from([np.uint8, np.uint8, np.uint16, None]))
        if kind is None:
            frames.append(Frame(table[pixels], hundredths, move))
        else:
            frames.append(Frame(pixels.astype(kind), hundredths, move, table))
    return frames


@given(films())
def test_whatever_the_frames_a_decoder_shows_exactly_them(tmp_path_factory, frames):
    path = write_frames(frames, tmp_path_factory.mktemp("films") / "film.gif")
    # Played back hundredth by hundredth, in steps, since equal neighbours may have become one.
    wanted = [(frame.rgb().tobytes(), frame.hundredths) for frame in frames]
    found = [(rgb.tobytes(), hundredths) for rgb, hundredths in shown(path)]
    assert joined(found) == joined(wanted)


def joined(shown):
    """(picture, hundredths), equal neighbours being one."""
    joined = []
    for picture, hundredths in shown:
        if joined and joined[-1][0] == picture:
            joined[-1][1] += hundredths
        else:
            joined.append([picture, hundredths])
    return joined


def screens(episode, scale):
    """What the console itself shows, after every move: rgb of each position, straight from the game."""
    game = episode.new_game()
    colours = np.array([(c >> 16, c >> 8 & 255, c & 255) for c in game.picture().colours], np.uint8)
    for action in (None, *episode.actions):
        if action is not None:
            game.step(action)
        view = game.view()
        screen = np.frombuffer(view.screen, np.uint8).reshape(view.height, view.width)
        yield colours[np.kron(screen, np.ones((scale, scale), np.uint8))]


def at_rest(path):
    """The picture of each hundredth of a second, without copies: (rgb, first hundredth, last hundredth + 1)."""
    clock = 0
    for rgb, hundredths in shown(path):
        yield rgb, clock, clock + hundredths
        clock += hundredths


@pytest.mark.parametrize(
    ("size", "scale", "title"), [(None, 1, False), (None, 1, True), (32, 1, False), (319, 1, False), (330, 2, True)]
)
def test_a_console_is_shown_exactly_at_whole_multiples(tmp_path, pacman, size, scale, title):
    report = write_gif(pacman, tmp_path / "game.gif", size=size, title=title, flicker_safe=False)
    top = TitleStrip(160 * scale).height if title else 0
    assert (report.width, report.height) == (160 * scale, top + 210 * scale + (top + 210 * scale) % 2)
    assert report.exact
    assert report.frames_per_move == 1
    found = at_rest(report.path)
    rgb, _, end = next(found)
    # Half a second for the start, then 15 moves a second.
    for move, screen in enumerate(screens(pacman, scale)):
        at = 0 if move == 0 else 50 + (move - 0.5) * 100 / 15
        while at >= end:
            rgb, _, end = next(found)
        assert np.array_equal(rgb[top : top + 210 * scale], screen)


def test_consoles_side_by_side_are_exact_too(tmp_path, pong, longer_pong):
    report = write_gif([pong, longer_pong], tmp_path / "two.gif", hold_s=0.5)
    assert report.exact
    film = Film([pong, longer_pong], hold_s=0.5)
    wanted = [(frame.rgb().tobytes(), frame.hundredths) for frame in film]
    assert joined((rgb.tobytes(), hundredths) for rgb, hundredths in shown(report.path)) == joined(wanted)
    *_, (last, _) = shown(report.path)
    *_, lone = screens(longer_pong, 1)
    top = TitleStrip(160).height
    assert np.array_equal(last[top : top + 210, 164:], lone)


def test_a_limit_makes_a_console_smaller_then_slower_then_hurried(tmp_path, pacman):
    def limited(limit):
        report = write_gif(pacman, tmp_path / "game.gif", size=480, max_bytes=limit)
        assert report.path.stat().st_size == report.bytes <= limit
        assert report.width % 160 == 0
        return report

    whole, smaller, fewer, hurried = map(limited, (10**7, 50_000, 24_000, 4_500))
    assert (whole.width, whole.smaller, whole.moves_skipped, whole.faster) == (480, False, 0, 1)
    assert smaller.width < 480
    assert smaller.smaller
    assert smaller.moves_skipped == 0
    assert (fewer.width, fewer.faster) == (160, 1)
    assert fewer.moves_skipped > 0
    assert fewer.seconds == pytest.approx(whole.seconds, abs=0.3)
    assert hurried.faster > 1
    assert hurried.seconds < whole.seconds
    with pytest.raises(RecordingError, match="bytes"):
        write_gif(pacman, tmp_path / "game.gif", max_bytes=1000)


def test_a_recording_under_another_emulator_becomes_no_gif(tmp_path, pong):
    with pytest.raises(RecordingError, match=r"ale-py"):
        write_gif(dataclasses.replace(pong, versions={**pong.versions, "ale-py": "0.0"}), tmp_path / "game.gif")
    assert not list(tmp_path.iterdir())
