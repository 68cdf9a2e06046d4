"""A training job: one canonical model, planned from a dataset, rendered for each trainer."""
