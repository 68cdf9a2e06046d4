"""What notices: new uploads, failed runs, a stale warehouse, and the clock. Each decides through `pipeline/`."""
