import contextlib
import json
import os
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.foreign_data import ForeignDataError, TooMuchError, inflated, parsed_json, read_file

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_json_says_what_the_standard_library_reads(value):
    assert parsed_json(json.dumps(value)) == value
    assert parsed_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_what_is_no_json_is_refused_and_never_otherwise(garbage):
    with contextlib.suppress(ForeignDataError):
        parsed_json(garbage)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 2_000, "[" * 60 + "]" * 60, '{"a":[' * 40 + "0" + "]}" * 40])
def test_what_is_nested_deep_is_refused(text):
    with pytest.raises(ForeignDataError):
        parsed_json(text, most_values=10**6)


def test_json_may_hold_so_many_values_and_no_more():
    assert len(parsed_json(json.dumps([0] * 99, separators=(",", ":")), most_values=100)) == 99
    with pytest.raises(TooMuchError, match="more than 100 JSON values"):
        parsed_json(json.dumps([{}] * 100), most_values=100)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a":-Infinity}', "1e999", "[-1e400]"])
def test_numbers_that_are_none_are_refused_unless_they_are_asked_for(text):
    with pytest.raises(ForeignDataError):
        parsed_json(text)
    parsed_json(text, finite=False)


@given(st.binary(max_size=300), st.binary(max_size=20))
def test_what_was_packed_comes_back_with_what_follows(content, rest):
    assert inflated(zlib.compress(content) + rest, 300) == (content, rest)
    assert inflated(zlib.compress(content) + rest, len(content)) == (content, rest)
    if content:
        with pytest.raises(TooMuchError):
            inflated(zlib.compress(content) + rest, len(content) - 1)


@given(st.binary(max_size=100))
def test_packed_bytes_that_break_off_are_refused(content):
    packed = zlib.compress(content)
    for end in range(len(packed)):
        with pytest.raises(ForeignDataError):
            inflated(packed[:end], 100)


def test_a_file_is_read_up_to_its_limit_and_no_further(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(1000))
    assert read_file(path, 1000) == bytes(1000)
    with pytest.raises(TooMuchError):
        read_file(path, 999)
    with pytest.raises(OSError, match=r"directory|denied"):
        read_file(tmp_path, 999)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names")
def test_a_pipe_that_nobody_writes_into_and_a_device_without_end_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(ForeignDataError, match="pipe or a device"):
            read_file(path, 1000)
