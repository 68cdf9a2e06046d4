"""The client's calls about the rows of a dataset, named as the API names them."""

from urllib.parse import quote

from pipeline.client.connection import Connection, given
from pipeline.contract.row_values import RejectedPage, RowPage, RowQuery

_ALL = RowQuery()


class RowCalls:
    """Which rows are asked for is a `RowQuery` of `pipeline.contract.row_values`."""

    _connection: Connection

    def rows(
        self, dataset_id: str, query: RowQuery = _ALL, *, page: int = 1, limit: int = 10, after: int = 0
    ) -> RowPage:
        """One page of the accepted rows that fit. after: of a language, behind this row (`RowPage.next_after`).

        Raises:
            DatasetNotFound: there is none of this id.
        """
        wanted = {**query.model_dump(exclude_none=True), "page": page, "limit": limit, "after": after}
        return self._connection.ask(RowPage, "GET", _rows(dataset_id), params=wanted)

    def rejected_rows(
        self, dataset_id: str, finding: str | None = None, *, page: int = 1, limit: int = 10
    ) -> RejectedPage:
        """One page of the rejected rows, as they stand in the upload, with what is wrong marked.

        Raises:
            DatasetNotFound: there is none of this id.
        """
        wanted = given({"finding": finding, "page": page, "limit": limit})
        return self._connection.ask(RejectedPage, "GET", f"{_rows(dataset_id)}/rejected", params=wanted)


def _rows(dataset_id: str) -> str:
    return f"/api/datasets/{quote(dataset_id, safe='')}/rows"
