"""Requests to a cluster's API server, and what its refusals mean for whoever asks.

https://kubernetes.io/docs/reference/using-api/api-concepts has what the statuses mean.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.errors import ServiceError, UsageError
from pipeline.launchers.kubernetes.cluster_access import Access

if TYPE_CHECKING:
    import httpx2

_CONNECT_S, _ANSWER_S = 5.0, 15.0  # a sensor's tick has 60 s for all trainings
_MOST_MESSAGE = 600
_REFUSED = (400, 404, 413, 415, 422)


class Invalid(UsageError):
    """The API server does not take an object as it is."""


class Cluster:
    """Asks the API server of a cluster."""

    def __init__(self, access: Access, transport: "httpx2.BaseTransport | None" = None) -> None:
        self._access = access
        self._transport = transport

    def find(self, path: str, **parameters: str) -> Mapping[str, Any] | None:
        """The object at a path; None where there is none.

        Raises:
            ServiceError: it cannot be asked, or may not be.
        """
        answer = self._asked("GET", path, params=parameters)
        return None if answer.status_code == 404 else self._read(answer, "read", path)

    def create(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Make an object; None where there is one of its name.

        Raises:
            Invalid: it is not taken as it is; says why.
            ServiceError: it cannot be asked, may not be, or there is no room for it by its quota.
        """
        answer = self._asked("POST", path, json=body)
        if answer.status_code == 409:
            return None
        if answer.status_code in _REFUSED:
            raise Invalid(f"the cluster refuses it ({answer.status_code}): {_said(answer)}")
        return self._read(answer, "create", path)

    def patch(self, path: str, body: Mapping[str, Any]) -> None:
        """Change fields of an object; raises what `find` does."""
        headers = {"Content-Type": "application/merge-patch+json"}
        self._read(self._asked("PATCH", path, json=body, headers=headers), "change", path)

    def delete(self, path: str, body: Mapping[str, Any]) -> None:
        """Have an object removed; nothing where there is none. Raises what `find` does."""
        answer = self._asked("DELETE", path, json=body)
        if answer.status_code != 404:
            self._read(answer, "delete", path)

    def _asked(self, method: str, path: str, **options: Any) -> "httpx2.Response":
        import httpx2

        headers = options.pop("headers", {})
        if token := self._access.token():
            headers["Authorization"] = f"Bearer {token}"
        try:
            with httpx2.Client(
                verify=self._access.trusted(),
                follow_redirects=False,
                timeout=httpx2.Timeout(_ANSWER_S, connect=_CONNECT_S),
                transport=self._transport,
                trust_env=False,  # a proxy for the world is none for a cluster
            ) as client:
                return client.request(method, f"{self._access.address}{path}", headers=headers, **options)
        except httpx2.HTTPError as error:
            raise ServiceError(f"the cluster did not answer ({type(error).__name__}): it is asked again") from error

    def _read(self, answer: "httpx2.Response", action: str, path: str) -> Mapping[str, Any]:
        if answer.status_code in (401, 403):
            raise ServiceError(f"the cluster does not let us {action} {path} ({answer.status_code}): {_said(answer)}")
        if not answer.is_success:
            raise ServiceError(f"the cluster could not {action} {path} ({answer.status_code}): it is asked again")
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ServiceError("the cluster answered with something else than JSON: it is asked again")
        return found


def _said(answer: "httpx2.Response") -> str:
    try:
        said = answer.json()["message"]
    except (ValueError, KeyError, TypeError):
        said = answer.text
    return " ".join(str(said).split())[:_MOST_MESSAGE] or "it does not say why"
