"""Jobs and costs as a terminal shows them, byte for byte: `tests/golden/jobs/`.

`python -m tests.cli.test_jobs_shown` writes the files anew.
"""

import contextlib
import io
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from pipeline.cli.jobs_shown import COLUMNS, as_line, print_costs, print_fields, row
from pipeline.cli.printed_table import print_table
from pipeline.state.catalog.job_records import CostRecord, Job
from tests.state.catalog.examples import LATER, NOON
from tests.state.catalog.job_examples import ACTUAL, ESTIMATE, JOB

FOLDER = Path(__file__).resolve().parent.parent / "golden" / "jobs"
_FIELDS = {name: value for name, value in asdict(JOB).items() if name != "job_id"}
CONFIGURED = Job(
    **_FIELDS, id="job-1", user_id="ann", status="configured", status_reason=None, created_at=NOON, updated_at=NOON
)
STALE = replace(CONFIGURED, id="job-2", status="stale", gpu_count=4, name="evil\x1b[31m name")
COSTS = [
    CostRecord(id="c-1", job_id="job-1", user_id="ann", created_at=NOON, **asdict(ESTIMATE)),
    CostRecord(id="c-2", job_id="job-1", user_id="ann", created_at=LATER, **asdict(ACTUAL)),
]
RENDERINGS = {
    "list.txt": lambda: print_table(COLUMNS, [row(CONFIGURED, COSTS), row(STALE, [])]),
    "costs.txt": lambda: print_costs(COSTS),
    "fields.txt": lambda: print_fields([("id", "job-1"), ("status_reason", "evil\x1b[31m reason"), ("epochs", 3)]),
    "job.json": lambda: print(as_line(CONFIGURED, COSTS)),
}


def rendered(name: str) -> str:
    """What is printed."""
    with contextlib.redirect_stdout(io.StringIO()) as output, pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "200")
        RENDERINGS[name]()
    return output.getvalue()


@pytest.mark.parametrize("name", RENDERINGS)
def test_a_rendering_is_what_it_was(name):
    assert rendered(name) == (FOLDER / name).read_text("utf-8")


@pytest.mark.parametrize("name", RENDERINGS)
def test_nothing_in_a_name_reaches_the_terminal_as_a_command(name):
    assert "\x1b" not in rendered(name)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in RENDERINGS:
        (FOLDER / name).write_text(rendered(name), "utf-8")
