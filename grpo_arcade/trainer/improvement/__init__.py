"""A model improves its program by being told how it lost: a search without any training, into a run like any other.

``run`` begins a run or takes it up again, ``search`` is the loop of its rounds, ``population`` holds the programs and
chooses whom the next ones come from, ``feedback`` puts into words what happened, ``asking`` is how any model is asked.
What plays, judges, crowns and records is the trainer's own. Nothing here knows an endpoint: who answers is handed in.
"""
