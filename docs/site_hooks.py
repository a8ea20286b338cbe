"""The site has pages and no sources: a link from a page to a file of the repository becomes that file's path."""

import re
from pathlib import Path
from typing import Any

_LINK = re.compile(r"\[([^\]]+)\]\(\.\./([^)#]+)\)")
_ROOT = Path(__file__).parents[1]


def on_page_markdown(markdown: str, **_: Any) -> str:
    """A page's text as the site has it; a link to a file that is not there stays, and fails the build."""

    def path(link: re.Match[str]) -> str:
        words, file = link.groups()
        if not (_ROOT / file).exists():
            return link[0]
        named = words.strip("`") in (file, Path(file).name)
        return f"`{file}`" if named else f"{words} (`{file}`)"

    return _LINK.sub(path, markdown)
