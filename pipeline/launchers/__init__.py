"""How trainings are run: a launcher for each kind of place, all with the same few calls (`launcher.py`).

`runner.py` is the program beside a training, wherever that is; it writes the journal that `journal.py` reads.
"""
