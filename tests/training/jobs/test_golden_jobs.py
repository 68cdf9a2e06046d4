"""Every file that is rendered is as it was when a person last looked at it; `goldens.py` writes them anew."""

import pytest

from pipeline.trainers.registry import BY_NAME
from tests.training.jobs.goldens import CASES, RENDERED, golden, rendered


@pytest.mark.parametrize(("case", "target"), RENDERED.values(), ids=RENDERED)
def test_rendered_files_are_as_they_were(case, target):
    assert rendered(case, target) == golden(case, target)


def test_every_trainer_has_golden_files_of_what_it_learns():
    assert {(CASES[case].objective, target) for case, target in RENDERED.values()} == {
        (objective, name) for name, trainer in BY_NAME.items() for objective in trainer.objectives
    }
