"""What exists, as Dagster assets. Each body reads like a sentence and calls one function of `pipeline/`."""
