"""The partition sets. A dataset's id is its partition key."""

import dagster as dg

DATASETS = dg.DynamicPartitionsDefinition(name="datasets")
