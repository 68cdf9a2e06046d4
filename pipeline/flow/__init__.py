"""What happens to an upload, in which order, and who repeats it after a failure. No word of Dagster here."""
