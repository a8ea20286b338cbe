"""The pages: each in the site's menu once, every link leads somewhere, and what they name is there."""

import dataclasses
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from grpo_arcade.arcade.cli import ALIASES, VERBS
from grpo_arcade.games import make
from grpo_arcade.games.seats import counts_for_several
from grpo_arcade.trainer.config import REWARDS
from grpo_arcade.trainer.rewards import load, names

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
READABLE = [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
OTHERS = {"extra-index-url", "editable", "level", "requirement", "no-deps", "fork"}
"""Options of other programs that pages speak of."""


def without_code(text):
    return re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)


def anchors(page):
    """As Markdown's table of contents names headings."""
    from markdown.extensions.toc import slugify

    headings = re.findall(r"^#+ (.+)$", without_code(page.read_text()), re.MULTILINE)
    return {slugify(re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading), "-") for heading in headings}


@pytest.mark.parametrize("page", READABLE, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    pytest.importorskip("markdown")
    for target in LINK.findall(without_code(page.read_text())):
        if re.match(r"https?://|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name) if name else page
        assert file.exists(), f"{page.name}: {target}"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), f"{page.name}: {target}"


def test_the_menu_has_every_page_once():
    menu = (ROOT / "mkdocs.yml").read_text().split("\nnav:\n")[1]
    listed = re.findall(r"([\w-]+\.md)$", menu, re.MULTILINE)
    assert sorted(listed) == [page.name for page in PAGES]


def test_no_page_is_there_twice():
    # Not a sentence of one page stands in another; figures and commands may.
    seen = {}
    for page in PAGES:
        for paragraph in re.split(r"\n\s*\n", without_code(page.read_text())):
            words = " ".join(paragraph.split())
            if len(words) > 160 and not words.startswith(("|", "#", "!")):
                assert words not in seen, f"{page.name} and {seen[words]}: {words[:80]}"
                seen[words] = page.name


def test_the_site_is_built_without_a_warning(tmp_path):
    pytest.importorskip("material", reason="the extra docs is not installed")
    order = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(order, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    built = {path.parent.name for path in tmp_path.glob("*/index.html")}
    assert built >= {page.stem for page in PAGES} - {"index"}
    # Nothing is fetched from elsewhere by who reads it.
    home = (tmp_path / "index.html").read_text()
    fetched = re.findall(r'<(?:script|link rel="stylesheet"|img)[^>]*(?:src|href)="(https?://[^"]+)"', home)
    assert fetched == []


def options():
    found = {"config", "preset", "resume", "help", "version"}
    for verb in VERBS:
        command = import_module(f"grpo_arcade.arcade.commands.{verb.replace('-', '_')}").Command
        found |= {field.name.replace("_", "-") for field in dataclasses.fields(command)}
    return found | {f"no-{name}" for name in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_options_of_a_page_exist(page):
    text = page.read_text()
    blocks = re.findall(r"^```(?:sh|text)?\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    commands = [*re.findall(r"`(arcade [^`\n]+)`", text)]
    commands += [line for block in blocks for line in block.splitlines() if line.startswith("arcade ")]
    for command in commands:
        verb = command.split()[1].rstrip(",;")
        if re.fullmatch(r"[a-z-]+", verb):
            assert verb in VERBS or verb in ALIASES, f"{page.name}: {command}"
        flags = re.findall(r"(?<![\w-])--([a-z][a-z0-9-]*)", command)
        assert set(flags) - options() - OTHERS == set(), f"{page.name}: {command}"


def test_every_command_is_in_the_pages():
    text = "\n".join(page.read_text() for page in PAGES)
    assert [verb for verb in VERBS if not re.search(rf"arcade {verb}\b", text)] == []


def test_the_table_of_rewards_is_that_of_the_code():
    rows = re.findall(r"^\| `(\w+)`( \*)? \| ([\d.]+) \| (.+) \|$", (DOCS / "rewards.md").read_text(), re.MULTILINE)
    told = {name: (bool(star), float(weight), words) for name, star, weight, words in rows}
    expected = {}
    for name in names():
        (reward,) = load([name])
        words = " ".join(reward.function.__doc__.split("\n\n")[0].split())
        expected[name] = (name in REWARDS, reward.weight, words)
    assert told == expected


def test_the_table_of_games_has_their_options():
    text = (DOCS / "games.md").read_text()
    for game in ("2048", "connect-four", "atari/pong"):
        (row,) = re.findall(rf"^\| `{game}`.*$", text, re.MULTILINE)
        several = {"players"} if counts_for_several(game) else set()
        assert set(make(game).options) | several == set(re.findall(r"`(\w+)`", row)) - {"2048"}


def test_the_table_of_extras_is_that_of_the_package():
    told = set(re.findall(r"^\| `(\w+)` \|", (DOCS / "getting-started.md").read_text(), re.MULTILINE))
    extras = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    assert told == extras - {"dev", "docs"}
