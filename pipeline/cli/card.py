"""`lora-pipeline card`."""

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.chosen_files import MappingOption, chosen_format
from pipeline.cli.common import write_line
from pipeline.cli.connections import connect_lake, current_settings, open_catalog
from pipeline.cli.files_as_one import AsOneOption, files_as_one
from pipeline.cli.owner import Owner
from pipeline.errors import DatasetNotFound, UsageError

if TYPE_CHECKING:
    from pipeline.card.card import Card

STDOUT = "-"
_SUFFIX = ".card.html"
_UNSAFE = re.compile(r"[^\w.-]+")


def card(
    dataset: Annotated[
        str, typer.Argument(metavar="DATASET|FILE", help="A file, or a dataset's id, the beginning of one, or a name.")
    ],
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="OUT", help="The page; - for stdout. Default: its name, .card.html."),
    ] = None,
    owner: Owner = None,
    mapping: MappingOption = None,
    as_one: AsOneOption = False,
) -> None:
    """Write a page about a dataset: verdict, trainers, figures, findings, first conversations.

    It is one HTML file that needs no network and runs no script. It shows what stands in the dataset: share it only
    with people who may read that.
    """
    from pipeline.card.page import render_card
    from pipeline.card.write import write_card

    is_file = as_one or Path(dataset).exists()
    if output not in (None, STDOUT):
        _refuse_target(Path(output), dataset)
    if mapping is not None and not is_file:
        raise UsageError(f"--mapping: expected a file, found the dataset {dataset}, which is read already")
    made = _of_file(Path(dataset), mapping, as_one=as_one) if is_file else _of_dataset(dataset, owner)
    if output == STDOUT:
        write_line(render_card(made).removesuffix("\n"))
        return
    target = Path(output or _default_name(Path(dataset).stem if is_file else made.name))
    write_card(made, target)
    typer.echo(target)


def _refuse_target(target: Path, dataset: str) -> None:
    if target.is_dir():
        raise UsageError(f"--output: expected a file, found the folder {target}")
    if not target.parent.is_dir():
        raise UsageError(f"--output: there is no folder {target.parent}; make it first")
    if target.exists() and Path(dataset).exists() and target.samefile(dataset):
        raise UsageError(f"--output: {target} is the dataset itself; choose another name")


def _of_file(file: Path, mapping: str | None, *, as_one: bool) -> "Card":
    from pipeline.card.card_examples import first_examples
    from pipeline.card.sources import card_of_profile
    from pipeline.cli.progress import progress_bar
    from pipeline.dataset.formats.packed_files import PackedFiles
    from pipeline.dataset.profiles.parallel import default_workers, helpers_for, profile_path
    from pipeline.dataset.profiles.profile_rules import Rules
    from pipeline.dataset.profiles.profile_streams import profile_stream
    from pipeline.trainers.acceptance import acceptance_of, asking

    if not (as_one or file.is_file()):
        raise UsageError(f"{file}: expected a file, found a folder or a device; name a file, or add --as-one")
    packed, rules = files_as_one([str(file)]) if as_one else [], asking(Rules(form=chosen_format(None, mapping)))
    workers = default_workers()
    with (
        helpers_for([] if packed else [str(file)], workers) as helpers,
        tempfile.TemporaryDirectory(prefix="lora-card-", ignore_cleanup_errors=True) as work,
    ):
        with progress_bar(file.name, None if packed else file.stat().st_size) as tell:
            if packed:
                profile = profile_stream(PackedFiles(packed), Path(work), rules, tell)
            else:
                profile = profile_path(file, Path(work), rules, workers, tell, helpers)
        examples = first_examples(profile.findings_path, profile.finding_counts)
        return card_of_profile(profile, str(file), acceptance_of(profile), examples)


def _of_dataset(name_or_id: str, owner: str | None) -> "Card":
    from pipeline.card.sources import card_of_dataset

    settings = current_settings()
    with open_catalog(settings) as catalog:
        try:
            found = catalog.find(owner or settings.default_owner, name_or_id)
        except DatasetNotFound as error:
            raise DatasetNotFound(f"there is no file of this name; {error}") from error
    return card_of_dataset(found, connect_lake(settings))


def _default_name(name: str) -> str:
    """In the current folder, whatever the dataset is called."""
    return (_UNSAFE.sub("-", name).lstrip(".-") or "dataset") + _SUFFIX
