"""The ledger of a batch: every call that was paid or may have been, as JSON Lines or CSV, in bounded memory."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence

from pipeline.contract.generation_values import LedgerCall
from pipeline.service.batch_values import ledger_call
from pipeline.service.finding_service import safe_cell
from pipeline.service.made_access import MadeAccess
from pipeline.service.service import Service
from pipeline.service.user import User
from pipeline.state.catalog.generation_records import LedgerRow

_COLUMNS = tuple(LedgerCall.model_fields)


def calls_as_json_lines(service: Service, user: User, batch_id: str) -> Iterator[bytes]:
    """All calls, an object a line.

    Raises:
        BatchNotFound: there is none that the user may see; before the first line.
    """
    return _streamed(service, user, batch_id, _json_lines, b"")


def calls_as_csv(service: Service, user: User, batch_id: str) -> Iterator[bytes]:
    """All calls, a header and a row each; raises as `calls_as_json_lines`."""
    return _streamed(service, user, batch_id, _csv_rows, f"{','.join(_COLUMNS)}\r\n".encode())


def _streamed(
    service: Service, user: User, batch_id: str, written: Callable[[Sequence[LedgerCall]], bytes], head: bytes
) -> Iterator[bytes]:
    access = service.made(user)
    batch = access.batch(batch_id)

    def blocks() -> Iterator[bytes]:
        yield head
        for rows in _calls(access, batch.id):
            yield written([ledger_call(row) for row in rows])

    return blocks()


def _calls(access: MadeAccess, batch_id: str) -> Iterator[list[LedgerRow]]:
    after = 0
    while rows := access.readable.calls_of(batch_id, after):
        yield rows
        after = rows[-1].id


def _json_lines(calls: Sequence[LedgerCall]) -> bytes:
    return "".join(f"{call.model_dump_json()}\n" for call in calls).encode()


def _csv_rows(calls: Sequence[LedgerCall]) -> bytes:
    text = io.StringIO()
    rows = (call.model_dump(mode="json").values() for call in calls)
    csv.writer(text).writerows([[safe_cell(cell) for cell in row] for row in rows])
    return text.getvalue().encode()
