"""GRPO on games: a model writes strategies, the games score them, the model gets better, and a run folder tells it all.

``config`` is what can be set, ``grpo`` the training, ``run_folder`` what it leaves on disk and how that is read.
Importing this package, ``config`` or ``run_folder`` imports no torch.
"""
