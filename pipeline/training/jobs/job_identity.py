"""The id of a job: readable, and the same whenever the job is."""

import hashlib

from pipeline.trainers.job import TrainingJob
from pipeline.wording import slug

_MAX_SLUG = 48  # characters


def job_id(job: TrainingJob) -> str:
    """A readable name with a hash of all that the job is made of; sentences do not count."""
    left_out = {"job_id", "explanations", "warnings"}
    if job.objective == "sft":  # so that jobs keep the ids that they had before there were other objectives
        left_out |= {"objective", "beta"}
    content = job.model_dump_json(exclude=left_out)
    digest = hashlib.sha256(content.encode()).hexdigest()[:12]
    named = (job.data.dataset_name, job.base_model, job.preset, job.method)
    slugs = [slug(part, keep=".")[:_MAX_SLUG].strip("-.") for part in named]
    return "-".join([*filter(None, slugs), digest])
