"""Every file that is rendered is as it was when a person last looked at it; `goldens.py` writes them anew."""

import pytest

from tests.training.jobs.goldens import CASES, FOLDER, rendered


@pytest.mark.parametrize("name", CASES)
def test_rendered_files_are_as_they_were(name):
    golden = {
        path.relative_to(FOLDER / name).as_posix().removesuffix(".golden"): path.read_text("utf-8")
        for path in (FOLDER / name).rglob("*.golden")
    }

    assert rendered(CASES[name]) == golden
