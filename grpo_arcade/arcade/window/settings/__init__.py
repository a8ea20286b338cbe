"""What can be set, and the keys; opens over any scene."""
