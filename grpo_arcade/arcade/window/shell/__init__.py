"""The window itself: its loop, its keys and messages, and what a scene is. Knows no scene."""
