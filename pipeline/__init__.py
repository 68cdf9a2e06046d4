"""The part that thinks: conversations, profiles, catalog, lake, warehouse, commands.

Nothing here but `definitions.py` imports Dagster; assets, sensors and resources are thin layers above.
`read` and `profile` are for notebooks: a file or a frame of rows in, frames and a card out.
"""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.notebook import profile, read

__all__ = ["profile", "read"]

# What libraries read when they are first used: docs/decisions/0027-freed-memory.md.
# OpenBLAS starts a thread for each core, which spins 0.1 s before it sleeps; nothing here multiplies large matrices.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Arrow's default allocator gives memory back to the kernel that the next block asks for again.
if sys.platform == "linux":  # whose wheels have it
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pipeline import notebook  # a second that others need not wait for

    return getattr(notebook, name)
