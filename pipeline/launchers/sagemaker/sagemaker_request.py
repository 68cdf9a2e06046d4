"""What SageMaker is asked to run for an attempt, and where its files lie in the bucket."""

from dataclasses import dataclass
from typing import Any

from pipeline.errors import UsageError
from pipeline.launchers.launcher import Order
from pipeline.launchers.legal_names import legal_name
from pipeline.launchers.sagemaker.instances import instance_of, no_instance
from pipeline.state.catalog.attempt_records import Attempt

_CHANNEL, _SYNCED, _KEPT, _FOLDER = "/opt/ml/input/data/job", "/opt/ml/checkpoints", "/opt/ml/model", "/opt/ml/attempt"
"""In the container."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where and as what jobs run."""

    role: str
    image: str
    bucket: str
    """Of their files."""
    prefix: str
    """Of their files."""
    instance_type: str
    """Empty for that with the job's GPUs."""
    volume_gb: int
    deadline_h: float
    region: str
    s3_endpoint_url: str = ""

    def key(self, attempt: Attempt, name: str = "") -> str:
        """The place of one of an attempt's files in the bucket, or of all of them."""
        return f"{self.prefix}sagemaker/{attempt.id}/{name}"


def training_request(order: Order, place: Place) -> dict[str, Any]:
    """What `CreateTrainingJob` takes for an attempt.

    Raises:
        UsageError: no instance has the job's GPUs.
    """
    hardware, base = order.job.hardware, f"s3://{place.bucket}/{place.key(order.attempt)}"
    instance = place.instance_type or instance_of(hardware.gpu, hardware.gpu_count)
    if instance is None:
        raise UsageError(no_instance(hardware.gpu, hardware.gpu_count))
    source = {"S3DataType": "S3Prefix", "S3Uri": f"{base}input/", "S3DataDistributionType": "FullyReplicated"}
    begin = ["python3", f"{_CHANNEL}/runner.py", _FOLDER, "--source", _CHANNEL]
    stopping = {"MaxRuntimeInSeconds": round(place.deadline_h * 3600)}
    if order.is_spot:
        stopping["MaxWaitTimeInSeconds"] = stopping["MaxRuntimeInSeconds"]
    return {
        "TrainingJobName": legal_name(order.attempt.id),
        "RoleArn": place.role,
        "AlgorithmSpecification": {
            "TrainingImage": place.image,
            "TrainingInputMode": "File",
            "ContainerEntrypoint": [*begin, "--synced", _SYNCED, "--keep", _KEPT],
        },
        "InputDataConfig": [{"ChannelName": "job", "DataSource": {"S3DataSource": source}}],
        "OutputDataConfig": {"S3OutputPath": f"{base}output"},
        "CheckpointConfig": {"S3Uri": f"{base}checkpoints", "LocalPath": _SYNCED},
        "ResourceConfig": {"InstanceType": instance, "InstanceCount": 1, "VolumeSizeInGB": place.volume_gb},
        "StoppingCondition": stopping,
        "EnableManagedSpotTraining": order.is_spot,
        "Tags": [{"Key": "lora-attempt", "Value": order.attempt.id}],
    }
