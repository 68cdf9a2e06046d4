"""What is in a file of conversations: read, judged, measured, mended, converted. It knows no installation.

`profile` is for notebooks: a Polars frame of rows in, findings and figures out as frames.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.dataset.profiles.profile_frame import profile_frame as profile

__all__ = ["profile"]


def __getattr__(name: str) -> object:
    if name != "profile":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pipeline.dataset.profiles.profile_frame import profile_frame  # half a second that others need not wait for

    return profile_frame
