"""Validates one dataset: reads its upload once, puts its rows into the lake, and says what the catalog should know.

A bad file is a verdict; only a broken store, lake or catalog raises. Doing it twice gives the same rows.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.clock import utc_now
from pipeline.contract.finding_record import FindingRecord, FindingRow
from pipeline.contract.marked_line import MarkedLine
from pipeline.dataset.findings.finding import Finding
from pipeline.dataset.findings.row_places import place_of
from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES
from pipeline.dataset.formats.mapping import mapped_format
from pipeline.dataset.model.conversation import Limits
from pipeline.dataset.profiles.budget import Budget
from pipeline.dataset.profiles.concluding import refuse
from pipeline.dataset.profiles.parallel import profile_path
from pipeline.dataset.profiles.profile import Profile
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.profiles.profile_streams import profile_stream
from pipeline.dataset.rules.mismatch import Mismatch
from pipeline.engines.processes import Processes
from pipeline.errors import LakeError, ObjectChanged, ObjectMissing, StoreError
from pipeline.flow.lake_files import Origin, joined_meanwhile, lake_files
from pipeline.flow.shards import IDENTITY_OF_SHARDS, Shards, is_manifest, shards_of
from pipeline.flow.stored_ranges import Cluster, StoreAt, StoredFile, StoreHere
from pipeline.flow.upload_lines import UploadLines
from pipeline.settings import Settings
from pipeline.state.catalog.dataset_records import Dataset, Verdict
from pipeline.state.lake import Lake
from pipeline.state.lake.lake_errors import lake_errors
from pipeline.state.lake.places_of_parts import FolderParts
from pipeline.state.store import Reader, Store
from pipeline.state.store.local_reader import failure
from pipeline.trainers.acceptance import Acceptance, acceptance_of, asking
from pipeline.wording import sentence

CODE_VERSION = "22"  # raised when the same upload would get other rows or another verdict
SHOWN_FINDINGS = 10  # with their lines, to whoever looks at the run
SHOWN_CHARACTERS = 120


def rules_of(settings: Settings) -> Rules:
    """What an installation judges uploads by."""
    return Rules(
        Limits(max_line_bytes=settings.max_line_bytes, max_unpacked_bytes=settings.max_unpacked_bytes),
        settings.max_rejected_share,
        tokenizer=settings.tokenizer,
        has_near_duplicates=settings.near_duplicates,
        budget=Budget(settings.validation_budget_s_per_mb),
        has_languages=settings.conversation_languages,
        rejected_text_chars=settings.rejected_text_chars,
    )


@dataclass(frozen=True, slots=True)
class Validator:
    """What validation needs besides the dataset; one for each run."""

    store: Store
    lake: Lake
    rules: Rules
    max_upload_bytes: int
    run_id: str
    large_upload_bytes: int = sys.maxsize
    """A larger upload is read by several processes."""
    workers: int = 1
    """How many."""
    cluster: Cluster | None = None
    """Reads it instead, where there is one."""
    place: StoreAt | None = None
    """Where the store is for other processes; without it this one reads shards alone."""
    store_problem: Callable[[], str | None] = lambda: None
    """Asked where an upload is gone: in a store that is not there, nothing is."""
    lake_problem: Callable[[], str | None] = lambda: None
    """Asked before rows are published: what is put into a folder whose disk is not mounted is out of sight with it."""

    def validate(self, dataset: Dataset) -> "Outcome":
        """Read the upload, publish its rows, and return the outcome for the catalog.

        Raises:
            StoreError: the store cannot be reached, or is not the one that is meant.
            LakeError: the lake cannot be written, or is not the one that is meant.
            TokenizerError: the rules' tokenizer cannot be loaded.
        """
        started = time.monotonic()
        with self.lake.staging() as folder:
            profile = self._profile(dataset, folder)
            origin = Origin(
                dataset_id=dataset.id,
                user_id=dataset.user_id,
                path=dataset.storage_path,
                content_version=dataset.content_version or "",
                run_id=self.run_id,
                code_version=CODE_VERSION,
                validated_at=utc_now(),
            )
            acceptance = acceptance_of(profile)
            if problem := self.lake_problem():
                raise LakeError(problem)
            uris = self.lake.publish(dataset.id, lake_files(profile, acceptance, origin, folder))
        duration_s = time.monotonic() - started
        upload_uri = self.store.uri(dataset.storage_path)
        outcome = Outcome(dataset, profile, tuple(acceptance), uris, upload_uri, duration_s, self.run_id)
        return replace(outcome, lines=self._lines(outcome))

    def _lines(self, outcome: "Outcome") -> tuple[MarkedLine | None, ...]:
        """The lines of the findings that are shown, with their marks; none from a store that does not answer now.

        The rows are published already, and the verdict stands without its lines.
        """
        reading = outcome.profile.reading
        lines = UploadLines(self.store, outcome.dataset, reading.container_name, reading.compression.value)
        shown = [FindingRecord.of(row) for row in outcome.shown_findings]
        try:
            return tuple(lines.marked(shown, SHOWN_CHARACTERS))
        except StoreError:
            return (None,) * len(shown)

    def _profile(self, dataset: Dataset, folder: Path) -> Profile:
        registered = dataset.content_version or ""
        problem = None if registered.startswith(IDENTITY_OF_SHARDS) else self._too_large(dataset.file_size)
        if problem:
            return refuse(problem, dataset.file_size, None, folder)
        try:
            profile = self._read(dataset, folder)
        except ObjectMissing:
            if trouble := self.store_problem():
                raise StoreError(trouble) from None
            mismatch = Mismatch(f"the upload at {dataset.storage_path}", "none")
            return refuse(Finding(1, 0, "upload-missing", "$", mismatch), dataset.file_size, None, folder)
        except ObjectChanged:
            return refuse(_changed(), dataset.file_size, None, folder)
        if registered.startswith("sha256:") and registered != f"sha256:{profile.content_sha256}":
            return refuse(_changed(), dataset.file_size, None, folder)
        return profile

    def _read(self, dataset: Dataset, folder: Path) -> Profile:
        """Read the upload, where it is large by several processes: the file itself, or a copy on this machine."""
        form = mapped_format(dataset.mapping) if dataset.mapping else None
        key, rules = dataset.storage_path, asking(replace(self.rules, form=form))
        path = self.store.local_path(key)
        if is_manifest(key):
            return self._read_shards(dataset, folder, rules)
        if self.cluster and dataset.file_size > self.large_upload_bytes:
            version = self._version_to_read(dataset) or self.store.stat(key).observed_version
            file = StoredFile(key, version, dataset.file_size, dataset.file_name)
            if found := self.cluster.profile(self.store, file, self.lake.parts(folder), folder, rules):
                return found
        with self.store.open(key, version=self._version_to_read(dataset)) as stream:
            if self.workers < 2 or dataset.file_size <= self.large_upload_bytes:
                return profile_stream(stream, folder, rules)
            if path is None:
                _copy(stream, folder / "upload")
        if path is None:
            profile = self._read_by_several(folder / "upload", folder, rules)
            (folder / "upload").unlink()
            return profile
        observed_version = self.store.stat(key).observed_version
        try:
            profile = self._read_by_several(path, folder, rules)
        except OSError as error:
            raise failure("read", str(path), error) from error
        with self.store.open(key, version=observed_version):
            return profile  # of one version, or it is no more

    def _read_by_several(self, path: Path, folder: Path, rules: Rules) -> Profile:
        """Read a local file by several processes; what each of them wrote is joined while the verdict is reached."""
        with joined_meanwhile(folder) as join:
            profile = profile_path(path, folder, rules, self.workers, on_parts=join)
        return replace(profile, parts=(folder,)) if len(profile.parts) > 1 else profile

    def _read_shards(self, dataset: Dataset, folder: Path, rules: Rules) -> Profile:
        """Read what a manifest names as one dataset, if it is what was registered.

        A refusal is one of these shards, as their identity says in the place of a content hash: else the upload would
        count as one that was not there, and be tried again.
        """
        named = shards_of(self.store, dataset.storage_path)
        if named.identity != dataset.content_version:
            found = named.problem or _changed_shards()
            return refuse(found, named.size_bytes, None, folder)
        if problem := named.problem or self._too_large(named.size_bytes):
            return refuse(problem, named.size_bytes, named.digest, folder)
        profile = self._profile_of_shards(named, folder, rules)
        return replace(profile, content_sha256=profile.content_sha256 or named.digest)

    def _profile_of_shards(self, named: Shards, folder: Path, rules: Rules) -> Profile:
        files = [StoredFile(each.key, each.version, each.size_bytes, each.name) for each in named.shards]
        is_large = named.size_bytes > self.large_upload_bytes
        if self.cluster and is_large:
            return self.cluster.profile_shards(self.store, files, self.lake.parts(folder), folder, rules)
        processes = self.workers if self.place and is_large else 1
        here = Cluster(lambda: Processes(processes), self.place or StoreHere(self.store), sys.maxsize)
        return here.profile_shards(self.store, files, FolderParts(folder), folder, rules)

    def _too_large(self, size_bytes: int) -> Finding | None:
        if size_bytes <= self.max_upload_bytes:
            return None
        mismatch = Mismatch(f"at most {self.max_upload_bytes:,} bytes", f"{size_bytes:,}")
        return Finding(1, 0, "upload-too-large", "$", mismatch)

    def _version_to_read(self, dataset: Dataset) -> str:
        """The version that must be found, or "" where the hash will tell: a file may only have been touched."""
        is_hashed = (dataset.content_version or "").startswith("sha256:")
        if is_hashed and self.store.stat(dataset.storage_path).size_bytes == dataset.file_size:
            return ""
        return dataset.observed_version or ""


def _copy(stream: Reader, path: Path) -> None:
    with lake_errors("write", path), path.open("wb") as file:
        while chunk := stream.read(BLOCK_BYTES):
            file.write(chunk)


def _changed_shards() -> Finding:
    return Finding(1, 0, "shard-changed", "$", Mismatch("the shards that were registered", "others"))


def _changed() -> Finding:
    return Finding(1, 0, "upload-changed", "$", Mismatch("the bytes that were registered", "others"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What validating a dataset gave."""

    dataset: Dataset
    profile: Profile
    acceptance: tuple[Acceptance, ...]
    """By trainer."""
    lake_uris: dict[str, str]
    """Where its rows are, by table."""
    upload_uri: str
    duration_s: float
    """Reading and publishing."""
    run_id: str
    lines: tuple[MarkedLine | None, ...] = ()
    """Those that `shown_findings` speak of; None where one cannot be shown."""

    @property
    def shown_findings(self) -> Sequence[FindingRow]:
        """The first findings, of errors if there are any."""
        return (self.profile.errors or self.profile.findings)[:SHOWN_FINDINGS]

    @property
    def is_ready(self) -> bool:
        """Whether the dataset may go into training."""
        return self.profile.status == "ready"

    def verdict(self) -> Verdict:
        """What the catalog records, and what the owner is told."""
        profile, counts = self.profile, self.profile.statistics
        return Verdict(
            dataset_id=self.dataset.id,
            content_version=self.dataset.content_version or "",
            status=profile.status,
            format=profile.reading.form.name if counts.conversations else None,
            total_training_pairs=counts.training_pairs,
            total_validation_pairs=profile.nearness.split.validation_turns if profile.nearness else None,
            total_tokens=profile.token_count,
            token_method=profile.token_method,
            avg_turns_per_conversation=profile.avg_turns_per_conversation,
            avg_tokens_per_turn=profile.avg_tokens_per_turn,
            line_count=counts.lines,
            rejected_line_count=counts.rejected_lines,
            conversation_count=counts.conversations,
            content_sha256=profile.content_sha256,
            validation_errors=[dict(row) for row in profile.errors],
            sample_data=[dict(sample) for sample in counts.samples],
            run_id=self.run_id,
            mapping=self.dataset.mapping,
            finding_counts=dict(sorted(profile.finding_counts.items())),
            answers_to_learn=counts.answers_to_learn,
            title=f"{self.dataset.name} is ready" if self.is_ready else f"{self.dataset.name} has errors",
            message=self.summary(),
        )

    def summary(self) -> str:
        """One sentence for people."""
        profile, counts = self.profile, self.profile.statistics
        if self.is_ready:
            rejected = f", {counts.rejected_lines:,} lines rejected" if counts.rejected_lines else ""
            return f"{counts.conversations:,} conversations, {profile.token_count:,} tokens{rejected}."
        first = FindingRecord.of(self.profile.errors[0])
        if not counts.rejected_lines:  # the fault is the file's as a whole
            return sentence(first.message)
        rejected = f"{counts.rejected_lines:,} of {counts.lines:,} lines rejected"
        place = place_of(first, in_array=profile.reading.row_name == "row")
        return f"{rejected}; first: {place}, {first.code}."
