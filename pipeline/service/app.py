"""Composes the service: settings in, FastAPI application out. Nothing is opened before it starts."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Response
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from pipeline.clock import utc_now
from pipeline.contract.http_answers import PROBLEMS
from pipeline.flow.launching import what_is_missing
from pipeline.flow.owners import Owners
from pipeline.service.background import working_aside
from pipeline.service.error_answers import handle_errors
from pipeline.service.event_streams import Streams
from pipeline.service.health_of_parts import HealthWatch
from pipeline.service.limits import Limiter
from pipeline.service.measures.measuring import Measuring
from pipeline.service.measures.request_times import RequestTimes
from pipeline.service.middleware import AnswersHead, BodyLimit, RequestLog, SecurityHeaders, security_headers
from pipeline.service.presigned_factory import make_presigner
from pipeline.service.receivers import Receivers
from pipeline.service.routes import (
    attempt_routes,
    catalogue_routes,
    conversation_routes,
    cost_routes,
    dataset_file_routes,
    dataset_routes,
    event_routes,
    finding_routes,
    generation_routes,
    health_routes,
    ignored,
    job_routes,
    metric_routes,
    model_routes,
    notification_routes,
    quotas,
    row_routes,
    scaffold_routes,
    training_file_routes,
    training_routes,
    upload_routes,
)
from pipeline.service.service import Service
from pipeline.service.signing import make_signer
from pipeline.service.tokens import make_authority
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import make_lake
from pipeline.state.store import make_store

API = (
    health_routes.router,
    metric_routes.router,
    upload_routes.router,
    dataset_routes.router,
    finding_routes.router,
    row_routes.router,
    dataset_file_routes.router,
    event_routes.router,
    job_routes.router,
    training_routes.router,
    attempt_routes.router,
    model_routes.router,
    cost_routes.router,
    catalogue_routes.router,
    scaffold_routes.router,
    generation_routes.router,
    conversation_routes.router,
    training_file_routes.router,
    notification_routes.router,
    ignored.router,
    quotas.router,
)
DESCRIPTION = """Upload datasets of conversations, see whether they can train a model, and what to mend. Or have
conversations made by a model, review them, and build a dataset of those that are good.

Every answer is `{"success": true, "data": …}` or `{"error": …, "details": …}`. Send a bearer token with each request:
`Authorization: Bearer <token>`."""


def create_app(
    settings: Settings,
    *,
    pages: Sequence[APIRouter] = (),
    no_such_page: Callable[[], Response] | None = None,
    now: Callable[[], datetime] = utc_now,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> FastAPI:
    """Return the application. pages: routers of HTML pages, no_such_page: at all other addresses. now: the clock.

    environment: in which it is looked for what launchers need.
    """

    requests = RequestTimes()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service = open_service(settings, now, environment, requests)
        app.state.service = service
        _build_routes(app)
        try:
            async with working_aside(service):
                yield
        finally:
            service.catalog.close()

    app = FastAPI(
        title="LoRA dataset pipeline",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,  # their pages load scripts from elsewhere; docs/api.md has the same
        redoc_url=None,
        responses=PROBLEMS,
        middleware=_middleware(settings, requests),
    )
    handle_errors(app, no_such_page)
    for router in (*API, *pages):
        app.include_router(router)
    return app


def _build_routes(app: FastAPI) -> None:
    """Let FastAPI build what it makes of a route when first asked: several first requests would do it side by side.

    It silences warnings meanwhile, which Python does for all threads at once.
    """
    for route in app.router.routes:
        route.matches({"type": "http", "method": "GET", "path": "/", "root_path": "", "headers": []})


def open_service(
    settings: Settings, now: Callable[[], datetime], environment: Mapping[str, str], requests: RequestTimes
) -> Service:
    """Connect to catalog, store and lake. requests: what is counted of them.

    Raises:
        SettingsError: a setting cannot be used.
        CatalogError: the catalog cannot be reached.
    """
    signer = make_signer(settings)
    store, lake = make_store(settings), make_lake(settings)
    authority, presigner = make_authority(settings), make_presigner(settings, store, signer)
    catalog = Catalog.open(settings.catalog_url, in_a_hurry=True)
    return Service(
        settings=settings,
        catalog=catalog,
        store=store,
        lake=lake,
        authority=authority,
        signer=signer,
        presigner=presigner,
        owners=Owners(store),
        limiter=Limiter(settings.requests_per_minute),
        receivers=Receivers(),
        streams=Streams(),
        health=HealthWatch(settings, store, catalog, lake, now),
        measuring=Measuring(catalog, requests, now),
        now=now,
        missing=what_is_missing(settings, environment),
    )


def _middleware(settings: Settings, requests: RequestTimes) -> list[Middleware]:
    """Outermost first."""
    chain = [
        Middleware(RequestLog, count=requests.add),
        Middleware(SecurityHeaders, headers=security_headers(_upload_origin(settings))),
    ]
    origins = [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]
    if origins:
        allowed = ["Authorization", "Content-Type", "Upload-Offset"]
        chain.append(Middleware(CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=allowed))
    return [*chain, Middleware(AnswersHead), Middleware(BodyLimit)]


def _upload_origin(settings: Settings) -> str:
    if not settings.store.startswith("s3://"):
        return ""
    if not settings.s3_endpoint_url:
        return f"https://s3.{settings.s3_region}.amazonaws.com https://s3.amazonaws.com"
    parts = urlsplit(settings.s3_endpoint_url)
    return f"{parts.scheme}://{parts.netloc}"
