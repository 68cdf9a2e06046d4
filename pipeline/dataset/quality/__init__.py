"""Quality: what a trainer accepts and a person would not want to train on.

`quality_findings.py` runs the rules that speak of a line, `quality_statistics.py` sums what only the whole file can
tell. A rule family has a module of its own; what each code means stands in `findings/quality_kinds.py`.
"""
