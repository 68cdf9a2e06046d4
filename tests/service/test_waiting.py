"""Who waits for a place to read rows or lines holds no thread: the ones that there are answer everybody else."""

from functools import partial
from threading import Event
from types import SimpleNamespace

import anyio
import pytest
from anyio import CapacityLimiter, create_task_group, fail_after, to_thread

from pipeline.errors import StoreError
from pipeline.service.pages.routes.dataset_file_pages import show_comparison
from pipeline.service.pages.routes.dataset_pages import show_dataset
from pipeline.service.pages.routes.row_pages import show_rows
from pipeline.service.routes.dataset_file_routes import compare_datasets
from pipeline.service.routes.finding_routes import Form, list_dataset_findings
from pipeline.service.routes.row_routes import PageOfRows, list_rejected_rows, list_rows

PAGE = SimpleNamespace(query_params={})
FINDINGS = {"page": 1, "limit": 5, "code": None, "form": Form.PAGE}
ROUTES = {
    "rows": ("row_readers", partial(list_rows, asked=PageOfRows())),
    "rejected": ("row_readers", partial(list_rejected_rows, finding=None, page=1, limit=5)),
    "rows-page": ("row_readers", partial(show_rows, PAGE)),
    "compare": ("row_readers", partial(compare_datasets, before="other")),
    "compare-page": ("row_readers", partial(show_comparison, PAGE, before="other")),
    "lines": ("line_readers", partial(list_dataset_findings, lines=True, **FINDINGS)),
    "dataset-page": ("line_readers", partial(show_dataset, PAGE)),
}


@pytest.mark.parametrize(("place", "route"), ROUTES.values(), ids=ROUTES)
def test_who_waits_for_a_place_holds_no_thread(place, route):
    may_end, begun = Event(), []

    def access(_):
        begun.append(1)
        may_end.wait(20)
        raise StoreError("enough seen")

    async def ask(service):
        with pytest.raises(StoreError, match="enough seen"):
            await route(service=service, user=None, dataset_id="d")

    async def asked_thrice():
        service = SimpleNamespace(access=access, **{place: CapacityLimiter(1)})
        async with create_task_group() as group:
            for _ in range(3):
                group.start_soon(ask, service)
            with fail_after(20):
                while getattr(service, place).statistics().tasks_waiting < 2 or not begun:
                    await anyio.sleep(0.001)
            held = to_thread.current_default_thread_limiter().statistics().borrowed_tokens
            running = len(begun)
            may_end.set()
        return running, held

    assert anyio.run(asked_thrice) == (1, 0)
