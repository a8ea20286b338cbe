"""Pictures of every palette: they fill any surface, the same every time, and need no display."""

from __future__ import annotations

import pickle
import random

from grpo_arcade.games.conformance.require import refuses, require, step_at_random
from grpo_arcade.games.game import Game


def check_pictures(game: Game) -> None:
    """Draw four positions in every palette, at two sizes, on two backgrounds."""
    import pygame

    had_display = pygame.display.get_init()
    require(refuses(game.picture, "no such palette"), "picture() must refuse an unknown palette with a ValueError")
    game.reset(3)
    views = [game.view()]
    rng = random.Random(3)
    while game.outcome is None and len(views) < 4:
        step_at_random(game, rng)
        views.append(game.view())
    for palette in game.palettes:
        picture = game.picture(palette)
        width, height = picture.natural_size
        require(
            abs(width - height * picture.aspect) <= 1,
            f"natural_size {width}×{height} must have the picture's aspect, {picture.aspect}",
        )
        for size in ((width, height), (97, 61)):
            for view in views:
                for progress in (0.0, 0.4, 1.0):
                    before = pickle.dumps(view)
                    drawn = []
                    # Two backgrounds tell whether the picture really fills the surface.
                    for background in ("magenta", "green"):
                        surface = pygame.Surface(size)
                        surface.fill(background)
                        picture.draw(surface, view, progress)
                        drawn.append(pygame.image.tobytes(surface, "RGB"))
                    require(
                        drawn[0] == drawn[1],
                        f"draw() must fill the whole surface and give the same pixels every time "
                        f"({palette}, {size[0]}×{size[1]}, progress {progress})",
                    )
                    require(pickle.dumps(view) == before, "draw() must not change the view")
    require(pygame.display.get_init() == had_display, "draw() must not open a display")
