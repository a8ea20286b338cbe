"""The terminal dashboard: everything a run is doing, at a glance, over ssh.

It reads a run folder and nothing else, so it can be opened, closed, killed and opened twice without the trainer
noticing. Nothing here imports torch or pygame.
"""
