"""The lake: what was read from uploads, as immutable Parquet files, in a local folder or an S3 bucket.

A dataset's file of a table lies at `<lake>/<table>/dataset_id=<id>/data.parquet`. Its profile is placed last, so a
dataset is in the lake when its profile is. What stands in the rows is decided in `pipeline/dataset`. The files of
a training job lie at `<lake>/training_jobs/job_id=<id>/<target>/<file>`; `pipeline/training` writes them.
What was asked of models with their answers lies below `submissions/`, training files below `training_files/`.
"""

from pipeline.state.lake.lake_factory import make_lake
from pipeline.state.lake.lake_protocol import PUBLISH_ORDER, Lake, existing_job_files
from pipeline.state.lake.local_lake import LocalLake
from pipeline.state.lake.schemas import CONVERSATIONS, FINDINGS, PROFILES, SCHEMAS, TURNS
from pipeline.state.lake.writer import TableWriter, write_empty

__all__ = [
    "CONVERSATIONS",
    "FINDINGS",
    "PROFILES",
    "PUBLISH_ORDER",
    "SCHEMAS",
    "TURNS",
    "Lake",
    "LocalLake",
    "TableWriter",
    "existing_job_files",
    "make_lake",
    "write_empty",
]
