"""Tests addresses before something that takes long is started on them."""

import errno
import socket
from collections.abc import Mapping

from pipeline.errors import UsageError

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  # to reach what listens there


def check_ports(host: str, ports: Mapping[str, int]) -> None:
    """Find out whether one can listen. ports: by the option that changes them.

    Raises:
        UsageError: at a port, or at the address at all, one cannot; names each with its option.
    """
    problems = []
    taken: dict[int, str] = {}
    for option, port in ports.items():
        if port in taken:
            problems.append(f"port {port}: expected another one for {option} than for {taken[port]}")
            continue
        taken[port] = option
        try:
            _listen(host, port)
        except (OSError, UnicodeError) as error:
            problems.append(_problem(host, port, option, error))
    if problems:
        raise UsageError("\n".join(dict.fromkeys(problems)))


def reachable(host: str) -> str:
    """The host to connect to for what listens at an address, as it stands in a URL."""
    host = _EVERYWHERE.get(host, host)
    return f"[{host}]" if ":" in host else host


def _listen(host: str, port: int) -> None:
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    ):
        with socket.socket(family, kind, protocol) as listener:
            # As the servers do: a port whose last user just ended is free.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()


def _problem(host: str, port: int, option: str, error: Exception) -> str:
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.EADDRINUSE:
        return f"port {port} of {host} is taken by another program: choose another with {option}"
    if code == errno.EACCES:
        return f"port {port} of {host} needs rights that this user does not have: choose one above 1023 with {option}"
    return f"{host!r} is no address of this machine: choose another with --host"
