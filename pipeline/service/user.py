"""Somebody who uses the service."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class User:
    """`id` is the owner of what they upload, as it stands in the catalog and in the store's folders."""

    id: str
    is_admin: bool = False  # may read everybody's; what they change is still their own
