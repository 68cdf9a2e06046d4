"""A file of a person's own, as training jobs are made of it: read, judged and split as an upload of it would be.

No store, catalog or lake takes part: what a lake would be given lies in a folder that the caller lends, and the files
of a job are those that an installation makes of the same upload and the same choices.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.clock import utc_now
from pipeline.dataset.formats.blocks_of_lines import BLOCK_BYTES
from pipeline.dataset.formats.packed_files import PackedFiles, packed_below
from pipeline.dataset.profiles.parallel import profile_path
from pipeline.dataset.profiles.profile import Profile
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.dataset.tokens import Tokenizer
from pipeline.engines.helpers import Helpers
from pipeline.flow.lake_files import Origin, lake_files, profile_row
from pipeline.flow.validation import CODE_VERSION
from pipeline.state.store.keys import UPLOADS
from pipeline.state.store.upload_identity import dataset_id
from pipeline.trainers.acceptance import acceptance_of, asking
from pipeline.trainers.dataset_rows import DatasetRows
from pipeline.trainers.job import TrainingJob
from pipeline.training.considering import Considered
from pipeline.training.jobs.dataset_facts import DatasetFacts
from pipeline.training.jobs.job_identity import of_rows
from pipeline.training.jobs.rendering import Rendered, render_job
from pipeline.training.splitting import split_of


@dataclass(frozen=True, slots=True)
class OwnFile:
    """A file that was read."""

    profile: Profile
    facts: DatasetFacts
    """Under the id that it gets when it is dropped as it is."""
    rows: DatasetRows
    """While the folder is."""

    def job_of(self, considered: Considered) -> TrainingJob:
        """The job under the id that tells its rows apart."""
        return of_rows(considered.job, split_of(self.rows, self.facts.id).fingerprint)

    def render(self, job: TrainingJob, folder: Path, tokenizer: Tokenizer) -> Rendered:
        """Write the files of a job.

        Raises:
            UsageError: no row is left to train on.
            LakeError: the folder cannot be written.
        """
        return render_job(job, self.rows, folder, tokenizer)


def read_own_file(
    path: Path,
    owner: str,
    folder: Path,
    rules: Rules,
    workers: int = 1,
    on_bytes: Callable[[int], None] = lambda _: None,
    helpers: Helpers | None = None,
) -> OwnFile:
    """Read and judge a file. folder: for its rows; owner: whose upload it would be; the rest: see `profile_path`.

    Raises:
        OSError: the file cannot be read.
        LakeError: the folder cannot be written.
    """
    profile = profile_path(path, folder, asking(rules), workers, on_bytes, helpers)
    acceptance = acceptance_of(profile)
    key, version = f"{UPLOADS}{owner}/{path.name}", f"sha256:{profile.content_sha256}"
    origin = Origin(dataset_id(owner, key, version), owner, key, version, "", CODE_VERSION, utc_now())
    tables = lake_files(profile, acceptance, origin, folder)
    return OwnFile(
        profile,
        DatasetFacts.of_profile(profile_row(profile, acceptance, origin), path.name.rpartition(".")[0] or path.name),
        DatasetRows(tables["conversations"], tables["turns"], tables["splits"]),
    )


def pack(files: Sequence[Path], target: Path) -> Path:
    """Write several files as the one archive that an upload of them would be; the same files give the same bytes.

    Raises:
        OSError: a file cannot be read, or the archive not be written.
    """
    packed = PackedFiles(packed_below(sorted(file.resolve() for file in files)))
    with target.open("wb") as archive:
        while piece := packed.read(BLOCK_BYTES):
            archive.write(piece)
    return target
