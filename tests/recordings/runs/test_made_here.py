import json
import os
import shutil
import threading

import pytest

from grpo_arcade.recordings.runs.made_here import MARK, key_file, made_here, mark


def test_a_run_of_this_machine_is_known_wherever_it_is_moved(tmp_path, whole_run):
    assert made_here(whole_run)
    shutil.copytree(whole_run, tmp_path / "moved")
    assert made_here(tmp_path / "moved")


@pytest.mark.parametrize(
    "change",
    [
        lambda run: (run / MARK).unlink(),
        lambda run: (run / MARK).write_text("0" * 64),
        lambda run: (run / MARK).write_bytes(b"\xff" * 64),
        lambda run: (run / MARK).write_bytes(b""),
        lambda run: (run / "config.json").unlink(),
        lambda run: (run / "config.json").write_text((run / "config.json").read_text() + " "),
        lambda run: (run / "config.json").write_text(json.dumps({"config": {"rewards": ["evil:f"]}})),
    ],
)
def test_a_run_without_the_mark_or_with_another_configuration_is_somebodys(tmp_path, whole_run, change):
    shutil.copytree(whole_run, tmp_path / "run")
    change(tmp_path / "run")
    assert not made_here(tmp_path / "run")


def test_another_machine_knows_the_run_not(tmp_path, whole_run, monkeypatch):
    for key in ("", "short", "0" * 64):
        monkeypatch.setenv("ARCADE_MACHINE_KEY", str(tmp_path / "other.key"))
        (tmp_path / "other.key").write_text(key)
        assert not made_here(whole_run)
    monkeypatch.setenv("ARCADE_MACHINE_KEY", str(tmp_path / "none.key"))
    assert not made_here(whole_run)


def test_asking_makes_no_key_and_making_one_keeps_it_for_its_owner(tmp_path, whole_run, monkeypatch):
    monkeypatch.setenv("ARCADE_MACHINE_KEY", str(tmp_path / "deep" / "new.key"))
    assert not made_here(whole_run)
    assert not key_file().exists()
    shutil.copytree(whole_run, tmp_path / "run")
    makers = [threading.Thread(target=mark, args=(tmp_path / "run",)) for _ in range(8)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    mark(tmp_path / "run")
    assert made_here(tmp_path / "run")
    assert [path.name for path in key_file().parent.iterdir()] == ["new.key"]
    if os.name == "posix":
        assert key_file().stat().st_mode & 0o077 == 0


def test_where_no_key_can_be_kept_runs_are_made_all_the_same(tmp_path, whole_run, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ARCADE_MACHINE_KEY", str(tmp_path / "file" / "key"))
    mark(whole_run)
    assert not made_here(whole_run)
