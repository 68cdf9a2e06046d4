"""From rows to verdicts and columns, a block at once; `judge_line.py` is the authority on a single line."""
