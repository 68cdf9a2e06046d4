"""The card of a dataset as an answer of its own, which may carry its styles and pictures and nothing else."""

from fastapi.responses import HTMLResponse

from pipeline.errors import Conflicting
from pipeline.service.dataset_service import has_verdict
from pipeline.service.service import Service
from pipeline.service.user import User
from pipeline.state.catalog.dataset_records import no_verdict

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"


def card_page(service: Service, user: User, dataset_id: str) -> HTMLResponse:
    """Draw the card.

    Raises:
        DatasetNotFound: there is none that the user may see.
        Conflicting: there is no verdict yet.
    """
    dataset = service.access(user).dataset(dataset_id)
    if not has_verdict(dataset):
        raise Conflicting(no_verdict(dataset))
    from pipeline.card.page import render_card
    from pipeline.card.sources import card_of_dataset

    page = render_card(card_of_dataset(dataset, service.lake))
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})
