"""The client's calls about scaffolds: `client.scaffolds`."""

from collections.abc import Mapping
from typing import Any

from pipeline.client.connection import Connection, given
from pipeline.contract.scaffold_values import EditedScaffold, ScaffoldCheck, ScaffoldList, ScaffoldVersions
from pipeline.state.catalog.statuses import ScaffoldKind

_PLACE = "/api/scaffolds"


class ScaffoldCalls:
    """What conversations are made of: one's own, and the installation's for the other keys."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, kind: ScaffoldKind | None = None, *, page: int = 1, limit: int = 100) -> ScaffoldList:
        """One page of them, by kind and key."""
        params = given({"kind": kind, "page": page, "limit": limit})
        return self._connection.ask(ScaffoldList, "GET", _PLACE, params=params)

    def show(self, kind: ScaffoldKind, key: str, *, page: int = 1, limit: int = 20) -> ScaffoldVersions:
        """The versions of one: one's own before the installation's, the newest first.

        Raises:
            ScaffoldNotFound: there is none.
        """
        params = {"page": page, "limit": limit}
        return self._connection.ask(ScaffoldVersions, "GET", f"{_PLACE}/{kind}/{key}", params=params)

    def add(
        self, kind: ScaffoldKind, key: str, content: Mapping[str, Any] | None = None, *, is_active: bool = True
    ) -> EditedScaffold:
        """Add a version of one's own; what says the same as before is none. content: None leaves it as it is.

        Raises:
            ScaffoldNotFound: it is to stay as it is, and there is none.
            RequestRefused: a value is missing, unknown or out of range; names each fault.
        """
        body = {"content": None if content is None else dict(content), "is_active": is_active}
        return self._connection.ask(EditedScaffold, "PUT", f"{_PLACE}/{kind}/{key}", json=body)

    def check(self) -> ScaffoldCheck:
        """What does not fit in them."""
        return self._connection.ask(ScaffoldCheck, "GET", f"{_PLACE}/check")
