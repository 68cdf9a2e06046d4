"""Conversations made by a model: scaffolds, the plan over them, requests, the stages after an answer, training files.

Pure: what is kept and paid for is in `state/catalog`, what happens when in `flow`.
"""
