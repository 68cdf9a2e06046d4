"""docs/settings.md: every environment variable, from `Settings`."""

from pathlib import Path

from pipeline.docs.markdown import code, section, table
from pipeline.settings import PROJECT_DIR, Settings

_DATA_DIR = "/<data_dir>"
_INTRODUCTION = """Read once from the environment when a process starts; the defaults need no server and no set-up.
`lora-pipeline settings` prints what applies here, with secrets masked. Credentials are not settings: S3 keys come from
the standard `AWS_*` variables, a database password from the URL. Below, `<project>` is the folder of this project."""


def page() -> str:
    """The page."""
    values = defaults()
    rows = [
        (code(f"LORA_{name.upper()}"), code(values[name]) if values[name] else "(empty)", field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    return section("Settings", _INTRODUCTION, table(("variable", "default", "meaning"), rows), level=1)


def defaults() -> dict[str, str]:
    """The default of every setting, with the folders that depend on the machine by name."""
    settings = Settings.model_construct(data_dir=Path(_DATA_DIR))  # reads no environment
    values = {name: _stated(value) for name, value in settings}
    return values | {"data_dir": _stated(Settings.model_fields["data_dir"].default)}


def _stated(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 10_000:
        return f"{value:_}"
    return str(value).replace(_DATA_DIR, _DATA_DIR.removeprefix("/")).replace(str(PROJECT_DIR), "<project>")
