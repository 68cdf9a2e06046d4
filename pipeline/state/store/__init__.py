"""The object store that uploads arrive in: a local folder or an S3 bucket behind one protocol.

`Store` says what both promise, `make_store` picks one from the settings, `safe_key` names a new upload.
What an upload is called in the catalog, and which ones are new, is decided in `pipeline.flow`.
"""

from pipeline.state.store.keys import safe_file_name, safe_key, safe_owner
from pipeline.state.store.store_factory import make_store, store_at
from pipeline.state.store.store_protocol import Reader, Store, StoredObject

__all__ = [
    "Reader",
    "Store",
    "StoredObject",
    "make_store",
    "safe_file_name",
    "safe_key",
    "safe_owner",
    "store_at",
]
