"""The rows of a dataset as a user looks at them. Values in, values out; no HTTP.

Who asks does so in the places of `Service.row_readers`, so that whoever waits for one holds no thread.
"""

from pipeline.contract.row_values import RejectedPage, RowPage, RowQuery
from pipeline.errors import Conflicting
from pipeline.service.dataset_service import has_verdict
from pipeline.service.service import Service
from pipeline.service.user import User
from pipeline.state.catalog.dataset_records import Dataset, no_verdict

PAGE_ROWS = 10  # rows that a search found lie in as many row groups, each some 10 ms to read


def list_rows(
    service: Service, user: User, dataset_id: str, query: RowQuery, *, page: int, limit: int, after: int = 0
) -> RowPage:
    """One page of the accepted rows that fit.

    Raises:
        DatasetNotFound: there is none that the user may see.
        Conflicting: there is no verdict yet.
        UsageError: there is no such finding.
    """
    from pipeline.dataset.browsing.row_tables import RowTables  # pyarrow and Polars: 80 MB
    from pipeline.flow.pages_of_rows import accepted_page

    dataset = _read_dataset(service, user, dataset_id)
    tables, version = RowTables(service.lake, dataset.id), dataset.validated_at
    return accepted_page(tables, query, page, limit, after, service.found_rows, version)


def list_rejected_rows(
    service: Service, user: User, dataset_id: str, finding: str | None, *, page: int, limit: int
) -> RejectedPage:
    """One page of the rejected rows, as they stand in the upload.

    Raises:
        DatasetNotFound: there is none that the user may see.
        Conflicting: there is no verdict yet.
    """
    from pipeline.dataset.browsing.row_tables import RowTables
    from pipeline.flow.pages_of_rows import rejected_page
    from pipeline.flow.upload_lines import lines_of_dataset

    dataset = _read_dataset(service, user, dataset_id)
    lines = lines_of_dataset(service.store, service.lake, dataset)
    return rejected_page(RowTables(service.lake, dataset.id), lines, finding, page, limit)


def _read_dataset(service: Service, user: User, dataset_id: str) -> Dataset:
    dataset = service.access(user).dataset(dataset_id)
    if not has_verdict(dataset):
        raise Conflicting(no_verdict(dataset))
    return dataset
