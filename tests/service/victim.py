"""`python -m tests.service.victim FOLDER`: for each line it reads, a port or 0, a fork that serves, to be killed.

It prints the process id and port of the fork, and its exit status when it has ended. Forks, because loading the service
takes seconds; this process itself starts no thread.
"""

import os
import sys
import threading
import time
from pathlib import Path

import uvicorn

from pipeline.service.app import create_app
from pipeline.service.server import server_config
from pipeline.settings import Settings, load_settings
from tests.service.serving import SECRET


def main(folder: Path) -> None:
    settings = load_settings(data_dir=folder, jwt_secret=SECRET, requests_per_minute=1_000_000)
    for port in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                serve(settings, int(port))
            finally:
                os._exit(1)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def serve(settings: Settings, port: int) -> None:
    server = uvicorn.Server(server_config(create_app(settings), settings, "127.0.0.1", port, 2))
    threading.Thread(target=_announce, args=(server,), daemon=True).start()
    server.run()


def _announce(server: uvicorn.Server) -> None:
    while not server.started:
        time.sleep(0.01)
    print(os.getpid(), server.servers[0].sockets[0].getsockname()[1], flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
