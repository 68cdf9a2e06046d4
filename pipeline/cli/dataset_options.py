"""Arguments and options that several commands about datasets have."""

from typing import Annotated

import typer

Dataset_ = Annotated[str, typer.Argument(metavar="DATASET", help="An id, the beginning of one, or a name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, an object a line.")]
