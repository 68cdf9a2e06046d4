"""The option `--owner`, the same for every command that speaks of a user's datasets."""

from typing import Annotated

import typer

Owner = Annotated[
    str | None,
    typer.Option("--owner", metavar="USER", help="Whose datasets. Default: LORA_DEFAULT_OWNER."),
]
