"""How many examples a property gets that is slow to try: fewer in CI, where they are the same every time."""

import os


def examples(count: int) -> int:
    """`count`; in CI a third of them, 5 at least."""
    return max(5, count // 3) if os.environ.get("CI") else count
