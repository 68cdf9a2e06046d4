"""Digests of what is written for known inputs, by `CODE_VERSION`; `python -m tests.flow.written` records them.

An upload that would get other rows, or a job other files, under the version it has, is never looked at again: so the
command refuses to record a changed digest until the version is raised. A new input needs no other version.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.flow import job_making, validation
from pipeline.state.lake import LocalLake
from tests.dataset.findings.findings_goldens import FOLDER as FINDINGS
from tests.samples_of_formats import FOLDER as SAMPLES
from tests.state.lake.examples import validated
from tests.training.jobs.goldens import RENDERED, golden

RECORD = Path(__file__).resolve().parents[1] / "golden" / "written.json"
_OF_THE_RUN = {"code_version", "validated_at"}


@dataclass(frozen=True, slots=True)
class Written:
    """place: of the version. digests: by input."""

    place: str
    code_version: str
    digests: Mapping[str, str]


def written() -> dict[str, Written]:
    """What is written now, by what writes it."""
    inputs = sorted(
        (*FINDINGS.glob("*.jsonl"), *(path for path in SAMPLES.iterdir() if path.suffix in {".jsonl", ".json"}))
    )
    rows = {f"{path.parent.name}/{path.name}": _digest(_rows(path)) for path in inputs}
    jobs = {name: _digest(golden(*each)) for name, each in RENDERED.items()}
    return {
        "rows": Written("pipeline/flow/validation.py", validation.CODE_VERSION, rows),
        "jobs": Written("pipeline/flow/job_making.py", job_making.CODE_VERSION, jobs),
    }


def recorded() -> dict[str, dict[str, object]]:
    """What was written when somebody last looked."""
    return json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}


def problems(now: Mapping[str, Written], before: Mapping[str, Mapping[str, object]]) -> list[str]:
    """Versions that must be raised, a sentence each."""
    found = []
    for kind, each in now.items():
        old = before.get(kind, {"code_version": "", "digests": {}})
        changed = [name for name, digest in old["digests"].items() if each.digests.get(name, digest) != digest]
        if changed and old["code_version"] == each.code_version:
            found.append(f"other {kind} are written for {', '.join(changed[:3])}: raise CODE_VERSION in {each.place}")
    return found


def as_json(now: Mapping[str, Written]) -> dict[str, object]:
    return {kind: {"code_version": each.code_version, "digests": dict(each.digests)} for kind, each in now.items()}


def _rows(path: Path) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        lake = LocalLake(Path(folder) / "lake")
        with validated(lake, "known-0001", path.read_bytes()) as (_, files):
            return {table: _without_the_run(file) for table, file in sorted(files.items())}


def _without_the_run(file: Path) -> list[dict[str, object]]:
    rows = pq.read_table(file).to_pylist()
    return [{name: value for name, value in row.items() if name not in _OF_THE_RUN} for row in rows]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


if __name__ == "__main__":
    current = written()
    if raise_first := problems(current, recorded()):
        raise SystemExit("\n".join(raise_first))
    RECORD.write_text(json.dumps(as_json(current), indent=1, sort_keys=True) + "\n", "utf-8")
