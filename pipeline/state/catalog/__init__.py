"""The catalog: what the system knows and changes about datasets, in SQLite or PostgreSQL.

`catalog.py` holds the one class that callers use, `dataset_records.py` and `job_records.py` what goes in and comes out,
`tables.py` the columns. Bulk data (conversations, findings) is in the lake; what analysts query is in the warehouse.
Neither lives here.
"""
