"""The catalog's schema, revision by revision (Alembic).

A new one: change `tables.py`, add `versions/r0003_….py` with `revision = "0003"` and `down_revision = "0002"`, set
`HEAD` in `migrate.py`. Revisions spell their columns out and never import `tables.py`, which moves on.
"""
