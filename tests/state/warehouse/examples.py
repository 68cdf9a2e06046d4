"""A whole installation in a folder: catalog, lake and warehouse, filled the way runs fill them."""

from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.state.catalog.catalog import Catalog
from pipeline.state.lake import Lake, LocalLake
from pipeline.state.warehouse import WarehouseReport, build_warehouse, query
from tests.state.catalog.examples import READY, upload
from tests.state.lake.examples import NOON, TWO_CONVERSATIONS, publish


@dataclass(frozen=True)
class Installation:
    catalog: Catalog
    lake: Lake
    warehouse: Path

    def add(self, dataset_id: str, data: bytes = TWO_CONVERSATIONS, path: str = "", run_id: str = "run-1") -> None:
        """Upload and validate."""
        self.register(dataset_id, path)
        self.validate(dataset_id, data, run_id)

    def register(self, dataset_id: str, path: str = "") -> None:
        self.catalog.register_uploads([upload(dataset_id, path=path)], NOON)

    def validate(self, dataset_id: str, data: bytes = TWO_CONVERSATIONS, run_id: str = "run-1") -> None:
        """As a run does: first the lake, then the verdict."""
        publish(self.lake, dataset_id, data, run_id)
        self.judge(dataset_id, run_id)

    def judge(self, dataset_id: str, run_id: str = "run-1") -> None:
        figures = {}
        if self.lake.has(dataset_id):
            [row] = self.lake.read_profiles([dataset_id]).to_pylist()
            figures = {
                "conversation_count": row["conversations"],
                "line_count": row["lines"],
                "rejected_line_count": row["rejected_lines"],
            }
        content_version = f"bytes-of-{dataset_id}"
        verdict = replace(READY, dataset_id=dataset_id, content_version=content_version, run_id=run_id, **figures)
        self.catalog.record_verdict(verdict, NOON)

    def build(self) -> WarehouseReport:
        return build_warehouse(self.warehouse, self.catalog, self.lake, NOON)

    def ask(self, sql: str) -> list[tuple]:
        return query(self.warehouse, sql)[1]


def open_installation(folder: Path) -> Installation:
    """Also for other processes, which share the folder."""
    catalog = Catalog.open(f"sqlite:///{folder}/catalog.db")
    return Installation(catalog, LocalLake(folder / "lake"), folder / "warehouse.duckdb")
