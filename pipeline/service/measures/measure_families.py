"""Every measure of `/metrics`, once. What each is for, and what to do at an alarm, is in docs/operations.md.

Measures of the installation are the same whichever service is asked; those that are counted say so, and begin at 0 when
a service starts.
"""

from pipeline.service.measures.exposition import Family

BUILD = Family("lora_build_info", "gauge", "Always 1; its labels are the version of the program.")
PARTS = Family(
    "lora_part_up", "gauge", "Whether store, catalog, lake and a cluster of LORA_ENGINE answer, as they are meant."
)
LOOKS = Family(
    "lora_daemon_last_look_timestamp_seconds", "gauge", "When a sensor of Dagster's daemon looked last, to 15 s."
)
DATASETS = Family("lora_datasets", "gauge", "Current datasets by status; failed ones wait for a person.")
WAITING = Family(
    "lora_datasets_waiting",
    "gauge",
    "Datasets that wait for a verdict, a plan of training, publication or folding, without and with a run asked for.",
)
RETRYING = Family(
    "lora_datasets_retrying", "gauge", "Datasets that wait for a verdict, of which an attempt came to nothing."
)
LONGEST_WAIT = Family(
    "lora_oldest_waiting_seconds", "gauge", "How long the one waits that waits longest for a stage; 0: none does."
)
IGNORED = Family("lora_ignored_files", "gauge", "Files of the store that became no dataset.")
VERDICTS = Family("lora_verdicts_total", "counter", "Verdicts, counted by this service since it started.")
VERDICT_TIMES = Family(
    "lora_verdict_seconds", "histogram", "From the asking for a run until the verdict, counted likewise."
)
TRAININGS = Family("lora_trainings", "gauge", "Trainings by state, all that there ever were.")
TRAINING_COST = Family("lora_training_cost_usd", "gauge", "What trainings did cost, in all.")
METERED_COST = Family("lora_training_metered_usd", "gauge", "What trainings that live have cost by now.")
BATCHES = Family("lora_generation_batches", "gauge", "Batches of conversations that are made, by status.")
GENERATION_COST = Family("lora_generation_cost_usd", "gauge", "What making conversations did cost, in all.")
REQUESTS = Family("lora_requests_total", "counter", "Requests to this service by how they ended.")
REQUEST_TIMES = Family(
    "lora_request_seconds", "histogram", "From a request until its answer began; of an upload, with its bytes."
)
FAMILIES = (
    BUILD,
    PARTS,
    LOOKS,
    DATASETS,
    WAITING,
    RETRYING,
    LONGEST_WAIT,
    IGNORED,
    VERDICTS,
    VERDICT_TIMES,
    TRAININGS,
    TRAINING_COST,
    METERED_COST,
    BATCHES,
    GENERATION_COST,
    REQUESTS,
    REQUEST_TIMES,
)
