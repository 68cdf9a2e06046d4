"""The client's calls about files that are made of a dataset, and about how two datasets differ."""

from pathlib import Path
from urllib.parse import quote

from pipeline.client.connection import Connection
from pipeline.contract.converted_format import ConvertedFormat
from pipeline.contract.mend_values import DatasetComparison, MendPreview


class DatasetFileCalls:
    """Files come whole or not at all."""

    _connection: Connection

    def download_original(self, dataset_id: str, place: Path) -> None:
        """Write the upload as it arrived into a file.

        Raises:
            DatasetNotFound: there is none of this id.
        """
        self._connection.download(f"{_dataset(dataset_id)}/original", place)

    def download_mended(self, dataset_id: str, place: Path) -> None:
        """Write the mended file.

        Raises:
            DatasetNotFound: there is none of this id.
        """
        self._connection.download(f"{_dataset(dataset_id)}/mended", place)

    def download_converted(self, dataset_id: str, to: ConvertedFormat | str, place: Path) -> None:
        """Write the accepted rows in another format.

        Raises:
            DatasetNotFound: there is none of this id.
        """
        self._connection.download(f"{_dataset(dataset_id)}/converted?to={quote(str(to))}", place)

    def mend_preview(self, dataset_id: str) -> MendPreview:
        """What mending would change: counts and the first examples.

        Raises:
            DatasetNotFound: there is none of this id.
        """
        return self._connection.ask(MendPreview, "GET", f"{_dataset(dataset_id)}/mend")

    def compare(self, dataset_id: str, before_id: str) -> DatasetComparison:
        """How a dataset differs from another one, which is taken for the older.

        Raises:
            DatasetNotFound: there is none of one of these ids.
        """
        place, asked = f"{_dataset(dataset_id)}/compare", {"with": before_id}
        return self._connection.ask(DatasetComparison, "GET", place, params=asked)


def _dataset(dataset_id: str) -> str:
    return f"/api/datasets/{quote(dataset_id, safe='')}"
