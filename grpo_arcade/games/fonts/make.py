"""Makes the font files beside it out of those that their makers publish; needs fonttools and Pillow.

    python -m grpo_arcade.games.fonts.make Rubik[wght].ttf NotoSans[wdth,wght].ttf unifont.otf unifont_upper.otf
    python -m grpo_arcade.games.fonts.make --code JetBrainsMono[wght].ttf

All are under the SIL Open Font License 1.1. Of Rubik and Noto Sans the letters of the scripts that ``letters`` names
are kept, in the two weights that are used; of Unifont what belongs to Unicode's first plane, mathematical letters and
emoji; of JetBrains Mono, for programs, the Latin ones in one weight.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np

from grpo_arcade.games.fonts import letters, pixels

HERE = Path(__file__).parent
_WEIGHTS = {"Bold": 700, "Medium": 500}
_SCRIPTS = ((0x100, 0x24F), (0x400, 0x52F), (0x1E00, 0x1EFF), (0x5D0, 0x5EA), (0x2000, 0x21FF))
_MORE = ((0x250, 0x2FF), (0x370, 0x3FF), (0x1F00, 0x1FFF), (0x20A0, 0x20C0))
_UPPER = ((0x1D400, 0x1D7FF), (0x1F000, 0x1FAFF))
_NO_SIGNS = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def main(rubik: str, noto: str, *unifont: str) -> None:
    """Write the files."""
    have = set(map(ord, letters.LATIN))
    covered = {}
    for name, source, axes, ranges in (
        (letters.RUBIK_MORE, rubik, {}, _SCRIPTS),
        (letters.NOTO, noto, {"wdth": 100}, _SCRIPTS[:3] + _MORE),
    ):
        wanted = {code for first, last in ranges for code in range(first, last + 1)} - have
        for weight, value in _WEIGHTS.items():
            codes = _subset(source, {**axes, "wght": value}, wanted, HERE / f"{name}-{weight}.ttf")
        have |= codes
        covered[name] = _as_ranges(sorted(codes))
    (HERE / "letters.json").write_text(json.dumps(covered) + "\n", encoding="utf-8")
    (HERE / "unifont.xz").write_bytes(pixels.packed(_groups(unifont)))


def make_code(mono: str) -> None:
    """Write the font of programs."""
    _subset(mono, {"wght": 500}, set(map(ord, letters.LATIN)), HERE / letters.CODE)


def _subset(source: str, axes: dict[str, int], codes: set[int], to: Path) -> set[int]:
    """Write a font of fixed weight with these characters; the ones it has."""
    from fontTools import subset
    from fontTools.ttLib import TTFont
    from fontTools.varLib import instancer

    font = instancer.instantiateVariableFont(TTFont(source), axes)
    options = subset.Options(hinting=False, layout_features=["kern"], name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14])
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    font.save(to)
    return set(font.getBestCmap())


def _as_ranges(codes: list[int]) -> list[list[int]]:
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return ranges


def _groups(sources: tuple[str, ...]) -> tuple[pixels.Group, ...]:
    glyphs: dict[int, dict[int, np.ndarray]] = {width: {} for width in pixels.WIDTHS}
    for source in sources:
        for code, (width, drawn) in _drawn(source).items():
            left = 0 if not width else 8
            glyphs[width][code] = np.packbits(drawn[:, left : left + (width or 16)], axis=1)
    return tuple(
        pixels.Group(np.array(sorted(found), np.uint32), np.array([found[code] for code in sorted(found)]))
        for found in glyphs.values()
    )


def _drawn(source: str) -> dict[int, tuple[int, np.ndarray]]:
    """Widths and pixels (16, 32) of the characters of one of Unifont's files; glyphs begin at the eighth column."""
    from fontTools.ttLib import TTFont
    from PIL import Image, ImageDraw, ImageFont

    tables, font = TTFont(source), ImageFont.truetype(source, pixels.ROWS)
    drawn: dict[int, tuple[int, np.ndarray]] = {}
    for code, name in tables.getBestCmap().items():
        upper = code > 0xFFFF and not any(first <= code <= last for first, last in _UPPER)
        if upper or 0xFE00 <= code <= 0xFE0F or unicodedata.category(chr(code)) in _NO_SIGNS:
            continue
        image: Any = Image.new("1", (32, pixels.ROWS))
        ImageDraw.Draw(image).text((8, 0), chr(code), font=font, fill=1)
        drawn[code] = tables["hmtx"][name][0] * pixels.ROWS // tables["head"].unitsPerEm, np.array(image)
    return drawn


if __name__ == "__main__":
    make_code(*sys.argv[2:]) if sys.argv[1] == "--code" else main(*sys.argv[1:])
