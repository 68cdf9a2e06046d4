"""Conversations made by a model: scaffolds, the plan over them, requests, the stages after an answer, training files.

The stages, in order: `parsing.py`, `screening.py`, `annotating.py` and `rereading.py`, `judging.py`, `accepting.py`.
How an item ends is in `endings.py`, what a file of them holds in `training_file.py`.

Pure: what is kept and paid for is in `state/catalog`, what happens when in `flow`.
"""
