"""What `prepare` puts into an installation's folders."""

import pytest

from pipeline.installation import PROFILE, prepare
from pipeline.settings import load_settings


@pytest.fixture
def settings(tmp_path):
    return load_settings(data_dir=tmp_path)


def test_a_new_home_gets_the_settings_of_this_version(settings):
    prepare(settings)

    assert [path.name for path in settings.dagster_home.iterdir()] == ["dagster.yaml"]
    assert (settings.dagster_home / "dagster.yaml").read_bytes() == PROFILE.read_bytes()


@pytest.mark.parametrize("content", [b"", b" \n"])
def test_settings_that_a_power_cut_emptied_are_written_anew(settings, content):
    settings.dagster_home.mkdir()
    (settings.dagster_home / "dagster.yaml").write_bytes(content)

    prepare(settings)

    assert (settings.dagster_home / "dagster.yaml").read_bytes() == PROFILE.read_bytes()


def test_settings_that_somebody_wrote_stay(settings):
    settings.dagster_home.mkdir()
    (settings.dagster_home / "dagster.yaml").write_bytes(b"telemetry: {enabled: false}\n")

    prepare(settings)

    assert (settings.dagster_home / "dagster.yaml").read_bytes() == b"telemetry: {enabled: false}\n"
