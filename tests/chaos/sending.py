"""People who upload, whatever happens meanwhile: they try again until their file is there."""

import threading
import time
from collections.abc import Callable, Sequence

from pipeline.client import Client
from pipeline.errors import PipelineError
from tests.chaos.places import Places
from tests.chaos.uploads import Upload
from tests.service.serving import token

_AGAIN_S = 1.0


class Senders:
    """Each upload in a thread of its own, one begun each `every_s` seconds. sent: those that arrived whole."""

    def __init__(
        self, places: Places, service_url: str, uploads: Sequence[Upload], every_s: float, give_up_after_s: float
    ) -> None:
        self.sent: list[Upload] = []
        self.failed: list[str] = []
        self._places = places
        self._service_url = service_url
        self._folder = places.settings.data_dir.parent / "files"
        self._folder.mkdir(exist_ok=True)
        self._give_up_after_s = give_up_after_s
        self._threads: list[threading.Thread] = []
        self._stream = threading.Thread(target=self._send_all, args=(list(uploads), every_s), daemon=True)
        self._stream.start()

    @property
    def is_over(self) -> bool:
        """Whether the last upload has begun."""
        return not self._stream.is_alive()

    def join(self) -> None:
        """Wait until every upload has arrived, or was given up."""
        self._stream.join()
        for thread in self._threads:
            thread.join()

    def _send_all(self, uploads: list[Upload], every_s: float) -> None:
        for upload in uploads:
            thread = threading.Thread(target=self._send, args=(upload,), daemon=True)
            self._threads.append(thread)
            thread.start()
            time.sleep(every_s)

    def _send(self, upload: Upload) -> None:
        way = self._through_service if upload.way == "service" else self._drop
        deadline_s = time.monotonic() + self._give_up_after_s
        try:
            _until_done(lambda: way(upload), deadline_s)
            self.sent.append(upload)
        except Exception as error:
            self.failed.append(f"{upload.file_name}: {type(error).__name__}: {error}")

    def _drop(self, upload: Upload) -> None:
        self._places.drop(upload.owner, upload.file_name, upload.content)

    def _through_service(self, upload: Upload) -> None:
        file = self._folder / upload.file_name
        file.write_bytes(upload.content)
        with Client(self._service_url, token(upload.owner)) as client:
            # An answer may have got lost: an upload that the service knows already goes on, and is not begun twice.
            known = [d for d in client.datasets(search=upload.file_name).items if d.name == upload.file_name]
            if known and known[0].status != "uploading":
                return
            client.upload(file, name=upload.file_name, resume_id=known[0].id if known else None)


def _until_done(action: Callable[[], None], deadline_s: float) -> None:
    while True:
        try:
            return action()
        except (PipelineError, OSError):
            if time.monotonic() > deadline_s:
                raise
            time.sleep(_AGAIN_S)
