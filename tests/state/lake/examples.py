"""Uploads for tests, run through the real engine into a real lake."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pipeline.dataset.profiles.profile import Profile
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.flow.lake_files import Origin, lake_files
from pipeline.state.lake import Lake
from pipeline.trainers.acceptance import acceptance_of

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def conversation(conversation_id: str, *contents: str) -> dict[str, object]:
    """A conversation whose turns alternate between user and assistant."""
    roles = ("user", "assistant") * len(contents)
    turns = [{"role": role, "content": content} for role, content in zip(roles, contents, strict=False)]
    return {"conversation_id": conversation_id, "turns": turns}


def jsonl(*conversations: object) -> bytes:
    return b"".join(json.dumps(each, ensure_ascii=False).encode() + b"\n" for each in conversations)


TWO_CONVERSATIONS = jsonl(conversation("a", "Hello there", "Hi"), conversation("b", "Grüß Gott 🙂", "Servus, du"))
ONE_REJECTED_LINE = jsonl(conversation("a", "Hello there", "Hi"), {"turns": 7})
REFUSED = b"%PDF- this is a document, and is refused as a whole"


def origin(dataset_id: str, run_id: str = "run-1") -> Origin:
    return Origin(
        dataset_id=dataset_id,
        user_id="ann",
        path=f"uploads/ann/{dataset_id}.jsonl",
        content_version=f"bytes-of-{dataset_id}",
        run_id=run_id,
        code_version="1",
        validated_at=NOON,
    )


@contextmanager
def validated(
    lake: Lake, dataset_id: str, data: bytes, run_id: str = "run-1"
) -> Iterator[tuple[Profile, dict[str, Path]]]:
    """Run the engine over an upload; gives its profile and the files to publish."""
    with lake.staging() as folder:
        profile = profile_stream(io.BytesIO(data), folder, Rules())
        yield profile, lake_files(profile, acceptance_of(profile), origin(dataset_id, run_id), folder)


def publish(lake: Lake, dataset_id: str, data: bytes = TWO_CONVERSATIONS, run_id: str = "run-1") -> Profile:
    """Validate an upload and put its files into the lake."""
    with validated(lake, dataset_id, data, run_id) as (profile, files):
        lake.publish(dataset_id, files)
    return profile
