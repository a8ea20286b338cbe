"""A person plays a game by hand."""
