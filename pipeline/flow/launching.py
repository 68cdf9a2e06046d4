"""The launchers of an installation, from its settings."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from pipeline.flow.trainings import Trainings
from pipeline.launchers.launcher import Launcher
from pipeline.launchers.local import LocalLauncher
from pipeline.launchers.own_machine import OwnMachineLauncher
from pipeline.settings import Settings
from pipeline.state.catalog.catalog import Catalog
from pipeline.state.durable import lent_aside
from pipeline.state.lake import Lake, existing_job_files


def make_trainings(catalog: Catalog, lake: Lake, settings: Settings, environment: Mapping[str, str]) -> Trainings:
    """What the sensor and the runs work with. environment: of which trainings here get what they may have."""

    def fetch_files(job_id: str, trainer: str, folder: Path) -> None:
        fetch_trainer_files(lake, job_id, trainer, folder)

    here = LocalLauncher(settings.trainings, settings.trainer_python, settings.base_models, fetch_files, environment)
    launchers: dict[str, Launcher] = {here.name: here, OwnMachineLauncher.name: OwnMachineLauncher()}
    return Trainings(catalog, settings, launchers)


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
