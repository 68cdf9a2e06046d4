"""Renders a job: a folder for each of its trainers with everything that the trainer reads, each file whole.

Two passes over the rows, so that memory does not grow with the dataset: one to see what is left of them, one to write.
Same dataset, same job, same bytes.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import msgspec

from pipeline.dataset.convert.converting import Write, replaced
from pipeline.dataset.convert.losses import Losses
from pipeline.dataset.tokens import DEFAULT_TOKENIZER, Tokenizer, load_tokenizer
from pipeline.errors import ServiceError
from pipeline.state.checksums import sha256_of
from pipeline.state.durable import written
from pipeline.trainers.dataset_rows import DatasetRows
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.learning import Dropped
from pipeline.trainers.rendered import check_files, renderer
from pipeline.trainers.renderer import TRAIN_FILE, Renderer
from pipeline.trainers.requirements import REQUIREMENTS_FILE, requirements_txt
from pipeline.trainers.survey import Survey, prepared, survey
from pipeline.trainers.target_name import TargetName
from pipeline.training.jobs.explaining import explain_md

JOB_FILE, EXPLAIN_FILE, DROPPED_FILE = "job.json", "explain.md", "dropped_rows.jsonl"
_Opener: TypeAlias = Callable[[Path], AbstractContextManager[Write]]


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A file that was rendered."""

    path: str
    """Relative to the folder, with / between its parts."""
    target: TargetName | None
    """None for files of the job itself."""
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was written. Rows are conversations;"""

    folder: Path
    files: tuple[RenderedFile, ...]
    train_rows: int
    validation_rows: int
    dropped: Mapping[str, int]
    """Rows left out, by reason."""


def render_job(
    job: TrainingJob,
    rows: DatasetRows,
    folder: Path,
    tokenizer: Tokenizer | None = None,
    opened: _Opener = replaced,
) -> Rendered:
    """Write the job's files into a folder, which is made; what is there under the same names is replaced.

    tokenizer: counts what comes before an answer; ours by default. opened: writes a file.

    Raises:
        UsageError: no row is left to train on.
        LakeError: the rows cannot be read, or the folder not be written.
    """
    counter = tokenizer or load_tokenizer(DEFAULT_TOKENIZER)
    found = survey(job, rows, counter)
    targets = [renderer(name, job.objective) for name in job.targets]
    losses = {target.name: Losses() for target in targets}
    for target in targets:
        with written(folder / target.name):
            (folder / target.name).mkdir(parents=True, exist_ok=True)
    _write_data(job, rows, folder, counter, found, losses, opened)
    files: list[tuple[str, TargetName | None]] = [(JOB_FILE, None)]
    for target in targets:
        texts = _texts(job, target, found)
        texts[EXPLAIN_FILE] = explain_md(job, target, found, losses[target.name], counter.name)
        for name, text in texts.items():
            _write_text(folder / target.name / name, text, opened)
        files += [(f"{target.name}/{name}", target.name) for name in sorted((*_data_files(target, found), *texts))]
    _write_text(folder / JOB_FILE, job.model_dump_json(indent=2) + "\n", opened)
    described = tuple(_described(folder, path, target) for path, target in files)
    dropped = {str(reason): count for reason, count in sorted(found.dropped.items())}
    return Rendered(folder, described, found.train_rows, found.validation_rows, dropped)


def _texts(job: TrainingJob, target: Renderer, found: Survey) -> dict[str, str]:
    texts = dict(target.make_files(job, found))
    if requirements := requirements_txt(job, target.name):
        texts[REQUIREMENTS_FILE] = requirements
    if problems := check_files(
        target.name, texts, job.objective
    ):  # never a user's mistake: overrides are checked before
        raise ServiceError(f"the files for {target.name} are not as it takes them: " + "; ".join(map(str, problems)))
    return texts


def _write_data(
    job: TrainingJob,
    rows: DatasetRows,
    folder: Path,
    tokenizer: Tokenizer,
    found: Survey,
    losses: Mapping[TargetName, Losses],
    opened: _Opener,
) -> None:
    """Write the data of every target."""
    encode = msgspec.json.Encoder().encode
    with ExitStack() as stack:

        def lent(target: TargetName, name: str) -> Write:
            return stack.enter_context(opened(folder / target / name))

        targets = {name: renderer(name, job.objective) for name in job.targets}
        train = {name: lent(name, TRAIN_FILE) for name in targets}
        validation = {name: lent(name, each.validation_file) for name, each in targets.items() if found.validation_rows}
        dropped = {name: lent(name, DROPPED_FILE) for name in targets if found.dropped}
        for talk, is_validation in prepared(job, rows, tokenizer):
            for name, target in targets.items():
                if isinstance(talk, Dropped):
                    dropped[name](encode({"row": talk.row, "line": talk.line, "reason": talk.reason}) + b"\n")
                    continue
                lost = set(talk.lost)
                write = (validation if is_validation else train)[name]
                for row in target.make_rows(talk, found, lost):
                    write(encode(row) + b"\n")
                if lost:
                    losses[name].add(talk.row, lost)


def _data_files(target: Renderer, found: Survey) -> list[str]:
    """The names of a target's files of rows."""
    validation = [target.validation_file] if found.validation_rows else []
    return [TRAIN_FILE, *validation, *([DROPPED_FILE] if found.dropped else [])]


def _write_text(path: Path, text: str, opened: _Opener) -> None:
    with opened(path) as write:
        write(text.encode())


def _described(folder: Path, path: str, target: TargetName | None) -> RenderedFile:
    place = folder / path
    return RenderedFile(path, target, place.stat().st_size, sha256_of(place))
