"""A recording costs what its size lets expect, whatever it says."""

import contextlib
import json
import os
import struct
import tracemalloc
import zlib

import pytest

from grpo_arcade.arcade.window.home import shelf
from grpo_arcade.games import Episode, Outcome
from grpo_arcade.recordings import RecordingError, file, load_all, save, to_bytes

HEADER = {
    **{"game": "2048", "options": {}, "seed": 0, "outcome": "won", "score": 4, "wasted": 0, "player": ""},
    **{"source_sha256": "", "versions": {"rules": "1"}},
}


def record_of(content):
    payload = zlib.compress(content, 9)
    return struct.pack("<4sII", b"GAE\x01", len(payload), zlib.crc32(payload)) + payload


def content_of(count=0, bits=8, stream=b"", **changes):
    header = json.dumps(HEADER | changes, separators=(",", ":")).encode()
    return struct.pack("<IIB", len(header), count, bits) + header + stream


BOMBS = {
    "a header of empty tables": record_of(content_of(options={"x": [{}] * 5_000_000})),
    "eight of them": record_of(content_of(options={"x": [{}] * 1_000_000})) * 8,
    "tables in the player's place": record_of(content_of(player=[[]] * 5_000_000)),
    "many small headers of tables": record_of(content_of(options={"x": [{}] * 1_900})) * 5_000,
    "a long name": record_of(content_of(player="x" * (60 << 20))),
    "actions of one bit": record_of(content_of(count=400 << 20, bits=1, stream=bytes(50 << 20))),
    "many records of the most actions": record_of(content_of(count=1 << 20, stream=bytes(1 << 20))) * 2_000,
    "what was seen": record_of(content_of(stream=bytes(60 << 20), observations=60 << 20)),
    "what was seen, many times": record_of(content_of(stream=bytes(1 << 20), observations=1 << 20)) * 2_000,
    "zeros": record_of(bytes(200 << 20)),
    "zeros that are damaged, many times": record_of(bytes(1 << 20)) * 5_000,
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_as_a_whole_before_it_takes_memory(tmp_path, data):
    path = tmp_path / "bomb.episode"
    path.write_bytes(data)
    tracemalloc.start()
    with pytest.raises(RecordingError, match=r"bomb\.episode (holds|would take)") as error:
        load_all(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < (96 << 20) + 24 * len(data)
    assert "\n" not in str(error.value)


def test_the_shelf_names_a_bomb_and_lists_what_lies_beside_it(tmp_path, short):
    (tmp_path / "bomb.episode").write_bytes(BOMBS["eight of them"])
    os.symlink("/dev/zero", tmp_path / "endless.episode")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.episode")
    save(short, tmp_path / "game.episode")
    seen = {each.path.name: each for each in shelf.look(tmp_path / "outputs", tmp_path).recordings}
    assert seen.pop("game.episode").first.score == short.score
    assert {"bomb.episode", "endless.episode"} <= set(seen)
    assert all(each.first is None and each.problem for each in seen.values())


@pytest.mark.parametrize("claimed", ["all that follows", "a little", "too much"])
def test_no_byte_is_summed_up_again_and_again(tmp_path, monkeypatch, claimed):
    summed = 0
    crc32 = zlib.crc32

    def counting(data):
        nonlocal summed
        summed += len(data)
        return crc32(data)

    monkeypatch.setattr(file.zlib, "crc32", counting)
    size = 1 << 20
    claims = {
        "all that follows": lambda at: max(0, size - at - 12),
        "a little": lambda at: 40_000,
        "too much": lambda at: size,
    }
    frames = (struct.pack("<4sII", b"GAE\x01", claims[claimed](at), 0) for at in range(0, size, 12))
    path = tmp_path / "torn.episode"
    path.write_bytes(b"".join(frames)[:size])
    with contextlib.suppress(RecordingError):
        assert not load_all(path).episodes
    assert summed <= 4 * size


def test_records_within_records_are_not_unpacked_again_and_again(tmp_path):
    inner = b""
    for _ in range(300):
        payload = zlib.compress(b"\0" * 9 + os.urandom(2_000) + inner, 0)
        inner = struct.pack("<4sII", b"GAE\x01", len(payload), zlib.crc32(payload)) + payload
    path = tmp_path / "nested.episode"
    path.write_bytes(inner)
    with pytest.raises(RecordingError, match="is damaged throughout"):
        load_all(path)


def test_ten_thousand_honest_records_in_a_file_are_read(tmp_path, short):
    path = tmp_path / "many.episode"
    path.write_bytes(to_bytes(short) * 10_000)
    assert len(load_all(path).episodes) == 10_000


def test_a_hundred_long_games_in_which_nothing_happened_are_read(tmp_path):
    idle = Episode("atari/pong", {"frame_skip": 4}, 0, bytes(27_000), Outcome.CAPPED, 0.0)
    path = tmp_path / "idle.episode"
    path.write_bytes(to_bytes(idle) * 100)
    assert len(load_all(path).episodes) == 100


def test_a_torn_record_before_every_whole_one_is_passed_over(tmp_path, greedy):
    whole = to_bytes(greedy)
    path = tmp_path / "torn.episode"
    path.write_bytes((whole[:-1] + whole) * 50)
    assert len(load_all(path).episodes) == 50


@pytest.mark.parametrize(
    "episode",
    [
        Episode("2048", {"x": "x" * 70_000}, 0, b"", Outcome.WON, 0.0),
        Episode("2048", {"x": [{}] * 5_000}, 0, b"", Outcome.WON, 0.0),
        Episode("2048", {}, 0, bytes((1 << 20) + 1), Outcome.WON, 0.0),
        Episode("2048", {}, 0, b"", Outcome.WON, 0.0, observations=bytes(2 << 20)),
    ],
    ids=["long", "many", "actions", "seen"],
)
def test_what_could_not_be_read_is_not_written(tmp_path, episode):
    with pytest.raises(RecordingError, match="cannot be recorded"):
        save(episode, tmp_path / "game.episode")
    assert not list(tmp_path.iterdir())
