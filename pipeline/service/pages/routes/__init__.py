"""The addresses of the pages, one router a subject; `pages` is all of them."""

from fastapi import APIRouter

from pipeline.service.pages.routes import datasets, notifications, sessions, static, training

pages = APIRouter(include_in_schema=False)
for _each in (static, sessions, notifications, training, datasets):
    pages.include_router(_each.router)
