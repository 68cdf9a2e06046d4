"""Files of the store that become no dataset, as their owner sees them. Values in, values out."""

from pipeline.contract.values import IgnoredItem, IgnoredList
from pipeline.service.service import Service
from pipeline.service.user import User
from pipeline.state.catalog.dataset_records import IgnoredRow
from pipeline.state.store.ignored_files import REASONS, what_to_do


def list_ignored(service: Service, user: User, *, page: int, limit: int) -> IgnoredList:
    """One page of what is ignored in the folder of a user."""
    found = service.access(user).ignored(page=page, limit=limit)
    return IgnoredList(items=[ignored_item(row) for row in found.items], total=found.total, page=page, limit=limit)


def ignored_item(row: IgnoredRow) -> IgnoredItem:
    """What is ignored, with its reason in words."""
    reason = REASONS[row.reason]
    return IgnoredItem(
        key=row.key,
        reason=reason.code,
        why=reason.sentence,
        what_to_do=what_to_do(reason, row.key),
        size_bytes=row.size_bytes,
        modified_at=row.modified_at,
        first_seen_at=row.first_seen_at,
    )
