"""A network that breaks: forwards TCP connections to a port of this machine and cuts them at a chosen byte."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class CuttingProxy:
    """Answers are cut after as many bytes as `cuts` says, one entry a connection; later ones are whole."""

    def __init__(self, target_port: int) -> None:
        self.cuts: list[int] = []
        self.connection_count = 0
        self._target_port = target_port
        self._is_closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                self.connection_count += 1
                left_bytes = self.cuts.pop(0) if self.cuts else 1 << 60
                thread = threading.Thread(target=self._forward, args=(client, left_bytes))
                thread.start()
                self._threads.append(thread)

    def close(self) -> None:
        """End all connections; a client keeps its idle ones until its garbage is collected."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._is_closing.set()
        for thread in self._threads:
            thread.join()

    def _forward(self, client: socket.socket, left_bytes: int) -> None:
        server = socket.create_connection(("127.0.0.1", self._target_port))
        with client, server, suppress(OSError):
            while left_bytes:
                readable, _, _ = select.select([client, server], [], [], 0.05)
                if self._is_closing.is_set():
                    return
                for source in readable:
                    data = source.recv(min(65_536, left_bytes) if source is server else 65_536)
                    if not data:
                        return
                    (client if source is server else server).sendall(data)
                    left_bytes -= len(data) if source is server else 0


@contextmanager
def cutting_proxy(target_port: int) -> Iterator[CuttingProxy]:
    proxy = CuttingProxy(target_port)
    thread = threading.Thread(target=proxy.serve)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()


@contextmanager
def cut_answers(answer: bytes) -> Iterator[str]:
    """A service that answers every request with `answer` and hangs up; gives its endpoint URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):  # closed
                while True:
                    client, _ = listener.accept()
                    with client:
                        client.recv(65_536)
                        client.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
