"""Profiles rows that a person holds as a Polars frame, and gives frames back: what a notebook asks for."""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import msgspec
import polars as pl

from pipeline.dataset.findings.finding import CATALOGUE, Scope
from pipeline.dataset.formats.chosen_format import format_chosen
from pipeline.dataset.model.conversation import ANY_SIZE
from pipeline.dataset.profiles.frame_files import write_frame
from pipeline.dataset.profiles.parallel import profile_path
from pipeline.dataset.profiles.profile import Profile
from pipeline.dataset.profiles.profile_rules import Rules
from pipeline.errors import UsageError
from pipeline.state.lake import SCHEMAS
from pipeline.state.lake.lake_errors import lake_errors

_NO_FIGURES = (  # what is no single value, and what only files have
    "path",
    "roles",
    "words_per_turn",
    "turns_per_conversation",
    "tokens_per_conversation",
    "truncation",
    "rows_by_tokens",
    "languages",
    "target_acceptance",
    "content_sha256",
    "finding_counts",
    "finding_shares",
    "findings_not_listed",
    "findings",
    "findings_truncated",
)
# The types of figures; the others are counts. What is not known of some rows is null, of the same type.
_TEXTS = ("format", "format_why", "container", "compression", "status", "token_method")
_REALS = ("tokens_standard_error", "avg_turns_per_conversation", "avg_tokens_per_turn")
MappingSaid: TypeAlias = str | Mapping[str, object] | None
Prepared: TypeAlias = Callable[[Rules], Rules]
_AS_THEY_ARE: Prepared = lambda rules: rules  # noqa: E731  # a default that does nothing
_OF_FILES = [code for code, kind in CATALOGUE.items() if kind.scope is Scope.FILE]


@dataclass(frozen=True, slots=True)
class FrameProfile:
    """What is known of a frame of rows. `row` counts the rows of the frame from 1 and joins all of them.

    The lazy frames read Parquet files that stay until the interpreter ends; they have the columns of the lake's tables
    of their names (docs/tables.md).
    """

    figures: pl.DataFrame
    """One row: the figures of the report that `lora-pipeline check --json` prints."""
    finding_counts: pl.DataFrame
    """`code`, `severity`, `count` and `share` of the rows, of every code that was found, listed or not."""
    findings: pl.LazyFrame
    """At most 10,000 of a code, in the order of rows; `row` is null where all of the frame is meant."""
    conversations: pl.LazyFrame
    """The accepted rows."""
    turns: pl.LazyFrame
    """Their turns, in order."""


def profile_frame(
    frame: pl.DataFrame | pl.LazyFrame,
    *,
    dataset_format: str | None = None,
    mapping: MappingSaid = None,
    structure_only: bool = False,
) -> FrameProfile:
    """Judge and profile the rows of a frame as an upload of them would be.

    frame: columns as a format names its fields, such as `messages` with lists of `role` and `content`; a lazy one is
    written as it is read, never held whole. dataset_format: what the rows are read as; None to recognise it. mapping:
    what the columns mean, as `--mapping` takes it, or a dict. structure_only: look at form and exact duplicates only.

    Raises:
        UsageError: this is no frame, or one whose rows cannot be read or kept as Parquet; there is no such format, or
            the mapping describes none.
        LakeError: temporary files cannot be written.
    """
    return framed(profiled_frame(frame, dataset_format, mapping, structure_only))


def profiled_frame(
    frame: pl.DataFrame | pl.LazyFrame,
    dataset_format: str | None,
    mapping: MappingSaid,
    structure_only: bool,
    prepared: Prepared = _AS_THEY_ARE,
) -> Profile:
    """The profile of a frame, whose files stay until the interpreter ends. prepared: what else the rules ask for.

    Raises:
        UsageError, LakeError: see `profile_frame`.
    """
    if not isinstance(frame, pl.DataFrame | pl.LazyFrame):
        raise UsageError(f"frame: expected a DataFrame or a LazyFrame of Polars, found {type(frame).__name__}")
    rules = _rules(dataset_format, mapping, structure_only, prepared)
    # Many rows of one text are a small file; from another they would be a bomb.
    rules = replace(rules, limits=replace(rules.limits, max_unpacked_bytes=ANY_SIZE))
    return _kept(lambda folder: _profiled(frame, folder, rules))


