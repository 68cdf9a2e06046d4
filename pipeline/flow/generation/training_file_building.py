"""Training files: chosen by a query, without what says the same twice, built in each form, sent on to the datasets.

A file is a row and its members with what was known of them then: built again from these, its bytes are the same.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from pipeline.dataset.formats.rows.native import ANNOTATIONS
from pipeline.errors import UsageError
from pipeline.flow.generation.making import planned_item
from pipeline.flow.generation.scaffold_sets import scaffolds_at
from pipeline.flow.intake import new_uploads
from pipeline.flow.marks import insist_on_lake, insist_on_store, mark_store
from pipeline.flow.owners import Owners
from pipeline.generation.file_content import FileContent, FileConversation, origin_of
from pipeline.generation.likeness import Likeness, without_repeats
from pipeline.generation.model import Judgement, MadeConversation, Scaffolds
from pipeline.generation.training_file import FILES, native_row, total_pairs
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.dataset_records import Dataset
from pipeline.state.catalog.generation_records import (
    Item,
    Made,
    MadeQuery,
    Member,
    NewTrainingFile,
    TrainingFile,
    Version,
)
from pipeline.state.catalog.statements import chunks
from pipeline.state.checksums import sha256_of
from pipeline.state.lake import Lake
from pipeline.state.store import Store, safe_key

SENT = "native.jsonl"
"""The form that becomes a dataset: it keeps all that is known beside the turns."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a query means now."""

    members: list[Member]
    repeated: list[str]
    """Conversations that say what one before them says, and are left out."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file of a query would have."""

    conversations: Sequence[FileConversation]
    repeated: list[str]
    """Conversations that would be left out of it."""
    total_training_pairs: int
    cost_nano_usd: int


def choose(catalog: Catalog, user_id: str, query: MadeQuery) -> Chosen:
    """The accepted conversations of a query, in the order of batch and item, without repeats.

    Raises:
        UsageError: there is none, or others than accepted ones are asked for.
    """
    chosen = _choose(catalog, user_id, query)
    if not chosen.members:
        raise UsageError("expected accepted conversations, found none that the query means: review some, or ask wider")
    return chosen


def preview(catalog: Catalog, user_id: str, query: MadeQuery) -> Preview:
    """What a file would have; nothing is built.

    Raises:
        UsageError: others than accepted conversations are asked for.
    """
    chosen = _choose(catalog, user_id, query)
    content = _content(catalog, "", 1, chosen.members)
    cost = catalog.cost_of_conversations([each.conversation_id for each in chosen.members])
    return Preview(content.conversations, chosen.repeated, total_pairs(content), cost)


def _choose(catalog: Catalog, user_id: str, query: MadeQuery) -> Chosen:
    if query.status not in (None, "accepted"):
        raise UsageError(f"expected accepted conversations for a training file, found status {query.status}")
    meant = catalog.meant_conversations(user_id, replace(query, status="accepted"))
    members: list[Member] = []

    def conversations() -> Iterator[MadeConversation]:
        for made, version in catalog.given_versions(meant):
            if made.status != "accepted" or made.version != version.version:
                continue  # somebody decided otherwise meanwhile
            members.append(_member_of(catalog, made, version))
            yield _conversation(version)

    likeness = Likeness(conversations())
    gone = without_repeats(likeness, range(len(members)), rank=lambda place: place) if members else {}
    kept = [member for place, member in enumerate(members) if place not in gone]
    return Chosen(kept, [members[place].conversation_id for place in sorted(gone)])


def build(
    catalog: Catalog, lake: Lake, user_id: str, name: str, query: MadeQuery, now: datetime
) -> tuple[TrainingFile, Chosen]:
    """Build a file of what a query means now; the same name again is the next version.

    Raises:
        UsageError: the query means no accepted conversation, or the name is empty.
        Conflicting: somebody built the same name just now.
        LakeError: the lake is not the one that is meant, or cannot be written.
    """
    if not name.strip():
        raise UsageError("expected a name for the training file, found none")
    chosen = choose(catalog, user_id, query)
    version = catalog.next_version(user_id, name)
    content = _content(catalog, name, version, chosen.members)
    insist_on_lake(lake, catalog)
    file_id = f"f{uuid.uuid4().hex[:12]}"
    with lake.staging() as folder:
        files = _write(content, folder)
        uri = lake.publish_made("training_files", file_id, folder)
    new = NewTrainingFile(
        name=name,
        version=version,
        query={field: value for field, value in asdict(query).items() if value is not None},
        conversations=chosen.members,
        total_training_pairs=total_pairs(content),
        files_uri=uri,
        files=files,
        content_sha256=files[SENT]["sha256"],
    )
    return catalog.add_training_file(file_id, user_id, new, now), chosen


def rebuild(catalog: Catalog, file: TrainingFile, folder: Path) -> dict[str, Any]:
    """Write a file's forms into a folder from its row alone; returns their SHA-256 and sizes."""
    return _write(_content(catalog, file.name, file.version, catalog.conversations_of_file(file.id)), folder)


