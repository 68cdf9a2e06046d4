"""The rows of a dataset, to be looked at."""

from anyio import to_thread
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from pipeline.service import row_service
from pipeline.service.pages.dataset_card import dataset_card
from pipeline.service.pages.framing import framed
from pipeline.service.pages.page_route import PageRoute
from pipeline.service.pages.rows_page import asked_of, rows_page
from pipeline.service.row_service import PAGE_ROWS
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser

router = APIRouter(prefix="/datasets/{dataset_id}/rows", route_class=PageRoute)


@router.get("")
async def show_rows(request: Request, service: CurrentService, user: CurrentUser, dataset_id: str) -> HTMLResponse:
    """The rows that the address means, accepted or rejected."""

    def draw() -> HTMLResponse:
        asked = asked_of(request.query_params)
        found = rejected = None
        if asked.is_rejected:
            rejected = row_service.list_rejected_rows(
                service, user, dataset_id, asked.query.finding, page=asked.page, limit=PAGE_ROWS
            )
        else:
            found = row_service.list_rows(
                service, user, dataset_id, asked.query, page=asked.page, limit=PAGE_ROWS, after=asked.after
            )
        from pipeline.card.sources import figures_of_dataset

        dataset = service.access(user).dataset(dataset_id)
        figures = figures_of_dataset(dataset, service.lake)
        page = rows_page(dataset_card(dataset, service.now()), figures, asked, found, rejected)
        return framed(request, service, user, "datasets", "rows", page=page)

    return await to_thread.run_sync(draw, limiter=service.row_readers)
