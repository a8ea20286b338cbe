"""Text is read in whatever encoding an editor wrote it, and TOML at a cost that its size lets expect."""

import codecs
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.arcade.configuration import UsageError
from grpo_arcade.arcade.settings import load_settings
from grpo_arcade.foreign_data import ForeignDataError
from grpo_arcade.games.openenv.spec import SpecError
from grpo_arcade.games.openenv.spec_parser import load as load_spec
from grpo_arcade.text_file import decoded, read_text, read_toml
from tests.arcade.test_configuration import made

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\ufeff"))


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
@given(text=text.filter(lambda text: not text.startswith("\0")))
def test_a_byte_order_mark_says_the_encoding_and_is_no_part_of_the_text(mark, encoding, text):
    assert decoded(mark + text.encode(encoding)) == text
    assert decoded(mark + text.replace("\n", "\r\n").encode(encoding)) == text


@given(st.binary(max_size=80), st.booleans())
def test_any_bytes_are_text_or_refused(data, declared):
    with contextlib.suppress(ForeignDataError):
        decoded(data, declared=declared)


def test_python_source_may_declare_its_encoding_and_other_text_may_not():
    source = "# -*- coding: cp1251 -*-\nимя = 'стратегия'\n"
    assert decoded(source.encode("cp1251"), declared=True) == source
    with pytest.raises(ForeignDataError, match="byte 25 is not UTF-8; save it as UTF-8"):
        decoded(source.encode("cp1251"))


@pytest.mark.parametrize("name", ["klingon", "rot13", "zlib"])
def test_an_encoding_that_is_none_is_refused(name):
    with pytest.raises(ForeignDataError):
        decoded(f"# coding: {name}\nx = 1\n".encode(), declared=True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_toml_of_any_editor_is_read(tmp_path, encoding):
    path = tmp_path / "x.toml"
    path.write_bytes('name = "стратегия"\r\n[keys]\r\n"play.pause" = ["ц"]\r\n'.encode(encoding))
    assert read_toml(path) == {"name": "стратегия", "keys": {"play.pause": ["ц"]}}


NOT_TOML = {
    "deep lists": b"a = " + b"[" * 50_000 + b"]" * 50_000,
    "lists deeper than allowed": b"a = " + b"[" * 60 + b"]" * 60,
    "deep tables": b"a = " + b"{b=" * 50_000 + b"1" + b"}" * 50_000,
    "a long key": b"a" + b".a" * 100_000 + b" = 1",
    "a long name of a table": b"[a" + b" . 'a'" * 5_000 + b"]",
    "a long key within": b"x = {" + b'"a" . ' * 5_000 + b"a = 1}",
    "a huge number": b"a = " + b"9" * 5_000,
    "no text": b"a = '\xff'",
    "no TOML": b"a = \n\n\x1b[2K]",
    "a zero": b"a = \0",
}


@pytest.mark.parametrize("name", NOT_TOML)
def test_a_file_that_is_no_toml_is_one_line_that_names_it_everywhere(name, tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(NOT_TOML[name])
    with pytest.raises(ForeignDataError, match=r"x\.toml: not TOML") as own:
        read_toml(path)
    with pytest.raises(UsageError, match=r"x\.toml: not TOML") as usage:
        made(["--config", str(path)])
    with pytest.raises(SpecError, match=r"x\.toml: not TOML") as spec:
        load_spec(str(path))
    (problem,) = load_settings(path).problems
    for line in (str(own.value), str(usage.value), str(spec.value), problem):
        assert line.isprintable()
        assert len(line) < 300


@given(st.binary(max_size=200) | st.text("[]{}=.\"'a1\n#", max_size=100).map(str.encode))
def test_reading_toml_gives_a_table_or_a_line(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(data)
    said = ""
    try:
        assert isinstance(read_toml(path), dict)
    except ForeignDataError as error:
        said = str(error)
    assert said.isprintable()


def test_words_with_many_points_are_no_deep_key(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("x = '''" + "so: ... " * 100 + "'''\ny = 1.5\n")
    assert read_toml(path)["y"] == 1.5


def test_what_cannot_be_read_is_named(tmp_path):
    (tmp_path / "x").write_bytes(b"\xff")
    with pytest.raises(ForeignDataError, match="x is no text"):
        read_text(tmp_path / "x")
    with pytest.raises(FileNotFoundError):
        read_text(tmp_path / "y")
