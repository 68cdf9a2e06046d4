"""Parameters that several routes have."""

from typing import Annotated

from fastapi import Path, Query

DatasetId = Annotated[
    str,
    Path(min_length=1, max_length=200, description="The id of a dataset.", examples=["support-chat-8bce553d8d8c2f46"]),
]
NotificationId = Annotated[int, Path(ge=1, le=2**62)]  # databases count in 64 bits
JobId = Annotated[str, Path(min_length=1, max_length=300, description="The id of a training job.")]
AttemptId = Annotated[str, Path(min_length=1, max_length=300, description="The id of an attempt at a training.")]
BatchId = Annotated[str, Path(min_length=1, max_length=200, description="The id of a batch of conversations.")]
ConversationId = Annotated[str, Path(min_length=1, max_length=200, description="The id of a made conversation.")]
TrainingFileId = Annotated[str, Path(min_length=1, max_length=200, description="The id of a training file.")]
PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]
