"""What analysts read beside the tables of training jobs and their lineage; the rest is in `comments.py`."""

JOB_TABLES = {
    "training_plans": "One row a dataset that the default training jobs were asked for, and what came of that.",
    "training_jobs": "One row a training job: what trains what on which rows, and where its files are.",
    "cost_records": "One row a cost: the estimate of a job, or what it did cost; rows are added, never overwritten.",
    "metrics_points": "One row a figure that a trainer reported at a step.",
    "model_artifacts": "One row a file or folder that a training left behind.",
    "training_lineage": "From a cost to everything it came from: one row a cost record, or a job without one.",
    "upload_lineage": "From an upload to everything made of it: one row a thing made.",
}

_USER_ID = "The owner of its dataset."
_JOB_ID = "The training job: training_jobs.id."
_DATASET_ID = "The dataset: datasets.id."
_SHA256 = "SHA-256 of the uploaded file, in hex."
_SPLIT = "Fingerprint of the accepted rows and their split; equal for the same training data."
_FILES_URI = "Folder of its files, by trainer: a path or s3://…."
_RUN_ID = "The Dagster run that made it; NULL where a person made it."
_CODE_VERSION = "The version of the code that made it."
_VALIDATION = "The Dagster run that gave the verdict it was made from."
_COST = {
    "cost_usd": "US dollars: expected by an estimate, paid by an actual; NULL without a price.",
    "cost_usd_low": "Most trainings cost more than this; NULL of an actual.",
    "cost_usd_high": "Most trainings cost less than this; NULL of an actual.",
}
_PROVIDER = {
    "provider": "Whose price it is.",
    "price_as_of": "The day on which the price was read.",
}
_MODEL = {
    "base_model": "The model that is trained, as the catalogue names it.",
    "method": "lora, qlora or full.",
    "preset": "conservative, balanced or aggressive.",
}
_HARDWARE = {
    "gpu": "The GPU that it is planned for; of no matter where a provider trains.",
    "gpu_count": "How many of them.",
}

TRIES = {
    "request_key": "The request that a run carries in its tag lora/request; NULL while no run is asked for.",
    "asked": "Runs asked for since the last try.",
    "begun_by": "The Dagster run that is at work on it, or died at it; else NULL.",
    "crashes": "Tries at which the run's process died.",
    "retry_at": "When it is tried again (UTC); NULL: at once, or not needed.",
}

