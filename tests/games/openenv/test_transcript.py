"""What a server said comes back from a transcript as it was; whatever else the bytes are, memory and time stay bounded."""

from __future__ import annotations

import tracemalloc
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from grpo_arcade.games.openenv import transcript
from grpo_arcade.games.openenv.transcript import Transcript, TranscriptReader

pictures = st.integers(256, 400).flatmap(lambda size: st.binary(min_size=size, max_size=size)).map(list)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | pictures,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.sampled_from(["observation", "reward", "done"]), values), max_size=6))
@settings(max_examples=60, deadline=None)
def test_what_was_written_is_read(answers):
    written = Transcript()
    for answer in answers:
        written.write(answer)
        assert written.kept()  # at any moment, without an effect on what follows
    written.end("the end")
    written.end("said once")
    read = TranscriptReader(written.kept())
    assert [read.read() for _ in answers] == answers
    assert read.read() == {"end": "the end"}
    assert read.read() is None


@given(st.binary(max_size=200), st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_end_somewhere(raw, inner):
    for kept in (raw, zlib.compress(inner), zlib.compress(transcript._RECORD.pack(len(inner), 0) + inner)):
        read = TranscriptReader(kept)
        for _ in range(50):
            if read.read() is None:
                break
        else:
            raise AssertionError("it never ends")


def test_pictures_that_hardly_change_take_little():
    written = Transcript()
    picture = list(bytes(range(256)) * 400)
    for place in range(20):
        picture[place] = 255
        written.write({"observation": {"screen": picture}})
    assert len(written.kept()) < 5_000


def test_a_bomb_does_not_fill_the_memory():
    bomb = zlib.compress(transcript._RECORD.pack(2**32 - 1, 2**32 - 1) + bytes(200 << 20), 9)
    tracemalloc.start()
    assert TranscriptReader(bomb).read() is None
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 << 20


def test_a_transcript_says_when_it_is_full(monkeypatch):
    monkeypatch.setattr(transcript, "LARGEST", 1_000)
    written = Transcript()
    place = 0
    while not written.full:
        written.write({"observation": {"text": str(hash(str(place)))}})
        place += 1
        assert place < 10_000
