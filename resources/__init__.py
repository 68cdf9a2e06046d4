"""Connections to what the pipeline depends on, as Dagster resources. What is done with them is in `pipeline/`."""
