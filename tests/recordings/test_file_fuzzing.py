"""Whatever a file holds, it is read, or refused in one line; and what was read can be judged and listed.

A few examples in `make test`, many in `make soak`. What a long search finds becomes a test of its own elsewhere.
"""

import contextlib
import itertools
import json
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.arcade.window.home import shelf
from grpo_arcade.games import Episode
from grpo_arcade.recordings import ForgedEpisodeError, RecordingError, from_bytes, load_all, to_bytes, verify

FRAME, LENGTHS = struct.Struct("<4sII"), struct.Struct("<IIB")
numbers = st.sampled_from([0, 1, 2, 3, 7, 8, 9, 255, 2**16, 2**20, 2**31, 2**32 - 1])
words = st.text(max_size=8) | st.sampled_from(
    ["won", "lost", "2048", "atari/pong", "atari/", "openenv:", "openenv:ws://x"]
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | words
    | st.sampled_from([2**63, 10**400, "\ud800", "\x1b[2K"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
FIELDS = [
    "game",
    "options",
    "seed",
    "outcome",
    "score",
    "wasted",
    "player",
    "source_sha256",
    "versions",
    "observations",
]
OPTIONS = [
    "size",
    "target",
    "probability_fours",
    "frame_skip",
    "mode",
    "title",
    "self",
    "spec",
    "max_num_frames_per_episode",
]


def framed(payload):
    return FRAME.pack(b"GAE\x01", len(payload), zlib.crc32(payload)) + payload


def parts(record):
    """Lengths, header and the rest of an honest record."""
    content = zlib.decompress(record[FRAME.size :])
    length, count, bits = LENGTHS.unpack_from(content)
    header = json.loads(content[LENGTHS.size : LENGTHS.size + length])
    return count, bits, header, content[LENGTHS.size + length :]


@st.composite
def spoilt(draw, record):
    """An honest record, spoilt where the checksum does not see it, or anywhere."""
    kind = draw(st.sampled_from(["header", "lengths", "content", "payload", "bytes"]))
    count, bits, header, rest = parts(record)
    if kind == "header":
        header |= draw(st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=3))
        if isinstance(header["options"], dict):
            header["options"] |= draw(st.dictionaries(st.sampled_from(OPTIONS), json_values, max_size=2))
    text = json.dumps(header).encode()
    length = len(text)
    if kind == "lengths":
        length, count = draw(st.just(length) | numbers), draw(st.just(count) | numbers)
        bits = draw(st.integers(0, 255))
    content = bytearray(LENGTHS.pack(length, count, bits) + text + rest)
    if kind == "content":
        for _ in range(draw(st.integers(1, 4))):
            content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    payload = bytearray(zlib.compress(bytes(content)))
    if kind == "payload":
        payload[draw(st.integers(0, len(payload) - 1))] ^= draw(st.integers(1, 255))
    data = bytearray(framed(bytes(payload)))
    if kind == "bytes":
        place = draw(st.integers(0, len(data)))
        data[place : place + draw(st.integers(0, 20))] = draw(st.binary(max_size=20) | st.just(b"GAE\x01"))
    return bytes(data)


@given(st.data())
def test_any_file_is_read_or_refused_in_one_line_and_what_was_read_is_judged(
    tmp_path_factory, greedy, short, pong, data
):
    records = [to_bytes(each) for each in (greedy, short, pong)]
    pieces = data.draw(st.lists(st.one_of(*map(spoilt, records)), min_size=1, max_size=3))
    if data.draw(st.booleans()):
        pieces = [bytes(itertools.chain.from_iterable(itertools.zip_longest(*pieces, fillvalue=0)))]
    path = tmp_path_factory.mktemp("fuzz") / "x.episode"
    path.write_bytes(b"".join(pieces))
    listed = shelf.look(path.parent / "outputs", path.parent).recordings
    assert len(listed) == 1
    try:
        loaded = load_all(path)
    except RecordingError as error:
        refusal = str(error)
        assert listed[0].problem == refusal
        assert len(refusal.splitlines()) == 1
        return
    assert "\n" not in loaded.note
    for episode in loaded.episodes:
        assert isinstance(episode, Episode)
        with contextlib.suppress(RecordingError):
            verify(episode)


@pytest.mark.parametrize(("name", "value"), [("seed", 5), ("outcome", "lost"), ("score", 12_345), ("wasted", 99)])
def test_the_fuzzed_records_reach_as_far_as_the_replay(short, name, value):
    count, bits, header, rest = parts(to_bytes(short))
    text = json.dumps(header | {name: value}).encode()
    with pytest.raises(ForgedEpisodeError):
        verify(from_bytes(framed(zlib.compress(LENGTHS.pack(len(text), count, bits) + text + rest))))
