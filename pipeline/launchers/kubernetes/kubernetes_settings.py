"""What an installation says of its cluster in its settings, and what is missing there."""

from collections.abc import Callable, Mapping

from pipeline.launchers.kubernetes.cluster import Cluster
from pipeline.launchers.kubernetes.cluster_access import cluster_access
from pipeline.launchers.kubernetes.job_manifest import Pods
from pipeline.launchers.kubernetes.kubernetes_launcher import KubernetesLauncher
from pipeline.settings import Settings
from pipeline.state.catalog.attempt_records import Attempt


def make_kubernetes(
    settings: Settings, environment: Mapping[str, str], token_of: Callable[[Attempt], str]
) -> KubernetesLauncher:
    """The launcher; the cluster is looked for when it is asked."""

    def cluster() -> Cluster:
        return Cluster(cluster_access(settings.kubernetes, environment))

    def namespace() -> str:
        return settings.kubernetes_namespace or cluster_access(settings.kubernetes, environment).namespace

    missing = kubernetes_missing(settings)
    return KubernetesLauncher(cluster, namespace, None if missing else _pods(settings), missing, token_of)


def kubernetes_missing(settings: Settings) -> str:
    """What is to be set so that a cluster runs trainings; empty where nothing is."""
    known = {
        "LORA_KUBERNETES": settings.kubernetes,
        "LORA_KUBERNETES_IMAGE": settings.kubernetes_image,
        "LORA_SERVICE_URL": settings.service_url,
    }
    missing = [name for name, value in known.items() if not value]
    return f"set {' and '.join(missing)}" if missing else ""


def _pods(settings: Settings) -> Pods:
    pairs = (each.strip().partition("=") for each in settings.kubernetes_node_selector.split(",") if each)
    return Pods(
        image=settings.kubernetes_image,
        service_url=settings.service_url,
        gpu_resource=settings.kubernetes_gpu_resource,
        secret=settings.kubernetes_secret,
        deadline_h=settings.training_deadline_h,
        node_selector={key: value for key, _, value in pairs},
    )
