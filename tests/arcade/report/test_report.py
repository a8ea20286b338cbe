"""A run on one page: all that was promised is in it, nothing of it asks for anything, and what others wrote is text."""

import base64
import contextlib
import html
import json
import re
import shutil
import sqlite3
import subprocess
from html.parser import HTMLParser

import pytest

from grpo_arcade.arcade import cli
from grpo_arcade.arcade.report import write_report
from grpo_arcade.arcade.report.curves import Plot
from grpo_arcade.recordings.runs.moments import failures, moments
from grpo_arcade.recordings.runs.reader import RunReader

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TAGS = {
    *("html", "meta", "title", "style", "main", "h1", "h2", "h3", "p", "section", "ul", "li", "figure", "figcaption"),
    *("svg", "path", "text", "circle", "div", "table", "tr", "th", "td", "pre", "span", "code", "details", "summary"),
    *("img", "footer"),
}
ATTACK = "</pre></td><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"><b>&lt;"


class Tags(HTMLParser):
    """Every tag with its attributes, and all text."""

    def __init__(self, page):
        super().__init__()
        self.found, self.text = [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def page(whole_run, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    assert write_report(whole_run, path) == path.stat().st_size
    return path


def asks_for_nothing(page):
    for tag, attributes in Tags(page).found:
        assert tag in TAGS, tag
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in ("href", "srcset", "action", "data", "style"), (tag, name)
            if name == "src":
                assert value.startswith("data:image/gif;base64,")
    (policy,) = (each["content"] for tag, each in Tags(page).found if each.get("http-equiv"))
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    # The style sheet fetches nothing either.
    assert not re.search(r"url\(|@import", page)


def test_everything_that_was_promised_is_there(page, whole_run):
    told = Tags(page.read_text())
    with RunReader(whole_run) as run:
        summary, champion, evaluations = run.summary(), run.champion(), run.held_out()
        assert summary.verdict in told.text
        assert all(line in told.text for line in run.verdict().evidence)
        assert champion.source.strip() in told.text
        for failure in failures(run):
            assert failure.error in told.text or failure.error.split("\n")[0] in told.text
            assert failure.text.strip() in told.text
    for name in evaluations[-1].baselines:
        assert name in told.text
    for heading in ("Held-out score", "Moments", "The champion", "What failed, and how", "Configuration", "Versions"):
        assert heading in told.text
    assert sum(tag == "svg" for tag, _ in told.found) == 3
    assert "trl 1." in told.text


def test_it_asks_for_nothing(page):
    asks_for_nothing(page.read_text())


def test_the_film_is_the_champions_best_game(page, whole_run):
    import io

    from PIL import Image

    (picture,) = (each for tag, each in Tags(page.read_text()).found if tag == "img")
    film = Image.open(io.BytesIO(base64.b64decode(picture["src"].partition(",")[2])))
    with RunReader(whole_run) as run:
        best = max(run.episodes(run.champion().strategy_id), key=lambda game: game.score)
    assert film.n_frames > 1
    assert f"Seed {best.seed}: {best.score:,.0f} points" in html.unescape(page.read_text())


def test_the_key_of_the_run_and_where_it_lay_are_not_told(page, whole_run):
    with RunReader(whole_run) as run:
        config = run.config()["config"]
        key = str(run.facts()["run_key"])
    told = page.read_text()
    assert key not in told
    assert config["output_dir"] not in told
    assert "run_key" not in told


def attacked(whole_run, tmp_path):
    """A run of which every text is markup."""
    folder = tmp_path / "attacked"
    shutil.copytree(whole_run, folder)
    with contextlib.closing(sqlite3.connect(folder / "run.db", isolation_level=None)) as connection:
        for number, (identity,) in enumerate(connection.execute("SELECT id FROM sources").fetchall()):
            connection.execute(
                "UPDATE sources SET source = ? WHERE id = ?", (f"def strategy(b):\n    # {ATTACK}{number}", identity)
            )
        connection.execute("UPDATE completions SET text = ?, error = ?", (ATTACK, ATTACK))
        connection.execute("UPDATE events SET message = ?, help = ?", (ATTACK, ATTACK))
        connection.execute("UPDATE run SET value = ? WHERE key = 'model'", (json.dumps(ATTACK),))
        connection.execute("UPDATE strategies SET outcome = ? WHERE id % 3 = 0", (ATTACK,))
        baselines = json.dumps({ATTACK: {"mean": 900.0, "scores": [1.0]}})
        connection.execute("UPDATE evaluations SET baselines = ?", (baselines,))
        rewards = json.dumps({ATTACK: {"mean": 1.0, "std": 1.0}, "two": {"mean": 1.0, "std": 1.0}})
        connection.execute("UPDATE steps SET rewards = ?", (rewards,))
    config = json.loads((folder / "config.json").read_text())
    config["config"] |= {ATTACK: ATTACK, "optim": ATTACK}
    config["versions"] = {ATTACK: ATTACK}
    config["command"] = ["arcade", ATTACK]
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_what_others_wrote_is_text_and_never_markup(whole_run, tmp_path):
    folder = attacked(whole_run, tmp_path)
    write_report(folder, tmp_path / "page.html", film=False)
    page = (tmp_path / "page.html").read_text()
    asks_for_nothing(page)
    assert page.count("&lt;script&gt;") >= 10
    assert ATTACK in Tags(page).text


@pytest.mark.skipif(
    BROWSER is None, reason="no Chromium here; that the page is markup without scripts is tested always"
)
@pytest.mark.parametrize("kind", ["made", "attacked"])
def test_chromium_shows_it(kind, page, whole_run, tmp_path):
    if kind == "attacked":
        page = tmp_path / "page.html"
        write_report(attacked(whole_run, tmp_path), page)
    common = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    shot = tmp_path / "shot.png"
    dom = subprocess.run([*common, "--dump-dom", page.as_uri()], capture_output=True, text=True, check=True).stdout
    assert "<title>owned" not in dom
    told = Tags(dom)
    assert {tag for tag, _ in told.found} <= TAGS | {"head", "body", "tbody"}
    subprocess.run(
        [*common, "--window-size=900,2400", f"--screenshot={shot}", page.as_uri()], capture_output=True, check=True
    )
    from PIL import Image

    # A page that failed to lay out is one colour.
    assert len(Image.open(shot).convert("RGB").getcolors(1 << 24)) > 50


def test_moments_are_firsts_by_step_each_strategy_once(whole_run):
    with RunReader(whole_run) as run:
        found = moments(run, {"random": 100.0, "unreachable": 1e9})
        for each in found:
            row = run.strategy(each.strategy_id)
            assert (row["step"], row["outcome"], row["score"]) == (each.step, each.outcome, each.score)
        everyone = [row for step in (1, 2, 3) for row in run.strategies(step)]
    first = next(row for row in everyone if row["outcome"] in ("lost", "won", "capped"))
    said = {word: each for each in found for word in each.what.split("; ")}
    assert said["the first that played"].strategy_id == first["id"]
    assert said["the first above random (100)"].score > 100
    assert not any("unreachable" in word or word == "the first that won" for word in said)
    assert [each.step for each in found] == sorted(each.step for each in found)
    assert len({each.strategy_id for each in found}) == len(found)


def test_failures_are_of_different_kinds_and_say_how_many_there_were(whole_run):
    with RunReader(whole_run) as run:
        found = failures(run)
        crashed = [row for step in (1, 2, 3) for row in run.strategies(step) if row["outcome"] == "crashed"]
    assert len(found) == 3
    assert (found[0].outcome, found[0].alike, found[0].played) == ("crashed", len(crashed), False)
    assert all(each.played for each in found[1:])


def test_a_level_far_away_is_an_arrow_and_the_climb_fills_the_axis():
    plot = Plot(
        "x", 10, curves=[("score", "model", [(0, 1800.0), (10, 2900.0)])], levels={"far": 21_000.0, "near": 1500.0}
    )
    drawn = plot.svg()
    assert "↑ far 21,000" in drawn
    assert "near 1,500" in drawn
    heights = [float(y) for y in re.findall(r'curve score" d="M[\d.]+ ([\d.]+)L[\d.]+ ([\d.]+)"', drawn)[0]]
    assert heights[0] - heights[1] > 0.4 * plot.height


def test_a_run_without_anything_yet_is_a_page_too(tmp_path):
    import importlib.util
    from pathlib import Path

    path = Path(__file__).parents[1] / "dashboard" / "made_run.py"
    spec = importlib.util.spec_from_file_location("made_run", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with module.open_run(tmp_path, "empty") as writer:
        write_report(writer.folder, tmp_path / "page.html")
    asks_for_nothing((tmp_path / "page.html").read_text())
    assert "nothing recorded yet" in (tmp_path / "page.html").read_text()


def test_the_command_writes_beside_the_run_or_where_it_is_told(whole_run, tmp_path, capsys):
    folder = tmp_path / "outputs" / "mine"
    shutil.copytree(whole_run, folder)
    assert cli.main(["report", "mine", "--no-film", "--output-dir", str(folder.parent)]) == 0
    assert (folder / "report.html").is_file()
    assert cli.main(["report", str(folder), "--no-film", "--to", str(tmp_path / "there.html")]) == 0
    assert (tmp_path / "there.html").is_file()
    capsys.readouterr()
    assert cli.main(["report", str(folder), "--to", "there.txt"]) == 2
    assert "a report is an .html file" in capsys.readouterr().err
