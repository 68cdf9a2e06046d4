"""The id of a job: readable, and the same whenever the job is."""

import hashlib
import re

from pipeline.trainers.job import TrainingJob


def job_id(job: TrainingJob) -> str:
    """A readable name with a hash of all that the job is made of; sentences do not count."""
    left_out = {"job_id", "explanations", "warnings"}
    if job.objective == "sft":  # so that jobs keep the ids that they had before there were other objectives
        left_out |= {"objective", "beta"}
    content = job.model_dump_json(exclude=left_out)
    digest = hashlib.sha256(content.encode()).hexdigest()[:12]
    slugs = [_slug(part) for part in (job.data.dataset_name, job.base_model, job.preset, job.method)]
    return "-".join([*(slug for slug in slugs if slug), digest])


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:48].strip("-.")
