"""What notices: new uploads, ready datasets, failed runs, a stale warehouse, the clock. All decide through `pipeline/`."""
