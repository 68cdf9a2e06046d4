"""Planning and making training jobs of a user's datasets. Values in, values out; no HTTP.

Names come from whoever asks, so only those of the catalogues are taken: the command line also takes the path of a
`config.json`, which here would be a file of the server.
"""

from dataclasses import dataclass, replace

from pipeline.catalogues.nearest import did_you_mean
from pipeline.catalogues.reading import load_gpus, load_models
from pipeline.dataset.tokens import load_tokenizer
from pipeline.errors import UsageError
from pipeline.flow.job_making import JobMaker, prepare
from pipeline.service.service import Service
from pipeline.service.user import User
from pipeline.state.catalog.job_records import Job
from pipeline.trainers.registry import are_hosted
from pipeline.training.considering import Catalogues, Considered, NotPossible, consider
from pipeline.training.jobs.offered import MOST_GPUS
from pipeline.training.presets import load_presets
from pipeline.training.setup import Setup

Outcome = Considered | NotPossible
MAX_GPUS = MOST_GPUS


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a training takes, and what the same takes on every GPU, the smallest first; none where a provider trains."""

    outcome: Outcome
    others: tuple[Outcome, ...]


def compare_gpus(service: Service, user: User, dataset_id: str, setup: Setup) -> Comparison:
    """Plan a training, and the same on every GPU of the catalogue.

    Raises:
        DatasetNotFound: there is none that the user may see.
        DatasetNotReady: it cannot be trained on.
        UsageError: a name is none of the catalogues.
    """
    _check_names(service, setup)
    prepared = prepare(service.lake, service.access(user).dataset(dataset_id))
    catalogues = Catalogues.of_settings(service.settings, service.now().date())
    is_hosted = are_hosted(setup.targets)
    known = () if is_hosted else load_gpus(service.settings.gpus_file).values()
    gpus = sorted(known, key=lambda gpu: (gpu.memory_gb, gpu.name))
    others = tuple(consider(prepared.facts, replace(setup, gpu=gpu.name), catalogues) for gpu in gpus)
    return Comparison(consider(prepared.facts, setup, catalogues), others)


def make_job(service: Service, user: User, dataset_id: str, setup: Setup) -> Job:
    """Make a training job of one's own dataset, with its files; the same again is the job that is there.

    Raises:
        DatasetNotFound: there is none of this user.
        DatasetNotReady: it cannot be trained on.
        UsageError: a name is none of the catalogues, or there can be no such training; says why.
    """
    _check_names(service, setup)
    access = service.access(user)
    prepared = prepare(service.lake, access.own_dataset(dataset_id))
    considered = consider(prepared.facts, setup, Catalogues.of_settings(service.settings, service.now().date()))
    if isinstance(considered, NotPossible):
        raise UsageError(considered.explained())
    maker = JobMaker(access.own_catalog, service.lake, load_tokenizer(service.settings.tokenizer), run_id=None)
    return maker.make(prepared, considered, "person", service.now())


def _check_names(service: Service, setup: Setup) -> None:
    settings = service.settings
    known = {
        "model": (setup.model, load_models(settings.models_file)),
        "GPU": (setup.gpu, load_gpus(settings.gpus_file)),
        "preset": (setup.preset, load_presets(settings.presets_file)),
    }
    for what, (name, names) in known.items():
        if name not in names:
            raise UsageError(f"{what}: expected a name of the catalogue, found {name!r}{did_you_mean(name, names)}")
    if not 1 <= setup.gpu_count <= MAX_GPUS:
        raise UsageError(f"GPUs: expected 1 to {MAX_GPUS}, found {setup.gpu_count}")
