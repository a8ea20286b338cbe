"""Where the window opens: games, runs, recordings."""
