"""`/api/catalogue`."""

from fastapi import APIRouter

from pipeline.contract.catalogue_values import Catalogue
from pipeline.contract.http_answers import Answer
from pipeline.service.catalogue_service import show_catalogue
from pipeline.service.service import CurrentService
from pipeline.service.users import CurrentUser

router = APIRouter(prefix="/api/catalogue", tags=["training jobs"])


@router.get("")
def catalogue(service: CurrentService, _user: CurrentUser) -> Answer[Catalogue]:
    """Show what a job can be made of: models, GPUs, presets, prices, trainers, and what may be set by hand."""
    return Answer(data=show_catalogue(service.settings))
