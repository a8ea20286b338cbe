import json
import struct
import subprocess
import sys
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grpo_arcade.games import Episode, Outcome
from grpo_arcade.recordings import (
    RecordingError,
    append,
    from_bytes,
    load,
    load_all,
    save,
    to_bytes,
)

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
episodes = st.builds(
    Episode,
    game=st.text(),
    options=st.dictionaries(st.text(), json_values, max_size=4),
    seed=st.integers(0, 2**63 - 1),
    actions=st.binary(max_size=300) | st.lists(st.integers(0, 3), max_size=300).map(bytes),
    outcome=st.sampled_from(Outcome),
    score=st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False),
    wasted=st.integers(0, 300),
    player=st.text(),
    source_sha256=st.text("0123456789abcdef", max_size=64),
    versions=st.dictionaries(st.text(), st.text(), max_size=4),
)


@given(episodes)
def test_an_episode_comes_back_from_its_bytes_as_it_was(episode):
    back = from_bytes(to_bytes(episode))
    assert back == episode
    assert type(back.outcome) is Outcome


@given(st.lists(episodes, max_size=4), st.data())
def test_whole_episodes_before_a_tear_are_read_wherever_it_is(tmp_path_factory, several, data):
    records = [to_bytes(episode) for episode in several]
    whole = b"".join(records)
    cut = data.draw(st.integers(1, len(whole))) if whole else 0
    path = tmp_path_factory.mktemp("torn") / "torn.episode"
    path.write_bytes(whole[:cut])
    if not cut:
        with pytest.raises(RecordingError, match="empty"):
            load_all(path)
        return
    ends = [sum(map(len, records[: n + 1])) for n in range(len(records))]
    survivors = sum(end <= cut for end in ends)
    loaded = load_all(path)
    assert list(loaded.episodes) == several[:survivors]
    assert bool(loaded.note) == (cut not in ends)


@given(episodes, st.data())
def test_a_flipped_bit_never_gives_another_episode(episode, data):
    record = bytearray(to_bytes(episode))
    position = data.draw(st.integers(0, len(record) - 1))
    record[position] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(RecordingError) as error:
        from_bytes(bytes(record))
    assert "\n" not in str(error.value)


@given(st.binary(max_size=200))
def test_garbage_is_refused_in_one_line(garbage):
    for data in (garbage, b"GAE\x01" + garbage):
        with pytest.raises(RecordingError) as error:
            from_bytes(data)
        assert "\n" not in str(error.value)


@given(st.binary(max_size=200))
def test_a_payload_with_a_right_checksum_and_wrong_content_is_refused(content):
    payload = zlib.compress(content)
    with pytest.raises(RecordingError):
        from_bytes(struct.pack("<4sII", b"GAE\x01", len(payload), zlib.crc32(payload)) + payload)


@given(
    st.dictionaries(st.sampled_from(["game", "options", "seed", "outcome", "score", "wasted", "player"]), json_values)
)
def test_a_header_of_wrong_types_is_refused_or_read_as_what_it_says(short, changes):
    header = {
        **{"game": short.game, "options": dict(short.options), "seed": short.seed, "outcome": str(short.outcome)},
        **{"score": short.score, "wasted": 0, "player": "", "source_sha256": "", "versions": {}},
        **changes,
    }
    try:
        episode = from_bytes(record_of(json.dumps(header).encode()))
    except RecordingError:
        return
    assert isinstance(episode.game, str)
    assert isinstance(episode.options, dict)
    assert isinstance(episode.seed, int)
    assert isinstance(episode.score, int | float)


def record_of(header, actions=b"", bits=8):
    """A record with a right checksum; ``header`` is its JSON's bytes."""
    payload = zlib.compress(struct.pack("<IIB", len(header), len(actions), bits) + header + actions)
    return struct.pack("<4sII", b"GAE\x01", len(payload), zlib.crc32(payload)) + payload


HEADER = {
    **{"game": "2048", "options": {}, "seed": 0, "outcome": "won", "score": 4, "wasted": 0, "player": ""},
    **{"source_sha256": "", "versions": {"rules": "1"}},
}


def test_the_header_that_the_next_test_spoils_is_read():
    assert from_bytes(record_of(json.dumps(HEADER).encode())).score == 4


@pytest.mark.parametrize(
    "header",
    [
        *(b"0", b"-1", b"1.5", b"null", b"true", b'"game"', b"[]", b"{}", b'[{"game": "2048"}]', b"", b"{", b"\x00"),
        *(b"NaN", b"Infinity", b"9" * 5_000, b"[" * 50_000, b'{"a":' * 50_000, b"[" * 500 + b"]" * 500),
        *(b'{"game": "\xff\xfe"}', json.dumps(HEADER).encode("utf-16"), json.dumps(HEADER).encode() + b"x"),
    ],
    ids=lambda header: header[:12],
)
def test_a_header_that_is_no_object_of_the_format_is_refused_in_one_line(header):
    for record in (record_of(header), record_of(header, bytes(3)), record_of(header, bytes(1), bits=0)):
        with pytest.raises(RecordingError) as error:
            from_bytes(record)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (name, text)
        for name in [*HEADER, "observations"]
        for text in ("null", "true", "[]", "{}", '"x"', "-1", "0.5", "NaN", "-Infinity", "1e999", "9" * 4_000, "[0]")
        # What is right there is read: any name of a game, options and versions without entries, a score with a half.
        if (name, text)
        not in {("game", '"x"'), ("options", "{}"), ("score", "-1"), ("score", "0.5"), ("player", '"x"')}
        | {("source_sha256", '"x"'), ("versions", "{}")}
    ],
)
def test_a_field_of_another_type_or_out_of_range_is_refused(name, text):
    fields = {each: json.dumps(value) for each, value in HEADER.items()} | {name: text}
    header = "{" + ",".join(f'"{each}":{value}' for each, value in fields.items()) + "}"
    with pytest.raises(RecordingError):
        from_bytes(record_of(header.encode()))