JOB_COLUMNS = {
    "training_plans": {
        "dataset_id": _DATASET_ID,
        "validation_run_id": _VALIDATION,
        "status": "requested, planned, or failed after several tries, and tried again.",
        "requested_at": "When a run was last asked for (UTC).",
        "attempt": "Tries that came to nothing since that verdict.",
        "split_fingerprint": _SPLIT,
        "job_count": "Jobs that fit and were made; NULL until planned.",
        "message": "What was made, or why nothing could be.",
        "not_possible": "Kind, setup and reason of each job that could not be made; NULL until planned.",
        "run_id": "The Dagster run that planned it.",
        "updated_at": "When its row last changed (UTC).",
        **TRIES,
    },
    "training_jobs": {
        "id": "The job; the same for the same data, model and settings.",
        "user_id": _USER_ID,
        "dataset_id": _DATASET_ID,
        "name": "Its name, for people.",
        "status": "configured, stale; queued, running, succeeded, failed, cancelled, lost as its newest attempt.",
        "status_reason": "Why it is stale or failed; else NULL.",
        "origin": "plan or person: who asked for it.",
        **_MODEL,
        "targets": "The trainers that its files are for.",
        **_HARDWARE,
        "content_sha256": _SHA256,
        "split_fingerprint": _SPLIT,
        "validation_run_id": _VALIDATION,
        "code_version": _CODE_VERSION,
        "run_id": _RUN_ID,
        "files_uri": _FILES_URI,
        "job": "JSON: the whole job, every value with its reason.",
        "created_at": "When it was made (UTC).",
        "updated_at": "When it, its costs or reports last changed (UTC).",
    },
    "cost_records": {
        "id": "The record; the same for the same figures of a job.",
        "job_id": _JOB_ID,
        "user_id": _USER_ID,
        "kind": "estimate or actual.",
        **_COST,
        "hours": "Hours from start to end, on all GPUs at once: expected, or taken.",
        "hours_low": "Most trainings take longer; NULL of an actual.",
        "hours_high": "Most trainings are done sooner; NULL of an actual.",
        "peak_memory_gb": "Expected peak on each GPU, in GB of 2^30 bytes; NULL of an actual and of a provider.",
        "peak_memory_gb_low": "Most trainings need more.",
        "peak_memory_gb_high": "Most trainings need less.",
        "fits": "yes, or tight when only the high figure does not fit; NULL of an actual and of a provider.",
        "price_per_gpu_hour": "The price used, in price_currency; NULL without one.",
        "price_currency": "As the price list has it.",
        "price_kind": "on-demand or spot.",
        **_PROVIDER,
        "source": "Where the price, or the bill, was read.",
        "basis": "The measurements and rules that an estimate rests on.",
        "created_at": "When it was added (UTC).",
        "attempt_id": "The attempt that an actual is of: training_attempts.id; NULL of an estimate.",
        "billed_nano_usd": "An actual's cost_usd in billionths of a US dollar, exact; NULL of an estimate.",
    },
    "metrics_points": {
        "id": "Counts up.",
        "job_id": _JOB_ID,
        "user_id": _USER_ID,
        "name": "As the trainer names it: loss, eval_loss, learning_rate, ….",
        "step": "Optimiser step.",
        "value": "The figure.",
        "recorded_at": "When it was reported (UTC).",
        "attempt_id": "The attempt: training_attempts.id.",
        "epoch": "Passes over the training rows by then; NULL where not told.",
        "measured_at": "When it was measured, by the trainer's clock (UTC); NULL where not told.",
    },
    "model_artifacts": {
        "id": "Counts up.",
        "job_id": _JOB_ID,
        "user_id": _USER_ID,
        "kind": "adapter, checkpoint, log, ….",
        "storage_path": "Where it lies; never a URL with a signature.",
        "size_bytes": "Bytes; NULL where not told.",
        "content_sha256": "SHA-256 of it, in hex; NULL where not told.",
        "created_at": "When it was reported (UTC).",
        "attempt_id": "The attempt: training_attempts.id.",
    },
    "training_lineage": {
        "cost_id": "cost_records.id; NULL of a job without one.",
        "cost_kind": "estimate or actual.",
        **_COST,
        "hours": "Hours from start to end, on all GPUs at once: expected, or taken.",
        **_PROVIDER,
        "cost_recorded_at": "When the cost was added (UTC).",
        "attempt_id": "The attempt that an actual is of; NULL of an estimate.",
        "model_id": "The model that the attempt left: models.id; else NULL.",
        "model_uri": "Folder of the model's files; else NULL.",
        "job_id": _JOB_ID,
        "job_name": "Its name.",
        "job_status": "Its status.",
        **_MODEL,
        **_HARDWARE,
        "config_uri": _FILES_URI,
        "job_run_id": _RUN_ID,
        "job_code_version": "The version of the code that made the config.",
        "job_made_at": "When the config was made (UTC).",
        "split_fingerprint": _SPLIT,
        "split_uri": "The lake's file of the dataset's split, as it is now.",
        "dataset_id": _DATASET_ID,
        "dataset_name": "Its name.",
        "content_version": "Which bytes these are: etag:… or sha256:….",
        "content_sha256": _SHA256,
        "user_id": "The dataset's owner.",
        "storage_bucket": "The store's bucket, or local.",
        "storage_path": "The upload's place in the store.",
        "uploaded_at": "When the upload was registered (UTC).",
        "validation_run_id": _VALIDATION,
        "validation_code_version": "The version of the validating code; NULL when validated again since.",
    },
    "upload_lineage": {
        "storage_path": "The upload's place in the store.",
        "user_id": "The dataset's owner.",
        "dataset_id": _DATASET_ID,
        "content_version": "Which bytes these are: etag:… or sha256:….",
        "made": "table, training_plan, training_job, training_attempt, cost_estimate, cost_actual, metric, "
        "model_artifact or model.",
        "name": "Which one: the lake's table, the job's or cost's id, the split's fingerprint, the metric's name, ….",
        "uri": "Where it lies; NULL of what is only a row.",
        "run_id": "The Dagster run that made it; NULL where none did.",
        "code_version": "The version of the code that made it; NULL where not known.",
        "made_at": "When it was made (UTC); of metrics the last one.",
    },
}
