"""Reads answers of the fakes from stdin with the classes of the providers' own libraries; run where these are."""

import json
import sys

from openai.types import FileObject
from openai.types.fine_tuning import FineTuningJob, FineTuningJobEvent
from openai.types.fine_tuning.jobs import FineTuningJobCheckpoint
from together.types import FileResponse, FinetuneEvent, FinetuneResponse
from together.types.fine_tuning_list_response import Data

KINDS = {
    "openai": {
        "job": FineTuningJob,
        "listed": FineTuningJob,
        "event": FineTuningJobEvent,
        "checkpoint": FineTuningJobCheckpoint,
        "file": FileObject,
    },
    "together": {"job": FinetuneResponse, "listed": Data, "event": FinetuneEvent, "file": FileResponse},
}

for line in sys.stdin:
    provider, kind, answer = json.loads(line)
    read = KINDS[provider][kind].model_validate(answer)
    known = {"suffix"} if kind == "job" and provider == "together" else set()  # which lists have, and this leaves out
    assert set(read.model_extra or ()) <= known, (kind, read.model_extra)
