"""Files that appear whole or not at all."""

import threading

import pytest

from grpo_arcade.atomic_write import atomic_write, whole_folder


def test_a_file_and_its_folder_appear_when_the_block_ends_well(tmp_path):
    path = tmp_path / "new" / "file.gif"
    with atomic_write(path) as scratch:
        assert scratch.suffix == ".gif"
        scratch.write_text("content")
        assert not path.exists()
    assert path.read_text() == "content"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_an_old_file_stays_when_the_block_ends_badly(tmp_path, error):
    path = tmp_path / "file"
    path.write_text("old")

    def break_off():
        with atomic_write(path) as scratch:
            scratch.write_text("half of the n")
            raise error

    with pytest.raises(error):
        break_off()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("named", [True, False])
def test_an_error_of_writing_names_the_file_that_was_to_be(tmp_path, named):
    path = tmp_path / "file.gif"
    with pytest.raises(OSError, match="full") as raised, atomic_write(path) as scratch:
        raise OSError(28, "full", *([str(scratch)] if named else []))
    assert raised.value.filename == str(path)


def test_an_error_about_another_file_names_that(tmp_path):
    with pytest.raises(FileNotFoundError) as raised, atomic_write(tmp_path / "file.gif"):
        (tmp_path / "font.ttf").read_bytes()
    assert raised.value.filename == str(tmp_path / "font.ttf")


def test_a_folder_in_the_way_is_named(tmp_path):
    (tmp_path / "file.gif").mkdir()
    with pytest.raises(OSError, match="irectory") as raised, atomic_write(tmp_path / "file.gif") as scratch:
        scratch.write_text("content")
    assert str(raised.value).endswith(f": '{tmp_path / 'file.gif'}'")


def test_threads_that_write_one_file_leave_one_of_theirs_whole(tmp_path):
    path = tmp_path / "file"
    together = threading.Barrier(4)

    def write(letter):
        for _ in range(20):
            with atomic_write(path) as scratch:
                together.wait()
                scratch.write_text(letter * 10_000)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in {letter * 10_000 for letter in "abcd"}
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_could_not_be_filled_is_as_it_was(tmp_path):
    def break_off(folder):
        with whole_folder(folder):
            (folder / "inner").mkdir()
            (folder / "inner" / "file").write_text("half")
            raise OSError(28, "full")

    for place in (tmp_path / "new" / "deep", tmp_path / "empty"):
        if place.name == "empty":
            place.mkdir()
        with pytest.raises(OSError, match="full") as raised:
            break_off(place)
        assert raised.value.filename == str(place)
    assert list(tmp_path.iterdir()) == [tmp_path / "empty"]
    assert not list((tmp_path / "empty").iterdir())


def test_a_folder_that_was_filled_stays(tmp_path):
    with whole_folder(tmp_path / "new") as folder:
        (folder / "file").write_text("whole")
    assert (tmp_path / "new" / "file").read_text() == "whole"