def profiled_file(
    path: Path,
    dataset_format: str | None,
    mapping: MappingSaid,
    structure_only: bool,
    prepared: Prepared = _AS_THEY_ARE,
) -> Profile:
    """The profile of a file; see `profiled_frame`.

    Raises:
        UsageError: there is no such file or format, or the mapping describes none.
        LakeError: temporary files cannot be written.
    """
    if not path.is_file():
        raise UsageError(f"{path}: expected a file, found none; check its name")
    rules = _rules(dataset_format, mapping, structure_only, prepared)
    return _kept(lambda folder: profile_path(path, folder, rules))


def framed(profile: Profile) -> FrameProfile:
    """A profile whose files are there, as frames."""
    is_of_file = pl.col("code").is_in(_OF_FILES)
    return FrameProfile(
        figures=_figures(profile),
        finding_counts=_finding_counts(profile),
        findings=pl.scan_parquet(profile.findings_path).with_columns(row=pl.when(~is_of_file).then("row")),
        conversations=_scan(profile, "conversations"),
        turns=_scan(profile, "turns"),
    )


def _rules(dataset_format: str | None, mapping: MappingSaid, structure_only: bool, prepared: Prepared) -> Rules:
    said = _mapping_text(mapping)
    form = format_chosen(dataset_format, said, name_option="dataset_format", mapping_option="mapping")
    rules = Rules(form=form)
    return rules.structure_only() if structure_only else prepared(rules)


def _mapping_text(mapping: MappingSaid) -> str | None:
    if mapping is None or isinstance(mapping, str):
        return mapping
    try:
        return msgspec.json.encode(mapping).decode()
    except TypeError as error:
        raise UsageError(f"mapping: expected a text or a dict of texts, found: {error}") from error


def _kept(profiled: Callable[[Path], Profile]) -> Profile:
    """What is read into a folder of its own, which goes with the interpreter."""
    with lake_errors("make", Path(tempfile.gettempdir())):
        folder = Path(tempfile.mkdtemp(prefix="lora-profile-"))
    try:
        profile = profiled(folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return profile


def _profiled(frame: pl.DataFrame | pl.LazyFrame, folder: Path, rules: Rules) -> Profile:
    """The profile, with its files in a folder."""
    rows, work = folder / "rows.parquet", folder / "work"
    with lake_errors("write", rows):
        work.mkdir()
        write_frame(frame.lazy(), rows)
    profile = profile_path(rows, work, rules, workers=1)
    rows.unlink()
    return profile


def _scan(profile: Profile, table: str) -> pl.LazyFrame:
    if not profile.parts:  # refused before any row was read
        return pl.LazyFrame(pl.from_arrow(SCHEMAS[table].empty_table()))
    return pl.scan_parquet([part / f"{table}.parquet" for part in profile.parts])


def _figures(profile: Profile) -> pl.DataFrame:
    figures = {name: value for name, value in profile.as_dict("").items() if name not in _NO_FIGURES}
    return pl.DataFrame([figures], schema={name: _type_of(name) for name in figures})


def _type_of(figure: str) -> type[pl.DataType]:
    if figure in _TEXTS:
        return pl.String
    return pl.Float64 if figure in _REALS else pl.Int64


def _finding_counts(profile: Profile) -> pl.DataFrame:
    counts = [
        (code, kind.severity.value, count, profile.finding_share(code))
        for code, kind in CATALOGUE.items()
        if (count := profile.finding_counts[code])
    ]
    schema = {"code": pl.String, "severity": pl.String, "count": pl.Int64, "share": pl.Float64}
    return pl.DataFrame(counts, schema=schema, orient="row")
