"""A run whose every word is somebody's is shown in words, on every tab and as a person goes through it."""

import unicodedata

import pytest


@pytest.mark.parametrize("plain", [False, True])
def test_every_tab_shows_words_alone(poisoned_run, drive, until, seen, plain):
    async def play(app, pilot):
        for tab in "123456789":
            await pilot.press(tab)
            for key in ("down", "down", "enter", "s", "c", "right", "end", "escape", "home"):
                await pilot.press(key)
                await pilot.pause()
                shown = seen(app)
                bad = {sign for sign in shown if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")} - {"\n"}
                where = [line for line in shown.splitlines() if set(line) & bad]
                assert not bad, (tab, key, where)
                assert not [line for line in shown.splitlines() if line.startswith("FORGED")]

    drive(poisoned_run, play, size=(140, 45), plain=plain)
