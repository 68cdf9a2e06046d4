"""Planning and making training jobs of a user's datasets. Values in, values out; no HTTP.

Names come from whoever asks, so only those of the catalogues are taken: the command line also takes the path of a
`config.json`, which here would be a file of the server.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

from pipeline.catalogues.nearest import did_you_mean
from pipeline.catalogues.reading import load_gpus, load_models
from pipeline.dataset.tokens import load_tokenizer
from pipeline.errors import UsageError
from pipeline.flow.job_making import JobMaker, Prepared, prepare
from pipeline.flow.own_measurements import with_own_runs
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
MAX_COMPARED = 500  # trainings, of some 5 ms each


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a training takes, and what the same takes on every GPU, the smallest first; none where a provider trains."""

    outcome: Outcome
    others: tuple[Outcome, ...]
    ruled: Outcome
    """What it takes with nothing set by hand."""


def compare_gpus(service: Service, user: User, dataset_id: str, setup: Setup) -> Comparison:
    """Plan a training, and the same on every GPU of the catalogue. What is wrong with a setting is the outcome.

    Raises:
        DatasetNotFound: there is none that the user may see.
        DatasetNotReady: it cannot be trained on.
        UsageError: a name is none of the catalogues.
    """
    _check_names(service, setup)
    prepared = prepare(service.lake, service.access(user).dataset(dataset_id))
    catalogues = catalogues_of(service, user)
    is_hosted = are_hosted(setup.targets)
    known = () if is_hosted else load_gpus(service.settings.gpus_file).values()
    gpus = sorted(known, key=lambda gpu: (gpu.memory_gb, gpu.name))
    ruled = consider(prepared.facts, replace(setup, overrides={}), catalogues)
    try:
        outcome = consider(prepared.facts, setup, catalogues) if setup.overrides else ruled
    except UsageError as error:
        return Comparison(NotPossible(setup, "wrong-setting", str(error)), (), ruled)
    others = tuple(consider(prepared.facts, replace(setup, gpu=gpu.name), catalogues) for gpu in gpus)
    return Comparison(outcome, others, ruled)


def compare_setups(
    service: Service, user: User, dataset_id: str, setups: Sequence[Setup], gpus: Sequence[str] | Literal["all"]
) -> list[Outcome]:
    """Plan each training, on every GPU that is named: the cheapest first, then those without a price or a plan.

    Raises:
        DatasetNotFound: there is none that the user may see.
        DatasetNotReady: it cannot be trained on.
        UsageError: a name is none of the catalogues, a setting is none, or there are too many to compare.
    """
    known = load_gpus(service.settings.gpus_file)
    names = tuple(known) if gpus == "all" else gpus
    wanted = [each for setup in setups for each in _on_each(setup, names)]
    if len(wanted) > MAX_COMPARED:
        raise UsageError(
            f"setups: expected up to {MAX_COMPARED} trainings to compare, found {len(wanted):,}: name fewer"
        )
    for setup in wanted:
        _check_names(service, setup)
    facts = prepare(service.lake, service.access(user).dataset(dataset_id)).facts
    catalogues = catalogues_of(service, user)
    return sorted((consider(facts, setup, catalogues) for setup in wanted), key=_rank)


def plan_one(service: Service, user: User, dataset_id: str, setup: Setup) -> Considered:
    """Plan a training; nothing is written.

    Raises:
        DatasetNotFound: there is none that the user may see.
        DatasetNotReady: it cannot be trained on.
        UsageError: a name is none of the catalogues, or there can be no such training; says why.
    """
    _check_names(service, setup)
    prepared = prepare(service.lake, service.access(user).dataset(dataset_id))
    return _considered(service, user, prepared, setup)


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
    considered = _considered(service, user, prepared, setup)
    maker = JobMaker(access.own_catalog, service.lake, load_tokenizer(service.settings.tokenizer), run_id=None)
    return maker.make(prepared, considered, "person", service.now())


def catalogues_of(service: Service, user: User) -> Catalogues:
    """What the installation knows of models, GPUs and prices, with what the user's trainings were measured at."""
    catalogues = Catalogues.of_settings(service.settings, service.now().date())
    return with_own_runs(catalogues, service.access(user).own_catalog, user.id)


def _considered(service: Service, user: User, prepared: Prepared, setup: Setup) -> Considered:
    outcome = consider(prepared.facts, setup, catalogues_of(service, user))
    if isinstance(outcome, NotPossible):
        raise UsageError(outcome.explained())
    return outcome


def _on_each(setup: Setup, gpus: Sequence[str]) -> list[Setup]:
    """Where a provider trains, it is the same whatever is named."""
    if not gpus or are_hosted(setup.targets):
        return [setup]
    return [replace(setup, gpu=gpu) for gpu in gpus]


def _rank(outcome: Outcome) -> tuple[bool, float, str]:
    cost = outcome.estimate.cost_usd if isinstance(outcome, Considered) else None
    return (isinstance(outcome, NotPossible), cost.expected if cost else inf, str(outcome.setup))


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
