"""Scaffolds as users see them: the installation's, and their own before these. Values in, values out; no HTTP."""

from typing import Any

from pipeline.contract.scaffold_values import (
    EditedScaffold,
    ScaffoldCheck,
    ScaffoldEdit,
    ScaffoldFault,
    ScaffoldList,
    ScaffoldSummary,
    ScaffoldVersion,
    ScaffoldVersions,
)
from pipeline.errors import ScaffoldNotFound
from pipeline.flow.generation.scaffold_sets import edit_scaffold, ensure_scaffolds, scaffolds_for
from pipeline.generation.scaffold_checks import check_scaffolds
from pipeline.service.service import Service
from pipeline.service.user import User
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.generation_records import ScaffoldRow
from pipeline.state.catalog.scaffold_rows import EVERYBODY
from pipeline.state.catalog.statuses import ScaffoldKind

MAX_LIMIT = 100


def list_scaffolds(service: Service, user: User, kind: ScaffoldKind | None, *, page: int, limit: int) -> ScaffoldList:
    """One page of what a user's plans draw, or would if it were active."""
    found = [row for row in _own(service, user).scaffolds_of(user.id) if kind in (None, row.kind)]
    items = [ScaffoldSummary(**_fields(row)) for row in found[(page - 1) * limit : page * limit]]
    return ScaffoldList(items=items, total=len(found), page=page, limit=limit)


def show_scaffold(
    service: Service, user: User, kind: ScaffoldKind, key: str, *, page: int, limit: int
) -> ScaffoldVersions:
    """One page of a scaffold's versions.

    Raises:
        ScaffoldNotFound: there is none that the user may see.
    """
    found = _own(service, user).scaffold_versions(user.id, kind, key)
    if not found:
        raise ScaffoldNotFound(f"expected the key of a {kind}, found {key!r}: list them first")
    items = [_version(row) for row in found[(page - 1) * limit : page * limit]]
    return ScaffoldVersions(items=items, total=len(found), page=page, limit=limit)


def put_scaffold(service: Service, user: User, kind: ScaffoldKind, key: str, edit: ScaffoldEdit) -> EditedScaffold:
    """Add a version of one's own; what says the same as before is no other version.

    Raises:
        ScaffoldNotFound: it is to stay as it is, and there is none.
        UsageError: a value is missing, unknown or out of range; names each fault.
    """
    own = _own(service, user)
    row, is_new = edit_scaffold(own, user.id, kind, key, edit.content, service.now(), is_active=edit.is_active)
    faults = [each for each in _faults(own, user) if (each.kind, each.key) == (kind, key)]
    return EditedScaffold(scaffold=_version(row), is_new=is_new, faults=faults)


def check_all(service: Service, user: User) -> ScaffoldCheck:
    """Everything that does not fit in what a user's plans draw."""
    return ScaffoldCheck(items=_faults(_own(service, user), user))


def _own(service: Service, user: User) -> Catalog:
    ensure_scaffolds(service.catalog, service.now())
    return service.made(user).own


def _faults(own: Catalog, user: User) -> list[ScaffoldFault]:
    scaffolds, _versions = scaffolds_for(own, user.id)
    names = ScaffoldFault.model_fields
    return [ScaffoldFault(**{name: getattr(each, name) for name in names}) for each in check_scaffolds(scaffolds)]


def _version(row: ScaffoldRow) -> ScaffoldVersion:
    return ScaffoldVersion(**_fields(row), content=row.content)


def _fields(row: ScaffoldRow) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in ScaffoldSummary.model_fields if name != "is_own"}
    return fields | {"is_own": row.user_id != EVERYBODY}
