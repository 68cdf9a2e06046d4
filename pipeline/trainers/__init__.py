"""What each trainer takes and how its files are written, a folder each. What a training needs is in `training/`."""
