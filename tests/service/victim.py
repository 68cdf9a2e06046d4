"""A service in a process of its own, to be killed: `python -m tests.service.victim FOLDER`; prints its port."""

import sys
import threading
import time
from pathlib import Path

import uvicorn

from pipeline.service.app import create_app
from pipeline.service.server import server_config
from pipeline.settings import load_settings
from tests.service.serving import SECRET


def main() -> None:
    settings = load_settings(data_dir=Path(sys.argv[1]), jwt_secret=SECRET, requests_per_minute=1_000_000)
    server = uvicorn.Server(server_config(create_app(settings), settings, "127.0.0.1", 0, 2))
    threading.Thread(target=_announce, args=(server,), daemon=True).start()
    server.run()


def _announce(server: uvicorn.Server) -> None:
    while not server.started:
        time.sleep(0.01)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)


if __name__ == "__main__":
    main()
