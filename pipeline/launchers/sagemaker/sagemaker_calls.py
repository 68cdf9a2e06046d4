"""Calls of SageMaker's API: the client, and what its refusals mean."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from pipeline.errors import ServiceError
from pipeline.state.store.s3_client import S3_ERRORS, error_code, s3_config


class Refused(Exception):
    """SageMaker does not do it; code: in its word."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def is_missing(self) -> bool:
        """Whether there is no such job."""
        return self.code.startswith("ResourceNotFound") or "not found" in str(self)


@contextmanager
def answers(action: str) -> Iterator[None]:
    """Raise what SageMaker refuses as `Refused`, and as `ServiceError` what says nothing about the request."""
    from botocore.exceptions import ParamValidationError

    try:
        yield
    except ParamValidationError as error:
        raise Refused(f"SageMaker cannot {action}: {_one_line(error)}", "ParamValidation") from error
    except S3_ERRORS as error:
        code = error_code(error)
        said = f"SageMaker could not {action}: {_one_line(error)}"
        if code in ("ResourceInUse", "ValidationException") or code.startswith("ResourceNotFound"):
            raise Refused(said, code) from error
        raise ServiceError(f"{said}; it is tried again") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")


@cache
def sagemaker_client(region: str) -> Any:
    """A boto3 client, made once a process: what it reads of SageMaker takes a quarter of a second."""
    import boto3

    return boto3.client("sagemaker", region_name=region, config=s3_config())
