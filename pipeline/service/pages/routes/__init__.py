"""The addresses of the pages, one router a subject; `pages` is all of them, `no_such_page` what is at no other."""

from fastapi import APIRouter

from pipeline.service.pages.page_route import no_such_page
from pipeline.service.pages.routes import (
    conversation_pages,
    cost_pages,
    dataset_file_pages,
    dataset_pages,
    generation_pages,
    job_pages,
    model_pages,
    notification_pages,
    row_pages,
    scaffold_pages,
    session_pages,
    static_pages,
    training_file_pages,
    training_pages,
)

__all__ = ["no_such_page", "pages"]

pages = APIRouter(include_in_schema=False)
for _each in (
    static_pages,
    session_pages,
    notification_pages,
    scaffold_pages,
    generation_pages,
    conversation_pages,
    training_file_pages,
    training_pages,
    job_pages,
    model_pages,
    cost_pages,
    row_pages,
    dataset_file_pages,
    dataset_pages,
):
    pages.include_router(_each.router)
