"""What mending would change in a dataset, the files that can be taken home, and how two versions differ."""

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from pipeline.errors import Conflicting, ObjectChanged, ObjectMissing, TooLarge
from pipeline.service import dataset_file_service
from pipeline.service.pages.compare_page import compare_page
from pipeline.service.pages.dataset_card import dataset_card
from pipeline.service.pages.framing import framed
from pipeline.service.pages.mend_page import mend_page
from pipeline.service.pages.page_route import PageRoute
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser

router = APIRouter(prefix="/datasets/{dataset_id}", route_class=PageRoute)


@router.get("/mend")
async def show_mending(request: Request, service: CurrentService, user: CurrentUser, dataset_id: str) -> HTMLResponse:
    """What would be mended, with examples; or why nothing can be."""

    def draw() -> HTMLResponse:
        card = dataset_card(service.access(user).dataset(dataset_id), service.now())
        try:
            page = mend_page(card, dataset_file_service.mend_preview(service, user, dataset_id))
        except (Conflicting, TooLarge) as error:
            page = mend_page(card, None, str(error))
        except (ObjectMissing, ObjectChanged):
            page = mend_page(card, None, "the upload is not in the store as it was read: upload it again")
        return framed(request, service, user, "datasets", "mend", page=page)

    return await to_thread.run_sync(draw, limiter=service.heavy)


@router.get("/compare")
async def show_comparison(
    request: Request,
    service: CurrentService,
    user: CurrentUser,
    dataset_id: str,
    before: Annotated[str, Query(alias="with", max_length=200)] = "",
) -> HTMLResponse:
    """How a dataset differs from another one, which is taken for the older."""

    def draw() -> HTMLResponse:
        found = dataset_file_service.compare_datasets(service, user, dataset_id, before)
        access, now = service.access(user), service.now()
        card, former = (dataset_card(access.dataset(each), now) for each in (dataset_id, before))
        return framed(request, service, user, "datasets", "compare", page=compare_page(card, former, found))

    return await to_thread.run_sync(draw, limiter=service.row_readers)
