"""What notices: new uploads, ready datasets, failed runs, a stale warehouse, and the clock. Each decides through `pipeline/`."""
