"""`requirements.txt` of a job: the exact versions that its files are made for, recorded beside the trainer's keys.

Only packages that decide what a training does are named; what they need besides is left to pip.
"""

from pipeline.trainers.job import TrainingJob
from pipeline.trainers.strict_keys import recorded_lock
from pipeline.trainers.target_name import TargetName

REQUIREMENTS_FILE = "requirements.txt"
INSTALL = f"pip install -r {REQUIREMENTS_FILE}"


def requirements_txt(job: TrainingJob, target: TargetName) -> str | None:
    """The text of the file; None for a provider, who has the trainer installed."""
    lock = recorded_lock(target)
    if not lock:
        return None
    wanted = {
        **lock[""],
        **(lock.get("qlora", {}) if job.method == "qlora" else {}),
        **(lock.get("chunked", {}) if job.loss_kernel == "chunked" else {}),
        **(lock.get("sharded", {}) if job.hardware.is_sharded else {}),
    }
    lines = ["# The versions that the files beside this one are made for."]
    return "\n".join([*lines, *(f"{name}=={version}" for name, version in wanted.items())]) + "\n"
