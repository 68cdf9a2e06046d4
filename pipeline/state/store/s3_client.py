"""How we talk to S3: the client's timeouts and retries, and the one place where its errors become ours.

The client of the queue of a bucket's events is made here, too; its errors become ours in `event_queue.py`.
"""

from functools import cache
from typing import Any, Literal, NoReturn
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
from botocore.parsers import ResponseParserError

from pipeline.errors import ObjectChanged, ObjectMissing, StoreError

# What a call of the client can raise; the last is what a proxy's error page leads to.
S3_ERRORS = (ClientError, BotoCoreError, ResponseParserError)

# A sensor tick has 60 s: three attempts that find nobody (9 s and the pauses between) leave time to say so.
CONNECT_TIMEOUT_S = 3
READ_TIMEOUT_S = 30
MAX_ATTEMPTS = 3


def s3_config(max_attempts: int = MAX_ATTEMPTS) -> Config:
    """Return the client configuration that every S3 client of the project uses."""
    return Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": max_attempts},
        # Bucket names as host names need wildcard DNS, which self-hosted services rarely have.
        s3={"addressing_style": "path"},
    )


def make_s3_client(endpoint_url: str = "", region: str = "us-east-1") -> Any:
    """Return a boto3 S3 client (no endpoint means AWS) with the credentials of the AWS_* variables.

    Raises:
        StoreError: the endpoint is no URL, or a named AWS profile does not exist.
    """
    return make_client("s3", endpoint_url, region)


def make_client(service: Literal["s3", "sqs"], endpoint_url: str, region: str) -> Any:
    """The same for one of the two services that a store consists of.

    Raises:
        StoreError: the endpoint is no URL, or a named AWS profile does not exist.
    """
    try:
        return new_session().client(service, endpoint_url=endpoint_url or None, region_name=region, config=s3_config())
    except (BotoCoreError, ValueError) as error:
        name = service.upper()
        raise StoreError(
            f"no {name} client for the endpoint {endpoint_url!r}: {error}; check LORA_{name}_ENDPOINT_URL and "
            "AWS_PROFILE"
        ) from error


def new_session(profile_name: str | None = None) -> Any:
    """Return a boto3 session whose clients share what they read of S3 with those of all others.

    Raises:
        BotoCoreError: there is no profile of that name.
    """
    import boto3
    from botocore.session import get_session

    core = get_session()
    core.register_component("data_loader", _descriptions())
    return boto3.session.Session(botocore_session=core, profile_name=profile_name)


@cache
def _descriptions() -> Any:
    """What botocore reads of S3 from its JSON files, read once a process.

    Each sensor makes a client at each look. Reading them anew takes 160 ms of CPU, a client without it takes 20 ms.
    """
    from botocore.session import get_session

    return get_session().get_component("data_loader")


def error_code(error: Exception) -> str:
    """Return the service's code, such as `NoSuchKey`; for HEAD requests, which have no body, the HTTP status.

    Empty where the service did not answer.
    """
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def raise_store_error(error: Exception, action: str, uri: str, endpoint_url: str) -> NoReturn:
    """Raise the `StoreError` that says what happened and what to do.

    Raises:
        ObjectMissing, ObjectChanged, StoreError: see there.
    """
    if isinstance(error, ClientError):
        raise _refusal(error, action, uri, endpoint_url) from error
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        raise StoreError(
            f"no credentials to {action} {uri}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
        ) from error
    raise StoreError(
        f"could not {action} {uri}: {_one_line(error)}; check that {endpoint_url} is up and LORA_S3_ENDPOINT_URL right"
    ) from error


def try_writing(client: Any, location: str) -> None:
    """Begin an upload at `s3://bucket/prefix` and break it off: whoever may do that may write, and nothing is left.

    Raises:
        StoreError: it may not, or the service cannot be reached.
    """
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    key = "/".join(filter(None, (prefix.strip("/"), ".writing-is-tried")))
    try:
        begun = client.create_multipart_upload(Bucket=bucket, Key=key)
        client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=begun["UploadId"])
    except S3_ERRORS as error:
        raise_store_error(error, "write", f"s3://{bucket}/{key}", client.meta.endpoint_url)


def changed(uri: str) -> str:
    """Return the message of an `ObjectChanged`."""
    return f"{uri} changed since it was listed or opened: the new bytes are a new version, which the next look finds"


def no_bucket(bucket: str, endpoint_url: str) -> str:
    """Return the message for a bucket that is not there."""
    return f"the bucket {bucket} does not exist at {endpoint_url}: create it, or check LORA_STORE"


def _refusal(error: ClientError, action: str, uri: str, endpoint_url: str) -> StoreError:
    code = error_code(error)
    match code:
        case "NoSuchKey" | "404" | "NotFound":
            return ObjectMissing(f"expected an object at {uri}, found none: upload it again")
        case "PreconditionFailed" | "412":
            return ObjectChanged(changed(uri))
        case "NoSuchBucket":
            return StoreError(no_bucket(urlsplit(uri).netloc, endpoint_url))
        case "AccessDenied" | "403" | "Forbidden" | "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "ExpiredToken":
            return StoreError(
                f"{endpoint_url} refused to {action} {uri} ({code}): check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY "
                "and what the key may do in the bucket"
            )
        case _:
            return StoreError(f"{endpoint_url} could not {action} {uri}: {_one_line(error)}; try again later")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
