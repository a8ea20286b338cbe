"""GRPO on games: a model writes strategies, the games score them, the model gets better, and a run folder tells it all.

``config`` is what can be set, ``grpo`` the training, ``rewards`` what a completion earns, in this trainer and others.
What a run leaves on disk is the recordings room's. Importing this package or one of those modules imports no torch.
"""
