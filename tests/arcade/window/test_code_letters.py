"""A source in any script can be read beside a board."""

import numpy as np
import pygame
import pytest

from grpo_arcade.arcade.window.draw import theme
from grpo_arcade.arcade.window.draw.code_view import CodeView


def drawn(source):
    surface = pygame.Surface((500, 120))
    view = CodeView()
    view.rect = surface.get_rect()
    view.show(source)
    view.draw(surface, theme.theme_for("classic", (1280, 800)))
    return pygame.surfarray.array3d(surface)


@pytest.mark.parametrize(("one", "other"), [("стратегия", "стратегии"), ("策略", "戦略"), ("😀", "😁"), ("→", "←")])
def test_comments_in_any_script_are_told_apart(one, other):
    assert not np.array_equal(drawn(f"x = 1  # {one}"), drawn(f"x = 1  # {other}"))


def test_a_line_of_wide_letters_stays_inside():
    source = "x = '" + "策略" * 200 + "'  # " + "стратегия " * 50
    view = drawn(source)
    assert np.array_equal(view[-3:], drawn("x = 1")[-3:])
