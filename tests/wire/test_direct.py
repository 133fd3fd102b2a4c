"""The direct provider against servers that do every wrong thing that a byte stream can do, over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import ssl
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.config import Deployment
from gateway.providers import ProviderFault, Providers, Reply, Request
from tests.gateway_process import example_config

HERE = Path(__file__).resolve().parents[2]
SAID = "Paroles du fournisseur"
BOUNDS = {"connect_s": 0.4, "first_byte_s": 0.4, "idle_s": 0.4, "total_s": 5}
JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
BODY = json.dumps({"choices": []}).encode()
EVENT = b'data: {"choices": []}\n\n'

Serve = Callable[["Wire"], Awaitable[None]]


def chunked(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


WHOLE = JSON + f"content-length: {len(BODY)}\r\n\r\n".encode() + BODY
STREAM = EVENTS + chunked(EVENT) + chunked(b"data: [DONE]\n\n") + b"0\r\n\r\n"


class Wire:
    """One accepted connection, in bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.reader, self.writer, self.number = reader, writer, number

    async def request(self) -> bytes:
        """The next request, whole. Raises `IncompleteReadError` at the end of the connection."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        return head + await self.reader.readexactly(int(length.split(b":")[1]))

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End with RST instead of FIN."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.writer.transport.abort()


class Server:
    """A server whose every connection is handled by `serve`. Counts connections and those whose client left."""

    def __init__(self) -> None:
        self.serve: Serve = _answers(WHOLE)
        self.port = 0
        self.connections = 0
        self.ended = asyncio.Event()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self.serve(Wire(reader, writer, self.connections))
        self.ended.set()
        writer.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    one = Server()
    listening = await asyncio.start_server(one.handle, "127.0.0.1", 0)
    one.port = listening.sockets[0].getsockname()[1]
    yield one
    listening.close()


@pytest.fixture
async def providers() -> AsyncIterator[Providers]:
    one = Providers()
    yield one
    await one.aclose()


def deployment(url: str, **more: Any) -> Deployment:
    entry = {
        "id": "d",
        "provider": {"protocol": "openai", "model": "m", "base_url": url},
        "operator": {"name": "Exemple", "home": "CA-QC", "public_body": True, "foreign_reach": []},
        "processing": {"country": "CA", "subdivision": "CA-QC", "routing": "regional", "guarantee": "direct-control"},
        "max_classification": "public",
        "timeouts": BOUNDS,
        **more,
    }
    return Deployment.model_validate(entry)


async def send(providers: Providers, one: Deployment, *, stream: bool = False) -> Reply:
    body = {"model": "m", "messages": [{"role": "user", "content": "Bonjour"}], "stream": stream}
    return await providers.send(one, Request("/chat/completions", body, stream, "d-1"))


async def content(reply: Reply) -> bytes:
    if reply.stream is None:
        assert reply.body is not None
        return reply.body
    return b"".join([part async for part in reply.stream])


async def fault_of(providers: Providers, one: Deployment, *, stream: bool = False) -> ProviderFault:
    async def whole() -> None:
        await content(await send(providers, one, stream=stream))

    with pytest.raises(ProviderFault) as caught:
        await whole()
    assert SAID not in f"{caught.value!r} {caught.value.message} {caught.value.hint}"
    return caught.value


def _answers(*pieces: bytes) -> Serve:
    """Every request of a connection gets these bytes."""

    async def serve(wire: Wire) -> None:
        while True:
            await wire.request()
            for piece in pieces:
                await wire.send(piece)

    return serve


def _ends(data: bytes, *, reset: bool = False) -> Serve:
    """These bytes, then the end of the connection."""

    async def serve(wire: Wire) -> None:
        await wire.request()
        await wire.send(data)
        if reset:
            await asyncio.sleep(0.05)
            wire.reset()

    return serve


def _stalls(data: bytes) -> Serve:
    """These bytes, then nothing until the client leaves."""

    async def serve(wire: Wire) -> None:
        await wire.request()
        await wire.send(data)
        await wire.reader.read()

    return serve


def _repeats(start: bytes, again: bytes, pause_s: float = 0) -> Serve:
    """A start, and then the same bytes without end."""

    async def serve(wire: Wire) -> None:
        await wire.request()
        await wire.send(start)
        while True:
            await wire.send(again)
            if pause_s:
                await asyncio.sleep(pause_s)

    return serve


# ── what goes well ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_only_what_we_set_is_sent(server: Server, providers: Providers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLE", "secret-de-test")
    seen: list[bytes] = []

    async def serve(wire: Wire) -> None:
        seen.append(await wire.request())
        await wire.send(WHOLE)

    server.serve = serve
    one = deployment(server.url)
    keyed = one.model_copy(update={"provider": one.provider.model_copy(update={"api_key": "env:CLE"})})
    await send(providers, keyed)
    head, _, body = seen[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /v1/chat/completions HTTP/1.1"
    told = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    assert told == {
        "host": f"127.0.0.1:{server.port}",
        "content-type": "application/json",
        "user-agent": told["user-agent"],
        "authorization": "Bearer secret-de-test",
        "x-client-request-id": "d-1",
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-length": str(len(body)),
    }
    assert told["user-agent"].startswith("vigie/")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_connection_serves_one_call_after_another(server: Server, providers: Providers, stream: bool) -> None:
    server.serve = _answers(STREAM if stream else WHOLE)
    for _ in range(10):
        await content(await send(providers, deployment(server.url), stream=stream))
    assert server.connections == 1


async def test_a_stream_that_was_read_to_its_end_and_closed_gives_its_connection_back(
    server: Server, providers: Providers
) -> None:
    """As `deliver_stream` does: read all, then close. The end of the body may come a moment after `[DONE]`."""

    async def serve(wire: Wire) -> None:
        while True:
            await wire.request()
            await wire.send(STREAM.removesuffix(b"0\r\n\r\n"))
            await asyncio.sleep(0.02)
            await wire.send(b"0\r\n\r\n")

    server.serve = serve
    for _ in range(5):
        reply = await send(providers, deployment(server.url), stream=True)
        assert (await content(reply)).endswith(b"data: [DONE]\n\n")
        await reply.aclose()
    assert server.connections == 1


@pytest.mark.parametrize("last", [b"data: [DONE]\n\n", b"data: [DONE]\r\n\r\n", b"data: [DONE]\n"])
@pytest.mark.parametrize("size", [1, 3, 100])
async def test_after_done_the_end_of_the_body_is_not_waited_for(
    server: Server, providers: Providers, last: bytes, size: int
) -> None:
    """With an idle bound of a minute, this test would time out."""
    pieces = [chunked(last[at : at + size]) for at in range(0, len(last), size)]
    server.serve = _stalls(EVENTS + chunked(EVENT) + b"".join(pieces))
    one = deployment(server.url, timeouts={**BOUNDS, "idle_s": 600, "total_s": 600})
    assert (await content(await send(providers, one, stream=True))).endswith(last)


@pytest.mark.parametrize("api", ["messages", "responses"])
@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_a_protocol_that_the_entry_names_is_spoken_to_its_last_event(
    server: Server, providers: Providers, api: str, size: int
) -> None:
    """At its own path, and without waiting for the end of the body."""
    name = {"messages": "message_stop", "responses": "response.completed"}[api]
    said = f'event: a\ndata: {{"a": "event: {name}"}}\n\nevent: {name}\ndata: {{"type": "{name}"}}\n\n'.encode()
    pieces = [chunked(said[at : at + size]) for at in range(0, len(said), size)]
    heads: list[bytes] = []

    async def serve(wire: Wire) -> None:
        heads.append(await wire.request())
        await wire.send(EVENTS + b"".join(pieces))
        await wire.reader.read()

    server.serve = serve
    one = deployment(server.url, timeouts={**BOUNDS, "idle_s": 600, "total_s": 600})
    speaks = one.provider.model_copy(update={"apis": ("chat", api)})
    request = Request(f"/{api}", {"model": "m", "stream": True}, True, "d-1")
    reply = await providers.send(one.model_copy(update={"provider": speaks}), request)
    assert await content(reply) == said
    assert heads[0].startswith(f"POST /v1/{api} HTTP/1.1".encode())
    assert (b"anthropic-version" in heads[0].lower()) == (api == "messages")


async def test_a_connection_cut_after_done_is_no_fault(server: Server, providers: Providers) -> None:
    async def serve(wire: Wire) -> None:
        await wire.request()
        await wire.send(EVENTS + chunked(EVENT) + chunked(b"data: [DONE]\n\n"))
        await asyncio.sleep(0.05)
        wire.reset()

    server.serve = serve
    assert (await content(await send(providers, deployment(server.url), stream=True))).endswith(b"[DONE]\n\n")


async def test_the_word_done_in_an_answer_ends_nothing(server: Server, providers: Providers) -> None:
    said = b'data: {"choices": [], "x": "[DONE]'

    async def serve(wire: Wire) -> None:
        await wire.request()
        await wire.send(EVENTS + chunked(said))
        await asyncio.sleep(0.6)
        await wire.send(chunked(b'"}\n\n' + EVENT) + b"0\r\n\r\n")

    server.serve = serve
    one = deployment(server.url, timeouts={**BOUNDS, "idle_s": 5})
    assert (await content(await send(providers, one, stream=True))) == said + b'"}\n\n' + EVENT


async def test_a_slow_answer_has_until_its_first_byte_bound(server: Server, providers: Providers) -> None:
    """A whole answer of a large model comes at once after a minute: that is no idle connection."""

    async def serve(wire: Wire) -> None:
        await wire.request()
        await asyncio.sleep(0.3)
        await wire.send(WHOLE)

    server.serve = serve
    one = deployment(server.url, timeouts={**BOUNDS, "first_byte_s": 5, "idle_s": 0.05})
    assert await content(await send(providers, one)) == BODY


async def test_a_changed_entry_cuts_no_answer(server: Server, providers: Providers) -> None:
    go_on = asyncio.Event()

    async def serve(wire: Wire) -> None:
        await wire.request()
        await wire.send(EVENTS + chunked(EVENT))
        if wire.number == 1:
            await go_on.wait()
        await wire.send(chunked(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        server.ended.clear()
        await wire.reader.read()

    server.serve = serve
    before = await send(providers, deployment(server.url), stream=True)
    after = await send(providers, deployment(server.url, retention_days=3), stream=True)
    assert (await content(after)).endswith(b"[DONE]\n\n")
    go_on.set()
    assert (await content(before)).endswith(b"[DONE]\n\n")
    async with asyncio.timeout(5):
        await server.ended.wait()  # the retired connection was closed


# ── what goes wrong ───────────────────────────────────────────────────────────────────────────────────────────────

HALF = JSON + b"content-length: 1000\r\n\r\n" + BODY
REDIRECT = b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
ERROR = b"HTTP/1.1 %d X\r\ncontent-type: text/html\r\ncontent-length: 22\r\n\r\n" + SAID.encode()
BOMB = gzip.compress(b" " * 50_000_000)


def coded(name: str, body: bytes, kind: str = "application/json") -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-encoding: {name}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", "provider_protocol"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\n{}", "provider_protocol"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "provider_protocol"),
        (REDIRECT, "provider_redirected"),
        (ERROR % 400, "provider_refused"),
        (ERROR % 500, "provider_refused"),
        (coded("br", b"x"), "provider_protocol"),
        (coded("identity, deflate", b"x", "text/event-stream"), "provider_protocol"),
    ],
)
async def test_a_complete_answer_that_is_not_the_one_expected(
    server: Server, providers: Providers, answer: bytes, code: str, stream: bool
) -> None:
    server.serve = _answers(answer)
    for _ in range(2):
        assert (await fault_of(providers, deployment(server.url), stream=stream)).code == code


@pytest.mark.parametrize(
    ("serve", "code"),
    [
        (_ends(b""), "provider_unreachable"),
        (_ends(b"", reset=True), "provider_unreachable"),
        (_ends(b"HTTP/1.1 200 OK\r\ncontent-type: appl"), "provider_unreachable"),
        (_ends(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "provider_protocol"),
        (_ends(JSON + b"x: " + b"y" * 100_000 + b"\r\n\r\n"), "provider_protocol"),
        (_ends(JSON + b"content-length: 5\r\ncontent-length: 6\r\n\r\nabcdef"), "provider_protocol"),
        (_ends(HALF), "provider_ended_early"),
        (_ends(HALF, reset=True), "provider_ended_early"),
        (_ends(JSON + b"transfer-encoding: chunked\r\n\r\n" + chunked(BODY)), "provider_ended_early"),
        (_ends(JSON + b"transfer-encoding: chunked\r\n\r\nff\r\nabc"), "provider_ended_early"),
        (_ends(JSON + b"transfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n"), "provider_protocol"),
        (_stalls(coded("gzip", BOMB)[:-1]), "provider_protocol"),
        (_stalls(b""), "provider_timeout"),
        (_stalls(b"HTTP/1.1 200 OK\r\n"), "provider_timeout"),
        (_stalls(HALF), "provider_timeout"),
        (_repeats(b"HTTP/1.1 200 OK\r\n", b"x", 0.05), "provider_timeout"),
        (_repeats(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.01), "provider_timeout"),
        (_repeats(JSON + b"content-length: 100000000000\r\n\r\n", b" " * 65536), "provider_too_large"),
        (_repeats(JSON + b"\r\n", b" " * 65536), "provider_too_large"),
        (_repeats(b"HTTP/1.1 500 X\r\ncontent-type: text/html\r\n\r\n", b" " * 65536), "provider_refused"),
    ],
)
async def test_a_whole_answer_that_goes_wrong(server: Server, providers: Providers, serve: Serve, code: str) -> None:
    server.serve = serve
    fault = await fault_of(providers, deployment(server.url, max_answer_bytes=1_000_000))
    assert fault.code == code
    async with asyncio.timeout(5):
        await server.ended.wait()  # and its connection is over
    assert server.connections == 1  # one call, one request


@pytest.mark.parametrize(
    ("serve", "code"),
    [
        (_ends(EVENTS + chunked(EVENT)), "provider_ended_early"),
        (_ends(EVENTS + chunked(EVENT), reset=True), "provider_ended_early"),
        (_ends(EVENTS + chunked(EVENT)[:10]), "provider_ended_early"),
        (_stalls(EVENTS), "provider_timeout"),
        (_stalls(EVENTS + chunked(EVENT)), "provider_timeout"),
        (_stalls(EVENTS + chunked(EVENT)[:10]), "provider_timeout"),
        (_stalls(coded("gzip", BOMB, "text/event-stream")[:-1]), "provider_protocol"),
        (_repeats(EVENTS, chunked(EVENT) * 500), "provider_too_large"),
        (_repeats(EVENTS, chunked(b": \n\n"), 0.01), "provider_timeout"),
        (_repeats(EVENTS + b"fffffff\r\ndata: ", b"x" * 65536), "provider_too_large"),
    ],
)
async def test_a_stream_that_goes_wrong(server: Server, providers: Providers, serve: Serve, code: str) -> None:
    server.serve = serve
    one = deployment(server.url, max_stream_bytes=1_000_000, timeouts={**BOUNDS, "total_s": 1})
    assert (await fault_of(providers, one, stream=True)).code == code
    async with asyncio.timeout(5):
        await server.ended.wait()
    assert server.connections == 1


async def test_a_fast_stream_without_end_is_cut_by_time_as_well(server: Server, providers: Providers) -> None:
    server.serve = _repeats(EVENTS, chunked(EVENT) * 50)
    one = deployment(server.url, timeouts={**BOUNDS, "total_s": 0.5})
    reply = await send(providers, one, stream=True)

    async def read_slowly() -> None:
        """So that there is always something to read, and no wait to bound."""
        assert reply.stream is not None
        async for _ in reply.stream:
            await asyncio.sleep(0.01)

    with pytest.raises(ProviderFault) as caught:
        await read_slowly()
    assert caught.value.code == "provider_timeout"


async def test_nobody_listens(providers: Providers) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert (await fault_of(providers, deployment(f"http://127.0.0.1:{port}/v1"))).code == "provider_unreachable"


async def test_a_connection_that_is_never_made(providers: Providers) -> None:
    """A full backlog: the kernel drops what asks to connect, as a firewall would."""
    with socket.socket() as full, contextlib.ExitStack() as waiting:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        bounds = {**BOUNDS, "first_byte_s": 60, "idle_s": 60, "total_s": 60}
        url = f"http://127.0.0.1:{full.getsockname()[1]}/v1"
        assert (await fault_of(providers, deployment(url, timeouts=bounds))).code == "provider_timeout"


async def test_no_proxy_of_the_environment_is_used(
    server: Server, providers: Providers, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert await content(await send(providers, deployment(server.url))) == BODY


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    providers: Providers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SSL_VERIFY", "PYTHONHTTPSVERIFY", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, "0")
    server = Server()
    listening = await asyncio.start_server(server.handle, "127.0.0.1", 0, ssl=_self_signed(tmp_path))
    url = f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    assert (await fault_of(providers, deployment(url))).code == "provider_unreachable"
    assert server.connections == 0
    listening.close()


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / "c.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "k.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "c.pem", folder / "k.pem")
    return context


@pytest.mark.parametrize("stream", [False, True])
async def test_a_caller_that_leaves_ends_the_exchange(server: Server, providers: Providers, stream: bool) -> None:
    asked = asyncio.Event()

    async def serve(wire: Wire) -> None:
        await wire.request()
        asked.set()
        await wire.send(EVENTS + chunked(EVENT) if stream else HALF)
        await wire.reader.read()

    server.serve = serve
    one = deployment(server.url, timeouts={**BOUNDS, "first_byte_s": 60, "idle_s": 60, "total_s": 60})

    async def whole() -> bytes:
        return await content(await send(providers, one, stream=stream))

    calling = asyncio.create_task(whole())
    await asked.wait()
    await asyncio.sleep(0.05)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    async with asyncio.timeout(5):
        await server.ended.wait()


ONLY_DIRECT = """
    import asyncio, sys
    from pathlib import Path
    from gateway.house import open_house
    from gateway.providers import Request

    async def main():
        async with open_house(Path(sys.argv[1]), Path(sys.argv[2])) as house:
            catalogue = house.configuration.catalogue
            assert any(one.provider.protocol == "litellm" for one in catalogue.deployments)
            (one,) = catalogue.deployments_of("assistant")
            reply = await house.providers.send(one, Request("/chat/completions", {"model": "m"}, False, "d-1"))
            print(reply.status, [name for name in ("litellm", "httpx", "openai", "boto3") if name in sys.modules])

    asyncio.run(main())
"""


async def test_a_process_that_needs_no_translation_imports_no_translator(server: Server, tmp_path: Path) -> None:
    """The example body's catalogue has litellm's entries; they are not verified, so none may be used."""
    config = example_config(tmp_path / "config", provider_port=server.port)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        textwrap.dedent(ONLY_DIRECT),
        str(config),
        str(tmp_path / "data"),
        cwd=HERE,
        stdout=subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert (process.returncode, out.decode().strip()) == (0, "200 []")


IMPORTING = """
    import asyncio
    from gateway.providers.quiet import import_litellm

    async def main():
        importing = asyncio.create_task(import_litellm())
        turns = 0
        while not importing.done():
            await asyncio.sleep(0.001)
            turns += 1
        print(importing.result().__name__, turns > 50)

    asyncio.run(main())
"""


def test_importing_the_translator_does_not_stop_other_calls() -> None:
    program = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(IMPORTING)]
    done = subprocess.run(program, cwd=HERE, capture_output=True, text=True, timeout=100)
    assert (done.stdout.strip(), done.stderr) == ("litellm True", "")
