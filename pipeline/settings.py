"""The one place where configuration is read: environment variables with the prefix `LORA_`.

The defaults run on an empty machine with no server. Everything below this module gets values as arguments.
Credentials are not settings: S3 keys come from the standard AWS_* variables, a database password from the URL.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.errors import SettingsError

PROJECT_DIR = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """What an installation can choose; each field is the variable `LORA_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="LORA_", extra="forbid", frozen=True)

    data_dir: Path = Field(PROJECT_DIR / "data", description="Folder that the local defaults below live in.")
    store: str = Field("", description="Where uploads land: a folder, or `s3://bucket/prefix`. Default: `data_dir`.")
    s3_endpoint_url: str = Field("", description="Endpoint of an S3-compatible service; empty means AWS.")
    s3_region: str = Field("us-east-1", description="Region of the bucket.")
    catalog_url: str = Field("", description="SQLAlchemy URL. Default: SQLite in `data_dir`/catalog.db.")
    lake: str = Field("", description="Where Parquet files go: a folder, or `s3://…`. Default: `data_dir`/lake.")
    warehouse: Path = Field(Path(), description="The DuckDB file analysts open. Default: `data_dir`/warehouse.duckdb.")
    dagster_home: Path = Field(
        Path(), description="Dagster's own folder (runs, events). Default: `data_dir`/dagster_home."
    )
    default_owner: str = Field("local", description="Owner of uploads made from the terminal without `--owner`.")

    max_upload_bytes: int = Field(500_000_000, gt=0, description="Larger uploads are refused, with a finding, unread.")
    max_line_bytes: int = Field(64 * 2**20, gt=0, description="Longer lines are rejected; memory is bounded by it.")
    max_rejected_share: float = Field(0.0, ge=0, lt=1, description="Share of rejected lines a ready dataset may have.")

    tokenizer: str = Field(
        "o200k_base",
        description="Whose tokens are estimated: a bundled one (o200k_base, cl100k_base), a tokenizer.json, a "
        "*.tiktoken vocabulary, or `words*1.3`.",
    )
    near_duplicates: bool = Field(
        True, description="Look for near-duplicates, and split each dataset into training and validation by them."
    )

    models_file: Path = Field(Path(), description="Your base models. Default: `data_dir`/models.toml, if it exists.")
    gpus_file: Path = Field(Path(), description="Your GPUs. Default: `data_dir`/gpus.toml, if it exists.")
    prices_file: Path = Field(
        Path(),
        description="What `prices import` writes. Default: `data_dir`/prices.toml, if it exists.",
    )

    sensor_interval_s: int = Field(5, gt=0, description="Pause between two looks at the store.")
    settle_s: float = Field(1.0, ge=0, description="A local file is taken once it was unchanged for this long.")
    tick_max_uploads: int = Field(1_000, gt=0, description="Most uploads that one sensor tick registers.")
    tick_budget_s: float = Field(40.0, gt=0, description="Time one tick may use (Dagster stops it at 60 s).")
    batch_max_datasets: int = Field(200, gt=0, description="Most datasets validated in one run.")
    batch_max_bytes: int = Field(1_000_000_000, gt=0, description="Most bytes validated in one run.")
    max_attempts: int = Field(3, gt=0, description="Runs tried for a dataset before a person is called.")
    unconfirmed_expiry_h: float = Field(24.0, gt=0, description="Uploads never confirmed expire after this long.")
    stuck_after_s: float = Field(900.0, gt=0, description="A dataset this long in validation without a run is redone.")

    @field_validator("default_owner")
    @classmethod
    def _owner_is_a_name(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9._@-]{1,128}", value) or value in {".", ".."}:
            raise ValueError("expected 1 to 128 letters, digits or . _ @ -")
        return value

    @field_validator("models_file", "gpus_file")
    @classmethod
    def _catalogue_exists(cls, value: Path) -> Path:
        if value != Path() and not value.is_file():
            raise ValueError("expected a TOML file that exists")
        return value

    @field_validator("store", "lake")
    @classmethod
    def _place_is_a_folder_or_bucket(cls, value: str) -> str:
        if value.startswith("s3://"):
            if not urlsplit(value).netloc:
                raise ValueError("expected s3://bucket or s3://bucket/prefix")
        elif "://" in value:
            raise ValueError("expected a folder or s3://bucket/prefix")
        return value.rstrip("/") if value != "/" else value

    def model_post_init(self, _context: object) -> None:
        """Fill the places that follow from `data_dir`, as absolute paths (the warehouse's views name them)."""
        data_dir = self.data_dir.expanduser().resolve()
        derived = {
            "data_dir": data_dir,
            "store": _absolute(self.store) or str(data_dir),
            "lake": _absolute(self.lake) or str(data_dir / "lake"),
            "catalog_url": self.catalog_url or f"sqlite:///{data_dir / 'catalog.db'}",
            "warehouse": (data_dir / "warehouse.duckdb") if self.warehouse == Path() else self.warehouse.resolve(),
            "dagster_home": (data_dir / "dagster_home") if self.dagster_home == Path() else self.dagster_home.resolve(),
            "models_file": (data_dir / "models.toml") if self.models_file == Path() else self.models_file.resolve(),
            "gpus_file": (data_dir / "gpus.toml") if self.gpus_file == Path() else self.gpus_file.resolve(),
            "prices_file": (data_dir / "prices.toml") if self.prices_file == Path() else self.prices_file.resolve(),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def masked(self) -> dict[str, str]:
        """Every setting as text, with the password of the catalog's URL hidden."""
        values = {name: str(value) for name, value in self}
        values["catalog_url"] = re.sub(r"(://[^:/@]+):[^@]*@", r"\1:***@", values["catalog_url"])
        return values


def _absolute(place: str) -> str:
    return place if not place or place.startswith("s3://") else str(Path(place).expanduser().resolve())


def load_settings(**overrides: object) -> Settings:
    """Read the environment once.

    Raises:
        SettingsError: a variable has a value that cannot be used; names each one.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks the values
    except ValidationError as error:
        lines = [f"  LORA_{str(e['loc'][0]).upper()}: {e['msg']} (found {e['input']!r})" for e in error.errors()]
        raise SettingsError("settings that cannot be used:\n" + "\n".join(lines)) from None
