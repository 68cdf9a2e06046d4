"""The base for Kubernetes: everything that is named is there, and no pod may do more than it needs."""

import re

import pytest

from pipeline.settings import Settings
from tests.deploy.manifests import (
    DASK,
    KUBERNETES,
    component,
    container,
    documents,
    loaded,
    of_kind,
    overlay,
    resources,
    variables_read,
)

DEPLOYMENTS = sorted(of_kind("Deployment"))


@pytest.fixture(params=DEPLOYMENTS)
def deployment(request):
    return of_kind("Deployment")[request.param]


def test_every_file_is_part_of_the_base():
    base = loaded("kubernetes/kustomization.yaml")
    [generator] = base["configMapGenerator"]

    named = {*base["resources"], *generator["files"], "kustomization.yaml"}

    assert named == {path.name for path in KUBERNETES.iterdir()}


def test_the_base_has_no_namespace_and_no_secret():
    """Both are the installation's own."""
    assert [each["metadata"]["name"] for each in resources() if "namespace" in each["metadata"]] == []
    assert of_kind("Secret") == {}


def test_a_deployment_selects_its_own_pods(deployment):
    labels = deployment["spec"]["template"]["metadata"]["labels"]

    assert deployment["spec"]["selector"]["matchLabels"] == labels
    assert deployment["metadata"]["name"] == f"lora-{component(deployment)}"


def test_pods_run_as_nobody_in_particular(deployment):
    pod, only = deployment["spec"]["template"]["spec"]["securityContext"], container(deployment)["securityContext"]

    assert (pod["runAsNonRoot"], pod["runAsUser"], pod["seccompProfile"]) == (True, 10001, {"type": "RuntimeDefault"})
    assert only == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_runs_have_the_same_bounds_as_the_parts():
    """They are made by the launcher, not by kustomize."""
    launcher = loaded("kubernetes/dagster.yaml")["run_launcher"]["config"]
    daemon = of_kind("Deployment")["lora-daemon"]
    pod = launcher["run_k8s_config"]["pod_spec_config"]["security_context"]

    assert launcher["security_context"] == container(daemon)["securityContext"]
    assert (pod["run_as_non_root"], pod["run_as_user"]) == (True, 10001)
    assert set(launcher["resources"]) == {"requests", "limits"}
    assert launcher["service_account_name"] in of_kind("ServiceAccount")


def test_what_a_pod_takes_is_bounded(deployment):
    bounds = container(deployment)["resources"]

    assert {name: set(values) for name, values in bounds.items()} == {
        "requests": {"cpu", "memory"},
        "limits": {"cpu", "memory"},
    }


def test_settings_come_from_the_map_and_secrets_from_the_secret(deployment):
    assert container(deployment)["envFrom"] == [
        {"configMapRef": {"name": "lora-settings"}},
        {"secretRef": {"name": "lora-secrets"}},
    ]
    settings = of_kind("ConfigMap")["lora-settings"]["data"]
    assert [name for name in settings if "PASSWORD" in name or "SECRET" in name or "CATALOG_URL" in name] == []


def test_what_dagster_reads_of_the_environment_is_given():
    """Of the map, of the secret, or of the pod itself."""
    told = (KUBERNETES / "settings.yaml").read_text()
    own = {each["name"] for each in container(of_kind("Deployment")["lora-daemon"])["env"]}

    wanted = variables_read(loaded("kubernetes/dagster.yaml")) | variables_read(loaded("kubernetes/workspace.yaml"))

    assert {name for name in wanted if name not in told and name not in own} == set()


def test_every_mounted_volume_is_there(deployment):
    pod = deployment["spec"]["template"]["spec"]
    volumes = {each["name"]: each for each in pod["volumes"]}
    claims = {
        each["persistentVolumeClaim"]["claimName"] for each in volumes.values() if "persistentVolumeClaim" in each
    }
    maps = {each["configMap"]["name"] for each in volumes.values() if "configMap" in each}

    assert {each["name"] for each in container(deployment)["volumeMounts"]} == set(volumes)
    assert claims <= set(of_kind("PersistentVolumeClaim"))
    assert maps <= {each["name"] for each in loaded("kubernetes/kustomization.yaml")["configMapGenerator"]}


def test_a_service_leads_to_a_port_of_its_pods():
    by_component = {component(each): each for each in of_kind("Deployment").values()}
    for service in of_kind("Service").values():
        [port] = service["spec"]["ports"]
        pod = by_component[service["spec"]["selector"]["app.kubernetes.io/component"]]

        assert {each["name"]: each["containerPort"] for each in container(pod)["ports"]} == {
            port["targetPort"]: port["port"]
        }


def test_one_daemon_ends_before_the_next_begins():
    daemon = of_kind("Deployment")["lora-daemon"]["spec"]

    assert (daemon["replicas"], daemon["strategy"]) == (1, {"type": "Recreate"})


def test_policies_and_budgets_name_parts_that_exist():
    parts = {component(each) for each in of_kind("Deployment").values()}
    named = set()
    for document in [*documents("kubernetes/network.yaml"), *documents("kubernetes/disruption.yaml")]:
        for part in [*parts, "scheduler"]:
            named |= {part} if f"'{part}'" in str(document) else set()

    assert named == parts
    assert {each["spec"]["policyTypes"][0] for each in of_kind("NetworkPolicy").values()} == {"Ingress", "Egress"}


