"""What a machine elsewhere gets and tells, for the one attempt that its token opens (`attempt_tokens.py`).

It is heard until the attempt is closed: also after its end, so that one whose answer was lost finishes quietly.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from anyio import to_thread
from fastapi import Depends, Request

from pipeline.contract.training_values import KeptFile, KeptFiles, Report, ReportTaken, RunnerSpec
from pipeline.errors import Conflicting, LakeError, NotAllowed, NotSignedIn, StoreError, TooLarge, UsageError
from pipeline.flow.marks import insist_on_lake
from pipeline.launchers import own_machine, runner
from pipeline.launchers.commands import runner_spec
from pipeline.launchers.journal import read_journal
from pipeline.service.attempt_tokens import read_attempt_token
from pipeline.service.job_archive import zipped_files
from pipeline.service.receivers import Stop
from pipeline.service.receiving import blocks_of, write_all
from pipeline.service.service import CurrentService, Service
from pipeline.service.users import address_of
from pipeline.state.catalog.attempt_records import Attempt
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.statuses import LIVE_STATES
from pipeline.state.checksums import sha256_of
from pipeline.state.lake import existing_job_files
from pipeline.trainers.job import TrainingJob

MAX_KEPT_BYTES = 20_000_000_000
"""Of one attempt, all files together: more than a LoRA adapter ever has, and all weights of a model of 8 billion."""

_LONGEST_MACHINE = 100


def current_attempt(request: Request, service: CurrentService, job_id: str) -> Attempt:
    """The dependency of every route for a machine elsewhere: the attempt that the request's token opens.

    Raises:
        NotSignedIn: there is no token of an attempt, or it is not valid (any more).
        NotAllowed: it opens another attempt.
        Conflicting: the attempt is closed, or of another machine.
        TooManyRequests: the attempt, or an unknown address, sent too many.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer" or not token:
            raise NotSignedIn("expected the bearer token of an attempt, found none: copy the line from the job's page")
        owner, attempt_id = read_attempt_token(service.signer, token.strip())
    except NotSignedIn:
        service.limiter.take(f"address {address_of(request)}")
        raise
    service.limiter.take(f"attempt {attempt_id}")
    request.state.user_id = owner
    attempt = _catalog(service, owner).get_attempt(attempt_id, owner)
    if attempt.job_id != job_id or request.path_params.get("attempt_id", attempt.id) != attempt.id:
        raise NotAllowed("expected the attempt that the token opens, found another: copy the line from the job's page")
    _check_machine(request, service, attempt)
    if attempt.closed_at is not None:
        # A conflict, by which the machine hears that it is to end.
        raise Conflicting(f"expected an attempt that is open, found {attempt.id} closed: nothing more is taken of it")
    return attempt


def _check_machine(request: Request, service: Service, attempt: Attempt) -> None:
    """One folder of one machine trains an attempt, whichever comes first; a pod may be replaced by another."""
    machine = request.headers.get(runner.MACHINE_HEADER, "")[:_LONGEST_MACHINE]
    if attempt.launcher != own_machine.NAME or machine in ("", attempt.external_id):
        return
    if not _catalog(service, attempt.user_id).claim_attempt(attempt.id, machine):
        raise Conflicting(
            f"{attempt.id} is trained in another folder or on another machine: run the line there, or cancel it and "
            "start another attempt"
        )


CurrentAttempt = Annotated[Attempt, Depends(current_attempt)]


def take_report(service: Service, attempt: Attempt, report: Report) -> ReportTaken:
    """Note what lies beyond what is known of an attempt's journal; the same again changes nothing.

    Raises:
        NotAllowed: it is of another attempt.
        UsageError: it holds no bytes.
    """
    if report.attempt != attempt.id:
        raise NotAllowed(f"attempt: expected {attempt.id}, which the token opens, found another")
    catalog, known = _catalog(service, attempt.user_id), attempt.journal_offset
    new = _lines(report.journal)[max(0, known - report.offset) :] if report.offset <= known else b""
    if new:
        told = read_journal(new, known, attempt.log_tail, attempt.failure_class)
        attempt = catalog.take_journal(attempt.id, known, told, service.now())
    others = catalog.attempts_of([attempt.job_id])[attempt.job_id]
    is_replaced = any(each.state in LIVE_STATES for each in others if each.id != attempt.id)
    is_cancelled = attempt.cancel_requested_at is not None or attempt.state == "cancelled" or is_replaced
    return ReportTaken(offset=attempt.journal_offset, is_cancelled=is_cancelled, state=attempt.state)


