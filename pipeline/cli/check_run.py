"""Checks one file after the other: profiles it, keeps the files that were asked for, and has a reporter tell of it.

A file that cannot be read does not keep the others from being checked; the exit code is the gravest of all.
"""

import errno
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.cli.check_outputs import FindingsWriter, findings_file, place_tables, refuse_findings_target, stems
from pipeline.cli.common import NOT_READY, explain
from pipeline.cli.files_as_one import files_as_one, label_of
from pipeline.cli.progress import progress_bar
from pipeline.cli.reporters import STDIN, STDIN_NAME, Checked, reporter_for
from pipeline.dataset.formats.blocks_of_lines import ByteReader
from pipeline.dataset.formats.packed_files import PackedFiles
from pipeline.dataset.profiles.parallel import default_workers, helpers_for, profile_path
from pipeline.dataset.profiles.profile import Profile
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.engines.helpers import Helpers
from pipeline.errors import LakeError, PipelineError, ServiceError, UsageError
from pipeline.trainers.acceptance import acceptance_of

_MISSING = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}
_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for on the command line."""

    files: tuple[str, ...]
    report: str = "text"
    """Text, json, sarif or github."""
    findings: Path | None = None
    output: Path | None = None
    workers: int | None = None
    """None for one a core."""
    rules: Rules = Rules()
    as_one: bool = False
    """Whether the files are one dataset."""

    @property
    def datasets(self) -> tuple[str, ...]:
        """What is checked, by the names that reports give it."""
        return (label_of(self.files),) if self.as_one else self.files

    @property
    def on_disk(self) -> tuple[str, ...]:
        """Those that several processes may read, where they are files of lines."""
        return () if self.as_one else self.files

    @property
    def processes(self) -> int:
        """How many may read a file."""
        return self.workers or default_workers()


def check_files(request: Request) -> int:
    """Check every file; returns the exit code.

    Raises:
        UsageError: the options contradict the files.
        LakeError: what was asked for cannot be written.
    """
    _refuse_contradictions(request)
    code, reporter = 0, reporter_for(request.report, len(request.datasets), request.rules.max_rejected_share)
    with helpers_for(request.on_disk, request.processes) as helpers, findings_file(request.findings) as findings:
        for number, (file, stem) in enumerate(zip(request.datasets, stems(request.datasets), strict=True), start=1):
            label = file if len(request.datasets) == 1 else f"{number}/{len(request.datasets)} {file}"
            with _work_folder(request.output) as work:
                try:
                    profile = _profile(file, work, label, request, helpers)
                except PipelineError as error:
                    code = max(code, explain(error))
                    reporter.unread(str(error))
                    continue
                code = max(code, 0 if profile.status == "ready" else NOT_READY)
                reporter.tell(Checked(file, profile, acceptance_of(profile)))
                _keep(file, stem, profile, work, request.output, findings)
    reporter.close()
    return code


def _refuse_contradictions(request: Request) -> None:
    if request.files.count(STDIN) > 1:
        raise UsageError("standard input (-) can be read only once; name it once")
    if request.output and request.output.exists() and not request.output.is_dir():
        raise UsageError(f"--output: expected a folder, found the file {request.output}")
    if request.findings:
        refuse_findings_target(request.findings, request.files)


@contextmanager
def _work_folder(output: Path | None) -> Iterator[Path]:
    """A folder for the engine's files that disappears; on the same disk as the output, so that they can be moved."""
    try:
        if output:
            output.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix=".lora-check-", dir=output, ignore_cleanup_errors=True)
    except OSError as error:
        raise LakeError(f"cannot write {output or tempfile.gettempdir()}: {_reason(error)}") from error
    with folder as path:
        yield Path(path)


def _profile(file: str, work: Path, label: str, request: Request, helpers: Helpers | None) -> Profile:
    """The profile of one file.

    Raises:
        UsageError: there is no such file.
        ServiceError: it cannot be read, or the work folder cannot be written.
    """
    try:
        if request.as_one:
            return _profile_stream(PackedFiles(files_as_one(request.files)), work, label, request.rules)
        if file == STDIN:
            return _profile_stream(sys.stdin.buffer, work, STDIN_NAME, request.rules)
        with open(file, "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                return _profile_stream(stream, work, label, request.rules)
        with progress_bar(label, status.st_size) as tell:
            return profile_path(Path(file), work, request.rules, request.processes, tell, helpers)
    except OSError as error:
        raise _explained(file, work, error) from error


def _profile_stream(stream: ByteReader, work: Path, label: str, rules: Rules) -> Profile:
    with progress_bar(label, None) as tell:
        return profile_stream(stream, work, rules, tell)


def _explained(file: str, work: Path, error: OSError) -> PipelineError:
    if error.errno in _MISSING:
        return UsageError(f"{file}: there is no such file; check its name")
    if error.errno in _FULL:
        return LakeError(f"no space left in {work.parent}; free some there, or set TMPDIR to a larger disk")
    return ServiceError(f"{file} cannot be read: {_reason(error)}")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _keep(
    file: str, stem: str, profile: Profile, work: Path, output: Path | None, findings: FindingsWriter | None
) -> None:
    if findings:
        findings.add(file, profile.findings_path)
    if output:
        place_tables(profile, work, output, stem)
