"""Words can be read: by their contrast in both palettes, and programs in letters that are all equally wide."""

import pygame
import pytest

from grpo_arcade.arcade.window.draw import paint, theme
from grpo_arcade.arcade.window.draw.code_view import CodeView
from grpo_arcade.games.fonts.letters import LATIN

from .test_pictures import home, play_over, versus, versus_setup

WORDS = ("ink", "soft", "faint", "accent", "rival", "good", "fair", "bad", "gold_ink")
BEHIND = ("page", "card", "sunken")
CODE = ("ink", "soft", "faint", "accent", "rival", "good", "fair")


def luminance(colour):
    parts = [(colour >> shift & 255) / 255 for shift in (16, 8, 0)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """As WCAG 2 defines it: 1 for equal colours, 21 for black on white."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_is_that_of_the_rules():
    assert contrast(0x000000, 0xFFFFFF) == pytest.approx(21)
    assert contrast(0x777777, 0xFFFFFF) == pytest.approx(4.478, abs=1e-3)


@pytest.mark.parametrize("palette", theme.PALETTES)
def test_all_words_stand_out_from_what_lies_behind_them(palette):
    look = theme.theme_for(palette, (1280, 800))
    pairs = [(getattr(look, words), getattr(look, behind)) for words in WORDS for behind in BEHIND]
    pairs += [(getattr(look, words), look.marked) for words in CODE]
    pairs += [(look.on_accent, look.accent), (look.page, look.ink), (look.card, look.rival)]
    pairs += [(look.card, badge) for badge in (look.good, look.fair, look.bad)]
    for words, behind in pairs:
        assert contrast(words, behind) >= 4.5, f"{words:06x} on {behind:06x}"


@pytest.mark.parametrize("scene", [home, play_over, versus, versus_setup])
def test_small_words_are_written_in_no_other_colours(make_app, monkeypatch, scene):
    app = make_app()
    look = app.theme
    known = {getattr(look, name) for name in (*WORDS, "on_accent", "card", "page")}
    written = []
    real = paint.text

    def text(surface, words, at, height, colour, **how):
        written.append((words, height, colour))
        return real(surface, words, at, height, colour, **how)

    monkeypatch.setattr(paint, "text", text)
    opened = scene(app)
    app.redraw()
    for _ in range(8):
        app._draw(opened)
    assert len(written) > 5
    assert [words for words, height, colour in written if height < look.px(18) and colour not in known] == []


def test_letters_of_a_program_are_all_equally_wide():
    pygame.font.init()
    font = CodeView()._sized(11)
    assert {metrics[4] for metrics in font.metrics("".join(sorted(LATIN)))} == {font.size("m")[0]}
    missing = pygame.image.tobytes(font.render("\uffff", True, (0, 0, 0)), "RGBA")
    drawn = {c: pygame.image.tobytes(font.render(c, True, (0, 0, 0)), "RGBA") for c in LATIN}
    assert [c for c in sorted(LATIN - {" "}) if drawn[c] == missing] == []
