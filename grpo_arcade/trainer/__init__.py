"""GRPO on games: a model writes strategies, the games score them, the model gets better, and a run folder tells it all.

``config`` is what can be set, ``plan`` what a run with it would do. ``grpo`` begins a run, ``loop`` says what is played
and what follows a step, ``scoring`` and ``judging`` lead from completions to rewards; in ``trl_adapter`` TRL makes
the steps. ``rewards`` is what a completion earns, in this trainer and others. What a run leaves on disk is the
recordings room's. Importing this package, or any of these but ``trl_adapter``, imports no torch.
"""
