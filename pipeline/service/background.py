"""What the service does while nobody asks: sends notifications, asks how the other parts are, expires uploads."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from anyio import to_thread

from pipeline.errors import PipelineError, SettingsError
from pipeline.flow.expiry import Expired, expire_uploads
from pipeline.service.service import Service
from pipeline.service.webhooks import Webhook

_LOG = logging.getLogger(__name__)
SEND_EVERY_S = 5.0
TIDY_EVERY_S = 600.0
ASK_EVERY_S = 15.0


@asynccontextmanager
async def working_aside(service: Service) -> AsyncIterator[None]:
    """Work in the background for as long as the block lasts.

    Raises:
        SettingsError: a webhook is set without its secret.
    """
    webhook = _webhook(service)
    tasks = [asyncio.create_task(_every(TIDY_EVERY_S, lambda: to_thread.run_sync(tidy, service)))]
    tasks.append(asyncio.create_task(_every(ASK_EVERY_S, service.health.current)))
    if webhook:
        tasks.append(
            asyncio.create_task(_every(SEND_EVERY_S, lambda: to_thread.run_sync(webhook.send_due, service.catalog)))
        )
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if webhook:
            webhook.close()


def tidy(service: Service) -> Expired:
    """Confirm or give up uploads that waited long enough, and remove what arrived of the latter."""
    now = service.now()
    service.catalog.forget_ended_sessions(now)
    service.catalog.forget_changes()
    return expire_uploads(service.store, service.catalog, service.settings, now)


async def _every(pause_s: float, work: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await work()
        except PipelineError as error:  # what is broken now may be mended at the next attempt
            _LOG.error("background work failed: %s", error)
        except Exception as error:  # a mistake of ours, or of a library, must not end expiry and webhooks for good
            _LOG.error("background work failed: %s", type(error).__name__)
        await asyncio.sleep(pause_s)


def _webhook(service: Service) -> Webhook | None:
    settings = service.settings
    if not settings.webhook_url:
        return None
    secret = settings.webhook_secret.get_secret_value()
    if not secret:
        raise SettingsError("LORA_WEBHOOK_URL is set: expected LORA_WEBHOOK_SECRET as well, found none; set it")
    return Webhook(settings.webhook_url, secret, service.now)
