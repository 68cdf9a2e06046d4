"""What notices: new uploads, ready datasets, failed runs, a stale warehouse, the clock; `pipeline/` decides."""
