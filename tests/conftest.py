"""What every test has: no way out of this machine, and nothing of the developer's own environment."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings

# Explaining a failure traces every line again: a minute or more of a run that has failed already.
settings.register_profile("vigie", phases=[one for one in Phase if one is not Phase.explain])
settings.load_profile("vigie")

_NAMES = {"localhost", socket.gethostname(), "", None}
_escapes: list[str] = []


class LeftTheMachine(AssertionError):
    """A test, or what it tests, tried to reach something other than this machine."""


def is_here(host: object) -> bool:
    """Loopback addresses and this machine's own names; anything unreadable is not."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in _NAMES:
        return True
    try:
        address = ipaddress.ip_address(str(host).split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _watch(event: str, args: tuple[object, ...]) -> None:
    """Python's own audit events: every connection and every name look-up of this process, whatever the library."""
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = args[1]
        host = address[0] if isinstance(address, tuple) else None  # AF_UNIX: a path; None: already connected
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = args[0]
    else:
        return
    if not is_here(host):
        _escapes.append(f"{event} {host}")
        raise LeftTheMachine(f"{event}: {host}")


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def _nothing_leaves_this_machine() -> Iterator[None]:
    """Fails the test that tried, even if the code it tests swallowed the error."""
    before = len(_escapes)
    yield
    tried = _escapes[before:]
    assert not tried, f"tried to reach beyond this machine: {tried}"


@pytest.fixture(scope="session", autouse=True)
def _no_environment_of_the_developer() -> Iterator[None]:
    """Proxies, keys and OpenTelemetry's settings of the shell must not change what tests see."""
    patch = pytest.MonkeyPatch()
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("OTEL_", "VIGIE_", "OPENAI_", "ANTHROPIC_", "AWS_")):
            patch.delenv(name)
    patch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    yield
    patch.undo()
