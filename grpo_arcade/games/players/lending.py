"""Which strategies are lent a game's toolbox where nobody has said: those that call what it holds."""

from __future__ import annotations

import ast
import builtins

from grpo_arcade.games.game import Game
from grpo_arcade.games.players.policy import Refusal, parse
from grpo_arcade.games.registry import make
from grpo_arcade.games.toolbox import OPTION


def game_for(source: str, game: Game) -> Game:
    """``game``, or a new one with its toolbox where the program in ``source`` cannot play without.

    A strategy that a model wrote with a toolbox at hand is kept as a file or a run's champion like any other; what it
    calls says that it needs one. The option in the episodes' ``options`` tells that it had it.
    """
    if game.toolbox is None or game.lent is not None or not calls_any(source, game.toolbox.names):
        return game
    return make(game.name, **{**game.options, OPTION: True})


def calls_any(source: str, names: tuple[str, ...]) -> bool:
    """Whether a program reads one of these names and binds it nowhere, so that without it it would fail."""
    tree = parse(source)
    if isinstance(tree, Refusal):
        return False
    read: set[str] = set()
    bound = set(dir(builtins))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            bound.add(node.name)
    return bool((read - bound) & set(names))
