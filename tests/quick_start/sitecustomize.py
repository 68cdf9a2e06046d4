"""Lets the processes of tests start sooner: what imports make stays, and looking through it again is a quarter of them.

`tests/conftest.py` puts this folder on PYTHONPATH; Python imports it by its name. Garbage is collected all the same,
less often.
"""

import gc

gc.set_threshold(50_000, 20, 100)
