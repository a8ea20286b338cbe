"""Grammars of games that only a server has, one module a spec; the shipped weights do not know them."""
