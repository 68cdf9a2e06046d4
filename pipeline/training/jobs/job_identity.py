"""The id of a job: readable, and the same whenever the job is."""

import hashlib

from pipeline.trainers.job import TrainingJob
from pipeline.wording import slug

_MAX_SLUG = 48  # characters


def job_id(job: TrainingJob) -> str:
    """A readable name with a hash of all that the job is made of; sentences do not count."""
    left_out: dict[str, bool | set[str]] = {"job_id": True, "explanations": True, "warnings": True}
    # Jobs keep the ids that they had before there were other objectives, and models that GPUs share out.
    if job.objective == "sft":
        left_out |= {"objective": True, "beta": True}
    if not job.hardware.is_sharded:
        left_out["hardware"] = {"is_sharded"}
    content = job.model_dump_json(exclude=left_out)
    digest = hashlib.sha256(content.encode()).hexdigest()[:12]
    named = (job.data.dataset_name, job.base_model, job.preset, job.method)
    slugs = [slug(part, keep=".")[:_MAX_SLUG].strip("-.") for part in named]
    return "-".join([*filter(None, slugs), digest])
