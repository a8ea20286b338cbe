"""Strategies for Atari games that say what is where: one module a game, made of shared lines."""