def job_archive(service: Service, attempt: Attempt) -> Iterator[bytes]:
    """The job's files for the attempt's trainer, below a folder of its name.

    Raises:
        LakeError: they are not there.
    """
    prefix = f"{attempt.trainer}/"
    names = [name for name in existing_job_files(service.lake, attempt.job_id) if name.startswith(prefix)]
    if not names:
        raise LakeError(f"expected files of {attempt.job_id} for {attempt.trainer}, found none: make the job again")
    return zipped_files({name: name for name in names}, lambda name: service.lake.fetch_job_file(attempt.job_id, name))


def attempt_spec(service: Service, attempt: Attempt) -> RunnerSpec:
    """What the runner does.

    Raises:
        UsageError: the trainer cannot do it.
    """
    job = TrainingJob.model_validate(_catalog(service, attempt.user_id).get_job(attempt.job_id).job)
    spec = runner_spec(attempt.id, job, attempt.trainer, resume=attempt.resumed_from is not None)
    return RunnerSpec.model_validate(spec)


def runner_text() -> str:
    """The program that runs elsewhere."""
    return Path(runner.__file__).read_text("utf-8")


def kept_files(service: Service, attempt: Attempt) -> KeptFiles:
    """What of an attempt arrived, with checksums of what lies in the lake."""
    found = service.lake.model_files(attempt.id)
    items = [
        KeptFile(name=name, size_bytes=found[name], sha256=_sha256(service, attempt, name)) for name in sorted(found)
    ]
    return KeptFiles(items=items)


async def keep_file(
    request: Request, service: Service, attempt: Attempt, name: str, sha256: str, size_bytes: int
) -> KeptFile:
    """Put the body of a request into the place of what an attempt left, whole and with the checksum that was told.

    Raises:
        TooLarge: the attempt would have too much.
        UsageError: other bytes arrived than were announced.
        ServiceError: they cannot be written.
    """
    await to_thread.run_sync(insist_on_lake, service.lake, service.catalog)
    await to_thread.run_sync(_check_room, service, attempt, name, size_bytes)
    with service.lake.staging() as folder:
        place = folder / "kept" / name
        place.parent.mkdir(parents=True)
        found_bytes, digest = await _received(request, service, place, size_bytes)
        if (found_bytes, digest) != (size_bytes, sha256):
            raise UsageError(
                f"{name}: expected {size_bytes:,} bytes with the checksum {sha256}, found {found_bytes:,} with "
                f"{digest}: send it again"
            )
        await to_thread.run_sync(
            service.lake.publish_model, attempt.id, folder / "kept", limiter=service.receivers.disk
        )
    return KeptFile(name=name, size_bytes=size_bytes, sha256=digest)


async def _received(request: Request, service: Service, place: Path, most_bytes: int) -> tuple[int, str]:
    """Write a body to a place; return how many bytes came, and their checksum."""
    found_bytes, digest, disk = 0, hashlib.sha256(), service.receivers.disk
    try:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise StoreError(f"the lake could not write {place}: {error.strerror}; check the disk") from error
    try:
        async for block in blocks_of(request, Stop()):
            found_bytes += len(block)
            if found_bytes > most_bytes:
                break
            digest.update(block)
            await to_thread.run_sync(write_all, descriptor, block, str(place), limiter=disk)
    finally:
        os.close(descriptor)
    return found_bytes, digest.hexdigest()


def _check_room(service: Service, attempt: Attempt, name: str, size_bytes: int) -> None:
    others = sum(size for each, size in service.lake.model_files(attempt.id).items() if each != name)
    if others + size_bytes > MAX_KEPT_BYTES:
        raise TooLarge(
            f"{name}: expected at most {MAX_KEPT_BYTES:,} bytes of an attempt, found {others + size_bytes:,}: keep it "
            "elsewhere, and tell where with lora-pipeline jobs report --artifact"
        )


def _lines(journal: str) -> bytes:
    """Whole lines only: what is cut comes again."""
    try:
        block = journal.encode("latin-1")
    except UnicodeEncodeError:
        raise UsageError("journal: expected bytes as characters of ISO 8859-1, found others") from None
    return block[: block.rfind(b"\n") + 1]


def _sha256(service: Service, attempt: Attempt, name: str) -> str:
    with service.lake.fetch_model_file(attempt.id, name) as path:
        return sha256_of(path)


def _catalog(service: Service, owner: str) -> Catalog:
    return service.catalog.as_user(owner)
