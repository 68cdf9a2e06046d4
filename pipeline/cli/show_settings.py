"""`lora-pipeline settings`."""

import typer

from pipeline.cli.connections import current_settings


def settings() -> None:
    """Print every setting as the variable that sets it; passwords are hidden."""
    for name, value in current_settings().masked().items():
        typer.echo(f"LORA_{name.upper()}={value}")
