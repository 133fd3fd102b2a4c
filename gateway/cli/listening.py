"""The sockets that the gateway listens on, and the bounds of one connection. *Edge*.

uvicorn's own protocol bounds nothing before a call reaches the application: a head of any length is kept, a request may
take for ever to arrive, and a client may take for ever to read. `Bounded` adds the three bounds in one place, on the
connection, where they cost a whole request in one packet nothing:

* a head over `HEAD_BYTES` is answered 431;
* a request that is not whole after `request_within_s` is answered 408 (nobody waits on a body sent byte by byte);
* a client that takes nothing for `stalled_client_s` while its answer waits is cut, and its call with it.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.config import Listener
from gateway.errors import Fault, Message, Refusal, VigieError
from gateway.wire.errors import render

HEAD_BYTES = 64 * 1024
BACKLOG = 2048


def bind(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of `host`, bound and not yet listening. Raises a `Fault` that says why not."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise cannot_listen(host, port, "adresse inconnue", "unknown address") from None
    sockets: list[socket.socket] = []
    for family, kind, protocol, _, address in addresses:
        try:
            one = socket.socket(family, kind, protocol)
            sockets.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(address)
            one.set_inheritable(True)
        except OSError as error:
            for opened in sockets:
                opened.close()
            reason = error.strerror or "?"
            raise cannot_listen(host, port, reason, reason) from None
    return sockets


def cannot_listen(host: str, port: int, fr: str, en: str) -> Fault:
    """The address is taken, or is not this machine's."""
    return Fault(
        Message(f"Impossible d'écouter sur {host}:{port}\u00a0: {fr}.", f"Cannot listen on {host}:{port}: {en}."),
        Message(
            "Choisir une autre adresse avec --host et --port, ou arrêter ce qui l'occupe.",
            "Choose another address with --host and --port, or stop what holds it.",
        ),
        code="cannot_listen",
    )


class Bounded(HttpToolsProtocol):
    """uvicorn's protocol within bounds. The application that it serves carries them as `listener`."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._bounds: Listener = getattr(self.app, "listener", Listener())
        self._whole = False
        self._head_done = False
        self._head = 0
        self._arriving: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connects; its first request is expected within the bound."""
        super().connection_made(transport)
        self._arriving = self.loop.call_later(self._bounds.request_within_s, self._too_slow)

    def data_received(self, data: bytes) -> None:
        """Bytes of one or more requests."""
        if self.transport.is_closing():
            return
        if self._head + len(data) > HEAD_BYTES and not self._head_done and b"\r\n\r\n" not in data:
            self._refuse(_head_too_large())
            return
        super().data_received(data)
        if self._whole:
            if self._arriving is not None:
                self._arriving.cancel()
                self._arriving = None
            return
        if not self._head_done:
            self._head += len(data)
        if self._arriving is None and not self.transport.is_closing():
            self._arriving = self.loop.call_later(self._bounds.request_within_s, self._too_slow)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._whole, self._head_done, self._head = False, False, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head has arrived."""
        self._head_done = True
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_BYTES:
            self._refuse(_head_too_large())
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Part of a body; of a request that was refused at its head, nothing is kept."""
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """A request has arrived whole."""
        self._whole = True
        if not self.transport.is_closing():
            super().on_message_complete()

    def pause_writing(self) -> None:
        """The client takes its answer more slowly than it is made."""
        super().pause_writing()
        if self._taking is None:
            self._taking = self.loop.call_later(self._bounds.stalled_client_s, self.transport.abort)

    def resume_writing(self) -> None:
        """It has caught up."""
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, whoever wanted it."""
        for timer in (self._arriving, self._taking):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def _too_slow(self) -> None:
        """The request is not whole in time: say so if any of it came and nothing was answered, and close."""
        self._arriving = None
        answered = self._head_done and self.cycle.response_started
        if self.transport.is_closing():
            return
        if answered or not (self._head or self._head_done):
            self.transport.close()
        else:
            self._refuse(_too_slow())

    def _refuse(self, error: VigieError) -> None:
        """A last answer on this connection, in the shape that clients know."""
        if self.transport.is_closing():
            return
        status, headers, body = render(error, "chat", "", "fr", {})
        content = orjson.dumps(body)
        headers |= {"content-length": str(len(content)), "connection": "close", "cache-control": "no-store"}
        lines = [f"HTTP/1.1 {status} {REASONS[status]}", *(f"{name}: {value}" for name, value in headers.items())]
        self.transport.write("\r\n".join([*lines, "", ""]).encode("latin-1") + content)
        self.transport.close()


REASONS = {408: "Request Timeout", 431: "Request Header Fields Too Large"}


def _head_too_large() -> Refusal:
    return Refusal(
        Message(
            f"Les en-têtes de la demande dépassent {HEAD_BYTES} octets.",
            f"The request's headers are over {HEAD_BYTES} bytes.",
        ),
        Message("Les raccourcir.", "Make them shorter."),
        code="headers_too_large",
        status=431,
    )


def _too_slow() -> Fault:
    return Fault(
        Message("La demande n'est pas arrivée entière à temps.", "The request did not arrive whole in time."),
        Message("L'envoyer de nouveau.", "Send it again."),
        code="request_timeout",
        status=408,
    )
