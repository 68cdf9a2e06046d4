"""The part that thinks: conversations, profiles, catalog, lake, warehouse, commands.

Nothing here but `definitions.py` imports Dagster; assets, sensors and resources are thin layers above.
"""

import os
import sys

# What libraries read when they are first used: docs/decisions/0027-freed-memory.md.
# OpenBLAS starts a thread for each core, which spins 0.1 s before it sleeps; nothing here multiplies large matrices.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Arrow's default allocator gives memory back to the kernel that the next block asks for again.
if sys.platform == "linux":  # whose wheels have it
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "jemalloc")
