"""The option `--owner`, the same for every command that speaks of a user's datasets, and how a list names the owner."""

from typing import Annotated

import typer

Owner = Annotated[
    str | None,
    typer.Option("--owner", metavar="USER", help="The owner. Default: LORA_DEFAULT_OWNER."),
]


def how_many_of(shown: int, total: int, what: str, owner: str | None) -> str:
    """How much of a list is shown, and whose it is; of an empty one, how to see others'. owner: None for everyone."""
    of_owner = f" of {owner}" if owner is not None else ""
    others = "; --everyone shows those of all owners" if owner is not None and not total else ""
    return f"{shown} of {total} {what}{of_owner}{others}"
