"""`python -m resources.run_server`: Dagster's program, with our server of code.

A module of this name, for what a run starts afresh would import any other as its main one, and Dagster with it.
"""

from resources.dagster_internals import SERVER, dagster_cli, grpc_server
from resources.run_server import ForkingServer

if __name__ == "__main__":
    setattr(grpc_server, SERVER, ForkingServer)
    dagster_cli()  # type: ignore[no-untyped-call]
