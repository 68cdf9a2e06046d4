"""The one place where configuration is read: environment variables with the prefix `LORA_`.

The defaults run on an empty machine with no server. Everything below this module gets values as arguments.
Credentials are not settings: S3 keys come from the standard AWS_* variables, a database password from the URL.
"""

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.errors import SettingsError
from pipeline.logs import LogFormat
from pipeline.packaged_files import PROJECT_DIR, default_data_dir, default_tools_dir

__all__ = ["MIN_SECRET_BYTES", "PROJECT_DIR", "Settings", "load_settings"]

_TRAINER_PYTHON = default_tools_dir() / ".venv-trainers" / "bin" / "python"
MIN_SECRET_BYTES = 32  # as many as the hash of HS256 has (RFC 7518, 3.2)


class Settings(BaseSettings):
    """What an installation can choose; each field is the variable `LORA_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="LORA_", extra="forbid", frozen=True)

    data_dir: Path = Field(default_data_dir(), description="Folder that the local defaults below live in.")
    store: str = Field("", description="Where uploads land: a folder, or `s3://bucket/prefix`. Default: `data_dir`.")
    s3_endpoint_url: str = Field("", description="Endpoint of an S3-compatible service; empty means AWS.")
    s3_region: str = Field("us-east-1", description="Region of the bucket.")
    events: str = Field(
        "",
        description="Queue into which the bucket of `store` tells of new uploads: `sqs://<region>/<account>/<queue>`. "
        "Empty: they are found by listing it at each look.",
    )
    sqs_endpoint_url: str = Field("", description="Endpoint of an SQS-compatible service; empty means AWS.")
    catalog_url: str = Field("", description="SQLAlchemy URL. Default: SQLite in `data_dir`/catalog.db.")
    lake: str = Field("", description="Where Parquet files go: a folder, or `s3://…`. Default: `data_dir`/lake.")
    warehouse: Path = Field(Path(), description="The DuckDB file analysts open. Default: `data_dir`/warehouse.duckdb.")
    dagster_home: Path = Field(
        Path(), description="Dagster's own folder (runs, events). Default: `data_dir`/dagster_home."
    )
    default_owner: str = Field("local", description="Owner of uploads made from the terminal without `--owner`.")

    max_upload_bytes: int = Field(500_000_000, gt=0, description="Larger uploads are refused, with a finding, unread.")
    max_unpacked_bytes: int = Field(
        5_000_000_000,
        gt=0,
        description="Most text that an upload may unpack to; ten of the largest uploads. What exceeds it is not read.",
    )
    validation_budget_s_per_mb: float = Field(
        2.0,
        gt=0,
        description="Processor seconds that a dataset's validation may take for each megabyte of text, beside 60: four "
        "times what the worst lines take. It is given up then, with a finding.",
    )
    quota_bytes: int = Field(
        0,
        ge=0,
        description="Bytes that a user's datasets may have in all, those still uploading included; 0 means no limit. "
        "Files that somebody drops into the store count, and are not refused.",
    )
    max_line_bytes: int = Field(64 * 2**20, gt=0, description="Longer lines are rejected; memory is bounded by it.")
    max_rejected_share: float = Field(0.0, ge=0, lt=1, description="Share of rejected lines a ready dataset may have.")

    tokenizer: str = Field(
        "o200k_base",
        description="Whose tokens are estimated: a bundled one (o200k_base, cl100k_base), a tokenizer.json, a "
        "*.tiktoken vocabulary, or `words*1.3`.",
    )
    conversation_languages: bool = Field(
        False,
        description="Tell the language of every conversation, not of a sample alone: takes twice as long as all the "
        "rest of a validation.",
    )
    rejected_text_chars: int = Field(
        500,
        ge=0,
        le=100_000,
        description="Characters that are kept of the text of each rejected row, beside its errors; 0: none.",
    )
    publication_pause_s: float = Field(
        60.0,
        ge=0,
        description="Seconds at least between two publications of the warehouse that changes ask for.",
    )
    fold_after: int = Field(
        200,
        gt=0,
        description="Small datasets with files of their own, beyond which the lake is folded: a question of analysts "
        "opens each of these files.",
    )
    fold_max_bytes: int = Field(
        8_000_000,
        ge=0,
        description="Rows of uploads up to this size are folded into files that many datasets share; 0: of none.",
    )
    near_duplicates: bool = Field(
        True, description="Look for near-duplicates, and split each dataset into training and validation by them."
    )

    models_file: Path = Field(Path(), description="Your base models. Default: `data_dir`/models.toml, if it exists.")
    gpus_file: Path = Field(Path(), description="Your GPUs. Default: `data_dir`/gpus.toml, if it exists.")
    presets_file: Path = Field(
        Path(), description="Your presets of trainings. Default: `data_dir`/presets.toml, if it exists."
    )
    prices_file: Path = Field(
        Path(),
        description="What `prices import` writes. Default: `data_dir`/prices.toml, if it exists.",
    )
    token_prices_file: Path = Field(
        Path(),
        description="Your prices of trained tokens. Default: `data_dir`/token_prices.toml, if it exists.",
    )

    scaffolds_file: Path = Field(
        Path(),
        description="Your personas, emotional arcs, training topics and prompt templates. Default: "
        "`data_dir`/scaffolds.toml, if it exists.",
    )

    training_plans: str = Field(
        "Qwen3-8B balanced A100-80GB-SXM trl",
        description="Training jobs made for every ready dataset: `MODELS PRESETS GPUS TRAINERS`, each a list with "
        "commas, of which every combination is a job; several plans by semicolons; empty for none.",
    )

    trainer_python: Path = Field(
        Path(),
        description="Python with the trainers, for trainings on this machine. Default: that of `.venv-trainers`, which "
        "`make trainers` sets up.",
    )
    trainings: Path = Field(
        Path(), description="Where trainings on this machine have their folders. Default: `data_dir`/trainings."
    )
    base_models: Path = Field(
        Path(),
        description="Copies of base models, each in `<organisation>/<name>` as on the model hub; trainings on this "
        "machine take them instead of the hub. Default: `data_dir`/base_models.",
    )
    local_trainings: int = Field(1, gt=0, description="Trainings that may run on this machine at a time.")
    local_price_per_gpu_hour: float = Field(
        0.0, ge=0, description="US dollars that an hour of a GPU of this machine counts, as its power and wear cost."
    )
    lost_after_s: float = Field(
        1_800.0, gt=0, description="A training elsewhere that tells nothing for this long counts as lost."
    )
    training_deadline_h: float = Field(
        72.0, gt=0, le=672, description="After this long a training at SageMaker or on a cluster is stopped."
    )
    sagemaker_role: str = Field(
        "", description="ARN of the role that trainings at Amazon SageMaker run as; empty: none run there."
    )
    sagemaker_image: str = Field(
        "", description="Image for trainings at SageMaker, in a registry of AWS: Python with the trainer."
    )
    sagemaker_bucket: str = Field(
        "", description="Where files of trainings at SageMaker go: `s3://bucket/prefix`. Default: the lake, on S3."
    )
    sagemaker_instance_type: str = Field(
        "", description="Instance for every training at SageMaker. Default: the one that has a job's GPUs."
    )
    sagemaker_volume_gb: int = Field(
        200, gt=0, le=16_384, description="Disk of a training at SageMaker: the base model's weights and checkpoints."
    )
    sagemaker_price_per_gpu_hour: float = Field(
        0.0, ge=0, description="US dollars that an hour of a GPU costs there; 0: AWS's price in the catalogue."
    )
    kubernetes: str = Field(
        "",
        description="Cluster that runs trainings: the path of a kubeconfig, or `in-cluster` in a pod; empty: none.",
    )
    kubernetes_namespace: str = Field("", description="Where Jobs go. Default: that of the kubeconfig, or of the pod.")
    kubernetes_image: str = Field("", description="Image for trainings on the cluster: Python with the trainer.")
    kubernetes_gpu_resource: str = Field("nvidia.com/gpu", min_length=1, description="What a GPU is called there.")
    kubernetes_node_selector: str = Field(
        "", description="Labels that a node has to have, as `key=value`, with commas between."
    )
    kubernetes_secret: str = Field(
        "", description="Secret of the namespace whose keys are variables of trainings, as HF_TOKEN."
    )
    kubernetes_price_per_gpu_hour: float = Field(
        0.0, ge=0, description="US dollars that an hour of a GPU of the cluster counts; 0: the price of the estimate."
    )
    budget_per_job_usd: float = Field(
        0.0, ge=0, description="A training that is expected to cost more at most is not started; 0 means no limit."
    )
    budget_per_month_usd: float = Field(
        0.0,
        ge=0,
        description="What an owner's trainings and conversations may cost in a calendar month (UTC); 0 means no limit.",
    )

    llm: str = Field(
        "",
        description="Who writes conversations: `anthropic`, `openai`, or the address of a server that speaks OpenAI's "
        "wire, such as http://127.0.0.1:8080/v1. Keys are in ANTHROPIC_API_KEY, OPENAI_API_KEY and LORA_LLM_API_KEY.",
    )
    llm_model: str = Field("", description="The model that writes them, as its provider names it.")
    llm_annotating_model: str = Field(
        "", description="The model that annotates them; empty to take what the writer says of each turn."
    )
    llm_judging_model: str = Field("", description="The model that judges them, another one; empty for none.")
    llm_prices_file: Path = Field(
        Path(), description="Your prices of asking models. Default: `data_dir`/llm_prices.toml, if it exists."
    )

    sensor_interval_s: int = Field(
        5, gt=0, description="Pause between two looks at the store; Dagster rounds it up to 5."
    )
    look_again_s: float = Field(
        0.5, ge=0, description="How soon a tick that found no upload looks again, for up to 4 s; 0 looks once a tick."
    )
    settle_s: float = Field(1.0, ge=0, description="A local file is taken once it was unchanged for this long.")
    tick_max_uploads: int = Field(1_000, gt=0, description="Most uploads that one sensor tick registers.")
    tick_budget_s: float = Field(40.0, gt=0, description="Time one tick may use (Dagster stops it at 60 s).")
    batch_max_datasets: int = Field(200, gt=0, description="Most datasets validated in one run.")
    batch_max_bytes: int = Field(1_000_000_000, gt=0, description="Most bytes validated in one run.")
    large_upload_bytes: int = Field(
        100_000_000, gt=0, description="A larger upload is validated in a run of its own, so that others do not wait."
    )
    large_upload_workers: int = Field(
        0,
        ge=0,
        description="Processes that read such an upload side by side. Default: one for each core, eight at most.",
    )
    engine: str = Field(
        "processes",
        description="Who reads such an upload: `processes` of the run's machine, or the workers of a cluster, of Dask "
        "at `dask://host:8786` or of Ray at `ray://host:10001`.",
    )
    range_bytes: int = Field(
        256_000_000,
        ge=1_000_000,
        description="Bytes that a worker of a cluster reads at a time, at most: what is read again if it dies.",
    )
    cluster_near_rows: int = Field(
        100_000_000,
        ge=0,
        description="Conversations of a dataset from which the workers of a cluster look for near-duplicates as well, "
        "some bands each. Below, the run does, by one process.",
    )
    concurrent_runs: int = Field(
        0,
        ge=0,
        description="Runs that Dagster works on at a time, where its `dagster.yaml` says no number. Default: one for "
        "each core of the daemon's machine, two at least. Where runs work elsewhere, what that place has room for.",
    )
    partition_by: Literal["dataset", "hour"] = Field(
        "dataset",
        description="What a partition of the intake is in Dagster: a dataset, or, for thousands of uploads an hour, a "
        "numbered batch of an hour's uploads, of whose pages each dataset is a row.",
    )
    partitions_kept: int = Field(
        20_000,
        gt=0,
        description="Datasets, or batches, that Dagster has partitions of; beyond that, the oldest that are decided "
        "lose theirs. Nothing else of them goes, and whoever has one validated again brings its partition back.",
    )
    max_attempts: int = Field(
        3, gt=0, description="Attempts that a dataset has until it counts as failed and a person is called."
    )
    retry_pauses_s: str = Field(
        "60 300 1800 3600", description="Pauses after the first failed attempt, the second, …; the last one repeats."
    )
    unconfirmed_expiry_h: float = Field(24.0, gt=0, description="Uploads never confirmed expire after this long.")
    stuck_after_s: float = Field(900.0, gt=0, description="A dataset this long in validation without a run is redone.")

    jwt_secret: SecretStr = Field(
        SecretStr(""), description="Takes bearer tokens that are JWTs signed by this secret (HS256, 32 bytes or more)."
    )
    jwks_url: str = Field("", description="Takes bearer tokens that are JWTs signed by a key at this address.")
    jwt_audience: str = Field("lora-pipeline", min_length=1, description="Audience that a JWT must name.")
    jwt_admin_claim: str = Field(
        "admin", min_length=1, description="A JWT whose claim of this name is `true` reads all."
    )
    service_secret: SecretStr = Field(
        SecretStr(""),
        description="Signs upload addresses and sessions. Default: `data_dir`/service_secret, made at the first start.",
    )
    upload_expiry_s: int = Field(3_600, gt=0, le=7 * 86_400, description="How long an address for an upload is valid.")
    session_expiry_s: int = Field(12 * 3_600, gt=0, description="How long one stays signed in on the pages.")
    requests_per_minute: int = Field(600, gt=0, description="Requests a user, or an address unknown, may send.")
    trusted_proxies: str = Field(
        "",
        description="Addresses or networks of your reverse proxies, with commas between: what they say of a client's "
        "address and of https is believed.",
    )
    cors_origins: str = Field("", description="Origins, with commas between, whose pages may call the API.")
    service_url: str = Field("", description="Where people reach the pages; Dagster's asset pages link there.")
    dagster_url: str = Field("", description="Where people reach Dagster's UI; the pages link there.")
    webhook_url: str = Field("", description="Where the service sends notifications as well.")
    webhook_secret: SecretStr = Field(SecretStr(""), description="Signs what is sent there.")
    operator_webhook_url: str = Field(
        "", description="Where operators are told of outages, of crashed runs, and of what was given up."
    )
    operator_email: str = Field("", description="Addresses, with commas between, that are told the same by mail.")
    smtp_url: SecretStr = Field(
        SecretStr(""),
        validate_default=True,
        description="The mail server for that: `smtp://host:587` or `smtps://user:password@host:465`.",
    )
    smtp_from: str = Field("", description="The sender of such mails. Default: the first of `operator_email`.")
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token of whoever may ask for `/metrics`; empty: only programs on the service's machine.",
    )
    log_format: LogFormat = Field(
        "text", description="How the service, `dev` and Dagster's code write their log; json: an object a line."
    )

    @field_validator("default_owner")
    @classmethod
    def _owner_is_a_name(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9._@-]{1,128}", value) or value in {".", ".."}:
            raise ValueError("expected 1 to 128 letters, digits or . _ @ -")
        return value

    @field_validator("models_file", "gpus_file", "presets_file", "scaffolds_file")
    @classmethod
    def _catalogue_exists(cls, value: Path) -> Path:
        if value != Path() and not value.is_file():
            raise ValueError("expected a TOML file that exists")
        return value

    @field_validator("sagemaker_role")
    @classmethod
    def _role_is_an_arn(cls, value: str) -> str:
        if value and not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+", value):
            raise ValueError("expected arn:aws:iam::<account>:role/<name>")
        return value

    @field_validator("kubernetes_node_selector")
    @classmethod
    def _labels_are_pairs(cls, value: str) -> str:
        if value and not all(re.fullmatch(r"[^=,\s]+=[^=,\s]*", each.strip()) for each in value.split(",")):
            raise ValueError("expected key=value, with commas between")
        return value

    @field_validator("sagemaker_bucket")
    @classmethod
    def _bucket_is_on_s3(cls, value: str) -> str:
        if value and (not value.startswith("s3://") or not urlsplit(value).netloc):
            raise ValueError("expected s3://bucket or s3://bucket/prefix")
        return value.rstrip("/")

    @field_validator("store", "lake")
    @classmethod
    def _place_is_a_folder_or_bucket(cls, value: str) -> str:
        if value.startswith("s3://"):
            if not urlsplit(value).netloc:
                raise ValueError("expected s3://bucket or s3://bucket/prefix")
        elif "://" in value:
            raise ValueError("expected a folder or s3://bucket/prefix")
        return value.rstrip("/") if value != "/" else value

    @field_validator("events")
    @classmethod
    def _events_are_of_a_bucket(cls, value: str, info: ValidationInfo) -> str:
        if value and not re.fullmatch(r"sqs://[a-z0-9-]+/\d{12}/[A-Za-z0-9_-]{1,80}(?:\.fifo)?", value):
            raise ValueError(
                "expected sqs://<region>/<account>/<queue>, such as sqs://eu-central-1/123456789012/lora-uploads"
            )
        if value and not str(info.data.get("store", "")).startswith("s3://"):
            raise ValueError("expected with LORA_STORE=s3://…: only a bucket tells of uploads")
        return value

    @field_validator("engine")
    @classmethod
    def _engine_is_known(cls, value: str) -> str:
        place = r"(?:dask|ray)://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}"
        if value != "processes" and not (re.fullmatch(place, value) and _has_possible_port(value)):
            raise ValueError(
                "expected processes, dask://host:port, such as dask://scheduler:8786, or ray://host:port, such as "
                "ray://head:10001"
            )
        return value

    @field_validator("retry_pauses_s")
    @classmethod
    def _pauses_are_numbers(cls, value: str) -> str:
        try:
            pauses_s = [float(each) for each in value.split()]
        except ValueError:
            pauses_s = []
        if not pauses_s or not all(0 <= each < 1e7 for each in pauses_s):
            raise ValueError("expected seconds with blanks between, such as 60 300 3600")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_addresses(cls, value: str) -> str:
        listed = [each.strip() for each in value.split(",") if each.strip()]
        for each in listed:
            try:
                ip_network(each, strict=False)
            except ValueError:
                raise ValueError("expected addresses or networks, such as 127.0.0.1 or 10.0.0.0/8") from None
        return ",".join(listed)

    @field_validator(
        "jwks_url",
        "webhook_url",
        "operator_webhook_url",
        "service_url",
        "dagster_url",
        "s3_endpoint_url",
        "sqs_endpoint_url",
    )
    @classmethod
    def _address_is_of_the_web(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.netloc):
            raise ValueError("expected an address that begins with https:// or http://")
        if not _has_possible_port(value):
            raise ValueError("expected a port from 1 to 65535")
        return value

    @field_validator("operator_email", "smtp_from")
    @classmethod
    def _addresses_are_of_mail(cls, value: str) -> str:
        for each in filter(None, map(str.strip, value.split(","))):
            if not re.fullmatch(r"[!-~]+@[!-~]+", each) or re.search(r"[<>,;]", each):
                raise ValueError("expected addresses such as ops@example.com, with commas between")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail_server_is_named(cls, value: SecretStr, others: ValidationInfo) -> SecretStr:
        url = value.get_secret_value()
        if not url and others.data.get("operator_email"):
            raise ValueError("expected the mail server's address, as LORA_OPERATOR_EMAIL is set")
        if url and not re.fullmatch(r"smtps?://([^\s@/?#]+@)?([\w.-]+|\[[\da-fA-F:.]+\])(:\d{1,5})?/?", url, re.ASCII):
            raise ValueError(
                "expected smtp://host:587 or smtps://user:password@host:465, with %2F for a slash in a password"
            )
        if not _has_possible_port(url):
            raise ValueError("expected a port from 1 to 65535")
        return value

    @field_validator("jwt_secret", "service_secret", "webhook_secret", "metrics_token")
    @classmethod
    def _secret_is_long(cls, value: SecretStr) -> SecretStr:
        size_bytes = len(value.get_secret_value().encode())
        if 0 < size_bytes < MIN_SECRET_BYTES:
            raise ValueError(f"expected {MIN_SECRET_BYTES} bytes or more, found {size_bytes}")
        return value

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
            "presets_file": (data_dir / "presets.toml") if self.presets_file == Path() else self.presets_file.resolve(),
            "prices_file": (data_dir / "prices.toml") if self.prices_file == Path() else self.prices_file.resolve(),
            "llm_prices_file": (
                (data_dir / "llm_prices.toml") if self.llm_prices_file == Path() else self.llm_prices_file.resolve()
            ),
            "scaffolds_file": (
                (data_dir / "scaffolds.toml") if self.scaffolds_file == Path() else self.scaffolds_file.resolve()
            ),
            "trainer_python": _TRAINER_PYTHON if self.trainer_python == Path() else self.trainer_python.absolute(),
            "trainings": (data_dir / "trainings") if self.trainings == Path() else self.trainings.resolve(),
            "base_models": (data_dir / "base_models") if self.base_models == Path() else self.base_models.resolve(),
            "token_prices_file": (
                (data_dir / "token_prices.toml")
                if self.token_prices_file == Path()
                else self.token_prices_file.resolve()
            ),
        }
        for name, value in derived.items():
            object.__setattr__(self, name, value)

    def masked(self) -> dict[str, str]:
        """Every setting as text, without secrets, the catalog's password and a webhook's path."""
        values = {name: _without_password(str(value)) for name, value in self}
        for name in ("webhook_url", "operator_webhook_url"):
            if values[name]:  # with many services whoever knows the path may write
                parts = urlsplit(values[name])
                values[name] = f"{parts.scheme}://{parts.hostname}/***"
        return values


def _has_possible_port(url: str) -> bool:
    """Whether the port of an address, where it names one, can be one."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _absolute(place: str) -> str:
    return place if not place or place.startswith("s3://") else str(Path(place).expanduser().resolve())


def _without_password(text: str) -> str:
    """Of an address, the user alone; `@` and `/` may stand in a password, too."""
    text = re.sub(r"(:/+[^:/@\s]*):\S*@", r"\1:***@", text)
    return re.sub(r"([?&]password=)[^&\s'\"]*", r"\1***", text)


def _found(name: object, value: object) -> str:
    field = Settings.model_fields.get(str(name))
    return "" if field is not None and field.annotation is SecretStr else f" (found {_without_password(repr(value))})"


def load_settings(**overrides: object) -> Settings:
    """Read the environment once.

    Raises:
        SettingsError: a variable has a value that cannot be used; names each one.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks the values
    except ValidationError as error:
        lines = [
            f"  LORA_{str(e['loc'][0]).upper()}: {e['msg']}{_found(e['loc'][0], e['input'])}" for e in error.errors()
        ]
        raise SettingsError("settings that cannot be used:\n" + "\n".join(lines)) from None
