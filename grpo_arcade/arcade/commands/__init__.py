"""One module a verb: a dataclass ``Command`` (its field docstrings are the help) and ``run(command) -> exit code``."""
