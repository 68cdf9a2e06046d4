"""How a cluster is reached: as the pod that this is, or as a kubeconfig says.

https://kubernetes.io/docs/reference/config-api/kubeconfig.v1 has its fields. Tokens and certificates are taken; a
program that makes tokens is not run.
"""

import base64
import ssl
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import ServiceError, SettingsError

IN_CLUSTER = "in-cluster"
_OF_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True)
class Access:
    """The address of an API server, and who asks."""

    address: str
    token: Callable[[], str]
    """Read at each request."""
    trusted: Callable[[], ssl.SSLContext | bool]
    """Whose certificates count."""
    namespace: str = "default"
    """That of the pod or of the kubeconfig's context."""


def cluster_access(said: str, environment: Mapping[str, str]) -> Access:
    """The access that a setting names: `in-cluster`, or the path of a kubeconfig.

    Raises:
        SettingsError: it cannot be used; says why.
    """
    if said != IN_CLUSTER:
        return _of_kubeconfig(Path(said).expanduser())
    host, port = environment.get("KUBERNETES_SERVICE_HOST"), environment.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise SettingsError("LORA_KUBERNETES: expected a pod, where KUBERNETES_SERVICE_HOST is set, found none")
    host = f"[{host}]" if ":" in host else host
    return Access(
        address=f"https://{host}:{port}",
        token=lambda: read_token(_OF_POD / "token"),
        trusted=lambda: _context(ca_file=_OF_POD / "ca.crt"),
        namespace=read_token(_OF_POD / "namespace"),
    )


def read_token(path: Path) -> str:
    """A short text in a file, which may be renewed there.

    Raises:
        ServiceError: it cannot be read.
    """
    try:
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise ServiceError(f"cannot read {path}: {error.strerror}; check it") from error


def _of_kubeconfig(path: Path) -> Access:
    import yaml

    try:
        config = yaml.safe_load(path.read_text("utf-8"))
        context = _named(config["contexts"], config["current-context"])["context"]
        cluster = _named(config["clusters"], context["cluster"])["cluster"]
        user = _named(config["users"], context["user"])["user"]
        address = str(cluster["server"]).rstrip("/")
    except OSError as error:
        raise SettingsError(f"LORA_KUBERNETES: cannot read {path}: {error.strerror}; check it") from error
    except (yaml.YAMLError, KeyError, TypeError, StopIteration) as error:
        raise SettingsError(f"LORA_KUBERNETES: expected a kubeconfig with a current context in {path}") from error
    if not user.keys() & {"token", "tokenFile", "client-certificate", "client-certificate-data"}:
        raise SettingsError(
            f"LORA_KUBERNETES: expected a token or a certificate of the user in {path}, found "
            f"{', '.join(user) or 'none'}: make a token of a service account (kubectl create token)"
        )
    token_file = user.get("tokenFile")
    return Access(
        address=address,
        token=lambda: read_token(path.parent / token_file) if token_file else str(user.get("token", "")),
        trusted=lambda: _context_of(path.parent, cluster, user),
        namespace=context.get("namespace") or "default",
    )


def _named(listed: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(each for each in listed if each["name"] == name)


def _context_of(folder: Path, cluster: Mapping[str, Any], user: Mapping[str, Any]) -> ssl.SSLContext | bool:
    if str(cluster["server"]).startswith("http://"):
        return True  # a proxy on this machine, as kubectl proxy
    if cluster.get("insecure-skip-tls-verify"):
        raise ServiceError("LORA_KUBERNETES: expected the cluster's certificate authority, found none: add it")
    authority = cluster.get("certificate-authority-data")
    context = _context(
        ca_text=base64.b64decode(authority).decode() if authority else None,
        ca_file=folder / cluster["certificate-authority"] if "certificate-authority" in cluster else None,
    )
    with tempfile.TemporaryDirectory() as private:
        parts = [
            _part(folder, Path(private), user, "client-certificate"),
            _part(folder, Path(private), user, "client-key"),
        ]
        if parts[0] is not None:
            context.load_cert_chain(parts[0], parts[1])
    return context


def _part(folder: Path, private: Path, user: Mapping[str, Any], name: str) -> Path | None:
    """The file of a certificate or key; one that stands in the kubeconfig itself is laid aside for a moment."""
    if f"{name}-data" in user:
        place = private / name
        place.touch(mode=0o600)
        place.write_bytes(base64.b64decode(user[f"{name}-data"]))
        return place
    return folder / user[name] if name in user else None


def _context(*, ca_text: str | None = None, ca_file: Path | None = None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file, cadata=ca_text)
    except (OSError, ssl.SSLError) as error:
        raise ServiceError(f"cannot use the certificate authority of the cluster: {error}; check it") from error
