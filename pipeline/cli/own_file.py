"""What `plan` and `estimate` share: a file of one's own, read as an upload of it would be, and what its job takes."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os.path import commonpath
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pipeline.cli.common import NOT_READY, complain
from pipeline.cli.job_options import in_options
from pipeline.cli.named_files import STDIN
from pipeline.cli.progress import progress_bar
from pipeline.errors import DatasetNotReady, UsageError
from pipeline.wording import count_of

if TYPE_CHECKING:
    from pipeline.dataset.formats.rows.format import Format
    from pipeline.flow.own_files import OwnFile
    from pipeline.settings import Settings
    from pipeline.training.considering import Catalogues, Considered
    from pipeline.training.setup import Setup


def checked_catalogues(settings: "Settings", setup: "Setup") -> "Catalogues":
    """The catalogues, which know every name of the set-up; its settings can be read. To be asked before any work.

    Raises:
        UsageError: a name or a setting is not known, or out of its range.
    """
    from pipeline.clock import utc_now
    from pipeline.trainers.overrides import parse_overrides
    from pipeline.training.considering import Catalogues

    catalogues = Catalogues.of_settings(settings, utc_now().date())
    catalogues.named(setup)
    parse_overrides(setup.overrides)
    return catalogues


@contextmanager
def lent_own_file(
    files: Sequence[str], owner: str, chosen: "Format | None", settings: "Settings"
) -> "Iterator[tuple[OwnFile, Path]]":
    """Lend what was read, and the file that it is: several are packed into one archive.

    Raises:
        UsageError: one is not there, or the file is no dataset that can be trained on.
    """
    from dataclasses import replace

    from pipeline.dataset.profiles.parallel import default_workers, helpers_for
    from pipeline.flow.own_files import read_own_file
    from pipeline.flow.validation import rules_of

    with tempfile.TemporaryDirectory(prefix="lora-plan-", ignore_cleanup_errors=True) as work:
        path, rows = _one_file(files, Path(work)), Path(work, "rows")
        rows.mkdir()
        rules, workers = replace(rules_of(settings), form=chosen), default_workers()
        with helpers_for([str(path)], workers) as helpers, progress_bar(path.name, path.stat().st_size) as tell:
            own = read_own_file(path, owner, rows, rules, workers, tell, helpers)
        _refuse_errors(own, files)
        yield own, path


def considered_or_leave(own: "OwnFile", setup: "Setup", catalogues: "Catalogues") -> "Considered":
    """The job of a set-up; where there can be none, say why and leave."""
    from pipeline.training.considering import NotPossible, consider

    considered = consider(own.facts, setup, catalogues)
    if isinstance(considered, NotPossible):
        complain(considered.explained(in_options))
        raise typer.Exit(NOT_READY)
    return considered


def estimate_text(considered: "Considered", catalogues: "Catalogues") -> str:
    """What the job takes, as `lora-pipeline estimate` says it."""
    from pipeline.cli.estimate_text import render, render_hosted
    from pipeline.training.hosted_estimate import HostedEstimate
    from pipeline.training.job_estimate import workload_of

    job, found = considered.job, considered.estimate
    if isinstance(found, HostedEstimate):
        return render_hosted(job.openai_model if "openai" in job.targets else job.hub_id, found)
    model = catalogues.named(considered.setup).model
    return render(workload_of(job, model, considered.gpu), found)


def figures_text(own: "OwnFile") -> str:
    """What was read, as a line."""
    facts = own.facts
    sides = f"{facts.train_rows:,} to train on, {facts.validation_rows:,} for validation"
    return f"{facts.name}: {count_of(facts.rows, 'conversation')} ({sides}), {count_of(facts.tokens, 'token')}"


def _one_file(files: Sequence[str], work: Path) -> Path:
    from pipeline.flow.own_files import pack

    if STDIN in files:
        return _from_stdin(files, work)
    paths = [Path(file) for file in files]
    if missing := [path for path in paths if not path.is_file()]:
        raise UsageError(f"{missing[0]}: expected a file, found none; check its name")
    if len(paths) == 1:
        return paths[0]
    shared = Path(commonpath([path.resolve().parent for path in paths])).name
    return pack(paths, work / f"{shared or 'dataset'}.tar")


def _from_stdin(files: Sequence[str], work: Path) -> Path:
    if len(files) > 1:
        raise UsageError("standard input (-): expected it alone, found other files with it; name them all, or pipe all")
    with (work / "stdin.jsonl").open("wb") as target:
        shutil.copyfileobj(sys.stdin.buffer, target)
    return work / "stdin.jsonl"


def _refuse_errors(own: "OwnFile", files: Sequence[str]) -> None:
    profile = own.profile
    if profile.status == "ready":
        return
    lines, named = profile.statistics, " ".join(files)
    raise DatasetNotReady(
        f"expected a dataset that is ready, found {lines.rejected_lines:,} of {count_of(lines.lines, 'line')} rejected "
        f"and {count_of(len(profile.errors), 'error')} listed; lora-pipeline check {named} shows them"
    )
