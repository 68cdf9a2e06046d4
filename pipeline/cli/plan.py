"""`lora-pipeline plan`: from a file of one's own to what a trainer reads, with no installation."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.chosen_files import MappingOption, chosen_format
from pipeline.cli.common import write_line
from pipeline.cli.connections import current_settings
from pipeline.cli.job_options import Gpus, Method_, Provider, Settings_, Spot, Targets, read_setup
from pipeline.cli.named_files import Excludes, named_files
from pipeline.cli.own_file import (
    checked_catalogues,
    considered_or_leave,
    estimate_text,
    figures_text,
    lent_own_file,
)
from pipeline.cli.owner import Owner
from pipeline.errors import UsageError
from pipeline.safe_text import shown
from pipeline.wording import count_of

if TYPE_CHECKING:
    from pipeline.trainers.job import TrainingJob
    from pipeline.training.considering import Considered
    from pipeline.training.jobs.rendering import Rendered


def plan(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="A dataset in any format; several, a folder or a pattern are one dataset; - reads standard input.",
        ),
    ],
    model: Annotated[
        str, typer.Option("--model", metavar="MODEL", help="Of the catalogue, or the path of a config.json.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Where the files go; a new folder, or an empty one.")
    ],
    exclude: Excludes = None,
    preset: Annotated[str, typer.Option(metavar="PRESET", help="conservative, balanced or aggressive.")] = "balanced",
    gpu: Annotated[str, typer.Option(metavar="GPU", help="As the catalogue names it.")] = "A100-80GB-SXM",
    gpus: Gpus = 1,
    method: Method_ = None,
    target: Targets = "trl",
    set_: Settings_ = None,
    provider: Provider = None,
    spot: Spot = False,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="NAME", help="The format of FILE. Default: what its rows look like."),
    ] = None,
    mapping: MappingOption = None,
    owner: Owner = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the job, its estimate and its files as JSON.")] = False,
) -> None:
    """Make a training job of a file: configs and data for each trainer, and what it will cost.

    Needs no installation; the files are those that an installation makes of an upload of the same file. Such a job is
    made there with `lora-pipeline jobs create --from DIR/job.json`.

    Exit code: 0 the files are written, 1 the file is not ready, a trainer refuses it or the job does not fit, 2 wrong
    use, 3 a file cannot be read or written.
    """
    from pipeline.dataset.tokens import load_tokenizer

    settings, chosen = current_settings(), chosen_format(form, mapping)
    setup = read_setup(model, preset, gpu, gpus, method, target, set_, provider, spot)
    catalogues = checked_catalogues(settings, setup)
    meant, earlier = named_files(files, exclude), _earlier_job(output)
    with lent_own_file(meant, owner or settings.default_owner, chosen, settings) as (own, path):
        considered = considered_or_leave(own, setup, catalogues)
        job = own.job_of(considered)
        if earlier not in (None, job.job_id):
            raise UsageError(f"--output: expected a new folder, found {output} with the job {earlier}; choose another")
        rendered = own.render(job, output, load_tokenizer(settings.tokenizer))
        upload = _keep(path, output) if len(meant) > 1 else meant[0]
        figures = figures_text(own)
    if as_json:
        write_line(json.dumps(_as_dict(job, considered, rendered), ensure_ascii=False))
        return
    typer.echo(
        f"{shown(figures)}\n{job.job_id}\n{estimate_text(considered, catalogues)}\nfiles in {shown(str(output))}"
    )
    for each in rendered.files:
        typer.echo(f"  {each.path}")
    _tell_rest(job, rendered, upload, output)


def _earlier_job(output: Path) -> str | None:
    """The job whose files are there already; they may be written again."""
    from pipeline.training.jobs.rendering import JOB_FILE

    if output.exists() and not output.is_dir():
        raise UsageError(f"--output: expected a folder, found the file {output}")
    if not output.exists() or not any(output.iterdir()):
        return None
    try:
        return str(json.loads((output / JOB_FILE).read_bytes())["job_id"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(
            f"--output: expected a new folder, or an empty one, found {output} with files in it; choose another"
        ) from None


def _keep(archive: Path, output: Path) -> str:
    """Keep the archive of several files: an upload of it is the dataset of this job."""
    from pipeline.state.durable import whole_file

    target = output / archive.name
    with whole_file(target) as aside:
        shutil.copyfile(archive, aside)
    return str(target)


def _as_dict(job: "TrainingJob", considered: "Considered", rendered: "Rendered") -> dict[str, object]:
    return {
        "job": job.model_dump(mode="json"),
        "estimate": considered.estimate.as_dict(),
        "files": [
            {"path": each.path, "target": each.target, "size_bytes": each.size_bytes, "sha256": each.sha256}
            for each in rendered.files
        ],
        "rows_left_out": dict(rendered.dropped),
    }


def _tell_rest(job: "TrainingJob", rendered: "Rendered", upload: str, output: Path) -> None:
    """What to be aware of, and how an installation makes the same."""
    for warning in job.warnings:
        typer.echo(f"warning: {shown(warning)}", err=True)
    if left := sum(rendered.dropped.values()):
        typer.echo(f"{count_of(left, 'row')} left out; explain.md says why", err=True)
    typer.echo(
        f"in an installation: lora-pipeline upload {shown(upload)} --wait, then lora-pipeline jobs create --from "
        f"{shown(str(output / 'job.json'))}",
        err=True,
    )
