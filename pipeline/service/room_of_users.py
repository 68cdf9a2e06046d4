"""How much room a user has. Values in, values out; what counts is in `catalog/quotas.py`."""

from pipeline.contract.values import Quota
from pipeline.service.service import Service
from pipeline.service.user import User


def show_quota(service: Service, user: User) -> Quota:
    """What a user's datasets have in all, and what is left."""
    used_bytes = service.access(user).used_bytes()
    limit_bytes = service.settings.quota_bytes or None
    left_bytes = None if limit_bytes is None else max(0, limit_bytes - used_bytes)
    return Quota(used_bytes=used_bytes, limit_bytes=limit_bytes, left_bytes=left_bytes)