def test_a_payload_that_would_fill_the_memory_is_refused():
    payload = zlib.compress(bytes(100 << 20), 9)
    with pytest.raises(RecordingError):
        from_bytes(struct.pack("<4sII", b"GAE\x01", len(payload), zlib.crc32(payload)) + payload)


def test_a_thousand_moves_take_less_than_a_kilobyte(thousand):
    assert len(thousand.actions) == 1000
    assert len(to_bytes(thousand)) < 1000


def test_save_replaces_a_file_and_leaves_nothing_beside_it(tmp_path, greedy, short):
    path = tmp_path / "deep" / "game.episode"
    save(greedy, path)
    save(short, path)
    assert load(path) == short
    assert [each.name for each in path.parent.iterdir()] == ["game.episode"]


def test_an_episode_that_json_cannot_hold_is_refused_and_the_old_file_kept(tmp_path, greedy, short):
    path = save(greedy, tmp_path / "game.episode")
    broken = Episode("2048", {"size": object()}, 0, b"", Outcome.UNFINISHED, 0.0)
    with pytest.raises(RecordingError, match="cannot be recorded"):
        save(broken, path)
    with pytest.raises(RecordingError, match="cannot be recorded"):
        save(Episode("2048", {}, 0, b"", Outcome.UNFINISHED, float("nan")), path)
    assert load(path) == greedy


def test_episodes_appended_are_read_in_order(tmp_path, greedy, short):
    path = tmp_path / "many.episode"
    append(short, path)
    append([greedy, short], path)
    assert load_all(path).episodes == (short, greedy, short)
    with pytest.raises(RecordingError, match="holds 3 episodes"):
        load(path)


def test_episodes_appended_after_a_tear_are_found(tmp_path, greedy, short):
    path = save(greedy, tmp_path / "torn.episode")
    path.write_bytes(path.read_bytes() + to_bytes(greedy)[:50])
    append(short, path)
    loaded = load_all(path)
    assert loaded.episodes == (greedy, short)
    assert "2 whole episodes; 1 damaged part passed over" in loaded.note


def test_a_single_episode_is_loaded_past_a_torn_end(tmp_path, short):
    path = save(short, tmp_path / "game.episode")
    path.write_bytes(path.read_bytes() + b"GAE\x01\x00")
    assert load(path) == short


def test_errors_name_the_file_and_what_is_wrong(tmp_path):
    path = tmp_path / "x.episode"
    for content, words in (
        (b"", "is empty"),
        (b"GIF89a", "is not a recording"),
        (b"GAE\x02rest", "recording format 2"),
        (b"GAE\x01", "no whole episodes"),
    ):
        path.write_bytes(content)
        with pytest.raises(RecordingError, match=words) as error:
            load(path)
        assert str(path) in str(error.value)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "missing.episode")


@pytest.mark.soak
@settings(max_examples=5_000)
@given(episodes, st.data())
def test_round_trips_and_flipped_bits_over_many_examples(episode, data):
    test_an_episode_comes_back_from_its_bytes_as_it_was.hypothesis.inner_test(episode)
    test_a_flipped_bit_never_gives_another_episode.hypothesis.inner_test(episode, data)


@pytest.mark.soak
@settings(max_examples=3_000)
@given(st.lists(episodes, max_size=4), st.data())
def test_tears_over_many_examples(tmp_path_factory, several, data):
    test_whole_episodes_before_a_tear_are_read_wherever_it_is.hypothesis.inner_test(tmp_path_factory, several, data)


def test_what_does_not_fit_on_the_disk_is_an_error_that_names_the_file(tmp_path, greedy):
    """A limit on files' sizes stands for the disk."""
    one, path = save(greedy, tmp_path / "one.episode"), tmp_path / "several.episode"
    size = one.stat().st_size
    program = f"""
import resource
from grpo_arcade.recordings import append, load
episode = load({str(one)!r})
resource.setrlimit(resource.RLIMIT_FSIZE, ({2 * size - 1},) * 2)
append(episode, {str(path)!r})
try:
    append(episode, {str(path)!r})
except OSError as error:
    print(error.filename, error.strerror)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == f"{path} File too large\n"
    loaded = load_all(path)
    assert loaded.episodes == (greedy,)
    assert not loaded.note  # nothing is left of what did not fit
