"""Whatever stands in a TOML file, reading it gives a table or one line, wherever the file is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grpo_arcade.arcade.configuration import UsageError
from grpo_arcade.arcade.settings import load_settings
from grpo_arcade.games.openenv.spec import SpecError
from grpo_arcade.games.openenv.spec import load as load_spec
from grpo_arcade.toml_file import TomlError, read_toml
from tests.arcade.test_configuration import made

UNREADABLE = {
    "deep arrays": b"a = " + b"[" * 50_000 + b"]" * 50_000,
    "deep tables": b"a = " + b"{b=" * 50_000 + b"1" + b"}" * 50_000,
    "a huge number": b"a = " + b"9" * 5_000,
    "no text": b"a = '\xff'",
    "no TOML": b"a = \n\n\x1b[2K]",
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_is_one_line_everywhere(name, tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(UNREADABLE[name])
    with pytest.raises(TomlError) as own:
        read_toml(path)
    with pytest.raises(UsageError, match="not TOML") as usage:
        made(["--config", str(path)])
    with pytest.raises(SpecError) as spec:
        load_spec(str(path))
    (problem,) = load_settings(path).problems
    for line in (str(own.value), str(usage.value), str(spec.value), problem):
        assert line
        assert line.isprintable()
        assert len(line) < 300


@given(st.binary(max_size=200) | st.text("[]{}=.\"'a1\n#", max_size=100).map(str.encode))
def test_reading_gives_a_table_or_a_line(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(data)
    said = ""
    try:
        assert isinstance(read_toml(path), dict)
    except TomlError as error:
        said = str(error)
    assert said.isprintable()
