"""Which instances of SageMaker have which GPUs, and how many.

https://aws.amazon.com/sagemaker/ai/pricing and https://aws.amazon.com/ec2/instance-types, as of 2026-11-29; the names
are those of `InstanceType` of botocore 1.44.
"""

INSTANCES: dict[str, dict[int, str]] = {
    "T4": {1: "ml.g4dn.2xlarge", 4: "ml.g4dn.12xlarge"},
    "V100-16GB": {1: "ml.p3.2xlarge", 4: "ml.p3.8xlarge", 8: "ml.p3.16xlarge"},
    "V100-32GB": {8: "ml.p3dn.24xlarge"},
    "A10G": {1: "ml.g5.2xlarge", 4: "ml.g5.12xlarge", 8: "ml.g5.48xlarge"},
    "L4": {1: "ml.g6.2xlarge", 4: "ml.g6.12xlarge", 8: "ml.g6.48xlarge"},
    "L40S": {1: "ml.g6e.2xlarge", 4: "ml.g6e.12xlarge", 8: "ml.g6e.48xlarge"},
    "A100-40GB": {8: "ml.p4d.24xlarge"},
    "A100-80GB-SXM": {8: "ml.p4de.24xlarge"},
    "H100-SXM": {1: "ml.p5.4xlarge", 8: "ml.p5.48xlarge"},
    "H200-SXM": {8: "ml.p5en.48xlarge"},
    "B200": {8: "ml.p6-b200.48xlarge"},
    "B300": {8: "ml.p6-b300.48xlarge"},
}
"""By the names of `pipeline/catalogues/gpus.toml`; of each number of GPUs one, with memory for the rows besides."""


def instance_of(gpu: str, gpu_count: int) -> str | None:
    """The instance that has exactly these GPUs; None where there is none."""
    return INSTANCES.get(gpu, {}).get(gpu_count)


def no_instance(gpu: str, gpu_count: int) -> str:
    """What to do where none has."""
    counts = INSTANCES.get(gpu)
    has = f"it has {gpu} by {', '.join(map(str, counts))}" if counts else f"it has {', '.join(INSTANCES)}"
    return f"no instance of SageMaker has {gpu_count} × {gpu}: {has}; or set LORA_SAGEMAKER_INSTANCE_TYPE"
