"""`/api/scaffolds`: personas, emotional arcs, topics and prompt templates, in versions."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from pipeline.contract.http_answers import MISSING, Answer
from pipeline.contract.scaffold_values import (
    EditedScaffold,
    ScaffoldCheck,
    ScaffoldEdit,
    ScaffoldList,
    ScaffoldVersions,
)
from pipeline.service import scaffold_service
from pipeline.service.routes.route_parameters import PageNumber
from pipeline.service.scaffold_service import MAX_LIMIT
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser
from pipeline.state.catalog.statuses import ScaffoldKind

router = APIRouter(prefix="/api/scaffolds", tags=["scaffolds"])
ScaffoldKey = Annotated[str, Path(pattern=r"^[a-z0-9_]{1,64}$", description="The key of a scaffold, of its kind.")]


@router.get("")
def list_scaffolds(
    service: CurrentService,
    user: CurrentUser,
    page: PageNumber = 1,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = MAX_LIMIT,
    kind: Annotated[ScaffoldKind | None, Query(description="Only those of this kind.")] = None,
) -> Answer[ScaffoldList]:
    """List what conversations of yours are made of: your own scaffolds, and the installation's for the other keys."""
    return Answer(data=scaffold_service.list_scaffolds(service, user, kind, page=page, limit=limit))


@router.get("/check")
def check_scaffolds(service: CurrentService, user: CurrentUser) -> Answer[ScaffoldCheck]:
    """Say what does not fit in your scaffolds: what they say of one another, and what a plan needs of them."""
    return Answer(data=scaffold_service.check_all(service, user))


@router.get("/{kind}/{key}", responses=MISSING)
def show_scaffold(
    service: CurrentService,
    user: CurrentUser,
    kind: ScaffoldKind,
    key: ScaffoldKey,
    page: PageNumber = 1,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = 20,
) -> Answer[ScaffoldVersions]:
    """Show every version of a scaffold: your own before the installation's, the newest first."""
    return Answer(data=scaffold_service.show_scaffold(service, user, kind, key, page=page, limit=limit))


@router.put("/{kind}/{key}", responses=MISSING)
def put_scaffold(
    service: CurrentService, user: CurrentUser, kind: ScaffoldKind, key: ScaffoldKey, edit: ScaffoldEdit
) -> Answer[EditedScaffold]:
    """Add a version of your own, which new plans draw from then on; batches keep the versions of their plan."""
    return Answer(data=scaffold_service.put_scaffold(service, user, kind, key, edit))
