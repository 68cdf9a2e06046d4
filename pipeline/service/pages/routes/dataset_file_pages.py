"""What mending would change in a dataset, and the files that can be taken home."""

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from pipeline.errors import Conflicting, ObjectChanged, ObjectMissing, TooLarge
from pipeline.service import dataset_file_service
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
