"""Ports are tested before anything starts on them."""

import socket

import pytest

from pipeline.cli.ports import check_ports, reachable
from pipeline.errors import UsageError


@pytest.fixture
def taken():
    """A port at which somebody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def free():
    """A port at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def problem(host, ports):
    with pytest.raises(UsageError) as caught:
        check_ports(host, ports)
    return str(caught.value)


def test_free_ports_are_left_free(free):
    check_ports("127.0.0.1", {"--port": free})
    check_ports("127.0.0.1", {"--port": free})


def test_each_taken_port_is_named_with_its_option(taken, free):
    found = problem("127.0.0.1", {"--port": taken, "--other": free, "--service-port": taken + 0})

    assert found.splitlines() == [
        f"port {taken} of 127.0.0.1 is taken by another program: choose another with --port",
        f"port {taken}: expected another one for --service-port than for --port",
    ]


def test_everywhere_is_taken_where_one_address_is(taken):
    assert "is taken by another program" in problem("0.0.0.0", {"--port": taken})


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "x" * 70])
def test_an_address_of_another_machine_is_named(host, free):
    assert problem(host, {"--port": free}) == f"{host!r} is no address of this machine: choose another with --host"


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("db.lan", "db.lan")]
)
def test_links_lead_to_an_address_that_can_be_reached(host, shown):
    assert reachable(host) == shown
