"""The name of a trainer, checked where it comes in. Apart from the registry, which does without pydantic."""

from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from pipeline.trainers.registry import WRITTEN


def _is_written(name: str) -> str:
    if name not in WRITTEN:
        raise ValueError(f"expected one of {', '.join(WRITTEN)}, found {name!r}")
    return name


TargetName = Annotated[str, AfterValidator(_is_written), WithJsonSchema({"type": "string", "enum": list(WRITTEN)})]
"""The name of a trainer that jobs can be written for."""
