"""The launchers of an installation, from its settings, and what is missing where one cannot be used."""

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.catalogues.by_name import find_model, find_token_price
from pipeline.catalogues.reading import load_token_prices
from pipeline.errors import UsageError
from pipeline.flow.trainings import Missing, Trainings
from pipeline.launchers.hosted.hosted_launcher import Agreed, HostedLauncher, TokenRate
from pipeline.launchers.hosted.providers import make_providers, missing_key
from pipeline.launchers.kubernetes.kubernetes_settings import kubernetes_missing, make_kubernetes
from pipeline.launchers.launcher import Launcher
from pipeline.launchers.local import LocalLauncher
from pipeline.launchers.own_machine import OwnMachineLauncher
from pipeline.launchers.sagemaker.sagemaker_settings import instance_missing, sagemaker_missing, sagemaker_place
from pipeline.settings import Settings
from pipeline.state.catalog.attempt_records import Attempt
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.catalog.job_records import Job
from pipeline.state.catalog.statuses import LauncherName
from pipeline.state.durable import lent_aside
from pipeline.state.lake import Lake, existing_job_files
from pipeline.trainers.job import TrainingJob
from pipeline.trainers.registry import BY_NAME
from pipeline.training.hosted_estimate import tokens_of_passes


def make_trainings(
    catalog: Catalog,
    lake: Lake,
    settings: Settings,
    environment: Mapping[str, str],
    token_of: Callable[[Attempt], str] = lambda _: "",
) -> Trainings:
    """What the sensor and the runs work with. environment: with the keys, and what trainings here may have of it.

    token_of: what opens an attempt at the service; only who starts trainings needs it.
    """

    def fetch_files(job_id: str, trainer: str, folder: Path) -> None:
        fetch_trainer_files(lake, job_id, trainer, folder)

    def agree(job: TrainingJob, trainer: str) -> Agreed:
        return agreed(settings, job, trainer)

    launchers: list[Launcher] = [
        LocalLauncher(settings.trainings, settings.trainer_python, settings.base_models, fetch_files, environment),
        OwnMachineLauncher(),
        HostedLauncher(settings.trainings, make_providers(environment), fetch_files, agree, time.time),
        make_kubernetes(settings, environment, token_of),
    ]
    if settings.sagemaker_role:  # boto3 takes half a second to import, in each of Dagster's processes
        from pipeline.launchers.sagemaker.sagemaker_launcher import SageMakerLauncher

        place, missing = sagemaker_place(settings), sagemaker_missing(settings)
        launchers.append(SageMakerLauncher(settings.trainings, place, missing, fetch_files))
    return Trainings(catalog, settings, {each.name: each for each in launchers})


def what_is_missing(settings: Settings, environment: Mapping[str, str]) -> Missing:
    """What is to be set before a launcher can run a trainer; environment: that of the process which is asked."""
    by_launcher: dict[LauncherName, Callable[[str, Job], str]] = {
        "hosted": lambda trainer, _: missing_key(trainer, environment),
        "sagemaker": lambda _, job: sagemaker_missing(settings) or instance_missing(settings, job.gpu, job.gpu_count),
        "kubernetes": lambda _, __: kubernetes_missing(settings),
    }
    return lambda launcher, trainer, job: by_launcher[launcher](trainer, job) if launcher in by_launcher else ""


def agreed(settings: Settings, job: TrainingJob, trainer: str) -> Agreed:
    """What a provider is expected to bill for a job, and at which rate; none where no price is listed."""
    known = BY_NAME[trainer]
    name = (getattr(job, known.own_model.key) if known.own_model else "") or job.hub_id
    try:
        parameters = find_model(job.base_model, settings.models_file).parameters
    except UsageError:  # taken out of the catalogue since
        parameters = None
    prices = load_token_prices(settings.token_prices_file)
    price = find_token_price(prices, trainer, name, parameters, job.method, job.objective)
    tokens, _ = tokens_of_passes(known, job.data.train_tokens, job.optimisation.epochs)
    said = f"{price.usd_per_million:g} USD a million ({price.name}, as of {price.as_of})" if price else ""
    rate = TokenRate(price.name, price.usd_per_million, price.minimum_usd, said) if price else None
    return Agreed(round(tokens.expected), rate)


def fetch_trainer_files(lake: Lake, job_id: str, trainer: str, folder: Path) -> None:
    """Put the files of a job that are for one trainer into a folder, each whole.

    Raises:
        LakeError: they are not there.
    """
    prefix = f"{trainer}/"
    for name in existing_job_files(lake, job_id):
        if name.startswith(prefix):
            place = folder / name.removeprefix(prefix)
            place.parent.mkdir(parents=True, exist_ok=True)
            with lake.fetch_job_file(job_id, name) as path, lent_aside(place) as aside:
                shutil.copyfile(path, aside)