def test_only_what_starts_runs_may_ask_the_cluster():
    accounts = {
        component(each): each["spec"]["template"]["spec"]["serviceAccountName"]
        for each in of_kind("Deployment").values()
    }
    [role] = of_kind("Role").values()

    assert accounts.pop("service") == "lora-service"
    assert set(accounts.values()) == {"lora-runs"}
    assert of_kind("ServiceAccount")["lora-service"]["automountServiceAccountToken"] is False
    assert [rule for rule in role["rules"] if "*" in [*rule["verbs"], *rule["resources"]]] == []


def test_runs_get_the_image_that_an_overlay_gives_the_parts():
    """It is copied where images are named: what the base has copied is the base's own."""
    base, own = loaded("kubernetes/kustomization.yaml"), overlay()

    assert {each["name"] for each in own["images"]} == {each["name"] for each in base["images"]}
    assert own["replacements"] == base["replacements"]
    assert {patch["target"]["name"] for patch in own["patches"]} <= set(of_kind("ConfigMap"))


def test_trainings_on_the_same_cluster_may_what_their_launcher_asks_for():
    """See `KubernetesLauncher`: a Job, its Secret, and a look at its pod."""
    component, (role, binding) = (
        loaded("kubernetes-trainings/kustomization.yaml"),
        documents("kubernetes-trainings/role.yaml"),
    )
    rules = of_kind("Role")["lora-runs"]["rules"] + role["rules"]
    may = {(what, verb) for rule in rules for what in rule["resources"] for verb in rule["verbs"]}

    assert {("jobs", verb) for verb in ("create", "get", "delete")} | {("pods", "list")} <= may
    assert {verb for what, verb in may if what == "secrets"} == {"create", "patch"}
    assert binding["subjects"] == of_kind("RoleBinding")["lora-runs"]["subjects"]
    assert of_kind("Deployment")["lora-code-location"]["spec"]["template"]["spec"]["serviceAccountName"] == "lora-runs"
    assert component["patches"][0]["target"]["name"] in of_kind("ConfigMap")


def test_pods_reach_what_settings_name_by_their_usual_ports():
    out = of_kind("NetworkPolicy")["lora-nothing-by-itself"]["spec"]["egress"]

    ports = {each["port"] for rule in out for each in rule["ports"]}
    assert {53, 443, 5432, 465, 587} <= ports


def test_large_uploads_go_to_the_cluster_that_the_operator_makes():
    component, cluster = loaded("kubernetes-dask/kustomization.yaml"), loaded("kubernetes-dask/cluster.yaml")
    [patch] = component["patches"]
    [engine] = re.findall(r"LORA_ENGINE, value: \"(.*?)\"", patch["patch"])
    scheduler = cluster["spec"]["scheduler"]
    ports = {each["name"]: each["port"] for each in scheduler["service"]["ports"]}

    assert {*component["resources"], "kustomization.yaml"} == {path.name for path in DASK.iterdir()}
    assert patch["target"]["name"] in of_kind("ConfigMap")
    assert engine == f"dask://{cluster['metadata']['name']}-scheduler:{ports['tcp-comm']}"
    assert Settings(engine=engine).engine == engine
    assert scheduler["service"]["selector"]["dask.org/cluster-name"] == cluster["metadata"]["name"]


@pytest.mark.parametrize("part", ["scheduler", "worker"])
def test_pods_of_the_cluster_may_no_more_than_others(part):
    """Whoever reaches the scheduler has any code run there: no secret lies there but the bucket's."""
    pod = loaded("kubernetes-dask/cluster.yaml")["spec"][part]["spec"]
    [only] = pod["containers"]
    secrets = [each["valueFrom"]["secretKeyRef"]["key"] for each in only["env"] if "valueFrom" in each]

    assert (pod["securityContext"]["runAsUser"], pod["automountServiceAccountToken"]) == (10001, False)
    assert only["securityContext"] == container(of_kind("Deployment")["lora-daemon"])["securityContext"]
    assert only["image"] == container(of_kind("Deployment")["lora-daemon"])["image"]
    assert set(only["resources"]) == {"requests", "limits"}
    assert ("envFrom" in only, [each for each in secrets if not each.startswith("AWS_")]) == (False, [])


def test_who_asks_the_cluster_may_reach_it_and_is_let_in():
    """The base lets nothing out to other ports."""
    policies = {each["metadata"]["name"]: each["spec"] for each in documents("kubernetes-dask/network.yaml")}
    [out] = policies["lora-to-dask"]["egress"]
    [scheduler] = [each["podSelector"]["matchLabels"] for each in out["to"]]
    [asking, _] = policies["lora-dask-scheduler"]["ingress"]
    run = loaded("kubernetes/dagster.yaml")["run_launcher"]["config"]["labels"]

    assert policies["lora-dask-scheduler"]["podSelector"]["matchLabels"] == scheduler
    assert asking["from"] == [{"podSelector": policies["lora-to-dask"]["podSelector"]}]
    [asks] = policies["lora-to-dask"]["podSelector"]["matchExpressions"]
    assert run["app.kubernetes.io/component"] in asks["values"]
    assert policies["lora-to-dask"]["podSelector"]["matchLabels"].items() <= run.items()
