"""Parameters that several routes have."""

from typing import Annotated

from fastapi import Path

DatasetId = Annotated[
    str,
    Path(min_length=1, max_length=200, description="The id of a dataset.", examples=["support-chat-8bce553d8d8c2f46"]),
]
