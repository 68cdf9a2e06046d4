"""How the names of files that can be read end, without the dot: for what looks at names alone.

What a file is, its bytes tell: one of any name is read.
"""

ROWS = ("jsonl", "ndjson", "json", "csv", "tsv", "parquet")
PACKED = ("gz", "zst")
ARCHIVES = ("zip", "tar", "tgz")
ALL = (*ROWS, "txt", *PACKED, *ARCHIVES)
