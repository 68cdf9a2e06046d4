"""The id of a job: readable, and the same whenever the job is."""

import hashlib

from pipeline.trainers.job import Targets, TrainingJob
from pipeline.wording import slug

_MAX_SLUG = 48  # characters


def job_id(job: TrainingJob) -> str:
    """A readable name with a hash of all that the job is made of; sentences do not count."""
    left_out: dict[str, bool | set[str]] = {"job_id": True, "explanations": True, "warnings": True}
    # Jobs keep the ids that they had before there were other objectives, models that GPUs share out, and families.
    if job.objective == "sft":
        left_out |= {"objective": True, "beta": True}
    if not job.hardware.is_sharded:
        left_out["hardware"] = {"is_sharded"}
    for name in ("auto_class", "own_quantisation", "layer_class"):
        if getattr(job, name) == TrainingJob.model_fields[name].default:
            left_out[name] = True
    if job.adapter is not None and job.adapter.targets == Targets():
        left_out["adapter"] = {"targets"}
    content = job.model_dump_json(exclude=left_out)
    digest = hashlib.sha256(content.encode()).hexdigest()[:12]
    named = (job.data.dataset_name, job.base_model, job.preset, job.method)
    slugs = [slug(part, keep=".")[:_MAX_SLUG].strip("-.") for part in named]
    return "-".join([*filter(None, slugs), digest])


def of_rows(job: TrainingJob, fingerprint: str) -> TrainingJob:
    """The job under an id that also tells its rows apart: a new verdict can give others to the same settings."""
    stem, _, digest = job.job_id.rpartition("-")
    own = hashlib.sha256(f"{digest}-{fingerprint}".encode()).hexdigest()[: len(digest)]
    return job.model_copy(update={"job_id": f"{stem}-{own}"})
