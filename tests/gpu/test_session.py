"""The script of half an hour with a card, with parts that need none: what is done is not done again, and time is kept."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest


@pytest.fixture
def session(monkeypatch):
    spec = importlib.util.spec_from_file_location("session", Path(__file__).parent / "session.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def called(session, monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["session.py", *map(str, words)])
    session.main()


def test_what_is_done_is_left_alone_and_what_failed_or_had_no_time_is_tried_again(session, monkeypatch, tmp_path):
    def part(code):
        return [sys.executable, "-S", "-c", code]

    note = f"open({str(tmp_path / 'notes')!r}, 'a').write"
    saves = f"import time\ntry:\n time.sleep(60)\nexcept KeyboardInterrupt:\n {note}('saved ')"
    mine = [
        ("ends", 1, part(f"{note}('ends ')")),
        ("fails", 1, part(f"{note}('fails '); raise SystemExit(3)")),
        ("long", 0.01, part(saves)),
    ]
    monkeypatch.setattr(session, "parts", lambda out, models, llama_cpp=None: iter(mine))
    for times in (1, 2):
        called(session, monkeypatch, tmp_path / "out")
        kept = json.loads((tmp_path / "out" / "keep" / "session.json").read_text())
        assert {name: row["status"] for name, row in kept.items()} == {"ends": 0, "fails": 3, "long": "stopped"}
        assert (tmp_path / "notes").read_text() == "ends fails saved " + "fails " * (times - 1)
    (tmp_path / "notes").unlink()
    called(session, monkeypatch, tmp_path / "none", "--minutes", "1")
    assert not (tmp_path / "notes").exists(), "a part was begun without the time to save"


def test_a_models_pieces_become_its_file_and_a_run_that_is_there_is_resumed(session, monkeypatch, tmp_path, capsys):
    pieces = tmp_path / "pieces"
    pieces.mkdir()
    for name in ("ab", "aa", "ac"):
        (pieces / name).write_bytes(name.encode())
    assert session.whole(pieces, tmp_path, "qwen0.5").read_bytes() == b"aaabac"
    called(session, monkeypatch, tmp_path, "--models", f"qwen0.5={pieces}", "--list", "--only", "2048-toolbox-0.5b")
    assert f"--model {pieces}" in capsys.readouterr().out
    (tmp_path / "runs" / "2048-toolbox-0.5b").mkdir(parents=True)
    (tmp_path / "runs" / "2048-toolbox-0.5b" / "run.db").touch()
    called(session, monkeypatch, tmp_path, "--models", f"qwen0.5={pieces}", "--list")
    said = capsys.readouterr().out
    assert f"train --resume {tmp_path / 'runs' / '2048-toolbox-0.5b'}" in said
    assert "1.5b" not in said, "a part for a model that is not there"
    with pytest.raises(SystemExit, match="2"):
        called(session, monkeypatch, tmp_path, "--models", "qwen7=x")
