"""`lora-pipeline settings`."""

import typer

from pipeline.settings import load_settings


def settings() -> None:
    """Print every setting as the variable that sets it; passwords are hidden."""
    for name, value in load_settings().masked().items():
        typer.echo(f"LORA_{name.upper()}={value}")
