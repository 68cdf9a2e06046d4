"""A whole installation in real processes, and what may happen to it: kills, outages, a stream of uploads.

`make chaos ARGS="kills --uploads 200 --kills 200"` prints one line and ends with 1 where anything was lost, doubled,
wrong or left half done; `python -m tests.chaos --help` for the rest. The tests beside it run the same with few of each.
"""
