"""What the service does while nobody asks goes on, whatever happens to it."""

import asyncio

import pytest

from pipeline.errors import StoreError
from pipeline.service.background import _every


@pytest.mark.parametrize("error", [StoreError("the store is away"), OSError("disk"), ValueError("a mistake")])
def test_background_work_goes_on_after_an_error(error):
    done = asyncio.Event()
    attempts = 0

    async def work() -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise error
        done.set()

    async def watch() -> None:
        task = asyncio.create_task(_every(0, work))
        await asyncio.wait([task, asyncio.create_task(done.wait())], return_when=asyncio.FIRST_COMPLETED)
        task.cancel()

    asyncio.run(watch())

    assert done.is_set()
