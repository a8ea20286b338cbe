"""Work beside the window's loop, in threads and processes. Draws nothing on the screen."""
