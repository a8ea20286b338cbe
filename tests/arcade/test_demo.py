"""`arcade demo` from beginning to end with the real pocket model, only smaller."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from PIL import Image

from grpo_arcade.arcade.cli import main
from grpo_arcade.arcade.commands import demo
from grpo_arcade.recordings.runs.before_after import before_and_after
from grpo_arcade.recordings.runs.reader import RunReader


def test_the_demo_trains_tells_before_and_after_and_films_both(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "DEMO", dataclasses.replace(demo.DEMO, eval_strategies=4, eval_seeds=2, train_seeds=1))
    assert main(["demo", "--max-steps", "1"]) == 0
    [folder] = (tmp_path / "outputs").iterdir()
    with RunReader(folder) as run:
        assert run.status() == "finished"
        assert [evaluation["step"] for evaluation in run.evaluations()] == [0, 1]
        shown = before_and_after(run)
    told = capfd.readouterr().out
    for word in ("random", "greedy", "expectimax", "model before", "model after step 1", "before-after.gif"):
        assert word in told
    with Image.open(folder / "recordings" / "before-after.gif") as picture:
        assert picture.n_frames > 10  # moves that change nothing give no frame of their own
    assert [episode.seed for episode in shown] == [0, 0]
    assert Path(folder / "log.txt").read_text()
    assert main(["export", str(folder), "--to", "again.gif"]) == 0
    assert Path("again.gif").stat().st_size > 1000
