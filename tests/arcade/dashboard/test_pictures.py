"""The screens of the main tabs at three sizes, as SVG: compared with stored ones, which any browser opens.

``REDRAW=1`` stores them anew, to be looked at before they are committed.
"""

import gzip
import os
import re
from html import unescape
from pathlib import Path

import pytest
import textual

from grpo_arcade.arcade.dashboard.draw.chart import Chart
from grpo_arcade.arcade.dashboard.header import header
from grpo_arcade.arcade.dashboard.tabs.detail import Detail
from grpo_arcade.arcade.dashboard.tabs.game_view import GameView

STORED = Path(__file__).with_name("screens")
DRAWN_WITH = "8.2.8"
"""The version of Textual: another draws its own parts otherwise."""
SIZES = ((200, 60), (120, 40), (80, 24))
TABS = ("overview", "strategies", "groups", "evaluations")


def normalised(svg):
    """Without what differs from one drawing or machine to the next and is not seen: ids, and where fonts are fetched."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return re.sub(r"terminal-\d+", "terminal", svg)


def words(svg):
    """What is written on it, a piece a line: for a comparison that says what is different."""
    return [unescape(piece).replace("\xa0", " ") for piece in re.findall(r"<text [^>]*>([^<]*)</text>", svg)]


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
    """SVG and text of each tab at each size."""
    drawn = {}

    async def play(app, pilot):
        for size in SIZES:
            await pilot.resize_terminal(*size)
            for place, tab in enumerate(TABS, 1):
                await pilot.press(str(place))
                await until(pilot, lambda tab=tab: app.query(f"#{tab}") and settled(app, tab))
                top = header(app._facts, app.clock(), size[0])[0].plain.rstrip()
                await until(pilot, lambda top=top, size=size: app.size == size and seen(app).startswith(top))
                same, before = 0, ""
                while same < 3:
                    await pilot.pause(0.1)
                    text = seen(app)
                    same, before = (same + 1 if text == before else 0), text
                drawn[tab, size] = app.export_screenshot(), text

    run_app(finished, play, size=SIZES[0])
    return drawn


@pytest.mark.skipif(textual.__version__ != DRAWN_WITH, reason=f"the stored screens are of Textual {DRAWN_WITH}")
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("tab", TABS)
def test_a_screen_looks_as_it_did(screens, tab, size):
    svg = normalised(screens[tab, size][0])
    stored = STORED / f"{tab}-{size[0]}x{size[1]}.svgz"
    if os.environ.get("REDRAW"):
        STORED.mkdir(exist_ok=True)
        stored.write_bytes(gzip.compress(svg.encode(), 9, mtime=0))
    before = gzip.decompress(stored.read_bytes()).decode()
    assert words(svg) == words(before)
    assert svg == before  # its colours and places


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_size_shows_header_alarm_plots_with_axes_and_outcomes(screens, size):
    text = screens["overview", size][1]
    for part in (
        "made", "finished", "step 30 of 30", "62% of the strategies use random", "random play is too well paid",
        "held-out score", "┤", "lost", "generate 57%", "evaluate 3%", "Quit",
    ):  # fmt: skip
        assert part in text
    assert max(map(len, text.splitlines())) <= size[0]