def send_to_datasets(
    catalog: Catalog, lake: Lake, store: Store, settings: Settings, file: TrainingFile, now: datetime
) -> Dataset:
    """Put a file where uploads land; it is validated like any other. The same file again is the dataset that it became.

    Raises:
        OverQuota: its owner has no room for it.
        StoreError: the store is not the one that is meant, or cannot be written.
    """
    if file.dataset_id is not None:
        return catalog.get(file.dataset_id)
    insist_on_store(store, catalog)
    key = safe_key(file.user_id, f"{_file_name(file)}.jsonl")
    with lake.fetch_made("training_files", file.id, SENT) as path:
        size_bytes = path.stat().st_size
        if settings.quota_bytes:
            catalog.check_quota(file.user_id, key, size_bytes, settings.quota_bytes)
        with path.open("rb") as source:
            stored = store.put(key, source, size_bytes)
    Owners(store).remember(file.user_id)
    [new] = new_uploads(store, [stored], settings.max_upload_bytes, owner_of=lambda _folder: file.user_id)
    catalog.register_uploads([new], now)
    catalog.note_sent_to_datasets(file.id, new.dataset_id)
    mark_store(catalog, store)
    return catalog.get(new.dataset_id)


def conversations_now(catalog: Catalog, wanted: Sequence[tuple[str, int]]) -> Iterator[tuple[Made, FileConversation]]:
    """Conversations in versions, with what is known of them now, some at a time.

    Raises:
        ConversationNotFound: one of them is not there.
    """
    for chunk in chunks(wanted):
        known = list(catalog.given_versions(chunk))
        members = [_member_of(catalog, *each) for each in known]
        for (made, _version), chosen in zip(known, file_conversations(catalog, members), strict=True):
            yield made, chosen


def exported_row(made: Made, chosen: FileConversation) -> bytes:
    """A line of the native format, with status and batch among what is known of it."""
    row = native_row(chosen)
    row[ANNOTATIONS] |= {"status": made.status, "batch_id": made.batch_id}
    return msgspec.json.encode(row) + b"\n"


def file_conversations(catalog: Catalog, members: Sequence[Member]) -> Iterator[FileConversation]:
    """The members of a file with all that is known of them, some at a time."""
    sets: dict[str, Scaffolds] = {}
    for chunk in chunks(members):
        items = catalog.items_in([each.conversation_id for each in chunk])
        by_place = catalog.given_versions([(each.conversation_id, each.version) for each in chunk])
        for member, (made, version) in zip(chunk, by_place, strict=True):
            if made.batch_id not in sets:
                sets[made.batch_id] = scaffolds_at(catalog, catalog.get_batch(made.batch_id).scaffold_versions)
            yield _file_conversation(member, version, items[made.id], sets[made.batch_id])


def _content(catalog: Catalog, name: str, version: int, members: Sequence[Member]) -> FileContent:
    return FileContent(name, version, list(file_conversations(catalog, members)))


def _file_conversation(member: Member, version: Version, item: Item, scaffolds: Scaffolds) -> FileConversation:
    told = member.told
    judgement = told.get("judgement")
    return FileConversation(
        conversation_id=member.conversation_id,
        version=member.version,
        conversation=_conversation(version),
        origin=origin_of(planned_item(item), scaffolds),
        judgement=msgspec.convert(judgement, Judgement) if judgement else None,
        quality_tier=told.get("quality_tier"),
        side=told.get("split"),
        is_reviewed=bool(told.get("is_reviewed")),
        reviewer_notes=told.get("reviewer_notes"),
    )


def _member_of(catalog: Catalog, made: Made, version: Version) -> Member:
    return Member(made.id, version.version, _told(catalog, made, version))


def _told(catalog: Catalog, made: Made, version: Version) -> dict[str, Any]:
    notes = [each.note for each in catalog.reviews_of(made.id) if each.note] if made.reviewed_by else []
    # A judgement is of the version that was judged: what a person changed has none.
    judgement = None if made.is_judgement_stale or version.judgement is None else dict(version.judgement)
    if judgement is not None:
        judgement.pop("again", None)
    return {
        "quality_tier": made.quality_tier,
        "split": made.split,
        "is_reviewed": made.reviewed_by is not None,
        "reviewer_notes": notes[0] if notes else None,
        "judgement": judgement,
    }


def _conversation(version: Version) -> MadeConversation:
    return msgspec.convert(version.content, MadeConversation)


def _write(content: FileContent, folder: Path) -> dict[str, Any]:
    for name, write in FILES.items():
        with (folder / name).open("wb") as file:
            write(content, file.write)
    return {name: {"sha256": sha256_of(folder / name), "size_bytes": (folder / name).stat().st_size} for name in FILES}


def _file_name(file: TrainingFile) -> str:
    kept = "".join(c if c.isalnum() or c in "-_. " else "-" for c in file.name).strip("-. ")[:80]
    # Where the name cannot be a file's, another one may look the same.
    told = kept if kept == file.name else f"{kept or 'training-file'}-{file.id}"
    return f"{told}-v{file.version}"
