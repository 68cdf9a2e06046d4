"""Quality: what a trainer accepts and a person would not want to train on.

`findings.py` runs the rules that speak of a line, `statistics.py` sums what only the whole file can tell. A rule
family has a module of its own; what each code means stands in `pipeline/dataset/findings/quality_kinds.py`.
"""
