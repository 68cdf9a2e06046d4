"""What an installation says of SageMaker in its settings, and what is missing there."""

from pipeline.launchers.sagemaker.instances import instance_of, no_instance
from pipeline.launchers.sagemaker.sagemaker_request import Place
from pipeline.settings import Settings


def sagemaker_place(settings: Settings) -> Place | None:
    """Where and as what SageMaker runs trainings; None where that is not set up."""
    if sagemaker_missing(settings):
        return None
    bucket, _, prefix = _bucket(settings).removeprefix("s3://").partition("/")
    return Place(
        role=settings.sagemaker_role,
        image=settings.sagemaker_image,
        bucket=bucket,
        prefix=f"{prefix}/" if prefix else "",
        instance_type=settings.sagemaker_instance_type,
        volume_gb=settings.sagemaker_volume_gb,
        deadline_h=settings.training_deadline_h,
        region=settings.s3_region,
        s3_endpoint_url=settings.s3_endpoint_url,
    )


def sagemaker_missing(settings: Settings) -> str:
    """What is to be set so that SageMaker runs trainings; empty where nothing is."""
    known = {
        "LORA_SAGEMAKER_ROLE": settings.sagemaker_role,
        "LORA_SAGEMAKER_IMAGE": settings.sagemaker_image,
        "LORA_SAGEMAKER_BUCKET": _bucket(settings),
    }
    missing = [name for name, value in known.items() if not value]
    return f"set {' and '.join(missing)}" if missing else ""


def _bucket(settings: Settings) -> str:
    return settings.sagemaker_bucket or (settings.lake if settings.lake.startswith("s3://") else "")


def instance_missing(settings: Settings, gpu: str, gpu_count: int) -> str:
    """The same for a job of these GPUs."""
    is_there = settings.sagemaker_instance_type or instance_of(gpu, gpu_count)
    return "" if is_there else no_instance(gpu, gpu_count)
