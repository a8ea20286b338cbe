"""A training run is something recorded: its folder, read, written and found. All SQL stands here.

    folder.py     what a run's folder holds, its lock, its checkpoints;  new_run.py  how one comes about
    schema.py     the tables;  database.py  connections to them;  columns.py  what their columns hold;  packed.py  blobs
    writer.py     the trainer's side;  reader.py  everybody else's;  records.py  what is read, as plain data
    find.py       which run a word means
    snapshot.py   a run as it stands, read again and again;  history.py  its steps, as columns of numbers
    verdict.py    whether it is learning;  strategy_list.py  strategies sorted and filtered;  earned.py  what they got

Knows nothing of how a run is trained or shown.
"""
