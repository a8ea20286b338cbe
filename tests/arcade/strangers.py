"""What somebody might write where words are expected, and how to see that only words came out."""

import contextlib
import json
import sqlite3
import unicodedata

POISON = (
    "a\x1b[2K\rFORGED: genuine\nFORGED line\x1b]0;title\x07\x1b[8m\x9b31m\x1bP1$q\x1b\\\x07\b\x7f\x85\u2028"
    "\u202eright\u2066left\u200b\u200d\ufeff\u00ad\U000e0041[bold red]b[/]"
)


def words_alone(data, *, block=False):
    """The text of raw bytes, if they hold nothing that a terminal would obey and no line is somebody else's."""
    text = data.decode()
    bad = {sign for sign in text if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")} - {"\n"}
    assert not bad, (bad, text)
    if not block:
        assert not [line for line in text.splitlines() if line.startswith("FORGED")], text
    return text


def poison(folder):
    """Make every word of a run somebody's."""
    (folder / "log.txt").write_text(POISON)
    with contextlib.closing(sqlite3.connect(folder / "run.db", isolation_level=None)) as connection:
        run = lambda sql, *values: connection.execute(sql, values)  # noqa: E731
        run("UPDATE run SET value = ? WHERE key IN ('model', 'status')", json.dumps(POISON))
        run("UPDATE sources SET source = source || ?", f"\n# {POISON.replace(chr(10), ' ')}\n")
        run("UPDATE events SET message = ?, help = ?, kind = 'alarm', name = ?", POISON, POISON, POISON)
        run(
            "UPDATE steps SET rewards = ?, outcomes = ?",
            json.dumps({POISON: {"mean": 1, "std": 0}}),
            json.dumps({POISON: 3}),
        )
        run("UPDATE evaluations SET baselines = ?", json.dumps({POISON: {"mean": 1.0, "won": 0.0}}))
        run("UPDATE evaluations SET histogram = ?", json.dumps({POISON: 2}))
        run("UPDATE completions SET error = ?, reasons = ?", POISON, json.dumps({POISON: POISON}))
        run("UPDATE commands SET name = ?, answer = ?", POISON, POISON)
