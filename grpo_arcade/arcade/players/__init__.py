"""Who plays, whatever the word a person types for them: ``parse`` reads it, ``player`` holds what it may mean.

``play`` lets a player play, ``evaluate`` scores one on held-out seeds. A model is a process of its own or somebody's
server, so nothing here imports torch before a model is asked.
"""
