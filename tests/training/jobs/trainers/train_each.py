"""Trains emitted jobs for two steps each, one after the other: `python train_each.py MODEL SCRIPT…`.

In one process, because most of the time of a short training is that of the imports.
"""

import runpy
import sys

model, *scripts = sys.argv[1:]
for script in scripts:
    sys.argv = [script, "--model", model, "--set", "max_steps=2"]
    runpy.run_path(script, run_name="__main__")
