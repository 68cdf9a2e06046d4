"""The partition sets. A dataset's id is its partition key, or it shares a batch's (`LORA_PARTITION_BY`)."""

import dagster as dg

DATASETS = dg.DynamicPartitionsDefinition(name="datasets")
REQUEST_TAG = "lora/request"  # the request that a run answers; the catalog knows its datasets
# A run over a range shows all its keys alike, so what follows validation has a set that only ready datasets enter.
READY_DATASETS = dg.DynamicPartitionsDefinition(name="ready_datasets")
# A training job that was trained; its id is its partition key.
TRAINED_JOBS = dg.DynamicPartitionsDefinition(name="trained_jobs")
# A batch of conversations that are made, and a training file of them; their ids are the partition keys.
GENERATION_BATCHES = dg.DynamicPartitionsDefinition(name="generation_batches")
TRAINING_FILES = dg.DynamicPartitionsDefinition(name="training_files")
