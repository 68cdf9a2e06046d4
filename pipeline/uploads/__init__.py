"""What is new in the store, what it is called, and which datasets go into one run: values in, values out.

Reading and writing the store is `pipeline.store`; what is already known, and in which state, is `pipeline.catalog`.
"""

from pipeline.uploads.batches import Batch, contiguous_batches, run_key
from pipeline.uploads.identity import IgnoredKey, UploadKey, dataset_id, owner_and_name
from pipeline.uploads.scan import Cursor, Scan, scan

__all__ = [
    "Batch",
    "Cursor",
    "IgnoredKey",
    "Scan",
    "UploadKey",
    "contiguous_batches",
    "dataset_id",
    "owner_and_name",
    "run_key",
    "scan",
]
