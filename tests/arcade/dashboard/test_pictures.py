"""The screens of the main tabs at three sizes, as SVG: compared with stored ones, which any browser opens.

``REDRAW=1`` stores them anew, to be looked at before they are committed.
"""

import gzip
import os
import re
from html import escape, unescape
from pathlib import Path

import pytest
from rich.cells import cell_len

from grpo_arcade.arcade.dashboard.draw.chart import Chart
from grpo_arcade.arcade.dashboard.header import header
from grpo_arcade.arcade.dashboard.tabs.game_view import GameView
from grpo_arcade.arcade.dashboard.tabs.strategy_detail import Detail

STORED = Path(__file__).with_name("screens")
SIZES = ((200, 60), (120, 40), (80, 24))
TABS = {"overview": "1", "strategies": "2", "groups": "3", "evaluations": "4", "rewards": "8"}
"""With the key that opens each."""


CELL_WIDTH, CELL_HEIGHT = 12.2, 24.4


def normalised(svg):
    """Without what differs from one drawing or machine to the next and is not seen: ids, and where fonts are fetched."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return re.sub(r"terminal-\d+", "terminal", svg)


def cells(svg):
    """What is seen in each cell, by line and column: a sign in its style, and the ground's colour.

    How a line is cut into pieces says nothing: it depends on what was painted anew last, and on nothing that is seen.
    """
    styles = dict(re.findall(r"\.terminal-(r\d+) \{ (.*?) \}", svg))
    signs, grounds = {}, {}
    for name, x, y, piece in re.findall(r'<text class="terminal-(r\d+)" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)<', svg):
        column, line = round(float(x) / CELL_WIDTH), int(float(y) / CELL_HEIGHT)
        for sign in unescape(piece).replace("\xa0", " "):
            if sign != " " or "decoration" in styles[name]:
                signs[line, column] = sign, styles[name]
            column += cell_len(sign)
    for colour, x, y, width in re.findall(
        r'<rect fill="([^"]+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="[\d.]+" shape', svg
    ):
        first, line = round(float(x) / CELL_WIDTH), int(float(y) / CELL_HEIGHT)
        grounds |= {(line, column): colour for column in range(first, first + round(float(width) / CELL_WIDTH))}
    return signs, grounds


def lines(signs):
    """The signs as lines, for a comparison that says what is different."""
    found = {}
    for (line, column), (sign, _) in sorted(signs.items()):
        found[line] = found.get(line, "").ljust(column) + sign
    return [found.get(line, "") for line in range(max(found) + 1)]


def settled(app, tab):
    """Whether all that is drawn beside the screen's thread has come."""
    shown = app.query(f"#{tab} Chart" if tab != "strategies" else "Nothing").results(Chart)
    drawn = all(chart.lines for chart in shown if chart.region)
    if tab == "strategies":
        view = app.query_one(GameView)
        drawn = app.query_one(Detail).told is not None and (not view.content_size or view.still is not None)
    return drawn and not app._looking


@pytest.fixture(scope="module")
def screens(finished, run_app, until, seen):
    """SVG and text of each tab at each size, and what stands in its bar of keys where there is room for all."""
    drawn = {}

    async def play(app, pilot):
        for size in SIZES:
            await pilot.resize_terminal(*size)
            for tab, key in TABS.items():
                await pilot.press(key)
                await until(pilot, lambda tab=tab: app.query(f"#{tab}") and settled(app, tab))
                top = header(app._facts, app.clock(), size[0])[0].plain.rstrip()
                await until(pilot, lambda top=top, size=size: app.size == size and seen(app).startswith(top))
                same, before = 0, ""
                while same < 3:
                    await pilot.pause(0.1)
                    text = seen(app)
                    same, before = (same + 1 if text == before else 0), text
                keys = [active.binding for active in app.screen.active_bindings.values()]
                labels = {f"{app.get_key_display(key)} {key.description}" for key in keys}
                drawn[tab, size] = app.export_screenshot(), text, labels

    run_app(finished, play, size=SIZES[0])
    return drawn


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("tab", TABS)
def test_a_screen_looks_as_it_did(screens, tab, size):
    svg = normalised(screens[tab, size][0])
    stored = STORED / f"{tab}-{size[0]}x{size[1]}.svgz"
    if os.environ.get("REDRAW"):
        STORED.mkdir(exist_ok=True)
        stored.write_bytes(gzip.compress(svg.encode(), 9, mtime=0))
    before = gzip.decompress(stored.read_bytes()).decode()
    (signs, grounds), (signs_before, grounds_before) = cells(svg), cells(before)
    assert lines(signs) == lines(signs_before)
    assert signs == signs_before  # their colours
    assert grounds == grounds_before


def test_how_a_line_is_cut_into_pieces_is_no_difference_and_what_is_seen_is_one(screens):
    svg = normalised(screens["evaluations", SIZES[0]][0])
    place = re.search(
        r'<text class="(terminal-r\d+)" x="([\d.]+)" (y="[\d.]+")[^>]*>([^<]*)</text>', svg.split("</g>", 1)[1]
    )
    name, x, y, words = place.groups()
    words = unescape(words)
    halves = [
        f'<text class="{name}" x="{float(x) + CELL_WIDTH * at}" {y}>{escape(part)}</text>'
        for at, part in ((0, words[:1]), (1, words[1:]))
    ]
    assert len(words) > 1
    assert cells(svg.replace(place.group(), "".join(halves))) == cells(svg)
    assert cells(svg.replace(place.group(), halves[0])) != cells(svg)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_size_shows_header_alarm_plots_with_axes_and_outcomes(screens, size):
    text = screens["overview", size][1]
    for part in (
        "made", "finished", "step 30 of 30", "62% of the strategies use random", "random play is too well paid",
        "held-out score", "┤", "lost", "generate 57%", "evaluate 3%", "Quit",
    ):  # fmt: skip
        assert part in text
    assert max(map(len, text.splitlines())) <= size[0]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("tab", TABS)
def test_the_bar_of_keys_is_never_cut_and_always_says_how_to_leave_and_get_help(screens, tab, size):
    _, text, labels = screens[tab, size]
    shown = re.split(r"[ ▏]{2,}", text.splitlines()[-1].strip())
    assert {"q Quit", "? Help"} <= set(shown) <= labels
    if size[0] > 120:
        assert {"P Pause", "^p palette"} <= set(shown)
