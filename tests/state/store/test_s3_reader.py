"""Promises of `pipeline.state.store.s3_reader` that a client of our own is enough for."""

import io

from pipeline.state.store import s3_reader
from pipeline.state.store.s3_reader import S3Reader

CONTENT = b"0123456789"


class BreakingClient:
    """Gives three bytes an answer, and notes what it was asked."""

    def __init__(self):
        self.asked = []

    def get_object(self, **request):
        self.asked.append((request.get("IfMatch"), request["Range"]))
        first, end = request["Range"].removeprefix("bytes=").split("-")
        first, last = int(first), int(end or len(CONTENT) - 1)
        return {
            "Body": io.BytesIO(CONTENT[first : first + 3]),
            "ContentRange": f"bytes {first}-{last}/{len(CONTENT)}",
            "ContentLength": last - first + 1,
            "ETag": '"v1"',
        }


def test_every_request_after_a_break_is_for_the_version_of_the_first_answer(monkeypatch):
    monkeypatch.setattr(s3_reader.time, "sleep", lambda _: None)
    client = BreakingClient()
    reader = S3Reader(client, "bucket", "a.jsonl", "s3://bucket/a.jsonl", 0, None, "")

    assert reader.read() == CONTENT
    assert client.asked == [(None, "bytes=0-"), *(('"v1"', f"bytes={at}-9") for at in (3, 6, 9))]


def test_a_version_that_is_meant_is_asked_for_from_the_beginning():
    client = BreakingClient()

    S3Reader(client, "bucket", "a.jsonl", "s3://bucket/a.jsonl", 0, 3, "v0")

    assert client.asked == [('"v0"', "bytes=0-2")]
